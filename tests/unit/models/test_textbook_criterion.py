"""The referee's restricted likelihood against its definition."""

import numpy as np
import pytest

from alliance.models.textbook.criterion import (
    Arrays,
    Components,
    differentiate,
    evaluate,
    maximise,
    pack,
    promised_gain,
    sampling_covariance,
    unpack,
)

COMPONENTS = Components(0.8, np.array([[0.5, 0.0], [-0.2, 0.3]]), np.array([[0.4], [0.0]]))


def simulated(seed: int = 3, slope_sd: float = 0.4, between_sd: float = 0.6, therapists: int = 5) -> Arrays:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(therapists * 4), 6)
    therapist = patient // 4
    x = np.column_stack([np.ones(len(patient)), rng.normal(size=len(patient)), patient % 2])
    z = x[:, :2]
    count = therapists * 4
    y = (
        x @ [0.2, 0.5, -0.3]
        + between_sd * rng.normal(size=therapists)[therapist]
        + between_sd * rng.normal(size=count)[patient]
        + slope_sd * rng.normal(size=count)[patient] * x[:, 1]
        + rng.normal(size=len(patient))
    )
    return Arrays(y, x, z, patient, therapist, (0, 1), (0,))


def dense_loglik(arrays: Arrays, components: Components) -> float:
    """Restricted log-likelihood from the covariance matrix of all rows."""
    same_patient = arrays.patient[:, None] == arrays.patient
    same_therapist = arrays.therapist[:, None] == arrays.therapist
    covariance = components.residual**2 * np.eye(len(arrays.y))
    covariance += same_patient * (arrays.z @ components.patient @ components.patient.T @ arrays.z.T)
    covariance += same_therapist * (arrays.z @ components.therapist @ components.therapist.T @ arrays.z.T)
    inverse = np.linalg.inv(covariance)
    information = arrays.x.T @ inverse @ arrays.x
    beta = np.linalg.solve(information, arrays.x.T @ inverse @ arrays.y)
    rest = arrays.y - arrays.x @ beta
    logdets = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
    rows, predictors = arrays.x.shape
    return float(-0.5 * ((rows - predictors) * np.log(2 * np.pi) + logdets + rest @ inverse @ rest))


def test_value_is_the_restricted_likelihood_of_the_dense_covariance() -> None:
    arrays = simulated()
    # Both are exact; rounding in sums of about 100 terms.
    assert evaluate(pack(COMPONENTS, arrays), arrays)[0] == pytest.approx(dense_loglik(arrays, COMPONENTS), abs=1e-9)


def test_value_is_exact_where_variances_are_zero() -> None:
    arrays = simulated()
    nothing = Components(0.8, np.zeros((2, 2)), np.zeros((2, 1)))
    assert evaluate(pack(nothing, arrays), arrays)[0] == pytest.approx(dense_loglik(arrays, nothing), abs=1e-9)


def test_packing_and_unpacking_are_inverse() -> None:
    arrays = simulated()
    back = unpack(pack(COMPONENTS, arrays), arrays)
    assert back.residual == pytest.approx(COMPONENTS.residual)
    assert np.array_equal(back.patient, COMPONENTS.patient)
    assert np.array_equal(back.therapist, COMPONENTS.therapist)


def test_sign_of_a_factor_does_not_matter() -> None:
    arrays = simulated()
    turned = Components(0.8, COMPONENTS.patient * [-1, 1], -COMPONENTS.therapist)
    assert np.allclose(unpack(pack(turned, arrays), arrays).patient, COMPONENTS.patient)


def test_maximum_has_no_gradient_and_beats_the_truth() -> None:
    arrays = simulated(therapists=20)
    best = maximise(arrays)
    assert promised_gain(best, arrays) < 1e-8
    truth = Components(1.0, np.array([[0.6, 0.0], [0.0, 0.4]]), np.array([[0.6], [0.0]]))
    assert evaluate(best, arrays)[0] >= evaluate(pack(truth, arrays), arrays)[0]
    assert np.all(np.linalg.eigvalsh(differentiate(best, arrays)[1]) < 0)


def test_absent_variances_are_found_at_exactly_zero() -> None:
    rng = np.random.default_rng(8)
    arrays = simulated(slope_sd=0.0, between_sd=0.0)
    # Residuals with patients' means taken out leave less between patients than chance would: the maximum is at zero.
    means = np.array([rest.mean() for rest in np.split(rng.normal(size=len(arrays.y)), len(arrays.y) // 6)])
    noise = rng.normal(size=len(arrays.y))
    noise -= np.repeat(noise.reshape(-1, 6).mean(axis=1), 6) - 0.05 * np.repeat(means, 6)
    flat = Arrays(noise, arrays.x, arrays.z[:, :1], arrays.patient, arrays.therapist, (0,), (0,))
    found = unpack(maximise(flat), flat)
    assert not found.patient.any()
    assert not found.therapist.any()


def test_estimate_at_zero_keeps_a_finite_uncertainty() -> None:
    rng = np.random.default_rng(9)
    arrays = simulated(between_sd=0.0)
    noise = rng.normal(size=len(arrays.y))
    noise -= np.repeat(noise.reshape(-1, 6).mean(axis=1), 6)
    flat = Arrays(noise, arrays.x, arrays.z[:, :1], arrays.patient, arrays.therapist, (0,), (0,))
    spread = np.sqrt(np.diag(sampling_covariance(maximise(flat), flat)))
    assert np.all(np.isfinite(spread))
    # Zero plus or minus two of these must not reach the outcome's whole standard deviation.
    assert 0 < spread[1] < 0.5
