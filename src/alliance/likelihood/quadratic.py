"""The log-likelihood as a function of the coefficients alone, which is exactly quadratic, in one pass (Numba).

With the notation of `alliance.likelihood.kernel`, r is linear in v = (-b, 1), and so are x = R^-1 L'r, c and k = Q^-1 P'c, N = Q Q'. One
column of each for every coefficient, and one for the outcomes, give

    l = constant - v'A v / 2,    A = sum_k t_k [X y]'[X y] - sum_i x'x - sum_j k'k

so that the curvature by b is the part of A that belongs to the predictors, and the slopes at b = 0 are the column of the outcomes. That
is a pass with a few more columns, where differences of gradients take a pass for each coefficient. Where residuals are correlated, products
of two rows stand in place of those of one, see `alliance.likelihood.paired`.
"""

import math

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coordinates import fill_factor
from alliance.likelihood.coupled import collect, couple, halve
from alliance.likelihood.kernel import start_therapists
from alliance.likelihood.lanes import LANES, everywhere, load, plus, store, sum_of
from alliance.likelihood.layout import (
    AT_EQUATIONS,
    AT_RECORDS,
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_PATTERNS,
    N_RECORDS,
    N_THERAPIST,
    PER_EQUATION,
    PER_RECORD,
    Statistics,
)
from alliance.likelihood.paired import fill_effective, inner_of, rows_of_effective
from alliance.likelihood.passes import factor_therapists, forward, gather, gather_column, halfway, solve_column
from alliance.likelihood.residuals import count_coordinates, count_precisions, fill_precision


def quadratic_form(statistics: Statistics, position: np.ndarray) -> np.ndarray:
    """Return A, (coefficient + 1, coefficient + 1), at a position in ``factor`` coordinates, whose coefficients are not looked at.

    All of it is zero where it cannot be computed. The parts are joined here and not in a compiled function, inside which Numba would
    compile each of them once more.
    """
    layout, owner, products, pooled, weights, of_therapists, crossed = statistics.arrays
    n_beta = layout[N_BETA]
    precision, factor, by_therapist = variances_at(layout, position)
    sums = np.zeros(((n_beta + 1) * (n_beta + 1), LANES))
    t, c = _add_patients(layout, owner, products, weights, of_therapists, precision, factor, sums)
    if crossed is not None:
        once, of_therapists = np.ones(len(crossed[4])), left_alone(of_therapists, crossed[5])
        own_t, own_c = _add_patients(*crossed[:4], once, precision, factor, sums)
        _add_connected(t, c, own_t, own_c, crossed, by_therapist, sums)
    _add_therapists(t, c, by_therapist, of_therapists, sums)
    result = np.empty((n_beta + 1, n_beta + 1))
    _fill_result(layout, pooled, precision, sums, result)
    return result


