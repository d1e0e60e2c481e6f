"""Cross-products of a path diagram, packed for the kernel: all that the likelihood needs to know of the data.

Patients stand in blocks of `LANES`; the block's patients are the last axis of every array, so the kernel's innermost loops run over
them and are vectorised. The size of a block does not depend on the number of sessions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from alliance.likelihood.crossed import Crossed, connect_therapists, find_changers, number_units, repeat_columns
from alliance.likelihood.lanes import LANES, into_lanes
from alliance.likelihood.patterns import EquationRows, Pattern, Series, connect, find_patterns
from alliance.likelihood.products import cross, pool, pool_change

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
    N_PAIRS,
    N_PATTERNS,
    N_WEIGHTS,
    N_RECORDS,
    N_SERIES,
    AT_FACTOR,
    AT_PATTERNS,
    AT_RECORDS,
    AT_SERIES,
    AT_INNER,
    HEAD,
) = range(23)
# First beta, betas, first column, columns, place of Z'Z, place of Z'[X y], and 1 where the residual standard deviation is one.
PER_EQUATION: Final = 7
OF_UNIT: Final = 6
# Where residuals are correlated: of a pattern the number of its members, its first weight, its gap and its members; of two equations in a
# pattern these, their weight, the places of Z'Z and Z'[X y], of [X y]'[X y] among what is pooled, and of each patient's number of such
# occasions; a place is -1 where the other order of the two has it. Of each equation which coordinate of the residuals its autocorrelation
# is (-1: it has none), the unit of its gaps, and whether it is signed.
PER_PATTERN: Final = 3  # and one for each equation
PER_RECORD: Final = 7
PER_SERIES: Final = 3
HELD: Final = 10**12  # parts in which a correlation that is held stands among whole numbers
# Of so many patients, if the share of those who count otherwise is smaller, what is pooled over all is not summed up again.
_MANY: Final = 5_000
_FEW: Final = 0.01
_NOTHING: Final[Mapping[tuple[int, int], float]] = MappingProxyType({})


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
        Z'Z and Z'[X y] of each patient, (block, product, lane); where residuals are correlated, of each pattern how often it occurs first.
    pooled
        [X y]'[X y] of each equation over all patients (flattened), followed by the number of rows of each equation. Where residuals are
        correlated: of each two equations of each pattern, and the number of occasions of each pattern.
    weights
        How often each patient counts, (block, lane).
    therapist_weights
        How often each therapist (with all patients) counts, (therapist,).
    n_patients
        Number of patients; the lanes beyond it are empty.
    patterns
        Occasions by the outcomes that are there, and rows by the gap before them; empty where no residuals are correlated.
    crossed
        Patients with rows under several therapists; None where every patient has one.
    """

    equations: tuple[EquationRows, ...]
    layout: np.ndarray
    owner: np.ndarray
    products: np.ndarray
    pooled: np.ndarray
    weights: np.ndarray
    therapist_weights: np.ndarray
    n_patients: int
    patterns: tuple[Pattern, ...] = ()
    crossed: Crossed | None = None

    @property
    def n_therapists(self) -> int:
        """Number of therapists; 1 where no effect varies between them."""
        return int(self.layout[N_THERAPISTS])

    @property
    def therapist_of(self) -> np.ndarray:
        """Position of each patient's therapist, the first of several, (patient,)."""
        return self.owner.reshape(-1)[: self.n_patients]

    @property
    def every_pattern(self) -> tuple[Pattern, ...]:
        """The patterns of the rows; where no residuals are correlated each equation is one."""
        alone = enumerate(self.equations)
        return self.patterns or tuple(Pattern((k,), (np.arange(len(rows.y)),), rows.patient) for k, rows in alone)

    @property
    def cross_products(self) -> list[tuple[np.ndarray, float]]:
        """[X y]'[X y] of each equation over all patients, and its (weighted) number of rows."""
        sizes = [rows.x.shape[1] + 1 for rows in self.equations]
        found = [(np.zeros((size, size)), 0.0) for size in sizes]
        start, counts = 0, self.pooled[len(self.pooled) - len(self.every_pattern) :]
        for pattern, count in zip(self.every_pattern, counts, strict=True):
            for one, other, place, _ in pattern.terms:
                size = sizes[one] * sizes[other]
                if one == other and (place == 0 or pattern.gap == 0):
                    products, rows = found[one]
                    part = self.pooled[start : start + size].reshape(products.shape)
                    found[one] = products + part, rows + float(count)
                start += size if one >= other else 0
        return found

    @cached_property
    def arrays(self) -> tuple[Any, ...]:
        """The arrays of the kernel, in its order; the last one is None where every patient has one therapist.

        Otherwise patients with several therapists count nothing among the others, and stand once more in a tuple of their own: layout,
        owner, products and weights, then seats, order, first and starts, see `alliance.likelihood.crossed`.
        """
        whole = self.layout, self.owner, self.products, self.pooled
        if self.crossed is None:
            return *whole, self.weights, self.therapist_weights, None
        several, count = self.crossed, len(self.crossed.patients)
        weights = self.weights.copy().reshape(-1)
        own = into_lanes(weights[several.patients][:, None])[:, 0]
        weights[several.patients] = 0.0
        owner = np.minimum(np.arange(own.size), count - 1).reshape(own.shape)
        crossed = several.layout, owner, several.products, own
        places = several.seats, several.order, several.first, several.starts
        return *whole, weights.reshape(self.weights.shape), self.therapist_weights, (*crossed, *places)


