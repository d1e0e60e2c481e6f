"""How the curvature H by the coefficients changes with the variances: what restricted likelihood needs of it, in one pass (Numba).

With the notation of `alliance.likelihood.kernel`, the square of a direction d of the coefficients is a least sum of squares over effects,

    d'H d = min over z, k of  sum (X d - Z u - Z w)' Omega (X d - Z u - Z w) + sum z'z + sum k'k,      u = L z,  w = P k

so that its derivatives are those of the sum with z and k held where the least is (the envelope theorem; the same as Fisher's identity for
outcomes X d, less the terms of M and N, which a difference to outcomes of zero takes away). With e = X d - Z u - Z w,

    -1/2 d(d'H d) / dL = sum Z'Omega e z'        / dP = sum Z'Omega e k'        / dOmega_kl = -e_k'e_l    (half of it for k = l)

Over the columns d of a root of H^-1 these add up to the derivatives of -1/2 log|H|, since d log|H| = tr(H^-1 dH) (Harville 1977, doi
10.1080/01621459.1977.10480998). R and Q are those of all directions, which the gradient of the likelihood would factorise again for each.
"""

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coordinates import pack_factor
from alliance.likelihood.coupled import collect, couple, halve, place_effects
from alliance.likelihood.envelope import solve_upper
from alliance.likelihood.kernel import forward_blocks, room_of, start_therapists
from alliance.likelihood.lanes import LANES, everywhere, load, minus, plus, store, sum_of, times
from alliance.likelihood.layout import (
    AT_PATIENT,
    AT_PE,
    AT_THERAPIST,
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_PATTERNS,
    N_THERAPIST,
    N_WEIGHTS,
    Statistics,
)
from alliance.likelihood.paired import inner_of
from alliance.likelihood.passes import (
    apply_factor,
    factor_therapists,
    gather_column,
    halfway,
    solve_column,
    solve_transposed,
)
from alliance.likelihood.quadratic import count_records, find_record, left_alone, place_in_pool, variances_at
from alliance.likelihood.residuals import count_coordinates, turn_precision


