"""The halves of a pass over one block of patients, and the solution for one therapist. Equations: `alliance.likelihood.kernel`.

Every loop over patients is innermost and of fixed length. Whole-array operations are avoided: they would compile far more slowly.
"""

import math

from alliance.likelihood.compiling import compiled
from alliance.likelihood.layout import (
    AT_EE,
    AT_EQUATIONS,
    AT_PATIENT,
    AT_PE,
    AT_PP,
    AT_THERAPIST,
    LANES,
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_THERAPIST,
    PER_EQUATION,
)


@compiled
def forward(layout, products, beta, precision, factor, r, a, root, x, y):
    """Fill r = t Z'(y - Xb), A = S L, R, x = R^-1 L'r and Y = R^-1 L'S_pe of one block."""
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    for k in range(layout[N_EQUATIONS]):
        at = layout[AT_EQUATIONS] + PER_EQUATION * k
        b0, betas, u0, columns, zx = layout[at], layout[at + 1], layout[at + 2], layout[at + 3], layout[at + 5]
        for column in range(columns):
            start = zx + column * (betas + 1)
            for lane in range(LANES):
                r[u0 + column, lane] = products[start + betas, lane]
            for p in range(betas):
                b = beta[b0 + p]
                for lane in range(LANES):
                    r[u0 + column, lane] -= b * products[start + p, lane]
            for lane in range(LANES):
                r[u0 + column, lane] *= precision[k]
    at, pp, pe = layout[AT_PATIENT], layout[AT_PP], layout[AT_PE]
    for i in range(q):
        tau = precision[layout[at + 2 * i + 1]]
        for j in range(q):
            for lane in range(LANES):
                a[i, j, lane] = 0.0
        for m in range(q):
            place = layout[pp + i * q + m]
            if place >= 0:
                for j in range(m + 1):
                    weight = tau * factor[m, j]
                    for lane in range(LANES):
                        a[i, j, lane] += weight * products[place, lane]
    for i in range(q):
        for j in range(i + 1):
            for lane in range(LANES):
                root[i, j, lane] = 1.0 if i == j else 0.0
            for m in range(i, q):
                weight = factor[m, i]
                for lane in range(LANES):
                    root[i, j, lane] += weight * a[m, j, lane]
        for lane in range(LANES):
            x[i, lane] = 0.0
        for m in range(i, q):
            weight, u = factor[m, i], layout[at + 2 * m]
            for lane in range(LANES):
                x[i, lane] += weight * r[u, lane]
        for f in range(e):
            for lane in range(LANES):
                y[i, f, lane] = 0.0
            for m in range(i, q):
                place = layout[pe + m * e + f]
                if place >= 0:
                    weight = factor[m, i] * precision[layout[at + 2 * m + 1]]
                    for lane in range(LANES):
                        y[i, f, lane] += weight * products[place, lane]
    # The Cholesky factor replaces the lower triangle; the reciprocal diagonal makes the solves divisions-free.
    for j in range(q):
        for m in range(j):
            for lane in range(LANES):
                root[j, j, lane] -= root[j, m, lane] * root[j, m, lane]
        for lane in range(LANES):
            root[j, j, lane] = 1.0 / math.sqrt(root[j, j, lane])
        for i in range(j + 1, q):
            for m in range(j):
                for lane in range(LANES):
                    root[i, j, lane] -= root[i, m, lane] * root[j, m, lane]
            for lane in range(LANES):
                root[i, j, lane] *= root[j, j, lane]
    for i in range(q):
        for m in range(i):
            for lane in range(LANES):
                x[i, lane] -= root[i, m, lane] * x[m, lane]
            for f in range(e):
                for lane in range(LANES):
                    y[i, f, lane] -= root[i, m, lane] * y[m, f, lane]
        for lane in range(LANES):
            x[i, lane] *= root[i, i, lane]
        for f in range(e):
            for lane in range(LANES):
                y[i, f, lane] *= root[i, i, lane]


@compiled
def gather(layout, products, precision, r, x, y, weights, owner, t, c):
    """Add a block's patients to T and c of their therapists."""
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    at, ee = layout[AT_THERAPIST], layout[AT_EE]
    for lane in range(LANES):
        weight, j = weights[lane], owner[lane]
        if weight == 0.0:
            continue
        for f in range(e):
            total = r[layout[at + 2 * f], lane]
            for i in range(q):
                total -= y[i, f, lane] * x[i, lane]
            c[j, f] += weight * total
            for g in range(e):
                place = layout[ee + f * e + g]
                total = products[place, lane] * precision[layout[at + 2 * f + 1]] if place >= 0 else 0.0
                for i in range(q):
                    total -= y[i, f, lane] * y[i, g, lane]
                t[j, f, g] += weight * total


