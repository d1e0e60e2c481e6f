"""Log-likelihood of a multilevel path diagram and its gradient, random effects integrated out, in one pass (Numba).

For equation k, patient i of therapist j, row r:  y = x'b_k + z'u_i + z'w_j + e,  e ~ N(0, 1 / t_k),  u_i ~ N(0, L L'),  w_j ~ N(0, P P').
Given u and w the residuals of the equations are independent (for those that are not see `alliance.likelihood.paired`), so with
v_k = (-b_k, 1), S = blockdiag(t_k Z'Z) and r = stack(t_k Z'[X y] v_k)

    M_i = I + L'S L = R R'       x_i = R^-1 L'r       log p(y_i) = -log|R| + x'x / 2 + (terms pooled over patients)

and therapists follow with T_j = sum_i (S_ee - Y'Y), c_j = sum_i (r_e - Y'x), Y = R^-1 L'S_pe:

    N_j = I + P'T_j P            log p(y_j) += -log|N_j| / 2 + (P'c)' N^-1 (P'c) / 2

The gradient follows from the posterior means and second moments of u and w (Fisher's identity):

    dl/db_k = t_k E[X'(y - Xb - Zu - Zw)]       dl/dt_k = n_k / (2 t_k) - E|y - Xb - Zu - Zw|^2 / 2
    dl/dL   = E[(r - S_pe w - S L z) z'],  u = L z      dl/dP = c k' - T P (N^-1 + k k'),  k = N^-1 P'c

A pass costs patients x (q^3 + q x predictors), whatever the number of sessions. Factors need not have a positive diagonal.
"""

import math

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.lanes import LANES, everywhere, load, plus, store, times
from alliance.likelihood.layout import (
    AT_EQUATIONS,
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_PATTERNS,
    N_THERAPIST,
    N_THERAPISTS,
    PER_EQUATION,
)
from alliance.likelihood.paired import add_pooled_paired, fill_effective, inner_of, rows_of_effective, spread
from alliance.likelihood.passes import backward, forward, gather, rows_of_work, solve_therapists

LOG_2PI = math.log(2 * math.pi)


@compiled
def evaluate(
    layout, owner, products, pooled, weights, therapist_weights, beta, precision, by_patient, by_therapist, sums, of_p
):
    """Return the log-likelihood and write the gradient.

    Parameters
    ----------
    layout, owner, products, pooled, weights, therapist_weights
        See `alliance.likelihood.layout.Statistics`.
    beta
        Fixed effects of all equations, one after the other: (beta,).
    precision
        1 / residual variance: (equation,). Where residuals are correlated, see `alliance.likelihood.residuals`.
    by_patient, by_therapist
        Lower triangular factors L (q, q) and P (e, e).
    sums
        Result, (slot, number, lane): derivatives by beta and precision, from `first_of_factor` on by L (row by row), then the
        log-likelihood of the patients. With one slot everything is summed over blocks; with a slot for each block every patient
        stands alone. What is pooled over patients (see `add_pooled`) is not in it.
    of_p
        Result, (therapist, e * e + 1): derivatives by P and the log-likelihood of each therapist, without those of the patients.
    """
    e = layout[N_THERAPIST]
    blocks = owner.shape[0]
    t, c = start_therapists(layout)
    mean, var = np.empty_like(c), np.empty_like(t)
    work = np.empty((rows_of_work(layout), LANES))
    clear(sums, of_p)
    arrays = layout, owner, products, weights, therapist_weights, beta, precision, by_patient
    if e > 0:  # the second half of the pass needs what the first one found
        room = room_of(layout, blocks)
        forward_blocks(*arrays, room, 0, blocks, work, sums, 0, t, c)
        add_therapists(t, c, by_therapist, therapist_weights, mean, var, of_p)
        backward_blocks(*arrays, room, 0, blocks, mean, var, work, sums, 0)
    else:
        room = room_of(layout, 1)
        for block in range(blocks):
            forward_blocks(*arrays, room, block, block + 1, work, sums, 0, t, c)
            backward_blocks(*arrays, room, block, block + 1, mean, var, work, sums, 0)


@compiled
def clear(sums, of_p):
    """Set the results of `evaluate` to zero."""
    for slot in range(sums.shape[0]):
        for number in range(sums.shape[1]):
            store(sums[slot], number, everywhere(0.0))
    for j in range(of_p.shape[0]):
        for number in range(of_p.shape[1]):
            of_p[j, number] = 0.0


@compiled
def room_of(layout, blocks):
    """Return room for what the halves of a pass share, of some blocks: r, S L, R, x, Y and the effective products; and for one block."""
    q, e, effective = layout[N_PATIENT], layout[N_THERAPIST], rows_of_effective(layout)
    r = np.empty((blocks, layout[N_COLUMNS], LANES))
    a, root = np.empty((blocks, q * q, LANES)), np.empty((blocks, q * q, LANES))
    x, y = np.empty((blocks, q, LANES)), np.empty((blocks, q * e, LANES))
    return r, a, root, x, y, np.empty((blocks, effective, LANES)), np.empty((effective, LANES)), np.ones(1)


