"""From coordinates of the residuals to their precision, and back with derivatives (Numba).

Coordinates are the logarithms of the residual standard deviations, followed by those of the correlations of paired equations. Without pairs
the precision is 1 / s_k^2 of each equation. With pairs it is, one after the other,

- Omega of each pattern, the lower triangle row by row: the inverse of the pattern's part of Sigma = diag(s) R diag(s);
- log|Omega| of each pattern;
- Sigma, row by row.

R = C C' has zeros where equations are not paired. In the order of elimination (`alliance.likelihood.layout`) C has them too, and its other
entries follow from canonical partial correlations z, as in ``signed`` coordinates; the coordinates are the inverse hyperbolic tangents.

The prior is uniform over all R with these zeros. The change from R to z has a triangular derivative,
dR_ij / dz_ij = sqrt(prod_m<j (1 - z_im^2) (1 - z_jm^2)), so p(z_ij) ~ (1 - z_ij^2)^c with 2 c the number of free pairs (i, m), m between
j and i, and (m, i), m after i. With all pairs free that is LKJ(1), and with two outcomes the correlation is uniform between -1 and 1.
"""

import math
from typing import Final

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coordinates import LEAST, fill_signed, turn_signed
from alliance.likelihood.layout import (
    AT_FACTOR,
    AT_PATTERNS,
    N_EQUATIONS,
    N_PAIRS,
    N_PATTERNS,
    N_WEIGHTS,
    PER_PATTERN,
    Statistics,
)

_LARGEST: Final = 1 - 1e-12  # of a drawn partial correlation


def precision_of(statistics: Statistics, residual: np.ndarray, together: np.ndarray) -> np.ndarray:
    """Return the precision of residual standard deviations (equation,) and the coordinates of their correlations (pair,)."""
    if not len(together):
        return np.asarray(residual**-2.0)
    precision = np.empty(count_precisions(statistics.layout))
    fill_precision(statistics.layout, np.concatenate([np.log(residual), together]), precision)
    return precision


def correlations_at(statistics: Statistics, together: np.ndarray) -> np.ndarray:
    """Return correlations of residuals (draw, equation, equation) from their coordinates (draw, pair)."""
    count = len(statistics.equations)
    correlations = np.tile(np.eye(count), (len(together), 1, 1))
    if together.shape[1]:
        for coordinates, matrix in zip(np.ascontiguousarray(together), correlations, strict=True):
            fill_correlations(statistics.layout, coordinates, matrix)
    return correlations


