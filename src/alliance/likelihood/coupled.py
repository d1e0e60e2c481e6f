"""Therapists whom patients connect, solved together (Numba).

For patients with several therapists see `alliance.likelihood.crossed`: T_i and c_i of patient i are about the effects of all therapists
(j, j', ...) of the patient. With T_jj' and c_j the sums over patients, those with one therapist included, in blocks, and the same factor P
for every therapist,

    N_jj' = delta_jj' I + P'T_jj' P = Q Q'       log p(y) += -log|N| / 2 + (P'c)' N^-1 (P'c) / 2       k = N^-1 P'c
    w = P k,  cov(w_j, w_j') = P (N^-1)_jj' P'   dl/dP = sum_j c_j k_j' - sum_jj' T_jj' P (N^-1 + k k')_j'j

N has a block only where two therapists share a patient, so that it falls apart into groups of therapists, and only the blocks of N^-1 at
the places of its factor are needed (`alliance.likelihood.envelope`). Equal to the crossed random effects of lme4 (Bates, Mächler, Bolker &
Walker 2015, doi 10.18637/jss.v067.i01).
"""

import math

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.envelope import factorise, invert, solve_lower, solve_upper
from alliance.likelihood.kernel import add_therapists, backward_blocks, clear, forward_blocks, room_of, start_therapists
from alliance.likelihood.lanes import LANES
from alliance.likelihood.passes import rows_of_work


@compiled
def evaluate_crossed(
    layout, owner, products, pooled, weights, therapist_weights, crossed, beta, precision, by_patient, by_therapist,
    sums, of_p,
):  # fmt: skip
    """Return what `alliance.likelihood.kernel.evaluate` does; blocks of patients with several therapists have slots after the others.

    The derivatives by P of therapists whom changes connect are right in their sum only, and their log-likelihood stands with one of them.
    """
    own_layout, own_owner, own_products, own_weights, seats, _, first, starts = crossed
    blocks, own_blocks = owner.shape[0], own_owner.shape[0]
    room, own_room = room_of(layout, blocks), room_of(own_layout, own_blocks)
    work, own_work = np.empty((rows_of_work(layout), LANES)), np.empty((rows_of_work(own_layout), LANES))
    t, c = start_therapists(layout)
    own_t, own_c = start_therapists(own_layout)
    mean, var, own_mean, own_var = np.empty_like(c), np.empty_like(t), np.empty_like(own_c), np.empty_like(own_t)
    once = np.ones(len(seats))
    clear(sums, of_p)
    nested = layout, owner, products, weights, therapist_weights, beta, precision, by_patient
    changed = own_layout, own_owner, own_products, own_weights, once, beta, precision, by_patient
    forward_blocks(*nested, room, 0, blocks, work, sums, 0, t, c)
    forward_blocks(*changed, own_room, 0, own_blocks, own_work, sums, blocks, own_t, own_c)
    add_therapists(t, c, by_therapist, therapist_weights, mean, var, of_p)
    factor, right = np.empty(starts[-1]), np.empty(len(first))
    couple(t, own_t, crossed, by_therapist, factor)
    collect(c, own_c, crossed, right)
    _solve(t, own_t, crossed, by_therapist, factor, right, mean, var, own_mean, own_var, of_p)
    backward_blocks(*nested, room, 0, blocks, mean, var, work, sums, 0)
    backward_blocks(*changed, own_room, 0, own_blocks, own_mean, own_var, own_work, sums, blocks)


