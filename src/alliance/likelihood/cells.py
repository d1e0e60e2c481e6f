"""Missing cells given the parameters and the random effects: exact Gaussian draws (Numba).

A missing value is an unknown of the same model. It enters the residuals of all rows that it touches, as their outcome, as a predictor of
the same or a later session, as an initial value, or in a column whose effect varies. Given the coefficients and the random effects each
residual is linear in the cells z of its patient, e = e0 + G z. With the precision Omega of the residuals of one occasion

    Q = G' Omega G        h = -G' Omega e0        z ~ N(Q^-1 h, Q^-1)

Where residuals of an equation depend on the one before, (e_t - r e_t-1) / sqrt(1 - r^2) takes the place of e_t, and the same combination
of its rows that of G: these are independent, with the variance of e_t (`alliance.likelihood.paired`).

The cells of a patient are drawn together, and those of different patients do not depend on each other. Working from the residuals e
at present values of z, the mean of the change is -Q^-1 G' Omega e, so e0 is never computed.

Cells of patients with a score at an end of its scale are drawn within their limits, see `alliance.likelihood.limits`.

Effects u = L v of the patient, v ~ N(0, 1), can be integrated out instead of given, as long as no cell is multiplied by one: they are more
columns of G, -Z L, with a precision of their own, and are eliminated from Q and h,

    Q_zz - Q_zv Q_vv^-1 Q_vz        h_z - Q_zv Q_vv^-1 h_v
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.limits import draw_beyond
from alliance.likelihood.packing import PREDICTOR, VARYING, CellLayout
from alliance.likelihood.patterns import EquationRows
from alliance.likelihood.thresholds import Thresholds

_LARGEST: Final = 1 - 1e-12  # of an autocorrelation: residuals that do not change at all have no density
_SWEEPS: Final = 5  # over the cells of a patient, from their present values


def draw_change(
    packed: CellLayout,
    equations: Sequence[EquationRows],
    beta: np.ndarray,
    effects: np.ndarray,
    covariance: np.ndarray,
    values: np.ndarray,
    rng: np.random.Generator | None,
    thresholds: Thresholds,
    autocorrelations: np.ndarray | None = None,
    spread: np.ndarray | None = None,
) -> tuple[np.ndarray, Thresholds]:
    """Draw how the cells change from their present values, which the rows hold, and then the thresholds between ordered answers.

    Parameters
    ----------
    equations
        All equations with the present values of the cells.
    beta
        Coefficients of all equations, (beta,).
    effects
        What the columns of `z` of all equations are multiplied by, for each patient: (patient, column); where patients have several
        therapists also for each patient and therapist, see `alliance.likelihood.crossed.number_units`.
    covariance
        Residual covariance of the equations at one occasion, (equation, equation).
    values
        Present values, (cell,).
    rng
        None: the conditional mean, as if there were no limits.
    thresholds
        Those within which the present values lie.
    autocorrelations
        Of the residuals of the first equations, zero where they are independent, as they are in all others: (equation,).
    spread
        Of effects of patients that are integrated out, what each column of `z` is multiplied by, L in the rows of its columns:
        (column, effect). They are not part of `effects` then. None where all effects are given.

    Returns
    -------
    change
        Shape (cell,).
    thresholds
        Those within which the changed values lie.
    """
    residuals, integrated, x_start, z_start = [], [], 0, 0
    spread = np.empty((effects.shape[1], 0)) if spread is None else spread
    for rows in equations:
        b = beta[x_start : x_start + rows.x.shape[1]]
        v = effects[rows.of_effects, z_start : z_start + rows.z.shape[1]]
        residuals.append(rows.y - rows.x @ b - (rows.z * v).sum(axis=1))
        integrated.append(rows.z @ spread[z_start : z_start + rows.z.shape[1]])
        x_start, z_start = x_start + rows.x.shape[1], z_start + rows.z.shape[1]
    starts = np.cumsum([0, *(len(rows.y) for rows in equations)])
    at = starts[packed.equation] + packed.row
    residual = np.concatenate(residuals)[at]
    carried = _carried(packed, autocorrelations)
    size = np.sqrt(1 - carried**2)
    residual = np.where(packed.earlier >= 0, residual - carried * residual[packed.earlier], residual) / size
    noise = np.zeros(len(packed.order)) if rng is None else rng.standard_normal(len(packed.order))[packed.noise]
    change = np.empty(len(packed.order))
    bounded, place = _bounded(packed)
    if rng is None:
        bounded, place = bounded[:0], np.full_like(place, -1)
    most = int(np.diff(packed.cells)[bounded].max(initial=0))
    q, h = np.tile(np.eye(most), (len(bounded), 1, 1)), np.zeros((len(bounded), most))
    _draw(
        packed.cells,
        packed.rows,
        packed.entries,
        packed.equation,
        packed.occasion,
        packed.entry,
        packed.weight,
        packed.pattern,
        _precisions(packed.present, covariance),
        packed.earlier,
        carried,
        size,
        residual,
        np.concatenate(integrated)[at],
        beta,
        effects,
        np.concatenate([rows.of_effects for rows in equations])[starts[packed.equation] + packed.row],
        noise,
        place,
        q,
        h,
        change,
    )
    if rng is not None and len(bounded):
        thresholds = _draw_bounded(packed, bounded, q, h, values, rng, thresholds, change)
    result = np.empty_like(change)
    result[packed.order] = change
    return result, thresholds


def _carried(packed: CellLayout, autocorrelations: np.ndarray | None) -> np.ndarray:
    """Return how much of a residual comes from the one before, zero where there is none: (packed row,)."""
    if autocorrelations is None:
        return np.zeros(len(packed.gap))
    limited = np.zeros(int(packed.equation.max(initial=-1)) + 1)
    limited[: len(autocorrelations)] = np.clip(autocorrelations, -_LARGEST, _LARGEST)[: len(limited)]
    return np.where(packed.earlier >= 0, limited[packed.equation] ** packed.gap, 0.0)


def _bounded(packed: CellLayout) -> tuple[np.ndarray, np.ndarray]:
    """Return the patients with scores at an end of a scale, and the place of each patient among them, -1 for the others."""
    owner = np.repeat(np.arange(len(packed.cells) - 1), np.diff(packed.cells))
    bounded = np.unique(owner[packed.limits.censored[packed.order]])
    place = np.full(len(packed.cells) - 1, -1)
    place[bounded] = np.arange(len(bounded))
    return bounded, place


def _draw_bounded(
    packed: CellLayout,
    bounded: np.ndarray,
    q: np.ndarray,
    h: np.ndarray,
    values: np.ndarray,
    rng: np.random.Generator,
    thresholds: Thresholds,
    change: np.ndarray,
) -> Thresholds:
    """Write the change of the cells of some patients, and return the thresholds between them."""
    count, size = h.shape
    there = np.arange(size) < np.diff(packed.cells)[bounded][:, None]
    at = (packed.cells[bounded][:, None] + np.arange(size))[there]
    cell, limits = packed.order[at], thresholds.limit(packed.limits)
    room, side, width = np.full((count, size), np.inf), np.ones((count, size)), np.full((count, size), np.inf)
    chances = np.full((_SWEEPS, count, size), 0.5)
    room[there], side[there], width[there] = limits.end[cell] - values[cell], limits.side[cell], limits.width[cell]
    chances[:, there] = rng.random((_SWEEPS, len(packed.order)))[:, packed.noise[at]]
    moved = draw_beyond(q, h, room, side, width, chances)
    change[at] = moved[there]
    if not len(thresholds.widths):
        return thresholds
    after = values.copy()
    after[cell] += moved[there]
    d = np.zeros((count, size, len(thresholds.widths)))
    d[there] = thresholds.moves(after, limits)[cell]
    left = h - (q @ moved[:, :, None])[:, :, 0]
    settled = thresholds.settle(np.einsum("pik,pi->k", d, left), np.einsum("pik,pil->kl", d, q @ d), rng)
    change[at] += d[there] @ (settled.widths - thresholds.widths)
    return settled


def _precisions(present: Sequence[np.ndarray], covariance: np.ndarray) -> np.ndarray:
    """Return the precision of the residuals of each pattern, (pattern, equation, equation)."""
    precision = np.zeros((len(present), *covariance.shape))
    for number, equations in enumerate(present):
        chosen = np.ix_(equations, equations)
        precision[number][chosen] = np.linalg.inv(covariance[chosen])
    return precision


@compiled
def _draw(
    cells,
    rows,
    entries,
    equation,
    occasion,
    entry,
    weight,
    pattern,
    precision,
    earlier,
    carried,
    size,
    residual,
    integrated,
    beta,
    effects,
    of_effects,
    noise,
    bounded,
    q_bounded,
    h_bounded,
    change,
):
    """Write the change of the cells, by patient; for those with a place among the bounded ones, Q and h instead."""
    more = integrated.shape[1]
    for p in range(len(cells) - 1):
        first, last = rows[p], rows[p + 1]
        n, m = cells[p + 1] - cells[p], last - first
        if n == 0:
            continue
        g = np.zeros((m, n + more))
        g[:, n:] = -integrated[first:last]
        for number in range(entries[p], entries[p + 1]):
            part, column = entry[number, 1], entry[number, 2]
            factor = 1.0
            if part == PREDICTOR:
                factor = -beta[column]
            elif part == VARYING:
                factor = -effects[of_effects[first + entry[number, 0]], column]
            g[entry[number, 0], entry[number, 3]] += factor * weight[number]
        for a in range(m - 1, -1, -1):  # rows that others depend on come before them, so they are as they were
            before = earlier[first + a] - first
            if before >= 0:
                for i in range(n + more):
                    g[a, i] = (g[a, i] - carried[first + a] * g[before, i]) / size[first + a]
        q, h = np.zeros((n + more, n + more)), np.zeros(n + more)
        for i in range(n, n + more):
            q[i, i] = 1.0
        start = 0
        while start < m:
            end = start + 1
            while end < m and occasion[first + end] == occasion[first + start]:
                end += 1
            for a in range(start, end):
                for b in range(start, end):
                    omega = precision[pattern[first + a], equation[first + a], equation[first + b]]
                    if omega == 0.0:
                        continue
                    for i in range(n + more):
                        scaled = g[a, i] * omega
                        if scaled != 0.0:
                            h[i] -= scaled * residual[first + b]
                            for j in range(i + 1):
                                q[i, j] += scaled * g[b, j]
            start = end
        for k in range(n + more - 1, n - 1, -1):
            for i in range(k):
                ratio = q[k, i] / q[k, k]
                h[i] -= ratio * h[k]
                for j in range(i + 1):
                    q[i, j] -= ratio * q[k, j]
        place = bounded[p]
        if place >= 0:
            for i in range(n):
                h_bounded[place, i] = h[i]
                for j in range(i + 1):
                    q_bounded[place, i, j] = q_bounded[place, j, i] = q[i, j]
            continue
        for i in range(n):
            for j in range(i + 1):
                total = q[i, j]
                for k in range(j):
                    total -= q[i, k] * q[j, k]
                q[i, j] = np.sqrt(total) if i == j else total / q[j, j]
            for k in range(i):
                h[i] -= q[i, k] * h[k]
            h[i] /= q[i, i]
        for i in range(n - 1, -1, -1):
            total = h[i] + noise[cells[p] + i]
            for k in range(i + 1, n):
                total -= q[k, i] * change[cells[p] + k]
            change[cells[p] + i] = total / q[i, i]
