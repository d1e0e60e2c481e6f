"""The restricted likelihood against its definition, and its maximum."""

import numpy as np
import pytest

from alliance.models.textbook.criterion import Arrays, _without_small, evaluate, factors_of, maximise

# s = .8; L = [[.5, 0], [-.2, .3]]; P = .4
THETA = np.array([np.log(0.8), 0.5, -0.2, 0.3, 0.4])


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
    return Arrays(y, x, z, patient, therapist, {"patient": (0, 1), "therapist": (0,)})


def flat(slack: float) -> Arrays:
    """Residuals with patients' means taken out leave less between patients than chance would: the maximum is at zero."""
    rng = np.random.default_rng(8)
    arrays = simulated(slope_sd=0.0, between_sd=0.0)
    noise = rng.normal(size=len(arrays.y)).reshape(-1, 6)
    noise -= (1 - slack) * noise.mean(axis=1, keepdims=True)
    varying = {"patient": (0,), "therapist": (0,)}
    return Arrays(noise.ravel(), arrays.x, arrays.z[:, :1], arrays.patient, arrays.therapist, varying)


def dense_loglik(theta: np.ndarray, arrays: Arrays) -> float:
    """Restricted log-likelihood from the covariance matrix of all rows."""
    covariance = np.exp(2 * theta[0]) * np.eye(len(arrays.y))
    for unit, factor in zip((arrays.patient, arrays.therapist), factors_of(theta, arrays).values(), strict=True):
        covariance += (unit[:, None] == unit) * (arrays.z @ factor @ factor.T @ arrays.z.T)
    inverse = np.linalg.inv(covariance)
    information = arrays.x.T @ inverse @ arrays.x
    beta = np.linalg.solve(information, arrays.x.T @ inverse @ arrays.y)
    rest = arrays.y - arrays.x @ beta
    logdets = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
    rows, predictors = arrays.x.shape
    return float(-0.5 * ((rows - predictors) * np.log(2 * np.pi) + logdets + rest @ inverse @ rest))


def test_variance_parameters_are_the_factors_row_by_row() -> None:
    factors = factors_of(THETA, simulated())
    assert factors["patient"].tolist() == [[0.5, 0.0], [-0.2, 0.3]]
    assert factors["therapist"].tolist() == [[0.4], [0.0]]


@pytest.mark.parametrize("zero", [[], [4], [3], [1, 2, 3, 4]])
def test_value_and_gradient_are_those_of_the_dense_covariance(zero: list[int]) -> None:
    arrays, theta = simulated(), THETA.copy()
    theta[zero] = 0.0
    value, gradient, _, _ = evaluate(theta, arrays)
    # Both are exact, also where variances are zero; rounding in sums of about 100 terms.
    assert value == pytest.approx(dense_loglik(theta, arrays), abs=1e-9)
    steps = 1e-5 * np.eye(len(theta))
    slopes = [(dense_loglik(theta + step, arrays) - dense_loglik(theta - step, arrays)) / 2e-5 for step in steps]
    assert gradient == pytest.approx(slopes, abs=1e-6)  # of central differences


@pytest.mark.parametrize("varying", [{"patient": (0, 1), "therapist": ()}, {"patient": (), "therapist": (0, 1)}])
def test_value_is_exact_where_a_level_is_absent(varying: dict[str, tuple[int, ...]]) -> None:
    some = simulated()
    therapist = some.therapist if varying["therapist"] else np.zeros_like(some.therapist)
    arrays = Arrays(some.y, some.x, some.z, some.patient, therapist, varying)
    value, gradient, _, _ = evaluate(THETA[:4], arrays)
    assert value == pytest.approx(dense_loglik(THETA[:4], arrays), abs=1e-9)
    assert np.all(np.isfinite(gradient))


def test_sign_of_a_factor_does_not_matter() -> None:
    arrays = simulated()
    turned = THETA * [1, -1, -1, 1, -1]
    assert evaluate(turned, arrays)[0] == pytest.approx(evaluate(THETA, arrays)[0], abs=1e-10)


def test_outcome_without_residual_variance_has_no_likelihood() -> None:
    assert evaluate(THETA - [20, 0, 0, 0, 0], simulated())[0] == -np.inf


def test_maximum_has_no_gradient_falls_everywhere_and_beats_the_truth() -> None:
    arrays = simulated(therapists=20)
    best = maximise(arrays)
    assert best.promise < 1e-8
    assert best.converged
    assert best.value >= evaluate(np.array([0.0, 0.6, 0.0, 0.4, 0.6]), arrays)[0]
    assert np.all(best.theta[[1, 3, 4]] > 0)  # of the factors that mean the same, the one with a positive diagonal


def test_spread_is_the_inverse_curvature_where_the_maximum_is_far_from_the_boundary() -> None:
    arrays = simulated(therapists=40, between_sd=1.0, slope_sd=0.8)
    best = maximise(arrays)
    steps = 1e-4 * np.eye(len(best.theta))
    rows = [(evaluate(best.theta - step, arrays)[1] - evaluate(best.theta + step, arrays)[1]) / 2e-4 for step in steps]
    # Forty therapists' standard deviation is a little skewed; `limited_inverse` leaves such directions alone.
    assert best.spread == pytest.approx(np.linalg.inv(np.array(rows)), rel=1e-3, abs=1e-7)


def test_absent_variances_are_found_at_exactly_zero() -> None:
    arrays = flat(slack=0.05)
    assert not any(factor.any() for factor in factors_of(maximise(arrays).theta, arrays).values())


def test_estimate_at_zero_keeps_a_finite_uncertainty() -> None:
    spread = np.sqrt(np.diag(maximise(flat(slack=0.0)).spread))
    assert np.all(np.isfinite(spread))
    # Zero plus or minus two of these must not reach the outcome's whole standard deviation.
    assert 0 < spread[1] < 0.5


def test_slope_keeps_its_variation_where_the_intercept_has_none() -> None:
    simpler = _without_small(np.array([np.log(0.8), 1e-9, 0.4, 0.3, 0.4]), simulated(), 1e-3)
    # The same covariance, read as one of the slope alone: .4^2 + .3^2 = .5^2.
    assert simpler == pytest.approx([np.log(0.8), 0, 0, 0.5, 0.4], abs=1e-12)
