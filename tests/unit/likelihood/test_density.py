"""The log posterior density in signed coordinates, from the dense likelihood, scipy's priors and numerical Jacobians."""

import numpy as np
import pytest
from scipy import special, stats

from alliance.likelihood.coordinates import fill_signed
from alliance.likelihood.density import UNIFORM
from tests.unit.likelihood.studies import (
    Effects,
    Study,
    dense_log_likelihood,
    differentiate,
    draw_position,
    evaluate,
    make_study,
)

# In the order of the likelihood: intercepts, slopes, residual sds, sds of varying effects, LKJ.
PRIOR = np.array([1.1, 0.4, 0.9, 0.6, 2.5])
INTERCEPT_SD, SLOPE_SD, RESIDUAL_SD, VARYING_SD, ETA = PRIOR
OF_UNIFORM_CORRELATIONS = np.array([*PRIOR[:4], UNIFORM])


def correlations_of(free: np.ndarray, q: int) -> np.ndarray:
    """Return the matrix whose canonical partial correlations have these inverse hyperbolic tangents, row by row.

    Partial correlations are turned into correlations by removing one given effect after the other,
    r_ij = r_ij;k sqrt((1 - r_ik^2) (1 - r_jk^2)) + r_ik r_jk, with all given the effects before k.
    """
    result, partial = np.eye(q), np.zeros((q, q))
    partial[np.tril_indices(q, -1)] = np.tanh(free)
    for i in range(q):
        for j in range(i):
            value = partial[i, j]
            for k in range(j - 1, -1, -1):
                one, other = partial[i, k], partial[j, k]
                value = value * np.sqrt((1 - one**2) * (1 - other**2)) + one * other
            result[i, j] = result[j, i] = value
    return result


def log_lkj(correlations: np.ndarray, eta: float) -> float:
    """Return the LKJ density on correlation matrices with its constant (Lewandowski, Kurowicka & Joe 2009).

    1 / c = prod_k 2^((2 eta - 2 + q - k) (q - k)) B(eta + (q - k - 1) / 2, eta + (q - k - 1) / 2)^(q - k),  k = 1..q-1
    """
    q = len(correlations)
    left = q - np.arange(1, q)
    shape = eta + (left - 1) / 2
    constant = np.sum((2 * eta - 2 + left) * left * np.log(2) + left * special.betaln(shape, shape))
    return float((eta - 1) * np.linalg.slogdet(correlations)[1] - constant)


def log_uniform(correlations: np.ndarray) -> float:
    """Return the density of the correlations of an inverse Wishart matrix with q + 1 degrees of freedom, with its constant.

    p(R) = Gamma((q + 1) / 2)^q / Gamma_q((q + 1) / 2) |R|^(q (q - 1) / 2 - 1) prod_i |R_ii|^-((q + 1) / 2), R_ii without row and column i
    (Barnard, McCulloch & Meng 2000).
    """
    q = len(correlations)
    half = (q + 1) / 2
    minors = [np.delete(np.delete(correlations, i, 0), i, 1) for i in range(q)]
    total = (q * (q - 1) / 2 - 1) * np.linalg.slogdet(correlations)[1]
    total -= half * sum(np.linalg.slogdet(minor)[1] for minor in minors)
    return float(total + q * special.gammaln(half) - special.multigammaln(half, q))


def log_jacobian(free: np.ndarray, q: int) -> float:
    """Return log |det| of the derivatives of the correlations by the free coordinates, by central differences."""
    below = np.tril_indices(q, -1)
    matrix = np.empty((len(free), len(free)))
    for i in range(len(free)):
        step = np.zeros(len(free))
        step[i] = 1e-5
        moved = correlations_of(free + step, q) - correlations_of(free - step, q)
        matrix[:, i] = moved[below] / 2e-5
    return float(np.linalg.slogdet(matrix)[1]) if len(free) else 0.0


