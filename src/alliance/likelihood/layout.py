"""Cross-products of a path diagram, packed for the kernel: all that the likelihood needs to know of the data.

Patients stand in blocks of `LANES`; the block's patients are the last axis of every array, so the kernel's innermost loops run over
them and are vectorised. The size of a block does not depend on the number of sessions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from alliance.likelihood.lanes import LANES

# Places of the whole numbers at the head of `Statistics.layout`.
(
    N_EQUATIONS,
    N_COLUMNS,
    N_PATIENT,
    N_THERAPIST,
    N_THERAPISTS,
    N_BETA,
    AT_EQUATIONS,
    AT_PATIENT,
    AT_THERAPIST,
    AT_PP,
    AT_PE,
    AT_EE,
    HEAD,
) = range(13)
PER_EQUATION: Final = 6  # first beta, betas, first column, columns, place of Z'Z, place of Z'[X y]


@dataclass(frozen=True)
class EquationRows:
    """Rows of one equation, in any order.

    Parameters
    ----------
    x
        Fixed predictors with the column of ones, shape (row, beta).
    y
        Outcome, shape (row,).
    patient
        Position of each row's patient, shape (row,).
    z
        Columns whose effect varies between patients or therapists, shape (row, column).
    """

    x: np.ndarray
    y: np.ndarray
    patient: np.ndarray
    z: np.ndarray


@dataclass(frozen=True)
class Statistics:
    """Everything the kernel reads.

    Parameters
    ----------
    equations
        The rows the cross-products were made of; needed again when patients are weighted.
    layout
        Whole numbers: sizes and places, see the names of this module.
    owner
        Position of each patient's therapist, (block, lane).
    products
        Z'Z and Z'[X y] of each patient, (block, product, lane).
    pooled
        [X y]'[X y] of each equation over all patients (flattened), followed by the number of rows of each equation.
    weights
        How often each patient counts, (block, lane).
    therapist_weights
        How often each therapist (with all patients) counts, (therapist,).
    n_patients
        Number of patients; the lanes beyond it are empty.
    """

    equations: tuple[EquationRows, ...]
    layout: np.ndarray
    owner: np.ndarray
    products: np.ndarray
    pooled: np.ndarray
    weights: np.ndarray
    therapist_weights: np.ndarray
    n_patients: int

    @property
    def n_therapists(self) -> int:
        """Number of therapists; 1 where no effect varies between them."""
        return int(self.layout[N_THERAPISTS])

    @property
    def therapist_of(self) -> np.ndarray:
        """Position of each patient's therapist, (patient,)."""
        return self.owner.reshape(-1)[: self.n_patients]

    @property
    def cross_products(self) -> list[tuple[np.ndarray, float]]:
        """[X y]'[X y] of each equation over all patients, and its (weighted) number of rows."""
        found, start = [], 0
        counts = self.pooled[len(self.pooled) - len(self.equations) :]
        for rows, count in zip(self.equations, counts, strict=True):
            size = rows.x.shape[1] + 1
            found.append((self.pooled[start : start + size * size].reshape(size, size), float(count)))
            start += size * size
        return found

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays of the kernel, in its order."""
        return self.layout, self.owner, self.products, self.pooled, self.weights, self.therapist_weights


def make_statistics(
    equations: Sequence[EquationRows],
    by_patient: Sequence[tuple[int, int]],
    by_therapist: Sequence[tuple[int, int]],
    therapist_of: np.ndarray | None,
    n_patients: int,
) -> Statistics:
    """Compute the cross-products of all patients.

    Parameters
    ----------
    by_patient, by_therapist
        The effects that vary at a level, in the order of its covariance matrix: (equation, column of its z).
    therapist_of
        Position of each patient's therapist, shape (patient,); None where no effect varies between therapists.
    n_patients
        Number of patients; those without rows in an equation are allowed.

    Raises
    ------
    ValueError
        Effects vary between therapists, but no therapists are given.
    """
    if by_therapist and therapist_of is None:
        raise ValueError("effects vary between therapists, but 'therapist_of' is not given")
    blocks = max(1, -(-n_patients // LANES))
    parts, heads, first_beta, first_column, place = [], [], 0, 0, 0
    for rows in equations:
        betas, columns = rows.x.shape[1], rows.z.shape[1]
        after = place + columns * columns
        heads.append((first_beta, betas, first_column, columns, place, after))
        parts.append(_sum_by_patient(rows, n_patients))
        first_beta, first_column, place = first_beta + betas, first_column + columns, after + columns * (betas + 1)
    products = into_lanes(np.concatenate(parts, axis=1))
    owner = np.zeros(blocks * LANES, dtype=np.int64)
    if therapist_of is not None:
        owner[:n_patients] = therapist_of
    layout = _pack_layout(heads, by_patient, by_therapist, int(owner.max(initial=0)) + 1, first_column, first_beta)
    weights = np.zeros(blocks * LANES)
    weights[:n_patients] = 1.0
    return Statistics(
        tuple(equations),
        layout,
        owner.reshape(blocks, LANES),
        products,
        _pool(equations, np.ones(n_patients)),
        weights.reshape(blocks, LANES),
        np.ones(int(layout[N_THERAPISTS])),
        n_patients,
    )


def into_lanes(numbers: np.ndarray) -> np.ndarray:
    """Turn numbers of units, (unit, number), into (block, number, lane)."""
    units, count = numbers.shape
    blocks = max(1, -(-units // LANES))
    filled = np.zeros((blocks * LANES, count))
    filled[:units] = numbers
    return np.ascontiguousarray(filled.reshape(blocks, LANES, count).transpose(0, 2, 1))


def out_of_lanes(lanes: np.ndarray, units: int) -> np.ndarray:
    """Turn (block, number, lane) back into numbers of units, (unit, number)."""
    return lanes.transpose(0, 2, 1).reshape(len(lanes) * LANES, lanes.shape[1])[:units]


def weigh(statistics: Statistics, patients: np.ndarray | None, therapists: np.ndarray | None = None) -> Statistics:
    """Count patients (within their therapist) or whole therapists more or less often than once.

    A weight of 2 is a second patient with the same data and the same therapist, or a second therapist with copies of all
    patients; 0 leaves them out.

    Parameters
    ----------
    patients
        Shape (patient,); None: as they are.
    therapists
        Shape (therapist,); None: as they are.
    """
    flat = statistics.weights.copy().reshape(-1)
    if patients is not None:
        flat[: statistics.n_patients] = patients
    of_therapists = statistics.therapist_weights if therapists is None else np.asarray(therapists, dtype=float)
    each = flat[: statistics.n_patients] * of_therapists[statistics.therapist_of]
    return replace(
        statistics,
        weights=flat.reshape(statistics.weights.shape),
        therapist_weights=of_therapists,
        pooled=_pool(statistics.equations, each),
    )


def _sum_by_patient(rows: EquationRows, n_patients: int) -> np.ndarray:
    """Return Z'Z and Z'[X y] of each patient, flattened: (patient, product)."""
    z, patient, both = rows.z, rows.patient, np.column_stack([rows.z, rows.x, rows.y])
    if np.any(np.diff(patient) < 0):
        order = np.argsort(patient, kind="stable")
        z, patient, both = z[order], patient[order], both[order]
    starts = np.flatnonzero(np.diff(patient, prepend=-1))
    present = patient[starts]
    sums = np.zeros((n_patients, z.shape[1], both.shape[1]))
    for column in range(z.shape[1]):
        if len(starts):
            sums[present, column] = np.add.reduceat(z[:, [column]] * both, starts, axis=0)
    split = z.shape[1]
    return np.concatenate(
        [sums[:, :, :split].reshape(n_patients, -1), sums[:, :, split:].reshape(n_patients, -1)], axis=1
    )


def _pool(equations: Sequence[EquationRows], weights: np.ndarray) -> np.ndarray:
    parts, counts = [], []
    for rows in equations:
        both = np.column_stack([rows.x, rows.y])
        each = weights[rows.patient]
        parts.append((both.T @ (both * each[:, None])).reshape(-1))
        counts.append(each.sum())
    return np.concatenate([*parts, np.array(counts, dtype=float)])


def _pack_layout(
    heads: Sequence[tuple[int, ...]],
    by_patient: Sequence[tuple[int, int]],
    by_therapist: Sequence[tuple[int, int]],
    n_therapists: int,
    n_columns: int,
    n_beta: int,
) -> np.ndarray:
    def column(effect: tuple[int, int]) -> int:
        return heads[effect[0]][2] + effect[1]

    def product(one: tuple[int, int], other: tuple[int, int]) -> int:
        # Effects of different equations share no residual: they have no product, which is what -1 says.
        return heads[one[0]][4] + one[1] * heads[one[0]][3] + other[1] if one[0] == other[0] else -1

    q, qe, count = len(by_patient), len(by_therapist), len(heads)
    tables = [
        [number for head in heads for number in head],
        [number for effect in by_patient for number in (column(effect), effect[0])],
        [number for effect in by_therapist for number in (column(effect), effect[0])],
        [product(a, b) for a in by_patient for b in by_patient],
        [product(a, e) for a in by_patient for e in by_therapist],
        [product(e, f) for e in by_therapist for f in by_therapist],
    ]
    places = HEAD + np.cumsum([0, *map(len, tables[:-1])])
    head = [count, n_columns, q, qe, n_therapists, n_beta, *places.tolist()]
    return np.array([*head, *(number for table in tables for number in table)], dtype=np.int64)
