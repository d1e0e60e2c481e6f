"""Coordinates of covariances and correlations, and how derivatives follow them (Numba). What they mean: `alliance.likelihood.density`."""

import math
from typing import Final

import numpy as np

from alliance.likelihood.compiling import compiled

LEAST: Final = 1e-30  # 1 - z^2 where rounding makes |z| one


@compiled
def fill_factor(position, factor):
    """Fill a lower triangular factor, row by row; return how many numbers were used."""
    used = 0
    for i in range(factor.shape[0]):
        for j in range(i + 1):
            factor[i, j] = position[used]
            used += 1
    return used


@compiled
def pack_factor(change, q, gradient):
    """Fill derivatives by the lower triangle of a factor, from those by all of it, row by row."""
    used = 0
    for i in range(q):
        for j in range(i + 1):
            gradient[used] = change[i * q + j]
            used += 1


@compiled
def fill_signed(position, factor):
    """Fill L = diag(s) C from (s, atanh of partial correlations, row by row); return how many numbers were used."""
    q = factor.shape[0]
    used = q
    for i in range(q):
        left = 1.0
        for j in range(i):
            z = math.tanh(position[used])
            factor[i, j] = position[i] * left * z
            left *= math.sqrt(max(1.0 - z * z, LEAST))
            used += 1
        factor[i, i] = position[i] * left
    return used


@compiled
def turn_signed(change, q, position, gradient):
    """Turn derivatives by L (row by row) into derivatives by s and the partial correlations."""
    z, left, row = np.empty(q), np.empty(q), np.empty(q)
    used = q
    for i in range(q):
        left[0] = 1.0
        for j in range(i):
            z[j] = math.tanh(position[used + j])
            row[j] = left[j] * z[j]  # of C
            left[j + 1] = left[j] * math.sqrt(max(1.0 - z[j] * z[j], LEAST))
        row[i] = left[i]
        for j in range(i + 1):
            gradient[i] += change[i * q + j] * row[j]
        # A partial correlation moves its own entry of the row by left (1 - z^2) and shrinks all later ones by z.
        after = change[i * q + i] * row[i]
        for j in range(i - 1, -1, -1):
            gradient[used + j] += position[i] * (change[i * q + j] * left[j] * (1.0 - z[j] * z[j]) - z[j] * after)
            after += change[i * q + j] * row[j]
        used += i
