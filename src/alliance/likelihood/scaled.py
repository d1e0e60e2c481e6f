"""The rows of one patient given how variable the patient is, and the most probable variability (Numba).

Equations and letters: `alliance.likelihood.scales`. What is computed at one w lies in the rows of `state`, each of q numbers: u = B w
(later its mean B w + C h), Z'e, x, r, h, then the matrices S C, R, M^-1, D = C M^-1 C' and one to work in.
"""

import math
from typing import Final

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.kernel import LOG_2PI

_MOST_STEPS, _MOST_HALVINGS = 60, 30
_SETTLED: Final = 1e-22  # gain of log density that a further step promises
_ROUNDING: Final = 1e-13  # of a density
_LEAST_CURVATURE: Final = 0.1  # that of the prior is one
# Columns of `alliance.likelihood.variability.Variability.heads`.
FIRST_BETA, BETAS, FIRST_PRODUCT, COLUMNS, SCALED = range(5)


@compiled
def height_at(heads, equation_of, zz, c, square, counts, log_sd, of_v, of_w, of_z, w, state, tau, spare):
    """Return f(w), and fill t and the state: u = B w, Z'e and h in rows 0, 1 and 4, r in row 3, S C from row 5 on, then R."""
    scales, q = len(w), len(c)
    value = 0.0
    for a in range(scales):
        value -= 0.5 * (w[a] * w[a] + LOG_2PI)
    u, s, x, r, h = state[0], state[1], state[2], state[3], state[4]
    sc, root = state[5 : 5 + q], state[5 + q : 5 + 2 * q]
    for a in range(q):
        u[a] = 0.0
        for b in range(scales):
            u[a] += of_w[a, b] * w[b]
    for k in range(heads.shape[0]):
        log_tau = -2.0 * log_sd[k]
        place = heads[k, SCALED]
        if place >= 0:
            for b in range(place + 1):
                log_tau -= of_v[place, b] * w[b]
        tau[k] = math.exp(log_tau)
        spare[k] = square[k]
        value += 0.5 * counts[k] * (log_tau - LOG_2PI)
    for a in range(q):
        s[a] = c[a]
        for b in range(q):
            s[a] -= zz[a, b] * u[b]
        spare[equation_of[a]] -= u[a] * (c[a] + s[a])
        r[a] = tau[equation_of[a]] * s[a]
    for k in range(heads.shape[0]):
        value -= 0.5 * tau[k] * spare[k]
    for a in range(q):
        for b in range(q):
            total = 0.0
            for m in range(b, q):
                total += zz[a, m] * of_z[m, b]
            sc[a, b] = tau[equation_of[a]] * total
    for a in range(q):
        for b in range(a + 1):
            total = 1.0 if a == b else 0.0
            for m in range(a, q):
                total += of_z[m, a] * sc[m, b]
            for m in range(b):
                total -= root[a, m] * root[b, m]
            root[a, b] = math.sqrt(total) if a == b else total / root[b, b]
        value -= math.log(root[a, a])
        total = 0.0
        for m in range(a, q):
            total += of_z[m, a] * r[m]
        for m in range(a):
            total -= root[a, m] * x[m]
        x[a] = total / root[a, a]
        value += 0.5 * x[a] * x[a]
    for a in range(q - 1, -1, -1):
        total = x[a]
        for m in range(a + 1, q):
            total -= root[m, a] * h[m]
        h[a] = total / root[a, a]
    return value


@compiled
def moments_at(heads, equation_of, zz, c, square, of_z, state, tau, expected):
    """Turn u into E u, Z'e into Z'E e, and fill E|e|^2, M^-1 (after R) and D = C M^-1 C' (after it)."""
    q = len(c)
    u, s, h = state[0], state[1], state[4]
    root, inverse = state[5 + q : 5 + 2 * q], state[5 + 2 * q : 5 + 3 * q]
    d, half = state[5 + 3 * q : 5 + 4 * q], state[5 + 4 * q : 5 + 5 * q]
    for b in range(q):  # R^-1 C' in `half`, its square is D; R^-1 in `d` on the way
        for a in range(b, q):
            total = 1.0 if a == b else 0.0
            for m in range(b, a):
                total -= root[a, m] * d[m, b]
            d[a, b] = total / root[a, a]
    for a in range(q):
        for b in range(a + 1):
            total = 0.0
            for m in range(a, q):
                total += d[m, a] * d[m, b]
            inverse[a, b] = inverse[b, a] = total
    for a in range(q):
        for b in range(q):
            total = 0.0
            for m in range(min(a, b) + 1):
                total += d[a, m] * of_z[b, m]
            half[a, b] = total
    for a in range(q):
        for b in range(a + 1):
            total = 0.0
            for m in range(q):
                total += half[m, a] * half[m, b]
            d[a, b] = d[b, a] = total
    for a in range(q):
        for m in range(a + 1):
            u[a] += of_z[a, m] * h[m]
    for k in range(heads.shape[0]):
        expected[k] = square[k]
    for a in range(q):
        s[a] = c[a]
        total = 0.0
        for b in range(q):
            s[a] -= zz[a, b] * u[b]
            total += zz[a, b] * d[a, b]
        expected[equation_of[a]] += total - u[a] * (c[a] + s[a])