@compiled
def couple(t, own_t, crossed, by_therapist, factor):
    """Fill Q of the connected therapists."""
    _, _, _, _, seats, order, first, starts = crossed
    e, several = len(by_therapist), seats.shape[1]
    block, left = np.empty((e, e)), np.empty((e, e))
    factor[:] = 0.0
    for p in range(len(order)):
        j = order[p]
        for f in range(e):
            for g in range(e):
                block[f, g] = t[j // LANES, max(f, g) * e + min(f, g), j % LANES]
        _add_block(by_therapist, block, left, p, p, starts, factor)
        for f in range(e):
            factor[starts[p * e + f] + p * e + f] += 1.0
    for i in range(len(seats)):
        for s in range(several):
            for o in range(several):
                if 0 <= seats[i, o] <= seats[i, s]:
                    _fill_block(own_t, i, s, o, e, several, block)
                    _add_block(by_therapist, block, left, seats[i, s], seats[i, o], starts, factor)
    factorise(first, starts, factor)


@compiled
def collect(c, own_c, crossed, right):
    """Fill c of the connected therapists."""
    seats, order, e = crossed[4], crossed[5], c.shape[1]
    for p in range(len(order)):
        for f in range(e):
            right[p * e + f] = c[order[p] // LANES, f, order[p] % LANES]
    for i in range(len(seats)):
        for s in range(seats.shape[1]):
            if seats[i, s] >= 0:
                for f in range(e):
                    right[seats[i, s] * e + f] += own_c[i // LANES, s * e + f, i % LANES]


@compiled
def halve(by_therapist, factor, first, starts, right):
    """Replace c of the connected therapists by Q^-1 P'c."""
    e = len(by_therapist)
    for p in range(len(right) // e):
        for f in range(e):  # P is lower triangular: later entries are still those of c
            total = 0.0
            for h in range(f, e):
                total += by_therapist[h, f] * right[p * e + h]
            right[p * e + f] = total
    solve_lower(first, starts, factor, right)


@compiled
def value_of(factor, first, starts, half):
    """Return -log|N| / 2 + (Q^-1 P'c)'(Q^-1 P'c) / 2."""
    value = 0.0
    for i in range(len(first)):
        value += 0.5 * half[i] * half[i] - math.log(factor[starts[i] + i])
    return value


@compiled
def replace_values(crossed, value, of_p):
    """Put the log-likelihood of the connected therapists in place of what each would have alone."""
    order, last = crossed[5], of_p.shape[1] - 1
    for p in range(len(order)):
        of_p[order[p], last] = value if p == 0 else 0.0


@compiled
def _fill_block(own_t, i, s, o, e, several, block):
    """Fill the block of T_i of two seats of a patient; of T_i the lower triangle is there."""
    for f in range(e):
        for g in range(e):
            a, b = s * e + f, o * e + g
            block[f, g] = own_t[i // LANES, max(a, b) * several * e + min(a, b), i % LANES]


@compiled
def _add_block(by_therapist, block, left, p, o, starts, matrix):
    """Add P'T P of two therapists to the lower triangle of a matrix."""
    e = len(by_therapist)
    for f in range(e):
        for g in range(e):
            left[f, g] = 0.0
            for h in range(f, e):
                left[f, g] += by_therapist[h, f] * block[h, g]
    for f in range(e):
        for g in range(e):
            if o * e + g <= p * e + f:
                total = 0.0
                for h in range(g, e):
                    total += left[f, h] * by_therapist[h, g]
                matrix[starts[p * e + f] + o * e + g] += total


@compiled
def _solve(t, own_t, crossed, by_therapist, factor, right, mean, var, own_mean, own_var, of_p):
    """Fill posterior means and covariances of the connected therapists, and their derivatives by P."""
    _, _, _, _, seats, order, first, starts = crossed
    e, several = len(by_therapist), seats.shape[1]
    half = right.copy()
    halve(by_therapist, factor, first, starts, half)
    replace_values(crossed, value_of(factor, first, starts, half), of_p)
    solve_upper(first, starts, factor, half)  # k
    inverse = np.empty_like(factor)
    invert(first, starts, factor, inverse)
    block, moment, of_pair = np.empty((e, e)), np.empty((e, e)), np.empty((e, e))
    own_mean[:], own_var[:] = 0.0, 0.0
    for p in range(len(order)):
        j = order[p]
        for f in range(e):
            mean[j // LANES, f, j % LANES] = of_factor(by_therapist, half, p, f)
            for g in range(e):
                of_p[j, f * e + g] = right[p * e + f] * half[p * e + g]
                block[f, g] = t[j // LANES, max(f, g) * e + min(f, g), j % LANES]
        _moment(by_therapist, inverse, half, p, p, starts, moment, of_pair)
        for f in range(e):
            for g in range(e):
                var[j // LANES, f * e + g, j % LANES] = of_pair[f, g]
        _take_off(block, moment, of_p[j])
    for i in range(len(seats)):
        for s in range(several):
            p = seats[i, s]
            if p < 0:
                continue
            for f in range(e):
                own_mean[i // LANES, s * e + f, i % LANES] = of_factor(by_therapist, half, p, f)
            for o in range(several):
                if seats[i, o] < 0:
                    continue
                _moment(by_therapist, inverse, half, seats[i, o], p, starts, moment, of_pair)
                for f in range(e):
                    for g in range(e):
                        place = (o * e + f) * several * e + s * e + g
                        own_var[i // LANES, place, i % LANES] = of_pair[f, g]
                _fill_block(own_t, i, s, o, e, several, block)
                _take_off(block, moment, of_p[order[p]])


@compiled
def of_factor(by_therapist, k, p, f):
    """Return one effect of a therapist, w = P k."""
    total = 0.0
    for h in range(f + 1):
        total += by_therapist[f, h] * k[p * len(by_therapist) + h]
    return total


@compiled
def place_effects(crossed, by_therapist, k, w, own_w):
    """Fill the effects of connected therapists, w = P k, and those of the therapists of each patient."""
    seats, order, e = crossed[4], crossed[5], len(by_therapist)
    for p in range(len(order)):
        for f in range(e):
            w[order[p] // LANES, f, order[p] % LANES] = of_factor(by_therapist, k, p, f)
    for i in range(len(seats)):
        for s in range(seats.shape[1]):
            if seats[i, s] >= 0:
                j = order[seats[i, s]]
                for f in range(e):
                    own_w[i // LANES, s * e + f, i % LANES] = w[j // LANES, f, j % LANES]


@compiled
def _moment(by_therapist, inverse, k, p, o, starts, moment, of_pair):
    """Fill P (N^-1 + k k') of two therapists, and their covariance P N^-1 P'."""
    e = len(by_therapist)
    for f in range(e):
        for g in range(e):
            total = 0.0
            for h in range(f + 1):
                a, b = p * e + h, o * e + g
                total += by_therapist[f, h] * inverse[starts[max(a, b)] + min(a, b)]
            moment[f, g] = total
    for f in range(e):
        for g in range(e):
            total = 0.0
            for h in range(g + 1):
                total += moment[f, h] * by_therapist[g, h]
            of_pair[f, g] = total
    for f in range(e):
        effect = of_factor(by_therapist, k, p, f)
        for g in range(e):
            moment[f, g] += effect * k[o * e + g]


@compiled
def _take_off(block, moment, of_p):
    """Take T P (N^-1 + k k') off the derivatives by P."""
    e = len(block)
    for f in range(e):
        for g in range(e):
            total = 0.0
            for h in range(e):
                total += block[f, h] * moment[h, g]
            of_p[f * e + g] -= total