def make_statistics(
    equations: Sequence[EquationRows],
    by_patient: Sequence[tuple[int, int]],
    by_therapist: Sequence[tuple[int, int]],
    therapist_of: np.ndarray | None,
    n_patients: int,
    pairs: Sequence[tuple[int, int]] = (),
    order: Sequence[int] = (),
    held: Mapping[tuple[int, int], float] = _NOTHING,
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
    pairs, order
        Equations whose residuals of one occasion covary, (later, earlier), and an order of the equations in which a Cholesky factor of
        their covariance fills no zero.
    held
        Such pairs, of equations in no other pair, whose correlation is not free but has this value.

    Raises
    ------
    ValueError
        Effects vary between therapists, but no therapists are given; or equations are paired whose occasions are not known; or too many
        therapists share patients.
    """
    if by_therapist and therapist_of is None:
        raise ValueError("effects vary between therapists, but 'therapist_of' is not given")
    blocks = max(1, -(-n_patients // LANES))
    series = [rows.series for rows in equations]
    correlated = bool(pairs) or bool(held) or any(series)
    patterns = find_patterns(equations, [*pairs, *held]) if correlated else ()
    owner = np.zeros(blocks * LANES, dtype=np.int64)
    if therapist_of is not None:
        owner[:n_patients] = therapist_of
    n_therapists = int(owner.max(initial=0)) + 1

    def pack(
        rows: Sequence[EquationRows], effects: Sequence[tuple[int, int]], units: int
    ) -> tuple[np.ndarray, np.ndarray]:
        heads, records, parts = cross(rows, patterns, n_patients)
        if correlated:
            residuals = pairs, order or range(len(rows)), series, held
            layout = _pack_paired(heads, by_patient, effects, units, patterns, records, *residuals)
        else:
            layout = _pack_layout(heads, by_patient, effects, units, _product_of(heads))
        return layout, np.concatenate(parts, axis=1)

    crossed = None
    patients, therapists = find_changers(equations, n_patients)
    if len(patients):
        n_therapists = max(n_therapists, int(therapists.max()) + 1)
        equations = number_units(equations, patients, therapists, n_patients)
        repeated, effects = repeat_columns(equations, by_therapist, patients, therapists, n_patients)
        found, of_changers = pack(repeated, effects, len(patients))
        order_of, first, starts = connect_therapists(therapists, len(by_therapist))
        own = into_lanes(of_changers[patients])
        crossed = Crossed(patients, therapists, order_of, first, starts, found, own, tuple(by_therapist))
    layout, of_patients = pack(equations, by_therapist, n_therapists)
    weights = np.zeros(blocks * LANES)
    weights[:n_patients] = 1.0
    return Statistics(
        tuple(equations),
        layout,
        owner.reshape(blocks, LANES),
        into_lanes(of_patients),
        pool(equations, patterns, np.ones(n_patients)),
        weights.reshape(blocks, LANES),
        np.ones(int(layout[N_THERAPISTS])),
        n_patients,
        patterns,
        crossed,
    )


def refill(statistics: Statistics, equations: Sequence[EquationRows]) -> Statistics:
    """Return the cross-products of other values in the same rows, every patient counting once."""
    count = statistics.n_patients
    products = np.concatenate(cross(equations, statistics.patterns, count)[2], axis=1)
    crossed = statistics.crossed
    if crossed is not None:
        repeated, _ = repeat_columns(equations, crossed.effects, crossed.patients, crossed.therapists, count)
        of_changers = np.concatenate(cross(repeated, statistics.patterns, count)[2], axis=1)[crossed.patients]
        crossed = replace(crossed, products=into_lanes(of_changers))
    return replace(
        statistics,
        equations=tuple(equations),
        products=into_lanes(products),
        pooled=pool(equations, statistics.patterns, np.ones(count)),
        crossed=crossed,
    )


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

    Raises
    ------
    ValueError
        Therapists are weighted who share patients.
    """
    if therapists is not None and statistics.crossed is not None:
        raise ValueError("therapists who share patients cannot count more or less often than each other")
    flat = statistics.weights.copy().reshape(-1)
    if patients is not None:
        flat[: statistics.n_patients] = patients
    of_therapists = statistics.therapist_weights if therapists is None else np.asarray(therapists, dtype=float)
    each = flat[: statistics.n_patients] * of_therapists[statistics.therapist_of]
    counted = statistics.weights.reshape(-1)[: statistics.n_patients]
    change = each - counted * statistics.therapist_weights[statistics.therapist_of]
    whole = statistics.equations, statistics.patterns
    if statistics.n_patients >= _MANY and np.count_nonzero(change) < _FEW * statistics.n_patients:
        pooled = statistics.pooled + pool_change(*whole, change)
    else:
        pooled = pool(*whole, each)
    return replace(
        statistics, weights=flat.reshape(statistics.weights.shape), therapist_weights=of_therapists, pooled=pooled
    )


_Effect = tuple[int, int]


def _product_of(heads: Sequence[tuple[int, ...]]) -> Callable[[_Effect, _Effect], int]:
    def product(one: _Effect, other: _Effect) -> int:
        # Effects of different equations share no residual: they have no product, which is what -1 says.
        return heads[one[0]][4] + one[1] * heads[one[0]][3] + other[1] if one[0] == other[0] else -1

    return product


def _pack_layout(
    heads: Sequence[tuple[int, ...]],
    by_patient: Sequence[_Effect],
    by_therapist: Sequence[_Effect],
    n_therapists: int,
    product: Callable[[_Effect, _Effect], int],
) -> np.ndarray:
    def column(effect: _Effect) -> int:
        return heads[effect[0]][2] + effect[1]

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
    n_columns, n_beta = heads[-1][2] + heads[-1][3], heads[-1][0] + heads[-1][1]
    head = [count, n_columns, q, qe, n_therapists, n_beta, *places.tolist(), *[0] * (HEAD - N_PAIRS)]
    return np.array([*head, *(number for table in tables for number in table)], dtype=np.int64)


def _pack_paired(
    heads: Sequence[tuple[int, ...]],
    by_patient: Sequence[_Effect],
    by_therapist: Sequence[_Effect],
    n_therapists: int,
    patterns: Sequence[Pattern],
    records: Sequence[tuple[int, ...]],
    pairs: Sequence[tuple[int, int]],
    order: Sequence[int],
    series: Sequence[Series | None],
    held: Mapping[tuple[int, int], float],
) -> np.ndarray:
    """Pack the layout of correlated residuals, with an inner one at its end, see `alliance.likelihood.paired`."""
    count, blocks = len(heads), connect(len(heads), [*pairs, *held])
    block_of = [block for head, block in zip(heads, blocks, strict=True) for _ in range(head[3])]

    def product(one: _Effect, other: _Effect) -> int:
        low, high = sorted((one[1], other[1]))
        return high * (high + 1) // 2 + low if block_of[low] == block_of[high] else -1

    of_pair = {frozenset(pair): place for place, pair in enumerate(pairs)}
    of_pair |= {frozenset(pair): -2 - round((1 + value) * HELD) for pair, value in held.items()}
    free = [of_pair.get(frozenset((order[i], order[j])), -1) for i in range(count) for j in range(i)]
    sizes = [len(pattern.members) for pattern in patterns]
    firsts = np.cumsum([0, *(len(pattern.products) for pattern in patterns)])
    n_weights, n_columns = int(firsts[-1]), len(block_of)
    with_series = [k for k, each in enumerate(series) if each is not None]
    places = {k: count + len(pairs) + place for place, k in enumerate(with_series)}
    # Inside, the columns of all equations are those of one equation without predictors, whose precision is one.
    head = (heads[-1][0] + heads[-1][1] + n_weights, 0, 0, n_columns, -1, n_columns * (n_columns + 1) // 2, 0)
    columns = [[(0, heads[k][2] + place) for k, place in effects] for effects in (by_patient, by_therapist)]
    inner = _pack_layout([head], columns[0], columns[1], n_therapists, product)
    outer = _pack_layout(heads, by_patient, by_therapist, n_therapists, lambda one, other: -1)
    tables = [
        [*order, *free],
        [
            number
            for pattern, size, first in zip(patterns, sizes, firsts, strict=False)
            for number in (size, int(first), pattern.gap, *pattern.members, *[-1] * (count - size))
        ],
        [number for record in records for number in record],
        [
            number
            for k, each in enumerate(series)
            for number in ((-1, 1, 1) if each is None else (places[k], each.unit, int(each.signed)))
        ],
    ]
    outer[N_PAIRS : AT_INNER + 1] = [
        len(pairs),
        len(patterns),
        n_weights,
        len(records),
        len(places),
        *(len(outer) + np.cumsum([0, *map(len, tables)])),
    ]
    return np.concatenate([outer, *(np.array(table, dtype=np.int64) for table in tables), inner])