@compiled
def find_mode(
    heads, equation_of, zz, c, square, counts, log_sd, of_v, of_w, of_z, w, there, slope, bend, root, state, tau, expected
):  # fmt: skip
    """Fill the mode of f and a factor of the inverse curvature there, by Newton steps that are halved where they lead down."""
    scales = len(w)
    w[:] = 0.0
    value = height_at(heads, equation_of, zz, c, square, counts, log_sd, of_v, of_w, of_z, w, state, tau, expected)
    step = np.empty(scales)
    for _ in range(_MOST_STEPS):
        _curve(heads, equation_of, zz, c, square, counts, of_v, of_w, of_z, w, state, tau, expected, slope, bend)
        _root_of_inverse(bend, root)
        gain = 0.0
        step[:] = 0.0
        for a in range(scales):
            part = 0.0
            for b in range(a, scales):
                part += root[b, a] * slope[b]
            gain += part * part
            for b in range(a, scales):
                step[b] += root[b, a] * part
        if not gain > _SETTLED:
            break
        new, share = -np.inf, 1.0
        for _ in range(_MOST_HALVINGS):
            for a in range(scales):
                there[a] = w[a] + share * step[a]
            new = height_at(
                heads, equation_of, zz, c, square, counts, log_sd, of_v, of_w, of_z, there, state, tau, expected
            )
            if new >= value - _ROUNDING * abs(value):
                break
            share *= 0.5
        if not new >= value - _ROUNDING * abs(value):
            break
        for a in range(scales):
            w[a] = there[a]
        value = new
    return value


@compiled
def _curve(heads, equation_of, zz, c, square, counts, of_v, of_w, of_z, w, state, tau, expected, slope, bend):
    """Fill slope and minus the curvature of f at w from what `height_at` left there."""
    scales, q = len(w), len(c)
    moments_at(heads, equation_of, zz, c, square, of_z, state, tau, expected)
    s, d = state[1], state[5 + 3 * q : 5 + 4 * q]
    by_v, by_u = np.zeros(scales), np.empty(q)
    of_scale = np.full(q, -1)
    for a in range(q):
        by_u[a] = tau[equation_of[a]] * s[a]
        of_scale[a] = heads[equation_of[a], SCALED]
    vv, vu, uu = np.zeros((scales, scales)), np.zeros((scales, q)), np.empty((q, q))
    for k in range(heads.shape[0]):
        place = heads[k, SCALED]
        if place >= 0:
            by_v[place] = 0.5 * (tau[k] * expected[k] - counts[k])
            vv[place, place] -= 0.5 * tau[k] * expected[k]
    precision = np.empty((q, q))
    for a in range(q):
        for b in range(q):
            precision[a, b] = tau[equation_of[a]] * zz[a, b]
    spread = np.zeros((q, q))  # D S
    for a in range(q):
        for m in range(q):
            for b in range(q):
                spread[a, b] += d[a, m] * precision[m, b]
    for a in range(q):
        for b in range(q):
            total = -precision[a, b]
            for m in range(q):
                total += precision[a, m] * spread[m, b]
            uu[a, b] = total
    for a in range(q):
        if of_scale[a] >= 0:
            vu[of_scale[a], a] -= by_u[a]
            for b in range(q):
                vu[of_scale[a], b] += by_u[a] * spread[a, b]
                if of_scale[b] >= 0:
                    vv[of_scale[a], of_scale[b]] += by_u[a] * d[a, b] * by_u[b] + 0.5 * spread[a, b] * spread[b, a]
    for a in range(scales):
        slope[a] = -w[a]
        for k in range(a, scales):
            slope[a] += of_v[k, a] * by_v[k]
        for m in range(q):
            slope[a] += of_w[m, a] * by_u[m]
    bend[:] = 0.0
    for a in range(scales):
        bend[a, a] = 1.0
        for b in range(scales):
            for k in range(a, scales):
                for m in range(b, scales):
                    bend[a, b] -= of_v[k, a] * vv[k, m] * of_v[m, b]
                for m in range(q):
                    product = of_v[k, a] * vu[k, m] * of_w[m, b]
                    bend[a, b] -= product
                    bend[b, a] -= product
            for k in range(q):
                for m in range(q):
                    bend[a, b] -= of_w[k, a] * uu[k, m] * of_w[m, b]


@compiled
def _root_of_inverse(bend, root):
    """Fill a lower triangular factor of the inverse of a matrix, with pivots kept off zero: U^-T where U U' is the matrix, U upper."""
    size = len(bend)
    upper = np.zeros((size, size))
    for b in range(size - 1, -1, -1):
        for a in range(b, -1, -1):
            total = bend[a, b]
            for m in range(b + 1, size):
                total -= upper[a, m] * upper[b, m]
            upper[a, b] = math.sqrt(max(total, _LEAST_CURVATURE)) if a == b else total / upper[b, b]
    root[:] = 0.0
    for b in range(size):
        for a in range(b, size):
            total = 1.0 if a == b else 0.0
            for m in range(b, a):
                total -= upper[m, a] * root[m, b]
            root[a, b] = total / upper[a, a]