def expected_density(study: Study, position: np.ndarray, prior: np.ndarray = PRIOR) -> float:
    """Return likelihood x priors x Jacobians."""
    count = len(study.equations)
    beta, residual = position[: study.n_beta], np.exp(position[study.n_beta : study.n_beta + count])
    total, used = 0.0, 0
    for rows in study.equations:
        total += stats.norm(0, INTERCEPT_SD).logpdf(beta[used])
        total += stats.norm(0, SLOPE_SD).logpdf(beta[used + 1 : used + rows.x.shape[1]]).sum()
        used += rows.x.shape[1]
    # The free coordinate is the logarithm: d sd / d log sd = sd.
    total += np.sum(stats.halfnorm(scale=RESIDUAL_SD).logpdf(residual) + np.log(residual))
    used, covariances = study.n_beta + count, []
    for effects in (study.by_patient, study.by_therapist):
        q = len(effects)
        sd, free = position[used : used + q], position[used + q : used + q * (q + 1) // 2]
        correlations = correlations_of(free, q)
        covariances.append(correlations * np.outer(sd, sd))
        # Half a half-normal on either side of zero.
        total += np.sum(stats.halfnorm(scale=VARYING_SD).logpdf(np.abs(sd)) - np.log(2))
        if q:
            of_correlations = log_uniform(correlations) if prior[4] == UNIFORM else log_lkj(correlations, prior[4])
            total += of_correlations + log_jacobian(free, q)
        used += q * (q + 1) // 2
    return total + dense_log_likelihood(study, beta, residual, covariances[0], covariances[1])


STUDIES: list[tuple[Effects, Effects]] = [
    ([(0, 0)], []),
    ([(0, 0), (1, 0)], []),
    ([(0, 0), (1, 0), (0, 1)], [(0, 0)]),
    ([(0, 0), (1, 0), (0, 1), (1, 1)], [(0, 0), (1, 0)]),
    ([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)], [(0, 0), (1, 0), (1, 2)]),
]


@pytest.mark.parametrize(("by_patient", "by_therapist"), STUDIES)
def test_posterior_density_is_likelihood_times_priors_times_jacobians(
    by_patient: Effects, by_therapist: Effects
) -> None:
    study = make_study(by_patient, by_therapist)
    position = draw_position(study)
    # Central differences of the Jacobians with h = 1e-5 are good to 1e-10 relative.
    assert evaluate(study.statistics, position, PRIOR)[0] == pytest.approx(expected_density(study, position), rel=1e-8)