def draw_coordinates(statistics: Statistics, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw coordinates of the correlations of residuals from their prior, (draw, pair)."""
    exponents = np.empty(int(statistics.layout[N_PAIRS]))
    if len(exponents):
        fill_prior_exponents(statistics.layout, exponents)
    partial = 2 * rng.beta(exponents + 1, exponents + 1, (size, len(exponents))) - 1
    return np.arctanh(np.clip(partial, -_LARGEST, _LARGEST))


@compiled
def count_precisions(layout):
    """Return how many numbers the precision is."""
    count = layout[N_EQUATIONS]
    return layout[N_WEIGHTS] + layout[N_PATTERNS] + count * count if layout[N_PAIRS] > 0 else count


@compiled
def fill_precision(layout, coordinates, precision):
    """Fill the precision."""
    count, patterns, weights = layout[N_EQUATIONS], layout[N_PATTERNS], layout[N_WEIGHTS]
    if layout[N_PAIRS] == 0:
        for k in range(count):
            precision[k] = math.exp(-2.0 * coordinates[k])
        return
    sigma = precision[weights + patterns :]
    correlations = np.empty((count, count))
    fill_correlations(layout, coordinates[count:], correlations)
    for k in range(count):
        for m in range(count):
            sigma[k * count + m] = correlations[k, m] * math.exp(coordinates[k] + coordinates[m])
    root, inverse = np.empty((count, count)), np.empty((count, count))
    for pattern in range(patterns):
        at = layout[AT_PATTERNS] + (PER_PATTERN + count) * pattern
        size, first, members = layout[at], layout[at + 1], layout[at + 2 : at + 2 + layout[at]]
        determinant = 0.0
        for i in range(size):
            for j in range(i + 1):
                total = sigma[members[i] * count + members[j]]
                for m in range(j):
                    total -= root[i, m] * root[j, m]
                root[i, j] = math.sqrt(total) if i == j else total / root[j, j]
            determinant -= 2.0 * math.log(root[i, i])
            for j in range(i + 1):  # the inverse of the root
                total = 1.0 if i == j else 0.0
                for m in range(j, i):
                    total -= root[i, m] * inverse[m, j]
                inverse[i, j] = total / root[i, i]
        for i in range(size):
            for j in range(i + 1):
                total = 0.0
                for m in range(i, size):
                    total += inverse[m, i] * inverse[m, j]
                precision[first + i * (i + 1) // 2 + j] = total
        precision[weights + pattern] = determinant


@compiled
def turn_precision(layout, coordinates, precision, by_precision, gradient):
    """Fill derivatives by the coordinates, from those by the precision (by Omega of each pattern)."""
    count, patterns, weights = layout[N_EQUATIONS], layout[N_PATTERNS], layout[N_WEIGHTS]
    if layout[N_PAIRS] == 0:
        for k in range(count):
            gradient[k] = -2.0 * precision[k] * by_precision[k]
        return
    sigma, of_sigma = precision[weights + patterns :], np.zeros((count, count))
    omega, change = np.empty((count, count)), np.empty((count, count))
    for pattern in range(patterns):
        at = layout[AT_PATTERNS] + (PER_PATTERN + count) * pattern
        size, first, members = layout[at], layout[at + 1], layout[at + 2 : at + 2 + layout[at]]
        for i in range(size):
            for j in range(i + 1):
                place = first + i * (i + 1) // 2 + j
                omega[i, j] = omega[j, i] = precision[place]
                # An entry off the diagonal stands for two of the matrix.
                change[i, j] = change[j, i] = by_precision[place] if i == j else 0.5 * by_precision[place]
        for i in range(size):  # d Omega = -Omega dSigma Omega
            for j in range(size):
                total = 0.0
                for m in range(size):
                    for n in range(size):
                        total += omega[i, m] * change[m, n] * omega[n, j]
                of_sigma[members[i], members[j]] -= total
    order, signed = layout[layout[AT_FACTOR] :], _signed(layout, coordinates[count:])
    factor, of_factor = np.zeros((count, count)), np.zeros(count * count)
    turned = np.zeros(len(signed))
    fill_signed(signed, factor)
    for i in range(count):
        k = order[i]
        gradient[k] = 0.0
        for m in range(count):
            gradient[k] += 2.0 * of_sigma[k, m] * sigma[k * count + m]
        for j in range(i + 1):  # of C: 2 H C, H the derivatives by R
            for m in range(count):
                if m >= j:
                    n = order[m]
                    scale = math.exp(coordinates[k] + coordinates[n])
                    of_factor[i * count + j] += 2.0 * of_sigma[k, n] * scale * factor[m, j]
    turn_signed(of_factor, count, signed, turned)
    for number in range(count * (count - 1) // 2):
        pair = order[count + number]
        if pair >= 0:
            gradient[count + pair] = turned[count + number]


@compiled
def fill_correlations(layout, coordinates, correlations):
    """Fill the correlations of the residuals of an occasion, (equation, equation)."""
    count = layout[N_EQUATIONS]
    order, factor = layout[layout[AT_FACTOR] :], np.zeros((count, count))
    fill_signed(_signed(layout, coordinates), factor)
    for i in range(count):
        for j in range(i + 1):
            total = 0.0
            for m in range(j + 1):
                total += factor[i, m] * factor[j, m]
            correlations[order[i], order[j]] = correlations[order[j], order[i]] = 1.0 if i == j else total


@compiled
def _signed(layout, coordinates):
    """Return ``signed`` coordinates of correlations in the order of elimination: standard deviations of one, zeros where none is free."""
    count = layout[N_EQUATIONS]
    free = layout[layout[AT_FACTOR] + count :]
    result = np.ones(count + count * (count - 1) // 2)
    for number in range(count * (count - 1) // 2):
        result[count + number] = coordinates[free[number]] if free[number] >= 0 else 0.0
    return result


@compiled
def fill_prior_exponents(layout, exponents):
    """Fill c of p(z) ~ (1 - z^2)^c of each pair, (pair,)."""
    count = layout[N_EQUATIONS]
    free = layout[layout[AT_FACTOR] + count :]
    for i in range(count):
        for j in range(i):
            pair = free[i * (i - 1) // 2 + j]
            if pair < 0:
                continue
            total = 0
            for m in range(j + 1, i):
                total += free[i * (i - 1) // 2 + m] >= 0
            for m in range(i + 1, count):
                total += free[m * (m - 1) // 2 + i] >= 0
            exponents[pair] = 0.5 * total


@compiled
def add_residual_prior(layout, coordinates, gradient):
    """Return the log prior density of the correlations of residuals, with the Jacobian of their coordinates, and add its derivatives."""
    exponents, value = np.empty(layout[N_PAIRS]), 0.0
    if layout[N_PAIRS] > 0:
        fill_prior_exponents(layout, exponents)
    for pair in range(len(exponents)):
        shape, z = exponents[pair] + 1.0, math.tanh(coordinates[pair])
        # log B(shape, shape) 2^(2 shape - 1) makes the density of z integrate to one.
        value += shape * math.log(max(1.0 - z * z, LEAST)) - (
            2.0 * math.lgamma(shape) - math.lgamma(2.0 * shape) + (2.0 * shape - 1.0) * math.log(2.0)
        )
        gradient[pair] -= 2.0 * shape * z
    return value
