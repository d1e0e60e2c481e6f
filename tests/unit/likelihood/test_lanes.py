"""Arithmetic on lanes is that of numpy on rows."""

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.lanes import LANES, everywhere, inverse_root, load, minus, plus, store, sum_of, times

ROWS = np.random.default_rng(1).uniform(0.5, 2.0, size=(3, LANES))


@compiled
def compute(rows, number, result):  # without types, as everything that is compiled
    one, other, third = load(rows, 0), load(rows, 1), load(rows, 2)
    store(result, 0, everywhere(number))
    store(result, 1, times(number, one))
    store(result, 2, plus(one, other, third))
    store(result, 3, minus(one, number, third))
    store(result, 4, inverse_root(one))
    store(result, 5, number)
    return sum_of(one)


def test_each_lane_is_computed_for_itself() -> None:
    result = np.empty((6, LANES))
    compute(ROWS, 0.3, result)
    one, other, third = ROWS
    expected = [np.full(LANES, 0.3), 0.3 * one, one + other * third, one - 0.3 * third, one**-0.5, np.full(LANES, 0.3)]
    # A product that is added is rounded once where the processor can do that, and twice here.
    np.testing.assert_allclose(result, expected, rtol=4e-16)


def test_lanes_are_summed() -> None:
    # Sums of 32 numbers near one, in another order.
    np.testing.assert_allclose(compute(ROWS, 0.3, np.empty((6, LANES))), ROWS[0].sum(), rtol=1e-15)
