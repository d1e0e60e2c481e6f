"""Residuals that are correlated: what a pass over a block of patients needs before and after it (Numba).

Over the occasions of a pattern the residuals have precision Omega. Given the random effects f of the columns, with rho_k = y_k - X_k b_k,

    S_kl = sum over patterns Omega_kl Z_k'Z_l       r_k = sum over patterns, l  Omega_kl Z_k'rho_l

and everything else is as in `alliance.likelihood.kernel`: `fill_effective` puts S and r of a block's patients where the passes look for the
cross-products of one equation without predictors, whose residual variance is one; its layout is the inner one. `spread` turns posterior
means g and second moments of the columns' effects into derivatives (Fisher's identity):

    dl/db_l      = sum_k Omega_kl (X_l'rho_k - X_l'Z_k g_k)
    dl/dOmega_kl = n Sigma_kl - rho_k'rho_l + g_k'Z_k'rho_l + g_l'Z_l'rho_k - tr(E[f_l f_k'] Z_k'Z_l)       (half of it for k = l)

The first terms of both are pooled over patients, see `add_pooled_paired`. The cost does not depend on the number of sessions.

Residuals that depend on the one before, with correlation r over the gap between them, are independent once each row has r times the row
before taken off, and have variance s^2 (1 - r^2). That is a pattern for each gap, whose precision (1, -r, r^2) / (s^2 (1 - r^2)) multiplies
the products of a row with itself, with the row before it (in both orders), and of the row before it with itself. Long gaps are rare:
where no patient of a block has one, its products are passed over.
"""

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.lanes import everywhere, load, minus, plus, store, sum_of, times
from alliance.likelihood.layout import (
    AT_EQUATIONS,
    AT_INNER,
    AT_PATIENT,
    AT_PATTERNS,
    AT_RECORDS,
    AT_THERAPIST,
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_PATTERNS,
    N_RECORDS,
    N_THERAPIST,
    N_WEIGHTS,
    PER_EQUATION,
    PER_PATTERN,
    PER_RECORD,
)
from alliance.likelihood.passes import places_in_work


@compiled
def inner_of(layout):
    """Return the layout that the passes read: the one of the effective products, or the layout itself where no residuals are correlated."""
    return layout[layout[AT_INNER] :]


@compiled
def rows_of_effective(layout):
    """Return how many rows S and r of a block take; none where no residuals are correlated."""
    columns = layout[N_COLUMNS]
    return columns * (columns + 1) // 2 + columns if layout[N_PATTERNS] > 0 else 0


@compiled
def _occurs(layout, products, at):
    """Return whether a patient of a block has occasions of the pattern of a record."""
    return sum_of(load(products, layout[at + 6])) > 0.0


@compiled
def fill_effective(layout, products, beta, precision, space):
    """Fill the products that the passes read: S, the lower triangle row by row, and r."""
    n_columns = layout[N_COLUMNS]
    r = n_columns * (n_columns + 1) // 2
    for row in range(r + n_columns):
        store(space, row, everywhere(0.0))
    for record in range(layout[N_RECORDS]):
        at = layout[AT_RECORDS] + PER_RECORD * record
        one, other = (
            layout[AT_EQUATIONS] + PER_EQUATION * layout[at],
            layout[AT_EQUATIONS] + PER_EQUATION * layout[at + 1],
        )
        if not _occurs(layout, products, at):
            continue
        omega, zz, zx = precision[layout[at + 2]], layout[at + 3], layout[at + 4]
        first, columns = layout[one + 2], layout[one + 3]
        b0, betas, first_other, columns_other = layout[other], layout[other + 1], layout[other + 2], layout[other + 3]
        for column in range(columns):
            u = first + column
            start = zx + column * (betas + 1)
            total = load(products, start + betas)
            for p in range(betas):
                total = minus(total, beta[b0 + p], load(products, start + p))
            store(space, r + u, plus(load(space, r + u), omega, total))
            if zz >= 0:
                for v in range(column + 1 if one == other else columns_other):
                    place = u * (u + 1) // 2 + first_other + v
                    total = plus(load(space, place), omega, load(products, zz + column * columns_other + v))
                    store(space, place, total)


@compiled
def spread(layout, products, beta, precision, by_patient, moments, work, sums):
    """Add one block's derivatives by beta and Omega, from what `backward` left in `work`; `moments` is room for E[f f']."""
    fill_moments(inner_of(layout), by_patient, work, moments)
    _, _, _, _, _, _, at_sum, at_single = places_in_work(layout)
    sum_of, n_beta, each = work[at_sum:at_single], layout[N_BETA], load(work, at_single)
    for record in range(layout[N_RECORDS]):
        at = layout[AT_RECORDS] + PER_RECORD * record
        one, other = (
            layout[AT_EQUATIONS] + PER_EQUATION * layout[at],
            layout[AT_EQUATIONS] + PER_EQUATION * layout[at + 1],
        )
        if not _occurs(layout, products, at):
            continue
        weight, zz, zx = layout[at + 2], layout[at + 3], layout[at + 4]
        first, columns = layout[one + 2], layout[one + 3]
        b0, betas, first_other, columns_other = layout[other], layout[other + 1], layout[other + 2], layout[other + 3]
        change = load(sums, n_beta + weight)
        for p in range(betas + 1):
            total = everywhere(0.0)
            for column in range(columns):
                place = zx + column * (betas + 1) + p
                total = plus(total, load(sum_of, first + column), load(products, place))
            if p < betas:
                store(sums, b0 + p, minus(load(sums, b0 + p), precision[weight], total))
                change = minus(change, beta[b0 + p], total)
            else:
                change = plus(change, 1.0, total)
        if zz >= 0:
            squares = everywhere(0.0)
            for column in range(columns):
                for v in range(columns_other):
                    i, j = first + column, first_other + v
                    place = max(i, j) * (max(i, j) + 1) // 2 + min(i, j)
                    squares = plus(squares, load(moments, place), load(products, zz + column * columns_other + v))
            change = minus(change, times(0.5 if one == other else 1.0, each), squares)
        store(sums, n_beta + weight, change)


