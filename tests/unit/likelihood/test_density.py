import numpy as np
import pytest
from scipy import special, stats

from alliance.likelihood.density import fill_signed
from tests.unit.likelihood.random_study import Study, evaluate

PRIOR = np.array([1.1, 0.3, 0.9, 0.5, 2.0])  # intercepts, slopes, residuals, varying, LKJ


def _lkj_log_density(correlations: np.ndarray, eta: float) -> float:
    """Density of a correlation matrix, normalised (Lewandowski, Kurowicka & Joe 2009, equation 16)."""
    d = len(correlations)
    log_constant = 0.0
    for k in range(1, d):
        shape = eta + (d - k - 1) / 2
        log_constant += (2 * eta - 2 + d - k) * (d - k) * np.log(2) + (d - k) * special.betaln(shape, shape)
    return float((eta - 1) * np.linalg.slogdet(correlations)[1] - log_constant)


def _covariance(position: np.ndarray, q: int) -> np.ndarray:
    factor = np.zeros((q, q))
    fill_signed(position, factor)
    return factor @ factor.T


def _log_jacobian_of_correlations(partial: np.ndarray, q: int) -> float:
    """Log of the volume that the map from atanh of partial correlations to correlations stretches by, by differences."""
    pairs = np.tril_indices(q, -1)

    def correlations(free: np.ndarray) -> np.ndarray:
        return _covariance(np.concatenate([np.ones(q), free]), q)[pairs]

    jacobian = np.empty((len(partial), len(partial)))
    for i in range(len(partial)):
        step = np.zeros(len(partial))
        step[i] = 1e-5
        jacobian[:, i] = (correlations(partial + step) - correlations(partial - step)) / 2e-5
    return float(np.linalg.slogdet(jacobian)[1])


def test_posterior_is_likelihood_times_the_declared_priors() -> None:
    rng = np.random.default_rng(1)
    study = Study(rng, (2, 2), [(0, 0), (1, 0)])
    q, e, equations = 4, 2, 2
    position = 0.5 * rng.standard_normal(study.size)
    used = study.n_beta + equations
    expected = 0.0
    starts, place = [], 0
    for rows in study.statistics.equations:
        starts.append(place)
        place += rows.x.shape[1]
    for i in range(study.n_beta):
        expected += stats.norm(0, PRIOR[0] if i in starts else PRIOR[1]).logpdf(position[i])
    for value in position[study.n_beta : used]:
        expected += stats.halfnorm(scale=PRIOR[2]).logpdf(np.exp(value)) + value  # the Jacobian of the logarithm
    factors = []
    for count in (q, e):
        pairs = count * (count - 1) // 2
        sds, partial = position[used : used + count], position[used + count : used + count + pairs]
        expected += stats.norm(0, PRIOR[3]).logpdf(sds).sum()
        correlations = _covariance(np.concatenate([np.ones(count), partial]), count)
        expected += _lkj_log_density(correlations, PRIOR[4]) + _log_jacobian_of_correlations(partial, count)
        covariance = _covariance(position[used : used + count + pairs], count)
        factors.append(np.linalg.cholesky(covariance)[np.tril_indices(count)])
        used += count + pairs
    likelihood = study.dense(np.concatenate([position[: study.n_beta + equations], *factors]))
    # The Jacobian by differences is good to about 1e-9.
    assert evaluate(study.statistics, position, PRIOR)[0] == pytest.approx(likelihood + expected, rel=1e-8)


def test_turning_the_sign_of_a_standard_deviation_and_of_its_correlations_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    study = Study(rng, (2, 1))
    position = 0.5 * rng.standard_normal(study.size)
    first = study.n_beta + 2
    mirrored = position.copy()
    mirrored[first + 1] *= -1  # the second effect; its pairs are (1, 0) and (2, 1)
    mirrored[first + 3] *= -1
    mirrored[first + 5] *= -1
    value, _ = evaluate(study.statistics, position, PRIOR)
    assert evaluate(study.statistics, mirrored, PRIOR)[0] == pytest.approx(value, rel=1e-12)


def test_signed_coordinates_give_the_correlations_they_name() -> None:
    covariance = _covariance(np.array([2.0, -0.5, np.arctanh(0.6)]), 2)
    assert covariance == pytest.approx(np.array([[4.0, -0.6], [-0.6, 0.25]]))
