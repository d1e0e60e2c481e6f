"""Correlations from the priors: uniform whatever their number, and drawn from the density that is announced."""

import numpy as np
import pytest
from scipy import stats

from alliance.models.correlations import draw_partial, log_density, partial_of, shape_of
from tests.unit.likelihood.test_density import correlations_of, log_lkj, log_uniform

UNIFORM = "uniform"


def draw(prior: str | float, q: int, size: int, seed: int) -> np.ndarray:
    partial = draw_partial(prior, q, size, np.random.default_rng(seed))
    return np.array([correlations_of(np.arctanh(row), q) for row in partial])


@pytest.mark.parametrize("q", range(2, 7))
@pytest.mark.parametrize("prior", [UNIFORM, 1.0, 2.0])
def test_each_correlation_has_the_announced_distribution(prior: str | float, q: int) -> None:
    rows, columns = np.tril_indices(q, -1)
    shape = 1.0 if prior == UNIFORM else shape_of(prior, q)
    # One of ten thousand seeds fails for each of 105 correlations, and the seed is fixed.
    for values in draw(prior, q, 4000, seed=q)[:, rows, columns].T:
        assert stats.kstest(values, stats.beta(shape, shape, loc=-1, scale=2).cdf).pvalue > 1e-4


@pytest.mark.parametrize("q", [3, 4])
def test_draws_have_the_density(q: int) -> None:
    # Under draws from p, another density over p averages to one.
    ratios = np.exp([log_lkj(matrix, 2.0) - log_uniform(matrix) for matrix in draw(UNIFORM, q, 8000, seed=1)])
    assert ratios.mean() == pytest.approx(1.0, abs=4 * ratios.std() / np.sqrt(len(ratios)))


@pytest.mark.parametrize(("prior", "expected"), [(UNIFORM, log_uniform), (3.0, lambda matrix: log_lkj(matrix, 3.0))])
def test_density_of_matrices(prior: str | float, expected) -> None:
    matrices = draw(2.0, 5, 50, seed=1)
    difference = log_density(matrices, prior) - [expected(matrix) for matrix in matrices]
    assert np.ptp(difference) < 1e-9  # a constant, up to rounding


def test_partial_correlations_are_those_of_the_matrix() -> None:
    partial = draw_partial(UNIFORM, 4, 20, np.random.default_rng(1))
    sds = np.array([0.1, 1.0, 2.0, 30.0])
    roots = np.array([np.linalg.cholesky(correlations_of(np.arctanh(row), 4) * np.outer(sds, sds)) for row in partial])
    np.testing.assert_allclose(partial_of(roots), partial, atol=1e-8)  # correlations near one lose digits
