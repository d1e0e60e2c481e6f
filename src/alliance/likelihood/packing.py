"""Where missing cells enter the rows of all equations, packed by patient for the draws of `alliance.likelihood.cells`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alliance.likelihood.limits import Limits
from alliance.likelihood.patterns import EquationRows, rows_before

OUTCOME = 0  # parts of an equation that a cell can enter
PREDICTOR = 1
VARYING = 2


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
        for part, array in _arrays_of(rows):
            chosen, moved = self.part == part, array.copy()
            np.add.at(moved, (self.row[chosen], self.column[chosen]), amount[chosen])
            arrays.append(moved)
        return replace(rows, y=arrays[OUTCOME][:, 0], x=arrays[PREDICTOR], z=arrays[VARYING])


def _arrays_of(rows: EquationRows) -> list[tuple[int, np.ndarray]]:
    """Return the arrays of the parts of an equation, in the order of their numbers."""
    return [(OUTCOME, rows.y[:, None]), (PREDICTOR, rows.x), (VARYING, rows.z)]


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
    earlier, gap
        The packed row that a row's residual depends on, -1 where there is none, and the time since in units of the autocorrelation:
        (packed row,).
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
    earlier: np.ndarray
    gap: np.ndarray
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
        *_find_earlier(equations, first_row, kept, starts[of_row[kept]], place),
        np.ascontiguousarray(entry[by_patient].astype(np.int64)),
        weight[by_patient],
    )


def _find_earlier(
    equations: Sequence[EquationRows], first_row: np.ndarray, kept: np.ndarray, starts: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the packed row that the residual of each packed row depends on, -1 where there is none, and the time since.

    Parameters
    ----------
    first_row
        First row of each equation among all.
    kept, starts
        Of each packed row its place among all rows, and the first packed row of its patient: (packed row,).
    place
        Packed row within the patient of each row, (row,).
    """
    earlier, gap = np.full(len(place), -1), np.zeros(len(place))
    for first, rows in zip(first_row, equations, strict=False):
        if rows.series is not None:
            before, since = rows_before(rows)
            own = slice(first, first + len(before))
            earlier[own] = np.where(before >= 0, place[first + before], -1)
            gap[own] = since / rows.series.unit
    return np.where(earlier[kept] >= 0, starts + earlier[kept], -1), gap[kept]


def _starts(sorted_codes: np.ndarray, count: int) -> np.ndarray:
    return np.searchsorted(sorted_codes, np.arange(count + 1)).astype(np.int64)


def _patterns(
    owner: np.ndarray, occasion: np.ndarray, equation: np.ndarray, count: int
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Say which equations have a row at each occasion: the number of each row's pattern, and the equations of each pattern."""
    groups = np.unique(np.column_stack([owner, occasion]), axis=0, return_inverse=True)[1].reshape(-1)
    there = np.zeros((int(groups.max(initial=-1)) + 1, count), dtype=bool)
    there[groups, equation] = True
    patterns, which = np.unique(there, axis=0, return_inverse=True)
    return which.reshape(-1)[groups].astype(np.int64), tuple(np.flatnonzero(pattern) for pattern in patterns)
