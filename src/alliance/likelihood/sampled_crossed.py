"""The density of `alliance.likelihood.sampled` where patients have several therapists: compiled only where it is called."""

from functools import cache
from typing import Any

import numpy as np
from numba import carray

from alliance.likelihood import sampled
from alliance.likelihood.compiling import compiled_for_c
from alliance.likelihood.density import log_density
from alliance.likelihood.lanes import LANES
from alliance.likelihood.layout import Statistics
from alliance.likelihood.sampled import LENGTH, SIGNATURE, place_at, tell, unpack

# Whole numbers at the head of what follows the block of memory of nested patients.
_LAYOUT, _BLOCKS, _PRODUCTS, _CHANGERS, _SEATS, _CONNECTED, _EFFECTS, _PACKED = range(8)


def _evaluate(size, standard, gradient, value, packed):
    whole = carray(packed, carray(packed, 1, np.int64)[LENGTH], np.int64)
    layout, owner, products, pooled, weights, therapist_weights, around, end = unpack(whole, size)
    own = whole[end:]
    blocks, changers, seats, effects = own[_BLOCKS], own[_CHANGERS], own[_SEATS], own[_EFFECTS]
    a = _PACKED + own[_LAYOUT]
    b = a + blocks * LANES
    c = b + changers * seats
    d = c + own[_CONNECTED]
    e = d + effects
    f = e + effects + 1
    real = own[f:].view(np.float64)
    g = blocks * own[_PRODUCTS] * LANES
    crossed = (
        own[_PACKED:a], own[a:b].reshape(blocks, LANES), real[:g].reshape(blocks, own[_PRODUCTS], LANES),
        real[g : g + blocks * LANES].reshape(blocks, LANES), own[b:c].reshape(changers, seats), own[c:d], own[d:e], own[e:f],
    )  # fmt: skip
    prior, centre, spread = around
    position, slope = place_at(centre, spread, carray(standard, size)), np.empty(size)
    found = log_density(layout, owner, products, pooled, weights, therapist_weights, crossed, prior, position, slope)
    return tell(found, slope, spread, carray(gradient, size), carray(value, 1))


@cache
def compiled_density() -> Any:
    """Compile the density of the standardised position; it has an ``address``."""
    return compiled_for_c(SIGNATURE, _evaluate)


def pack(statistics: Statistics, prior: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Pack what the density needs, besides the position, into one block of memory; see `alliance.likelihood.sampled.pack`."""
    layout, owner, products, weights, seats, order, first, starts = statistics.arrays[-1]
    sizes = [len(layout), len(owner), products.shape[1], *seats.shape, len(order), len(first)]
    whole = [np.array(sizes), layout, owner.ravel(), seats.ravel(), order, first, starts]
    real = np.concatenate([products.ravel(), weights.ravel()])
    packed = np.concatenate([sampled.pack(statistics, prior, centre, spread), *whole, real.view(np.int64)])
    packed[LENGTH] = len(packed)
    return packed
