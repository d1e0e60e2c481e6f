"""Cross-products of the rows of all equations: of each patient, and pooled over patients."""

from collections.abc import Sequence

import numpy as np

from alliance.likelihood.patterns import EquationRows, Pattern


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
            parts.append(_sum_by_patient(rows.z, np.column_stack([rows.z, rows.x, rows.y]), rows.patient, n_patients))
            place = after + columns * (betas + 1)
    pooled, weight = 0, 0
    for pattern in patterns:
        for one, other, offset, of_rows in pattern.terms:
            columns, rows = equations[one].z.shape[1], equations[other]
            wide = rows.z.shape[1] if one >= other else 0
            products = []
            for of_one, chosen in of_rows:
                right = np.column_stack([rows.z[chosen][:, :wide], rows.x[chosen], rows.y[chosen]])
                products.append(_sum_by_patient(equations[one].z[of_one], right, pattern.patient, n_patients, wide))
            parts.append(sum(products[1:], products[0]))
            after = place + columns * wide
            records.append(
                (one, other, weight + offset, *((place, after, pooled) if one >= other else (-1, after, -1)))
            )
            place = after + columns * (rows.x.shape[1] + 1)
            pooled += (equations[one].x.shape[1] + 1) * (rows.x.shape[1] + 1) if one >= other else 0
        weight += len(pattern.products)
    return heads, records, parts


def _sum_by_patient(
    z: np.ndarray, both: np.ndarray, patient: np.ndarray, n_patients: int, split: int | None = None
) -> np.ndarray:
    """Return Z'Z and Z'[X y] of each patient, flattened: (patient, product); `both` holds the columns of Z (`split`), X and y."""
    if np.any(np.diff(patient) < 0):
        order = np.argsort(patient, kind="stable")
        z, patient, both = z[order], patient[order], both[order]
    starts = np.flatnonzero(np.diff(patient, prepend=-1))
    present = patient[starts]
    sums = np.zeros((n_patients, z.shape[1], both.shape[1]))
    for column in range(z.shape[1]):
        if len(starts):
            sums[present, column] = np.add.reduceat(z[:, [column]] * both, starts, axis=0)
    split = z.shape[1] if split is None else split
    return np.concatenate(
        [sums[:, :, :split].reshape(n_patients, -1), sums[:, :, split:].reshape(n_patients, -1)], axis=1
    )


def pool(equations: Sequence[EquationRows], patterns: Sequence[Pattern], weights: np.ndarray) -> np.ndarray:
    """Return [X y]'[X y] over all patients, each counting `weights` times, and the numbers of rows; see `alliance.likelihood.layout`."""
    parts, counts = [], []
    if not patterns:
        for rows in equations:
            both = np.column_stack([rows.x, rows.y])
            each = weights[rows.patient]
            parts.append((both.T @ (both * each[:, None])).reshape(-1))
            counts.append(each.sum())
    for pattern in patterns:
        each = weights[pattern.patient]
        for one, other, _, of_rows in pattern.terms:
            if one >= other:
                sums = [
                    _beside(equations[one], a).T @ (_beside(equations[other], b) * each[:, None]) for a, b in of_rows
                ]
                parts.append(sum(sums[1:], sums[0]).reshape(-1))
        counts.append(each.sum())
    return np.concatenate([*parts, np.array(counts, dtype=float)])


def _beside(rows: EquationRows, chosen: np.ndarray) -> np.ndarray:
    """Return [X y] of some rows."""
    return np.column_stack([rows.x[chosen], rows.y[chosen]])