@pytest.mark.parametrize("q", [2, 3])
def test_uniform_prior_is_the_inverse_wishart_with_its_variances_integrated_out(q: int) -> None:
    correlations = correlations_of(np.array([0.4, -0.8, 0.3])[: q * (q - 1) // 2], q)
    logs, step = np.linspace(-5, 7, 40, retstep=True)  # of the sds; the density is negligible beyond
    sds = np.exp(np.stack(np.meshgrid(*[logs] * q, indexing="ij"), axis=-1).reshape(-1, q))
    matrices = correlations * sds[:, :, None] * sds[:, None, :]
    density = stats.invwishart(q + 1, np.eye(q)).pdf(matrices.transpose(1, 2, 0))
    # From the entries of the matrix to correlations and sds, and to the logarithms of these.
    jacobian = 2**q * np.prod(sds, axis=1) ** (q + 1)
    # What lies beyond the grid.
    assert np.log(np.sum(density * jacobian) * step**q) == pytest.approx(log_uniform(correlations), abs=1e-4)


@pytest.mark.parametrize(("by_patient", "by_therapist"), STUDIES)
def test_uniform_prior_of_correlations_and_its_gradient(by_patient: Effects, by_therapist: Effects) -> None:
    study = make_study(by_patient, by_therapist)
    statistics, position, prior = study.statistics, draw_position(study), OF_UNIFORM_CORRELATIONS
    found, gradient = evaluate(statistics, position, prior)
    assert found == pytest.approx(expected_density(study, position, prior), rel=1e-8)
    numerical = differentiate(lambda at: evaluate(statistics, at, prior)[0], position)
    np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-6 * np.abs(numerical).max())


def test_two_effects_have_the_same_uniform_prior_as_under_a_flat_lkj() -> None:
    study = make_study(*STUDIES[1])
    position = draw_position(study)
    flat = evaluate(study.statistics, position, np.array([*PRIOR[:4], 1.0]))
    found = evaluate(study.statistics, position, OF_UNIFORM_CORRELATIONS)
    assert found[0] == pytest.approx(flat[0], rel=1e-13)
    np.testing.assert_allclose(found[1], flat[1], rtol=1e-10)


@pytest.mark.parametrize("eta", [1.0, 4.0])
def test_prior_of_correlations_holds_for_other_shapes(eta: float) -> None:
    study = make_study(*STUDIES[3])
    position, prior = draw_position(study), np.array([*PRIOR[:4], eta])
    found = evaluate(study.statistics, position, prior)[0]
    assert found == pytest.approx(expected_density(study, position, prior), rel=1e-8)


@pytest.mark.parametrize(("by_patient", "by_therapist"), STUDIES)
def test_gradient_of_the_posterior_density_is_that_of_differences(by_patient: Effects, by_therapist: Effects) -> None:
    study = make_study(by_patient, by_therapist)
    statistics, position = study.statistics, draw_position(study)
    numerical = differentiate(lambda at: evaluate(statistics, at, PRIOR)[0], position)
    # See `differentiate`: good to about 1e-10.
    gradient = evaluate(statistics, position, PRIOR)[1]
    np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-6 * np.abs(numerical).max())


@pytest.mark.parametrize("q", range(1, 7))
def test_signed_coordinates_make_the_factor_of_the_covariance(q: int) -> None:
    rng = np.random.default_rng(q)
    position, factor = rng.normal(size=q * (q + 1) // 2), np.zeros((q, q))
    assert fill_signed(position, factor) == len(position)
    expected = correlations_of(position[q:], q) * np.outer(position[:q], position[:q])
    np.testing.assert_allclose(factor @ factor.T, expected, atol=1e-12)  # rounding of numbers near one
    np.testing.assert_array_equal(factor, np.tril(factor))


def test_sign_of_a_standard_deviation_and_its_correlations_turn_together() -> None:
    study = make_study(*STUDIES[3])
    position = draw_position(study)
    at = study.n_beta + 2
    turned = position.copy()
    turned[at + 1] *= -1  # the second sd, and partial correlations of the pairs (2, 1), (3, 2), (4, 2)
    turned[at + 4 + np.array([0, 2, 4])] *= -1
    value = evaluate(study.statistics, position, PRIOR)[0]
    assert evaluate(study.statistics, turned, PRIOR)[0] == pytest.approx(value, rel=1e-13)


def test_sd_of_zero_is_an_ordinary_point() -> None:
    study = make_study(*STUDIES[3])
    statistics, position = study.statistics, draw_position(study)
    position[study.n_beta + 2] = 0.0
    assert evaluate(statistics, position, PRIOR)[0] == pytest.approx(expected_density(study, position), rel=1e-8)
    numerical = differentiate(lambda at: evaluate(statistics, at, PRIOR)[0], position)
    np.testing.assert_allclose(
        evaluate(statistics, position, PRIOR)[1], numerical, rtol=1e-6, atol=1e-6 * np.abs(numerical).max()
    )


@pytest.mark.parametrize("prior", [PRIOR, OF_UNIFORM_CORRELATIONS], ids=["lkj", "uniform"])
@pytest.mark.parametrize("effects", STUDIES[1:4])
def test_correlations_at_the_end_of_their_range_keep_the_density_finite(effects, prior: np.ndarray) -> None:
    study = make_study(*effects)
    position = draw_position(study)
    position[-1] = 400.0  # tanh is one to the last digit
    value, gradient = evaluate(study.statistics, position, prior)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
