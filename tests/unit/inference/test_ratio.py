"""Gains of completed data: against Wald tests of averages, which they equal where log-likelihoods are quadratic of one curvature."""

import numpy as np
import pytest
from scipy import stats

from alliance.inference.ratio import Gain


@pytest.mark.parametrize("data_sets", [3, 10])
def test_pooled_gain_of_quadratic_likelihoods_is_the_wald_test_of_the_pooled_estimate(data_sets: int) -> None:
    maxima = 0.4 + 0.1 * np.random.default_rng(1).normal(size=data_sets)
    within = 0.03
    gain = Gain.pooled(maxima**2 / within, (maxima**2 - (maxima - maxima.mean()) ** 2) / within, 1)
    extra = (1 + 1 / data_sets) * maxima.var(ddof=1) / within  # Rubin (1987): relative increase in variance
    assert gain.value == pytest.approx(maxima.mean() ** 2 / (within * (1 + extra)))
    free = data_sets - 1
    by_hand = 4 + (free - 4) * (1 + (1 - 2 / free) / extra) ** 2 if free > 4 else free * (1 + 1 / extra) ** 2
    assert gain.tail(1) == pytest.approx(stats.f.sf(gain.value, 1, by_hand))


def test_single_data_set_is_compared_with_chi_square() -> None:
    gain = Gain.pooled(np.array([5.0]), np.array([5.0]), 2)
    assert gain.tail(2) == pytest.approx(stats.chi2.sf(5.0, 2))
    assert (gain.tail(0), Gain(-0.1).tail(2)) == (0.0, 1.0)