def variances_at(layout: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return precisions of residuals and the factors L and P, at a position in ``factor`` coordinates."""
    q, e, free = layout[N_PATIENT], layout[N_THERAPIST], layout[N_BETA] + count_coordinates(layout)
    precision, by_patient, by_therapist = np.empty(count_precisions(layout)), np.zeros((q, q)), np.zeros((e, e))
    fill_precision(layout, position[layout[N_BETA] : free], precision)
    fill_factor(position[free + fill_factor(position[free:], by_patient) :], by_therapist)
    return precision, by_patient, by_therapist


def left_alone(of_therapists: np.ndarray, connected: np.ndarray) -> np.ndarray:
    """Return the weights of therapists, those whom changes connect counting nothing."""
    alone = of_therapists.copy()
    alone[connected] = 0.0
    return alone


@compiled
def _add_therapists(t, c, by_therapist, therapist_weights, sums):
    """Add the squares of therapists with patients of their own."""
    e, columns = len(by_therapist), len(c)
    work, k, single = np.empty((2 * e * e, LANES)), np.empty((columns * e, LANES)), np.empty((1, LANES))
    for block in range(len(t)):
        factor_therapists(t[block], by_therapist, work[: e * e], work[e * e :])
        for p in range(columns):
            halfway(c[p, block], by_therapist, work[e * e :], k[p * e : (p + 1) * e])
        for lane in range(LANES):
            j = block * LANES + lane
            single[0, lane] = therapist_weights[j] if j < len(therapist_weights) else 0.0
        _add_squares(k, e, load(single, 0), sums)


@compiled
def _add_patients(layout, owner, products, weights, therapist_weights, precision, factor, sums):
    """Add the squares of patients; return T and the columns of c of their therapists, of which the last is that of the outcomes."""
    n_beta, inner, paired = layout[N_BETA], inner_of(layout), layout[N_PATTERNS] > 0
    q, e, columns = layout[N_PATIENT], layout[N_THERAPIST], layout[N_COLUMNS]
    tau = np.ones(1) if paired else precision
    t, _ = start_therapists(layout)
    c = np.zeros((n_beta + 1, len(t), e, LANES))
    nothing, space = np.zeros(n_beta), np.empty((rows_of_effective(layout), LANES))
    r, a, root = np.empty((columns, LANES)), np.empty((q * q, LANES)), np.empty((q * q, LANES))
    x, y, single = np.empty(((n_beta + 1) * q, LANES)), np.empty((q * e, LANES)), np.empty((1, LANES))
    for block in range(owner.shape[0]):
        found = space if paired else products[block]
        if paired:
            fill_effective(layout, products[block], nothing, precision, found)
        forward(inner, found, nothing, tau, factor, r, a, root, x[n_beta * q :], y)
        if e > 0:
            gather(inner, found, tau, r, x[n_beta * q :], y, weights[block], owner[block], single, t, c[n_beta])
        for p in range(n_beta):
            _start_column(layout, products[block], precision, p, r)
            solve_column(inner, factor, r, root, x[p * q : (p + 1) * q])
            if e > 0:
                gather_column(inner, r, x[p * q : (p + 1) * q], y, weights[block], owner[block], single, c[p])
        for lane in range(LANES):
            single[0, lane] = weights[block, lane] * therapist_weights[owner[block, lane]]
        _add_squares(x, q, load(single, 0), sums)
    return t, c


@compiled
def _add_connected(t, c, own_t, own_c, crossed, by_therapist, sums):
    """Add the products of all pairs of columns of the connected therapists, (column, effect), to the lower triangle of the sums."""
    first, starts, size = crossed[6], crossed[7], len(c)
    joint, half = np.empty(starts[-1]), np.empty((size, len(first)))
    couple(t, own_t, crossed, by_therapist, joint)
    for p in range(size):
        collect(c[p], own_c[p], crossed, half[p])
        halve(by_therapist, joint, first, starts, half[p])
    for i in range(size):
        for j in range(i + 1):
            total = 0.0
            for m in range(half.shape[1]):
                total += half[i, m] * half[j, m]
            sums[i * size + j, 0] += total


@compiled
def count_records(layout):
    """Return how many products of equations there are; where no residuals are correlated, each equation is one by itself."""
    return layout[N_RECORDS] if layout[N_PATTERNS] > 0 else layout[N_EQUATIONS]


@compiled
def find_record(layout, record):
    """Return where both equations of a product stand, the place of its precision, and where its Z'Z and its Z'X begin.

    Z'Z begins at -1 where the other order of the two equations has it.
    """
    if layout[N_PATTERNS] == 0:
        one = layout[AT_EQUATIONS] + PER_EQUATION * record
        return one, one, record, layout[one + 4], layout[one + 5]
    at = layout[AT_RECORDS] + PER_RECORD * record
    one = layout[AT_EQUATIONS] + PER_EQUATION * layout[at]
    other = layout[AT_EQUATIONS] + PER_EQUATION * layout[at + 1]
    return one, other, layout[at + 2], layout[at + 3], layout[at + 4]


@compiled
def place_in_pool(layout, record):
    """Return where X'X of a product begins among what is pooled; -1 where the other order of the two equations has it."""
    if layout[N_PATTERNS] > 0:
        return layout[layout[AT_RECORDS] + PER_RECORD * record + 5]
    start = 0
    for k in range(record):
        size = layout[layout[AT_EQUATIONS] + PER_EQUATION * k + 1] + 1
        start += size * size
    return start


@compiled
def _start_column(layout, products, precision, p, r):
    """Fill t Z'X of one coefficient; zero in the columns of other equations."""
    for u in range(layout[N_COLUMNS]):
        store(r, u, everywhere(0.0))
    for record in range(count_records(layout)):
        one, other, weight, _, zx = find_record(layout, record)
        omega = precision[weight]
        u0, columns, b0, betas = layout[one + 2], layout[one + 3], layout[other], layout[other + 1]
        if b0 <= p < b0 + betas:
            for column in range(columns):
                product = load(products, zx + column * (betas + 1) + p - b0)
                store(r, u0 + column, plus(load(r, u0 + column), omega, product))


@compiled
def _add_squares(x, q, each, sums):
    """Add the weighted products of all pairs of columns, (column x q), to the lower triangle of the sums."""
    size = x.shape[0] // q if q > 0 else 0
    for i in range(size):
        for j in range(i + 1):
            total = everywhere(0.0)
            for m in range(q):
                total = plus(total, load(x, i * q + m), load(x, j * q + m))
            store(sums, i * size + j, plus(load(sums, i * size + j), each, total))


@compiled
def _fill_result(layout, pooled, precision, sums, result):
    n_beta = layout[N_BETA]
    size, finite = n_beta + 1, True
    for i in range(size):
        for j in range(i + 1):
            result[i, j] = result[j, i] = -sum_of(load(sums, i * size + j))
    for record in range(count_records(layout)):
        one, other, weight, _, _ = find_record(layout, record)
        omega = precision[weight]
        place, n_one, n_other = place_in_pool(layout, record), layout[one + 1], layout[other + 1]
        if place < 0:
            continue
        for i in range(n_one + 1):
            row = layout[one] + i if i < n_one else n_beta
            for j in range(n_other + 1):
                column = layout[other] + j if j < n_other else n_beta
                product = omega * pooled[place + i * (n_other + 1) + j]
                result[row, column] += product
                if one != other:
                    result[column, row] += product
    for i in range(size):
        for j in range(size):
            finite = finite and math.isfinite(result[i, j])
    if not finite:
        result[:] = 0.0
