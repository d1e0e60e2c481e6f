"""Smoothed weights are those of ArviZ, and the shape is that of the tail."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from alliance.inference.pareto import smooth_weights


@pytest.mark.parametrize("size", [40, 225, 226, 4000])
@pytest.mark.parametrize("heaviness", [0.1, 0.5, 1.5])
def test_weights_are_those_of_arviz(size: int, heaviness: float) -> None:
    log_ratios = heaviness * np.random.default_rng(size).standard_exponential(size) + 3.0
    weights, k = smooth_weights(log_ratios)
    expected, expected_k = array_stats.psislw(-log_ratios)
    # The same sums in another order.
    assert k == pytest.approx(float(expected_k), rel=1e-9)
    np.testing.assert_allclose(weights, np.exp(expected), rtol=1e-9)


def test_shape_of_a_pareto_tail_is_found() -> None:
    # Weights u^-k with u uniform have a Pareto tail of shape k; 190 tail values tell it to .1 (two standard errors).
    uniform = np.random.default_rng(1).uniform(size=4000)
    for k in (0.3, 0.7):
        assert smooth_weights(-k * np.log(uniform))[1] == pytest.approx(k, abs=0.15)


def test_equal_weights_stay_as_they_are() -> None:
    weights, k = smooth_weights(np.zeros(100))
    np.testing.assert_allclose(weights, 0.01)
    assert not k <= 0.7


def test_few_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        smooth_weights(np.zeros(20))