@compiled
def fill_moments(inner, factor, work, moments):
    """Fill E[f f'] of the columns' effects f = u + w, the lower triangle row by row, u = L z."""
    q, e, n_columns = inner[N_PATIENT], inner[N_THERAPIST], inner[N_COLUMNS]
    at_moment, at_k, at_wz, at_v, at_w, at_z, _, _ = places_in_work(inner)
    half, moment, cross, wz = work[:at_moment], work[at_moment:at_k], work[at_k:at_wz], work[at_wz:at_v]
    v, w = work[at_v:at_w], work[at_w:at_z]
    of_patient, of_therapist = np.full(n_columns, -1), np.full(n_columns, -1)
    for i in range(q):
        of_patient[inner[inner[AT_PATIENT] + 2 * i]] = i
    for f in range(e):
        of_therapist[inner[inner[AT_THERAPIST] + 2 * f]] = f
    for i in range(q):  # L E[z z'] and L E[z w']
        for j in range(q):
            total = everywhere(0.0)
            for m in range(i + 1):
                total = plus(total, factor[i, m], load(moment, m * q + j))
            store(half, i * q + j, total)
        for f in range(e):
            total = everywhere(0.0)
            for m in range(i + 1):
                total = plus(total, factor[i, m], load(wz, m * e + f))
            store(cross, i * e + f, total)
    for a in range(n_columns):
        i, f = of_patient[a], of_therapist[a]
        for b in range(a + 1):
            j, g = of_patient[b], of_therapist[b]
            total = everywhere(0.0)
            if i >= 0 and j >= 0:
                for m in range(j + 1):
                    total = plus(total, factor[j, m], load(half, i * q + m))
            if i >= 0 and g >= 0:
                total = plus(total, 1.0, load(cross, i * e + g))
            if f >= 0 and j >= 0:
                total = plus(total, 1.0, load(cross, j * e + f))
            if f >= 0 and g >= 0:
                total = plus(plus(total, 1.0, load(v, f * e + g)), load(w, f), load(w, g))
            store(moments, a * (a + 1) // 2 + b, total)


@compiled
def add_pooled_paired(layout, pooled, beta, precision, log_2pi, by_beta, by_precision):
    """Return the part of the log-likelihood that is pooled over patients, and add its derivatives.

    sum over patterns  n (log|Omega| - m log 2 pi) / 2 - sum_kl Omega_kl rho_k'rho_l / 2,  m outcomes in a pattern; for rows with a gap
    before them the first number of the precision stands in place of |Omega|
    """
    count, patterns, weights = layout[N_EQUATIONS], layout[N_PATTERNS], layout[N_WEIGHTS]
    value = 0.0
    for record in range(layout[N_RECORDS]):
        at = layout[AT_RECORDS] + PER_RECORD * record
        one, other = (
            layout[AT_EQUATIONS] + PER_EQUATION * layout[at],
            layout[AT_EQUATIONS] + PER_EQUATION * layout[at + 1],
        )
        weight, place = layout[at + 2], layout[at + 5]
        if place < 0:
            continue
        b_one, n_one, b_other, n_other = layout[one], layout[one + 1], layout[other], layout[other + 1]
        omega, square = precision[weight], 0.0
        for i in range(n_one + 1):
            start = place + i * (n_other + 1)
            product = pooled[start + n_other]
            for j in range(n_other):
                product -= pooled[start + j] * beta[b_other + j]
            if i < n_one:
                by_beta[b_one + i] += omega * product
                square -= beta[b_one + i] * product
            else:
                square += product
        if one == other:
            by_precision[weight] -= 0.5 * square
            value -= 0.5 * omega * square
            continue
        by_precision[weight] -= square
        value -= omega * square
        for j in range(n_other):
            product = pooled[place + n_one * (n_other + 1) + j]
            for i in range(n_one):
                product -= pooled[place + i * (n_other + 1) + j] * beta[b_one + i]
            by_beta[b_other + j] += omega * product
    sigma, counts = precision[weights + patterns :], pooled[len(pooled) - patterns :]
    for pattern in range(patterns):
        at = layout[AT_PATTERNS] + (PER_PATTERN + count) * pattern
        size, first, members = layout[at], layout[at + 1], layout[at + PER_PATTERN : at + PER_PATTERN + layout[at]]
        value += 0.5 * counts[pattern] * (precision[weights + pattern] - size * log_2pi)
        if layout[at + 2] > 0:
            by_precision[first] += 0.5 * counts[pattern] / precision[first]
            continue
        for i in range(size):
            for j in range(i + 1):
                share = 0.5 if i == j else 1.0
                by_precision[first + i * (i + 1) // 2 + j] += (
                    share * counts[pattern] * sigma[members[i] * count + members[j]]
                )
    return value
