"""Missing cells given the parameters and the random effects: exact Gaussian draws (Numba).

A missing value is an unknown of the same model. It enters the residuals of all rows that it touches, as their outcome, as a predictor of
the same or a later session, as an initial value, or in a column whose effect varies. Given the coefficients and the random effects each
residual is linear in the cells z of its patient, e = e0 + G z. With the precision Omega of the residuals of one occasion

    Q = G' Omega G        h = -G' Omega e0        z ~ N(Q^-1 h, Q^-1)

The cells of a patient are drawn together, and those of different patients do not depend on each other. Working from the residuals e
at present values of z, the mean of the change is -Q^-1 G' Omega e, so e0 is never computed.

Cells of patients with a score at an end of its scale are drawn within their limits, see `alliance.likelihood.limits`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.limits import Limits, draw_beyond
from alliance.likelihood.patterns import EquationRows

OUTCOME = 0  # parts of an equation that a cell can enter
PREDICTOR = 1
VARYING = 2

_SWEEPS: Final = 5  # over the cells of a patient, from their present values


@dataclass(frozen=True)
class Entries:
    """Where cells enter the rows of one equation; a place may have several cells, and a cell several places.

    Parameters
    ----------
    row
        Row of the equation, (entry,).
    part, column
        `OUTCOME`, `PREDICTOR` or `VARYING`, and the column of `x` or `z`: (entry,).
    cell
        Position of the cell, (entry,).
    weight
        What a change of the cell by one changes the value of the place by, (entry,).
    """

    row: np.ndarray
    part: np.ndarray
    column: np.ndarray
    cell: np.ndarray
    weight: np.ndarray

    def shift(self, rows: EquationRows, change: np.ndarray) -> EquationRows:
        """Return the rows after a change of the cells, (cell,)."""
        amount = self.weight * change[self.cell]
        arrays = []
        for part, array in ((OUTCOME, rows.y[:, None]), (PREDICTOR, rows.x), (VARYING, rows.z)):
            chosen, moved = self.part == part, array.copy()
            np.add.at(moved, (self.row[chosen], self.column[chosen]), amount[chosen])
            arrays.append(moved)
        return replace(rows, x=arrays[1], y=arrays[0][:, 0], z=arrays[2])


@dataclass(frozen=True)
class CellLayout:
    """How cells touch the rows of all equations, packed by patient.

    Parameters
    ----------
    cells, rows, entries
        Where the cells, the rows and the entries of each patient start, (patient + 1,). Patients without cells have no rows here.
    order
        The cells by patient, (cell,).
    noise
        Random number of each cell in this order, (cell,).
    row, equation, occasion
        Row within its equation, equation, and number of the occasion: (packed row,).
    limits
        What is known of the values, (cell,), not in this order.
    pattern, present
        Number of the pattern of each row's occasion, (packed row,), and the equations that have a row in each pattern.
    entry
        Packed row within the patient, part, first place of the equation's columns plus the column, cell within the patient: (entry, 4).
    weight
        See `Entries`, (entry,).
    """

    cells: np.ndarray
    noise: np.ndarray
    rows: np.ndarray
    entries: np.ndarray
    order: np.ndarray
    limits: Limits
    row: np.ndarray
    equation: np.ndarray
    occasion: np.ndarray
    pattern: np.ndarray
    present: tuple[np.ndarray, ...]
    entry: np.ndarray
    weight: np.ndarray


def pack_cells(
    equations: Sequence[EquationRows],
    entries: Sequence[Entries],
    occasions: Sequence[np.ndarray],
    patient_of: np.ndarray,
    turns: np.ndarray,
    limits: Limits,
) -> CellLayout:
    """Pack what the draws need to know of where cells enter.

    Parameters
    ----------
    equations, entries
        Rows of each equation, and where cells enter them.
    occasions
        Number of the occasion of each row of each equation; residuals of one occasion of a patient may be correlated.
    patient_of
        Patient of each cell, (cell,).
    turns
        Whose turn it is to take random numbers: position of each patient among all, (patient,).
    limits
        What is known of the values.
    """
    n_patients = len(turns)
    of_row = np.concatenate([rows.patient for rows in equations])
    equation = np.repeat(np.arange(len(equations)), [len(rows.y) for rows in equations])
    row = np.concatenate([np.arange(len(rows.y)) for rows in equations])
    occasion = np.concatenate(list(occasions))
    has_cells = np.bincount(patient_of, minlength=n_patients) > 0
    kept = np.flatnonzero(has_cells[of_row])
    kept = kept[np.lexsort((equation[kept], occasion[kept], of_row[kept]))]
    starts = _starts(of_row[kept], n_patients)
    place = np.full(len(of_row), -1)
    place[kept] = np.arange(len(kept)) - starts[of_row[kept]]
    order = np.argsort(patient_of, kind="stable")
    cell_starts = _starts(patient_of[order], n_patients)
    cell_place = np.empty(len(order), dtype=np.int64)
    cell_place[order] = np.arange(len(order)) - cell_starts[patient_of[order]]
    first_row = np.cumsum([0, *(len(rows.y) for rows in equations)])
    parts, weights, owners = [], [], []
    x_starts = np.cumsum([0, *(rows.x.shape[1] for rows in equations)])
    z_starts = np.cumsum([0, *(rows.z.shape[1] for rows in equations)])
    for number, found in enumerate(entries):
        first = np.select([found.part == PREDICTOR, found.part == VARYING], [x_starts[number], z_starts[number]], 0)
        parts.append(
            np.column_stack(
                [place[first_row[number] + found.row], found.part, first + found.column, cell_place[found.cell]]
            )
        )
        weights.append(found.weight)
        owners.append(patient_of[found.cell])
    entry, weight, owner = np.concatenate(parts), np.concatenate(weights), np.concatenate(owners)
    by_patient = np.argsort(owner, kind="stable")
    pattern, present = _patterns(of_row[kept], occasion[kept], equation[kept], len(equations))
    taken = np.argsort(turns[patient_of[order]], kind="stable")
    noise = np.empty_like(taken)
    noise[taken] = np.arange(len(taken))
    return CellLayout(
        cell_starts,
        noise,
        starts,
        _starts(owner[by_patient], n_patients),
        order,
        limits,
        row[kept],
        equation[kept],
        occasion[kept],
        pattern,
        present,
        np.ascontiguousarray(entry[by_patient].astype(np.int64)),
        weight[by_patient],
    )


def _starts(sorted_codes: np.ndarray, count: int) -> np.ndarray:
    return np.searchsorted(sorted_codes, np.arange(count + 1)).astype(np.int64)


def draw_change(
    packed: CellLayout,
    equations: Sequence[EquationRows],
    beta: np.ndarray,
    effects: np.ndarray,
    covariance: np.ndarray,
    values: np.ndarray,
    rng: np.random.Generator | None,
) -> np.ndarray:
    """Draw how the cells change from their present values, which the rows hold.

    Parameters
    ----------
    equations
        All equations with the present values of the cells.
    beta
        Coefficients of all equations, (beta,).
    effects
        What the columns of `z` of all equations are multiplied by, for each patient: (patient, column).
    covariance
        Residual covariance of the equations at one occasion, (equation, equation).
    values
        Present values, (cell,).
    rng
        None: the conditional mean, as if there were no limits.

    Returns
    -------
    numpy.ndarray
        Shape (cell,).
    """
    residuals, x_start, z_start = [], 0, 0
    for rows in equations:
        b = beta[x_start : x_start + rows.x.shape[1]]
        v = effects[rows.patient, z_start : z_start + rows.z.shape[1]]
        residuals.append(rows.y - rows.x @ b - (rows.z * v).sum(axis=1))
        x_start, z_start = x_start + rows.x.shape[1], z_start + rows.z.shape[1]
    starts = np.cumsum([0, *(len(rows.y) for rows in equations)])
    residual = np.concatenate(residuals)[starts[packed.equation] + packed.row]
    noise = np.zeros(len(packed.order)) if rng is None else rng.standard_normal(len(packed.order))[packed.noise]
    change = np.empty(len(packed.order))
    bounded, place = _bounded(packed)
    if rng is None:
        bounded, place = bounded[:0], np.full_like(place, -1)
    size = int(np.diff(packed.cells)[bounded].max(initial=0))
    q, h = np.tile(np.eye(size), (len(bounded), 1, 1)), np.zeros((len(bounded), size))
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
        residual,
        beta,
        effects,
        noise,
        place,
        q,
        h,
        change,
    )
    if rng is not None and len(bounded):
        _draw_bounded(packed, bounded, q, h, values, rng, change)
    result = np.empty_like(change)
    result[packed.order] = change
    return result


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
    change: np.ndarray,
) -> None:
    """Write the change of the cells of some patients."""
    count, size = h.shape
    there = np.arange(size) < np.diff(packed.cells)[bounded][:, None]
    at = (packed.cells[bounded][:, None] + np.arange(size))[there]
    cell = packed.order[at]
    room, side, chances = np.full((count, size), np.inf), np.ones((count, size)), np.full((_SWEEPS, count, size), 0.5)
    room[there], side[there] = packed.limits.end[cell] - values[cell], packed.limits.side[cell]
    chances[:, there] = rng.random((_SWEEPS, len(packed.order)))[:, packed.noise[at]]
    moved = draw_beyond(q, h, room, side, chances)
    change[at] = moved[there]


def _patterns(
    owner: np.ndarray, occasion: np.ndarray, equation: np.ndarray, count: int
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Say which equations have a row at each occasion: the number of each row's pattern, and the equations of each pattern."""
    groups = np.unique(np.column_stack([owner, occasion]), axis=0, return_inverse=True)[1].reshape(-1)
    there = np.zeros((int(groups.max(initial=-1)) + 1, count), dtype=bool)
    there[groups, equation] = True
    patterns, which = np.unique(there, axis=0, return_inverse=True)
    return which.reshape(-1)[groups].astype(np.int64), tuple(np.flatnonzero(pattern) for pattern in patterns)


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
    residual,
    beta,
    effects,
    noise,
    bounded,
    q_bounded,
    h_bounded,
    change,
):
    """Write the change of the cells, by patient; for those with a place among the bounded ones, Q and h instead."""
    for p in range(len(cells) - 1):
        first, last = rows[p], rows[p + 1]
        n, m = cells[p + 1] - cells[p], last - first
        if n == 0:
            continue
        g = np.zeros((m, n))
        for number in range(entries[p], entries[p + 1]):
            part, column = entry[number, 1], entry[number, 2]
            factor = 1.0
            if part == PREDICTOR:
                factor = -beta[column]
            elif part == VARYING:
                factor = -effects[p, column]
            g[entry[number, 0], entry[number, 3]] += factor * weight[number]
        q, h = np.zeros((n, n)), np.zeros(n)
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
                    for i in range(n):
                        scaled = g[a, i] * omega
                        if scaled != 0.0:
                            h[i] -= scaled * residual[first + b]
                            for j in range(i + 1):
                                q[i, j] += scaled * g[b, j]
            start = end
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
