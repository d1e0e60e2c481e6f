"""From coordinates of the residuals to their precision, and back with derivatives (Numba).

Coordinates are the logarithms of the residual standard deviations, followed by those of the correlations of paired equations, and by those
of the autocorrelations of equations whose residuals depend on the one before. With neither the precision is 1 / s_k^2 of each equation.
Otherwise it is, one after the other,

- Omega of each pattern, the lower triangle row by row: the inverse of the pattern's part of Sigma = diag(s) R diag(s);
- log|Omega| of each pattern;
- Sigma, row by row.

A pattern of rows with a gap g before them has (1, -r, r^2) / (s^2 (1 - r^2)) for Omega, r = phi^(g / unit), see
`alliance.likelihood.paired`; the logarithm is that of the first number. The coordinate is the inverse hyperbolic tangent of an
autocorrelation phi with a sign, and the logit of one without. Its prior is uniform.

A correlation that is held at a value has no coordinate. Its equations are in no other pair, so that its partial correlation is itself.

R = C C' has zeros where equations are not paired. In the order of elimination (`alliance.likelihood.layout`) C has them too, and its other
entries follow from canonical partial correlations z, as in ``signed`` coordinates; the coordinates are the inverse hyperbolic tangents.

The prior is uniform over all R with these zeros. The change from R to z has a triangular derivative,
dR_ij / dz_ij = sqrt(prod_m<j (1 - z_im^2) (1 - z_jm^2)), so p(z_ij) ~ (1 - z_ij^2)^c with 2 c the number of free pairs (i, m), m between
j and i, and (m, i), m after i. With all pairs free that is LKJ(1), and with two outcomes the correlation is uniform between -1 and 1.

An equation may have a residual standard deviation of one that is no parameter (`EquationRows.unit_residual`). Its coordinate keeps its
place, so that no place moves, but nothing depends on it: a standard normal density of its own takes care of it.
"""

import math
from typing import Final

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coordinates import LEAST, fill_signed, turn_signed
from alliance.likelihood.layout import (
    AT_EQUATIONS,
    AT_FACTOR,
    AT_PATTERNS,
    AT_SERIES,
    HELD,
    N_EQUATIONS,
    N_PAIRS,
    N_PATTERNS,
    N_SERIES,
    N_WEIGHTS,
    OF_UNIT,
    PER_EQUATION,
    PER_PATTERN,
    PER_SERIES,
    Statistics,
)

_LARGEST: Final = 1 - 1e-12  # of a drawn partial correlation
_LEAST_LEFT: Final = (
    1e-8  # of 1 - r^2: with less, differences of rows have no digits, and a search climbs what rounding makes
)


def precision_of(statistics: Statistics, residual: np.ndarray, together: np.ndarray) -> np.ndarray:
    """Return the precision of residual standard deviations (equation,) and the coordinates of their correlations (coordinate,)."""
    if not statistics.layout[N_PATTERNS]:
        return np.asarray(residual**-2.0)
    precision = np.empty(count_precisions(statistics.layout))
    fill_precision(statistics.layout, np.concatenate([np.log(residual), together]), precision)
    return precision


def correlations_at(statistics: Statistics, together: np.ndarray) -> np.ndarray:
    """Return correlations of residuals of one occasion (draw, equation, equation) from their coordinates (draw, coordinate)."""
    count = len(statistics.equations)
    correlations = np.tile(np.eye(count), (len(together), 1, 1))
    if statistics.layout[N_PATTERNS]:
        for coordinates, matrix in zip(np.ascontiguousarray(together), correlations, strict=True):
            fill_correlations(statistics.layout, coordinates, matrix)
    return correlations


def autocorrelations_at(statistics: Statistics, together: np.ndarray) -> np.ndarray:
    """Return autocorrelations (draw, series) from the coordinates of correlations of residuals (draw, coordinate)."""
    own = together[:, int(statistics.layout[N_PAIRS]) :]
    signed = [rows.series.signed for rows in statistics.equations if rows.series is not None]
    return np.asarray(np.where(signed, np.tanh(own), 0.5 + 0.5 * np.tanh(own / 2))) if signed else own