@compiled
def factor_therapist(t, factor, tp, root):
    """Fill T P and the lower Cholesky factor of N = I + P'T P."""
    e = len(t)
    for f in range(e):
        for g in range(e):
            tp[f, g] = 0.0
            for h in range(g, e):
                tp[f, g] += t[f, h] * factor[h, g]
    for g in range(e):
        for f in range(g, e):
            total = 1.0 if f == g else 0.0
            for h in range(f, e):
                total += factor[h, f] * tp[h, g]
            for h in range(g):
                total -= root[f, h] * root[g, h]
            root[f, g] = math.sqrt(total) if f == g else total / root[g, g]


@compiled
def solve_therapist(t, c, factor, weight, small, mean, var, result):
    """Posterior mean and covariance of one therapist's effects, derivatives by P and the log-likelihood."""
    e = len(c)
    tp, root, half, moment = small[0], small[1], small[2], small[3]
    factor_therapist(t, factor, tp, root)
    for g in range(e):
        result[e * e] -= weight * math.log(root[g, g])
    # R^-1 in the lower triangle of `half`.
    for g in range(e):
        half[g, g] = 1.0 / root[g, g]
        for f in range(g + 1, e):
            total = 0.0
            for h in range(g, f):
                total -= root[f, h] * half[h, g]
            half[f, g] = total / root[f, f]
    for f in range(e):  # R^-1 P'c, in `mean` for a moment
        mean[f] = 0.0
        for g in range(f + 1):
            for h in range(g, e):
                mean[f] += half[f, g] * factor[h, g] * c[h]
        result[e * e] += weight * 0.5 * mean[f] * mean[f]
    for f in range(e):  # R'^-1 of it is k, in the diagonal of `root` from now on
        total = 0.0
        for g in range(f, e):
            total += half[g, f] * mean[g]
        root[f, f] = total
    for f in range(e):
        for g in range(e):
            total = 0.0
            for h in range(max(f, g), e):
                total += half[h, f] * half[h, g]
            moment[f, g] = total
    for f in range(e):  # P N^-1, below and above the diagonal of `half`
        for g in range(e):
            total = 0.0
            for h in range(f + 1):
                total += factor[f, h] * moment[h, g]
            half[f, g] = total
    for f in range(e):
        mean[f] = 0.0
        for g in range(f + 1):
            mean[f] += factor[f, g] * root[g, g]
        for g in range(e):
            total = 0.0
            for h in range(g + 1):
                total += half[f, h] * factor[g, h]
            var[f, g] = total
    for f in range(e):
        for g in range(f + 1):
            total = c[f] * root[g, g]
            for h in range(e):
                total -= tp[f, h] * (moment[h, g] + root[h, h] * root[g, g])
            result[f * e + g] = weight * total