def slopes_of_squares(statistics: Statistics, position: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return derivatives by a position in ``factor`` coordinates of -1/2 sum_d d'H d, the directions held: (parameter,).

    Those by the coefficients, of which H does not depend, are zero.

    Parameters
    ----------
    directions
        Of the coefficients, one in each column: (coefficient, direction).
    """
    layout, owner, products, pooled, weights, of_therapists, crossed = statistics.arrays
    precision, by_patient, by_therapist = variances_at(layout, position)
    rows = np.ascontiguousarray(directions.T)
    change, by_p = np.zeros((_count_weights(layout) + by_patient.size, LANES)), np.zeros((by_therapist.size, LANES))
    nested = layout, owner, products, weights, of_therapists
    room, t, c = _go_forward(*nested, precision, by_patient, rows)
    mean = np.zeros_like(c)
    several = crossed is not None
    _solve(t, c, by_therapist, left_alone(of_therapists, crossed[5]) if several else of_therapists, mean, by_p)
    if several:
        changed = *crossed[:4], np.ones(len(crossed[4]))
        own_room, own_t, own_c = _go_forward(*changed, precision, by_patient, rows)
        own_mean = np.zeros_like(own_c)
        _solve_connected(t, own_t, crossed, by_therapist, c, own_c, mean, own_mean, by_p)
        _go_back(*changed, precision, by_patient, rows, own_room, own_mean, change)
    _go_back(*nested, precision, by_patient, rows, room, mean, change)
    slopes = np.zeros(len(position))
    _finish(layout, pooled, position, precision, rows, change, by_p, slopes)
    return slopes


@compiled
def _count_weights(layout):
    """Return how many numbers of the precision the likelihood is differentiated by."""
    return layout[N_WEIGHTS] if layout[N_PATTERNS] > 0 else layout[N_EQUATIONS]


@compiled
def _go_forward(layout, owner, products, weights, therapist_weights, precision, factor, directions):
    """Go through the first half of a pass for all directions.

    Returns
    -------
    room
        S L, R, Y and the effective products of each block, and r and x of each direction.
    t, c
        T of therapists, and c of each direction, (direction, block, effect, lane).
    """
    q, e, inner = layout[N_PATIENT], layout[N_THERAPIST], inner_of(layout)
    count, blocks = len(directions), owner.shape[0]
    room, sums, work = room_of(layout, blocks), np.zeros((1, 1, LANES)), np.empty((2, LANES))
    t, ignored = start_therapists(layout)
    forward_blocks(
        layout, owner, products, weights, therapist_weights, np.zeros(layout[N_BETA]), precision, factor,
        room, 0, blocks, work, sums, 0, t, ignored,
    )  # fmt: skip
    _, a, root, _, y, space, _, _ = room
    r, x = np.empty((blocks, count, layout[N_COLUMNS], LANES)), np.empty((blocks, count, q, LANES))
    c = np.zeros((count, len(t), e, LANES))
    for block in range(blocks):
        for d in range(count):
            _weigh_direction(layout, products[block], precision, directions[d], r[block, d])
            solve_column(inner, factor, r[block, d], root[block], x[block, d])
            if e > 0:
                gather_column(
                    inner, r[block, d], x[block, d], y[block], weights[block], owner[block], work, c[d]
                )  # fmt: skip
    return (a, root, y, space, r, x), t, c


@compiled
def _weigh_direction(layout, products, precision, direction, r):
    """Fill r = Z'Omega X d."""
    for u in range(layout[N_COLUMNS]):
        store(r, u, everywhere(0.0))
    for record in range(count_records(layout)):
        one, other, weight, _, zx = find_record(layout, record)
        first, columns, b0, betas = layout[one + 2], layout[one + 3], layout[other], layout[other + 1]
        for column in range(columns):
            total = everywhere(0.0)
            for p in range(betas):
                total = plus(total, direction[b0 + p], load(products, zx + column * (betas + 1) + p))
            store(r, first + column, plus(load(r, first + column), precision[weight], total))


@compiled
def _solve(t, c, by_therapist, therapist_weights, mean, by_factor):
    """Fill the effects of therapists, w = P k, for each direction, and add their derivatives by P."""
    e, count = len(by_therapist), len(c)
    tp, root = np.empty((e * e, LANES)), np.empty((e * e, LANES))
    k, single = np.empty((e, LANES)), np.empty((1, LANES))
    for block in range(len(t)):
        factor_therapists(t[block], by_therapist, tp, root)
        for lane in range(LANES):
            j = block * LANES + lane
            single[0, lane] = therapist_weights[j] if j < len(therapist_weights) else 0.0
        for d in range(count):
            halfway(c[d, block], by_therapist, root, k)
            solve_transposed(root, k)
            apply_factor(by_therapist, k, mean[d, block])
            for f in range(e):
                left = load(c[d, block], f)
                for g in range(e):
                    left = minus(left, load(tp, f * e + g), load(k, g))
                left = times(left, load(single, 0))
                for g in range(f + 1):
                    store(by_factor, f * e + g, plus(load(by_factor, f * e + g), left, load(k, g)))


@compiled
def _solve_connected(t, own_t, crossed, by_therapist, c, own_c, mean, own_mean, by_factor):
    """Do the same for therapists whom changes connect, and fill the effects of the therapists of each patient who changed."""
    _, _, _, _, seats, order, first, starts = crossed
    e, several = len(by_therapist), seats.shape[1]
    factor, right, half = np.empty(starts[-1]), np.empty(len(first)), np.empty(len(first))
    couple(t, own_t, crossed, by_therapist, factor)
    for d in range(len(c)):
        collect(c[d], own_c[d], crossed, right)
        for number in range(len(right)):  # Numba's text for shapes that do not fit would take as long as all the rest
            half[number] = right[number]
        halve(by_therapist, factor, first, starts, half)
        solve_upper(first, starts, factor, half)
        place_effects(crossed, by_therapist, half, mean[d], own_mean[d])
        for p in range(len(order)):
            j = order[p]
            for f in range(e):  # c - T w, of the patients with one therapist
                for g in range(e):
                    place = max(f, g) * e + min(f, g)
                    right[p * e + f] -= t[j // LANES, place, j % LANES] * mean[d, j // LANES, g, j % LANES]
        for i in range(len(seats)):
            for s in range(several):
                if seats[i, s] >= 0:
                    for f in range(e):
                        for b in range(several * e):
                            a = s * e + f
                            place = max(a, b) * several * e + min(a, b)
                            taken = own_t[i // LANES, place, i % LANES] * own_mean[d, i // LANES, b, i % LANES]
                            right[seats[i, s] * e + f] -= taken
        for p in range(len(order)):
            for f in range(e):
                for g in range(f + 1):
                    by_factor[f * e + g, 0] += right[p * e + f] * half[p * e + g]


@compiled
def _go_back(
    layout, owner, products, weights, therapist_weights, precision, factor, directions, room, mean, change
):  # fmt: skip
    """Go through the second half of a pass for all directions: add derivatives by Omega, from what is not pooled, and by L."""
    a, root, y, space, r, x = room
    inner, paired = inner_of(layout), layout[N_PATTERNS] > 0
    q, e, columns, at = layout[N_PATIENT], layout[N_THERAPIST], layout[N_COLUMNS], inner[AT_PATIENT]
    tau, by_factor = np.ones(1) if paired else precision, change[_count_weights(layout) :]
    z, w, f, single = np.empty((q, LANES)), np.empty((e, LANES)), np.empty((columns, LANES)), np.empty((1, LANES))
    for block in range(owner.shape[0]):
        found = space[block] if paired else products[block]
        for lane in range(LANES):
            single[0, lane] = weights[block, lane] * therapist_weights[owner[block, lane]]
        each = load(single, 0)
        for d in range(len(directions)):
            for g in range(e):
                for lane in range(LANES):
                    j = owner[block, lane]
                    w[g, lane] = mean[d, j // LANES, g, j % LANES]
            _fill_effects(inner, factor, root[block], x[block, d], y[block], w, z, f)
            for i in range(q):
                left = load(r[block, d], inner[at + 2 * i])
                weight = tau[inner[at + 2 * i + 1]]
                for m in range(q):
                    left = minus(left, load(a[block], i * q + m), load(z, m))
                for g in range(e):
                    place = inner[inner[AT_PE] + i * e + g]
                    if place >= 0:
                        left = minus(left, times(weight, load(found, place)), load(w, g))
                left = times(left, each)
                for j in range(i + 1):
                    store(by_factor, i * q + j, plus(load(by_factor, i * q + j), left, load(z, j)))
            _add_residuals(layout, products[block], directions[d], f, each, change)


@compiled
def _fill_effects(inner, factor, root, x, y, w, z, f):
    """Fill z = R'^-1 (x - Y w), and the effects of all columns."""
    q, e = inner[N_PATIENT], inner[N_THERAPIST]
    for u in range(len(f)):
        store(f, u, everywhere(0.0))
    for i in range(q):
        total = load(x, i)
        for g in range(e):
            total = minus(total, load(y, i * e + g), load(w, g))
        store(z, i, total)
    solve_transposed(root, z)
    for i in range(q):
        total = everywhere(0.0)
        for j in range(i + 1):
            total = plus(total, factor[i, j], load(z, j))
        store(f, inner[inner[AT_PATIENT] + 2 * i], total)
    for g in range(e):
        u = inner[inner[AT_THERAPIST] + 2 * g]
        store(f, u, plus(load(f, u), 1.0, load(w, g)))


@compiled
def _add_residuals(layout, products, direction, f, each, change):
    """Add f_k'Z_k'X_l d + f_l'Z_l'X_k d - f_k'Z_k'Z_l f_l (half of it for k = l), what -e_k'e_l is beside its pooled part."""
    for record in range(count_records(layout)):
        one, other, weight, zz, zx = find_record(layout, record)
        first, columns, b0, betas = layout[one + 2], layout[one + 3], layout[other], layout[other + 1]
        first_other, columns_other = layout[other + 2], layout[other + 3]
        share, squares = 0.5 if one == other else 1.0, everywhere(0.0)
        for column in range(columns):
            total = everywhere(0.0)
            for p in range(betas):
                total = plus(total, direction[b0 + p], load(products, zx + column * (betas + 1) + p))
            if zz >= 0:
                for v in range(columns_other):
                    half = times(share, load(f, first_other + v))
                    total = minus(total, half, load(products, zz + column * columns_other + v))
            squares = plus(squares, total, load(f, first + column))
        store(change, weight, plus(load(change, weight), each, squares))


@compiled
def _finish(layout, pooled, position, precision, directions, change, by_p, slopes):
    """Add what is pooled over patients, and turn derivatives by Omega, L and P into those by the position."""
    n_beta, weights, q, e = layout[N_BETA], _count_weights(layout), layout[N_PATIENT], layout[N_THERAPIST]
    total, of_p = np.empty(len(change)), np.empty(len(by_p))
    for number in range(len(change)):
        total[number] = sum_of(load(change, number))
    for number in range(len(by_p)):
        of_p[number] = sum_of(load(by_p, number))
    for record in range(count_records(layout)):
        one, other, weight, _, _ = find_record(layout, record)
        place, n_one, n_other = place_in_pool(layout, record), layout[one + 1], layout[other + 1]
        if place >= 0:
            for d in range(len(directions)):
                square = 0.0
                for i in range(n_one):
                    for j in range(n_other):
                        product = pooled[place + i * (n_other + 1) + j]
                        square += directions[d, layout[one] + i] * product * directions[d, layout[other] + j]
                total[weight] -= (0.5 if one == other else 1.0) * square
    free = n_beta + count_coordinates(layout)
    turn_precision(layout, position[n_beta:free], precision, total[:weights], slopes[n_beta:free])
    pack_factor(total[weights:], q, slopes[free:])
    pack_factor(of_p, e, slopes[free + q * (q + 1) // 2 :])