@compiled
def forward_blocks(
    layout, owner, products, weights, therapist_weights, beta, precision, by_patient,
    room, begin, end, work, sums, first, t, c,
):  # fmt: skip
    """Go through the first half of a pass: add the values of patients, in slots from `first` on, and fill T and c of their therapists."""
    r, a, root, x, y, space, _, alone = room
    inner, paired = inner_of(layout), layout[N_PATTERNS] > 0
    tau = alone if paired else precision
    for block in range(begin, end):
        slot = first + block if sums.shape[0] > 1 else 0
        keep = block if r.shape[0] > 1 else 0
        found = space[keep] if paired else products[block]
        if paired:
            fill_effective(layout, products[block], beta, precision, found)
        forward(inner, found, beta, tau, by_patient, r[keep], a[keep], root[keep], x[keep], y[keep])
        add_values(layout, root[keep], x[keep], weights[block], therapist_weights, owner[block], work, sums[slot])
        if layout[N_THERAPIST] > 0:
            gather(inner, found, tau, r[keep], x[keep], y[keep], weights[block], owner[block], work, t, c)


@compiled
def backward_blocks(
    layout, owner, products, weights, therapist_weights, beta, precision, by_patient,
    room, begin, end, mean, var, work, sums, first,
):  # fmt: skip
    """Go through the second half of a pass, given means and covariances of the effects of therapists."""
    r, a, root, x, y, space, moments, alone = room
    inner, paired = inner_of(layout), layout[N_PATTERNS] > 0
    tau = alone if paired else precision
    for block in range(begin, end):
        slot = first + block if sums.shape[0] > 1 else 0
        keep = block if r.shape[0] > 1 else 0
        found = space[keep] if paired else products[block]
        backward(
            inner, found, tau, by_patient, r[keep], a[keep], root[keep], x[keep], y[keep],
            mean, var, owner[block], weights[block], therapist_weights, work, sums[slot],
        )  # fmt: skip
        if paired:
            spread(layout, products[block], beta, precision, by_patient, moments, work, sums[slot])


@compiled
def first_of_factor(layout):
    """Return where the derivatives by L begin in the result of `evaluate`."""
    inner = inner_of(layout)
    return inner[N_BETA] + inner[N_EQUATIONS]


@compiled
def add_values(layout, root, x, weights, therapist_weights, owner, work, sums):
    """Add log p(y_i) = -log|R| + x'x / 2 of a block's patients to the last row of `sums`, with two rows to work in."""
    q = layout[N_PATIENT]
    last = sums.shape[0] - 1
    determinant, square = everywhere(1.0), everywhere(0.0)
    for i in range(q):
        determinant = times(determinant, load(root, i * q + i))  # the diagonal holds reciprocals
        square = plus(square, load(x, i), load(x, i))
    store(work, 0, determinant)
    store(work, 1, square)
    for lane in range(LANES):
        weight = weights[lane] * therapist_weights[owner[lane]]
        if weight != 0.0:
            sums[last, lane] += weight * (math.log(work[0, lane]) + 0.5 * work[1, lane])


@compiled
def start_therapists(layout):
    """Return nothing as T and c of all therapists, (block, product, lane)."""
    e = layout[N_THERAPIST]
    blocks = -(-layout[N_THERAPISTS] // LANES) if e > 0 else 0
    return np.zeros((blocks, e * e, LANES)), np.zeros((blocks, e, LANES))


@compiled
def add_therapists(t, c, by_therapist, therapist_weights, mean, var, of_p):
    """Solve for all therapists, and fill their derivatives by P and their log-likelihoods."""
    e = len(by_therapist)
    work, result, value = np.empty((4 * e * e + e, LANES)), np.empty((e * e, LANES)), np.empty((2, LANES))
    for block in range(len(t)):
        solve_therapists(t[block], c[block], by_therapist, work, mean[block], var[block], result, value)
        for j in range(block * LANES, min(len(of_p), (block + 1) * LANES)):
            lane, weight = j - block * LANES, therapist_weights[j]
            for number in range(e * e):
                of_p[j, number] = weight * result[number, lane]
            of_p[j, e * e] = weight * (math.log(value[0, lane]) + value[1, lane]) if weight != 0.0 else 0.0


@compiled
def add_pooled(layout, pooled, beta, precision, by_beta, by_precision):
    """Return the part of the log-likelihood that is pooled over patients, and add its derivatives.

    sum_k n_k (log t_k - log 2 pi) / 2 - t_k v_k'([X y]'[X y])v_k / 2
    """
    if layout[N_PATTERNS] > 0:
        return add_pooled_paired(layout, pooled, beta, precision, LOG_2PI, by_beta, by_precision)
    n_equations = layout[N_EQUATIONS]
    counts = len(pooled) - n_equations
    value, start = 0.0, 0
    for k in range(n_equations):
        at = layout[AT_EQUATIONS] + PER_EQUATION * k
        b0, betas = layout[at], layout[at + 1]
        size = betas + 1
        square = 0.0
        for i in range(size):
            product = pooled[start + i * size + betas]
            for j in range(betas):
                product -= pooled[start + i * size + j] * beta[b0 + j]
            if i < betas:
                by_beta[b0 + i] += precision[k] * product
                square -= beta[b0 + i] * product
            else:
                square += product
        n = pooled[counts + k]
        by_precision[k] += 0.5 * n / precision[k] - 0.5 * square
        value += 0.5 * n * (math.log(precision[k]) - LOG_2PI) - 0.5 * precision[k] * square
        start += size * size
    return value