@compiled
def backward(
    layout, products, precision, factor, r, a, root, x, y, mean, var, owner, weights, therapist_weights, work, sums
):
    """Add one block's derivatives by beta, precision and L."""
    q, e, n_beta = layout[N_PATIENT], layout[N_THERAPIST], layout[N_BETA]
    n_equations, n_columns = layout[N_EQUATIONS], layout[N_COLUMNS]
    at, ate = layout[AT_PATIENT], layout[AT_THERAPIST]
    pe, ee = layout[AT_PE], layout[AT_EE]
    used = 0
    inverse = work[used : used + q * q].reshape(q, q, LANES)
    used += q * q
    moment = work[used : used + q * q].reshape(q, q, LANES)
    used += q * q
    am = work[used : used + q * q].reshape(q, q, LANES)
    used += q * q
    cross = work[used : used + q * q].reshape(q, q, LANES)
    used += q * q
    z = work[used : used + q]
    used += q
    total = work[used : used + n_columns]
    used += n_columns
    w = work[used : used + e]
    used += e
    k = work[used : used + q * e].reshape(q, e, LANES)
    used += q * e
    wz = work[used : used + q * e].reshape(e, q, LANES)
    used += q * e
    each = work[used]
    for lane in range(LANES):
        each[lane] = weights[lane] * therapist_weights[owner[lane]]
    # z = R'^-1 (x - Y w), K = R'^-1 Y, and the inverse of R below its diagonal.
    for f in range(e):
        for lane in range(LANES):
            w[f, lane] = mean[owner[lane], f]
    for i in range(q - 1, -1, -1):
        for lane in range(LANES):
            z[i, lane] = x[i, lane]
        for f in range(e):
            for lane in range(LANES):
                z[i, lane] -= y[i, f, lane] * w[f, lane]
                k[i, f, lane] = y[i, f, lane]
        for m in range(i + 1, q):
            for lane in range(LANES):
                z[i, lane] -= root[m, i, lane] * z[m, lane]
            for f in range(e):
                for lane in range(LANES):
                    k[i, f, lane] -= root[m, i, lane] * k[m, f, lane]
        for lane in range(LANES):
            z[i, lane] *= root[i, i, lane]
        for f in range(e):
            for lane in range(LANES):
                k[i, f, lane] *= root[i, i, lane]
    for j in range(q):
        for lane in range(LANES):
            inverse[j, j, lane] = root[j, j, lane]
        for i in range(j + 1, q):
            for lane in range(LANES):
                inverse[i, j, lane] = 0.0
            for m in range(j, i):
                for lane in range(LANES):
                    inverse[i, j, lane] -= root[i, m, lane] * inverse[m, j, lane]
            for lane in range(LANES):
                inverse[i, j, lane] *= root[i, i, lane]
    # E[z z'] = M^-1 + K V K' + z z'
    for f in range(e):
        for i in range(q):
            for lane in range(LANES):
                wz[f, i, lane] = w[f, lane] * z[i, lane]
            for g in range(e):
                for lane in range(LANES):
                    wz[f, i, lane] -= var[owner[lane], f, g] * k[i, g, lane]
    for i in range(q):
        for j in range(i + 1):
            for lane in range(LANES):
                moment[i, j, lane] = z[i, lane] * z[j, lane]
            for m in range(i, q):
                for lane in range(LANES):
                    moment[i, j, lane] += inverse[m, i, lane] * inverse[m, j, lane]
            for f in range(e):
                for lane in range(LANES):
                    moment[i, j, lane] += k[i, f, lane] * (w[f, lane] * z[j, lane] - wz[f, j, lane])
            for lane in range(LANES):
                moment[j, i, lane] = moment[i, j, lane]
    # A E[z z'] and S_pe E[w z']
    for i in range(q):
        tau = precision[layout[at + 2 * i + 1]]
        for j in range(i + 1):
            for lane in range(LANES):
                am[i, j, lane] = 0.0
                cross[i, j, lane] = 0.0
            for m in range(q):
                for lane in range(LANES):
                    am[i, j, lane] += a[i, m, lane] * moment[m, j, lane]
            for f in range(e):
                place = layout[pe + i * e + f]
                if place >= 0:
                    for lane in range(LANES):
                        cross[i, j, lane] += tau * products[place, lane] * wz[f, j, lane]
    derivatives = n_beta + n_equations
    for u in range(n_columns):
        for lane in range(LANES):
            total[u, lane] = 0.0
    for i in range(q):
        u = layout[at + 2 * i]
        equation = layout[at + 2 * i + 1]
        for j in range(i + 1):
            weight = factor[i, j]
            place = derivatives + i * q + j
            for lane in range(LANES):
                total[u, lane] += weight * z[j, lane]
                sums[place, lane] += each[lane] * (r[u, lane] * z[j, lane] - am[i, j, lane] - cross[i, j, lane])
                # t E[f'Z'Z f] is what L'S L E[z z'] and L'S_pe E[w z'] have on their diagonals.
                sums[n_beta + equation, lane] -= (
                    each[lane] * weight * (0.5 * am[i, j, lane] + cross[i, j, lane]) / precision[equation]
                )
    for f in range(e):
        u, equation = layout[ate + 2 * f], layout[ate + 2 * f + 1]
        for lane in range(LANES):
            total[u, lane] += w[f, lane]
        for g in range(e):
            place = layout[ee + f * e + g]
            if place >= 0:
                for lane in range(LANES):
                    j = owner[lane]
                    second = var[j, f, g] + w[f, lane] * w[g, lane]
                    sums[n_beta + equation, lane] -= each[lane] * 0.5 * products[place, lane] * second
    for equation in range(n_equations):
        head = layout[AT_EQUATIONS] + PER_EQUATION * equation
        b0, betas, u0, columns = layout[head], layout[head + 1], layout[head + 2], layout[head + 3]
        zx, tau = layout[head + 5], precision[equation]
        for column in range(columns):
            start = zx + column * (betas + 1)
            for lane in range(LANES):
                found = each[lane] * total[u0 + column, lane]
                total[u0 + column, lane] = found
                sums[n_beta + equation, lane] += found * r[u0 + column, lane] / tau
            for p in range(betas):
                for lane in range(LANES):
                    sums[b0 + p, lane] -= tau * total[u0 + column, lane] * products[start + p, lane]