def draw_coordinates(statistics: Statistics, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw coordinates of the correlations of residuals from their prior, (draw, coordinate)."""
    exponents = np.empty(int(statistics.layout[N_PAIRS]))
    if len(exponents):
        fill_prior_exponents(statistics.layout, exponents)
    partial = 2 * rng.beta(exponents + 1, exponents + 1, (size, len(exponents))) - 1
    signed = [rows.series.signed for rows in statistics.equations if rows.series is not None]
    if signed:
        # With (1 + x) / (1 - x) the odds, a logit is twice the inverse hyperbolic tangent.
        own = 2 * rng.random((size, len(signed))) - 1
        own = np.arctanh(np.clip(own, -_LARGEST, _LARGEST)) * np.where(signed, 1.0, 2.0)
        return np.column_stack([np.arctanh(np.clip(partial, -_LARGEST, _LARGEST)), own])
    return np.arctanh(np.clip(partial, -_LARGEST, _LARGEST))


@compiled
def count_precisions(layout):
    """Return how many numbers the precision is."""
    count = layout[N_EQUATIONS]
    return layout[N_WEIGHTS] + layout[N_PATTERNS] + count * count if layout[N_PATTERNS] > 0 else count


@compiled
def count_coordinates(layout):
    """Return how many coordinates the residuals have."""
    return layout[N_EQUATIONS] + layout[N_PAIRS] + layout[N_SERIES]


@compiled
def _turn_gap(layout, k, gap, coordinates):
    """Return the correlation r of residuals over a gap, 1 - r^2, and the derivative of r by its coordinate, of an equation."""
    at = layout[AT_SERIES] + PER_SERIES * k
    x, power = coordinates[layout[at]], gap / layout[at + 1]
    if layout[at + 2]:  # the power is whole
        phi, inside = math.tanh(x), 1.0 / math.cosh(x)
        r = phi**power
        left = inside * inside if gap == 1 else 1.0 - r * r
        return r, left, power * phi ** (power - 1.0) * inside * inside
    log_phi = -math.log1p(math.exp(-x)) if x > -30.0 else x
    r = math.exp(power * log_phi)
    return r, -math.expm1(2.0 * power * log_phi), power * r * -math.expm1(log_phi)


@compiled
def is_unit(layout, equation):
    """Say whether the residual standard deviation of an equation is one and no parameter."""
    return layout[layout[AT_EQUATIONS] + PER_EQUATION * equation + OF_UNIT] == 1


@compiled
def _log_sd(layout, coordinates, equation):
    return 0.0 if is_unit(layout, equation) else coordinates[equation]


@compiled
def fill_precision(layout, coordinates, precision):
    """Fill the precision."""
    count, patterns, weights = layout[N_EQUATIONS], layout[N_PATTERNS], layout[N_WEIGHTS]
    if patterns == 0:
        for k in range(count):
            precision[k] = math.exp(-2.0 * _log_sd(layout, coordinates, k))
        return
    sigma = precision[weights + patterns :]
    correlations = np.empty((count, count))
    fill_correlations(layout, coordinates[count:], correlations)
    for k in range(count):
        for m in range(count):
            sigma[k * count + m] = correlations[k, m] * math.exp(
                _log_sd(layout, coordinates, k) + _log_sd(layout, coordinates, m)
            )
    root, inverse = np.empty((count, count)), np.empty((count, count))
    for pattern in range(patterns):
        at = layout[AT_PATTERNS] + (PER_PATTERN + count) * pattern
        size, first, members = layout[at], layout[at + 1], layout[at + PER_PATTERN : at + PER_PATTERN + layout[at]]
        if layout[at + 2] > 0:
            r, left, _ = _turn_gap(layout, members[0], layout[at + 2], coordinates)
            precision[first] = (
                math.exp(-2.0 * _log_sd(layout, coordinates, members[0])) / left if left > _LEAST_LEFT else np.inf
            )
            precision[first + 1] = -r * precision[first]
            precision[first + 2] = r * r * precision[first]
            precision[weights + pattern] = math.log(precision[first])
            continue
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
    if patterns == 0:
        for k in range(count):
            gradient[k] = 0.0 if is_unit(layout, k) else -2.0 * precision[k] * by_precision[k]
        return
    sigma, of_sigma = precision[weights + patterns :], np.zeros((count, count))
    omega, change = np.empty((count, count)), np.empty((count, count))
    for pattern in range(patterns):
        at = layout[AT_PATTERNS] + (PER_PATTERN + count) * pattern
        size, first, members = layout[at], layout[at + 1], layout[at + PER_PATTERN : at + PER_PATTERN + layout[at]]
        if layout[at + 2] > 0:
            continue
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
            if not is_unit(layout, k):
                gradient[k] += 2.0 * of_sigma[k, m] * sigma[k * count + m]
        for j in range(i + 1):  # of C: 2 H C, H the derivatives by R
            for m in range(count):
                if m >= j:
                    n = order[m]
                    scale = math.exp(_log_sd(layout, coordinates, k) + _log_sd(layout, coordinates, n))
                    of_factor[i * count + j] += 2.0 * of_sigma[k, n] * scale * factor[m, j]
    turn_signed(of_factor, count, signed, turned)
    for number in range(count * (count - 1) // 2):
        pair = order[count + number]
        if pair >= 0:
            gradient[count + pair] = turned[count + number]
    for number in range(layout[N_SERIES]):
        gradient[count + layout[N_PAIRS] + number] = 0.0
    for pattern in range(patterns):
        at = layout[AT_PATTERNS] + (PER_PATTERN + count) * pattern
        first, gap, k = layout[at + 1], layout[at + 2], layout[at + PER_PATTERN]
        if gap > 0:
            r, left, slope = _turn_gap(layout, k, gap, coordinates)
            for number in range(0 if is_unit(layout, k) else 3):
                gradient[k] -= 2.0 * precision[first + number] * by_precision[first + number]
            # By r: of 1 / (1 - r^2) and r^2 / (1 - r^2) the same, of -r / (1 - r^2) another.
            change = 2.0 * r * (by_precision[first] + by_precision[first + 2]) - (1.0 + r * r) * by_precision[first + 1]
            gradient[layout[layout[AT_SERIES] + PER_SERIES * k]] += slope * change * precision[first] / left


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
    """Return ``signed`` coordinates of correlations in the order of elimination: standard deviations of one, zeros where there is none."""
    count = layout[N_EQUATIONS]
    free = layout[layout[AT_FACTOR] + count :]
    result = np.ones(count + count * (count - 1) // 2)
    for number in range(count * (count - 1) // 2):
        if free[number] < -1:  # held
            result[count + number] = math.atanh((-2 - free[number]) / HELD - 1.0)
        else:
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
    """Return the log prior density of the correlations of residuals, with the Jacobian of their coordinates, and add its derivatives.

    Parameters
    ----------
    coordinates
        Of correlations and autocorrelations only.
    """
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
    for k in range(layout[N_EQUATIONS] if layout[N_SERIES] > 0 else 0):
        at = layout[AT_SERIES] + PER_SERIES * k
        if layout[at] >= 0:
            place = layout[at] - layout[N_EQUATIONS]
            # Of a logit x the density is phi (1 - phi) = 1 / (4 cosh(x / 2)^2), of an inverse hyperbolic tangent 1 / (2 cosh(x)^2).
            scale = 1.0 if layout[at + 2] else 0.5
            x = abs(scale * coordinates[place])
            value += math.log(2.0 * scale) - 2.0 * (x + math.log1p(math.exp(-2.0 * x)))
            gradient[place] -= 2.0 * scale * math.tanh(scale * coordinates[place])
    return value
