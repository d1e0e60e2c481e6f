"""The log density as a function with a C interface, which a sampler in another language calls without returning to Python.

Compiled when it is first asked for and kept on disk; all that describes the data and the priors is in one block of memory that is handed
over with each call.
"""

import math
from functools import cache
from typing import Any

import numpy as np
from numba import carray, types

from alliance.likelihood.compiling import compiled, compiled_for_c
from alliance.likelihood.density import PRIORS, log_density
from alliance.likelihood.lanes import LANES
from alliance.likelihood.layout import Statistics

# Whole numbers at the head of the block of memory.
LENGTH, _LAYOUT, _BLOCKS, _PRODUCTS, _POOLED, _THERAPISTS, _PACKED = range(7)
NUMBERS = types.CPointer(types.float64)
_NO_GRADIENT, _NO_VALUE = 3, 4  # what the sampler takes for a place it cannot go to


@compiled
def unpack(whole, size):
    """Return the arrays of the density, with the place of what follows them in the block of memory."""
    n_layout, blocks, n_products = whole[_LAYOUT], whole[_BLOCKS], whole[_PRODUCTS]
    layout = whole[_PACKED : _PACKED + n_layout]
    first = _PACKED + n_layout + blocks * LANES
    owner = whole[_PACKED + n_layout : first].reshape(blocks, LANES)
    real = whole[first:].view(np.float64)
    a = blocks * n_products * LANES
    b = a + whole[_POOLED]
    c = b + blocks * LANES
    d = c + whole[_THERAPISTS]
    e = d + PRIORS
    f = e + size
    g = f + size * size
    products, weights = real[:a].reshape(blocks, n_products, LANES), real[b:c].reshape(blocks, LANES)
    around = real[d:e], real[e:f], real[f:g].reshape(size, size)
    return layout, owner, products, real[a:b], weights, real[c:d], around, first + g


@compiled
def place_at(centre, spread, standard):
    """Return the position centre + spread @ standard.

    With `centre` the mode and `spread` a factor of the covariance there, the density is nearly standard normal.
    """
    position = np.empty(len(standard))
    for i in range(len(standard)):
        total = centre[i]
        for j in range(len(standard)):
            total += spread[i, j] * standard[j]
        position[i] = total
    return position


@compiled
def tell(found, by_position, spread, slope, value):
    """Keep the value and the gradient by the standardised position, and return the sign of a place that lacks one of them."""
    value[0] = found
    for j in range(len(slope)):
        slope[j] = 0.0
    for i in range(len(slope)):
        for j in range(len(slope)):
            slope[j] += spread[i, j] * by_position[i]
    for number in range(len(slope)):
        if not math.isfinite(slope[number]):
            return _NO_GRADIENT
    return 0 if math.isfinite(found) else _NO_VALUE


def _evaluate(size, standard, gradient, value, packed):
    whole = carray(packed, carray(packed, 1, np.int64)[LENGTH], np.int64)
    layout, owner, products, pooled, weights, therapist_weights, around, _ = unpack(whole, size)
    prior, centre, spread = around
    position, slope = place_at(centre, spread, carray(standard, size)), np.empty(size)
    found = log_density(layout, owner, products, pooled, weights, therapist_weights, None, prior, position, slope)
    return tell(found, slope, spread, carray(gradient, size), carray(value, 1))


def _copy(size, length, position, values, packed):
    for number in range(length):
        values[number] = position[number]
    return 0


SIGNATURE = types.int64(types.uint64, NUMBERS, NUMBERS, NUMBERS, types.voidptr)


@cache
def compiled_density() -> Any:
    """Compile the density of the standardised position; it has an ``address``."""
    return compiled_for_c(SIGNATURE, _evaluate)


@cache
def compiled_copy() -> Any:
    """Compile what is kept of each draw, the position itself; it has an ``address``."""
    return compiled_for_c(types.int64(types.uint64, types.uint64, NUMBERS, NUMBERS, types.voidptr), _copy)


def pack(statistics: Statistics, prior: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Pack what the density needs, besides the position, into one block of memory.

    Parameters
    ----------
    prior
        See `alliance.likelihood.density.log_density`.
    centre, spread
        See `place_at`.
    """
    layout, owner, products, pooled, weights, therapist_weights, _ = statistics.arrays
    sizes = [len(layout), len(owner), products.shape[1], len(pooled), len(therapist_weights)]
    real = np.concatenate(
        [part.ravel() for part in (products, pooled, weights, therapist_weights, prior, centre, spread)]
    )
    parts = [np.array([0, *sizes]), layout, owner.ravel(), real.view(np.int64)]
    packed = np.concatenate(parts)
    packed[LENGTH] = len(packed)
    return packed
