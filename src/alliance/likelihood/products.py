"""Cross-products of the rows of all equations: of each patient, and pooled over patients."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from alliance.likelihood.patterns import EquationRows, Pattern

# So many are multiplied at once, so that of a register no second copy is held.
_ROWS: Final = 2_000_000
_PATIENTS: Final = 20_000


def cross(
    equations: Sequence[EquationRows], patterns: Sequence[Pattern], n_patients: int
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]], list[np.ndarray]]:
    """Return the equations' places, the records of pairs in patterns (none without patterns), and the products of patients."""
    heads: list[tuple[int, ...]] = []
    records: list[tuple[int, ...]] = []
    parts, first_beta, first_column, place = [], 0, 0, 0
    for rows in equations:
        betas, columns = rows.x.shape[1], rows.z.shape[1]
        after = place + columns * columns
        heads.append((first_beta, betas, first_column, columns, place, after, int(rows.unit_residual)))
        first_beta, first_column = first_beta + betas, first_column + columns
        if not patterns:
            parts.append(_sum_by_patient(rows.z, None, rows, None, rows.patient, n_patients, columns))
            place = after + columns * (betas + 1)
    pooled, weight = 0, 0
    for pattern in patterns:
        counted, place = place, place + 1
        parts.append(np.bincount(pattern.patient, minlength=n_patients).astype(float)[:, None])
        for one, other, offset, of_rows in pattern.terms:
            columns, rows = equations[one].z.shape[1], equations[other]
            wide = rows.z.shape[1] if one >= other else 0
            products = [
                _sum_by_patient(equations[one].z, of_one, rows, chosen, pattern.patient, n_patients, wide)
                for of_one, chosen in of_rows
            ]
            parts.append(sum(products[1:], products[0]))
            after = place + columns * wide
            places = (place, after, pooled) if one >= other else (-1, after, -1)
            records.append((one, other, weight + offset, *places, counted))
            place = after + columns * (rows.x.shape[1] + 1)
            pooled += (equations[one].x.shape[1] + 1) * (rows.x.shape[1] + 1) if one >= other else 0
        weight += len(pattern.products)
    return heads, records, parts


def _sum_by_patient(
    z: np.ndarray,
    of_z: np.ndarray | None,
    other: EquationRows,
    of_other: np.ndarray | None,
    patient: np.ndarray,
    n_patients: int,
    wide: int,
) -> np.ndarray:
    """Return Z'Z and Z'[X y] of each patient, flattened: (patient, product); some patients after the others.

    Parameters
    ----------
    z, of_z
        Columns on the left, and which of their rows are taken, (row,); None: all.
    other, of_other
        The same on the right: the first columns of Z (`wide`), X and y.
    patient
        Position of the patient of each row that is taken, (row,).
    """
    order = np.argsort(patient, kind="stable") if np.any(np.diff(patient) < 0) else None
    patient = patient if order is None else patient[order]
    starts = np.flatnonzero(np.diff(patient, prepend=-1))
    ends = np.append(starts[1:], len(patient))
    sums = np.zeros((n_patients, z.shape[1], wide + other.x.shape[1] + 1))
    for first in range(0, len(starts), _PATIENTS):
        own = starts[first : first + _PATIENTS]
        part = slice(int(own[0]), int(ends[first : first + _PATIENTS][-1]))
        rows = part if order is None else order[part]
        left = _take(z, of_z, rows)
        both = np.column_stack([_take(right, of_other, rows) for right in (other.z[:, :wide], other.x, other.y)])
        for column in range(z.shape[1]):
            sums[patient[own], column] = np.add.reduceat(left[:, [column]] * both, own - own[0], axis=0)
    return np.concatenate(
        [sums[:, :, :wide].reshape(n_patients, -1), sums[:, :, wide:].reshape(n_patients, -1)], axis=1
    )


def _take(values: np.ndarray, chosen: np.ndarray | None, rows: slice | np.ndarray) -> np.ndarray:
    """Return some rows of those that are taken."""
    return values[rows] if chosen is None else values[chosen[rows]]


def pool(equations: Sequence[EquationRows], patterns: Sequence[Pattern], weights: np.ndarray) -> np.ndarray:
    """Return [X y]'[X y] over all patients, each counting `weights` times, and the numbers of rows; see `alliance.likelihood.layout`."""
    parts, counts = [], []
    if not patterns:
        for rows in equations:
            each = weights[rows.patient]
            parts.append(_multiply(rows, None, rows, None, each).reshape(-1))
            counts.append(each.sum())
    for pattern in patterns:
        each = weights[pattern.patient]
        for one, other, _, of_rows in pattern.terms:
            if one >= other:
                sums = [_multiply(equations[one], a, equations[other], b, each) for a, b in of_rows]
                parts.append(sum(sums[1:], sums[0]).reshape(-1))
        counts.append(each.sum())
    return np.concatenate([*parts, np.array(counts, dtype=float)])


def pool_change(equations: Sequence[EquationRows], patterns: Sequence[Pattern], change: np.ndarray) -> np.ndarray:
    """Return what `pool` changes by where a few patients count more or less often, reading only their rows.

    Parameters
    ----------
    change
        Of how often each patient counts, (patient,).
    """
    if not patterns:
        some = [(rows, np.flatnonzero(change[rows.patient])) for rows in equations]
        return pool([_choose(rows, chosen) for rows, chosen in some], (), change)
    found = [(pattern, np.flatnonzero(change[pattern.patient])) for pattern in patterns]
    kept = [
        replace(
            pattern,
            rows=tuple(rows[chosen] for rows in pattern.rows),
            patient=pattern.patient[chosen],
            earlier=None if pattern.earlier is None else pattern.earlier[chosen],
        )
        for pattern, chosen in found
    ]
    return pool(equations, kept, change)


def _choose(rows: EquationRows, chosen: np.ndarray) -> EquationRows:
    """Return some rows of an equation, as far as `pool` reads them."""
    return EquationRows(rows.x[chosen], rows.y[chosen], rows.patient[chosen], rows.z[chosen])


def _multiply(
    one: EquationRows, of_one: np.ndarray | None, other: EquationRows, of_other: np.ndarray | None, each: np.ndarray
) -> np.ndarray:
    """Return [X y]'[X y] of rows that count `each` times, (row,)."""
    sums = []
    for first in range(0, max(len(each), 1), _ROWS):
        rows = slice(first, first + _ROWS)
        left, right = (
            np.column_stack([_take(found.x, chosen, rows), _take(found.y, chosen, rows)])
            for found, chosen in ((one, of_one), (other, of_other))
        )
        sums.append(left.T @ (right * each[rows, None]))
    return np.asarray(sum(sums[1:], sums[0]))
