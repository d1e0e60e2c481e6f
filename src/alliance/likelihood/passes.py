"""The halves of a pass over one block of patients, and the solution for a block of therapists. Equations: `alliance.likelihood.kernel`.

A row of an array holds one number of each of the block's patients or therapists; matrices of patients lie in rows one after the other.
"""

from alliance.likelihood.compiling import compiled
from alliance.likelihood.lanes import LANES, everywhere, inverse_root, load, minus, plus, store, times
from alliance.likelihood.layout import (
    AT_EE,
    AT_EQUATIONS,
    AT_PATIENT,
    AT_PE,
    AT_PP,
    AT_THERAPIST,
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_THERAPIST,
    PER_EQUATION,
)


@compiled
def forward(layout, products, beta, precision, factor, r, a, root, x, y):
    """Fill r = t Z'(y - Xb), A = S L, R (with the reciprocals of its diagonal), x = R^-1 L'r and Y = R^-1 L'S_pe of one block."""
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    for k in range(layout[N_EQUATIONS]):
        at = layout[AT_EQUATIONS] + PER_EQUATION * k
        b0, betas, u0, columns, zx = layout[at], layout[at + 1], layout[at + 2], layout[at + 3], layout[at + 5]
        for column in range(columns):
            start = zx + column * (betas + 1)
            total = load(products, start + betas)
            for p in range(betas):
                total = minus(total, beta[b0 + p], load(products, start + p))
            store(r, u0 + column, times(precision[k], total))
    at, pp, pe = layout[AT_PATIENT], layout[AT_PP], layout[AT_PE]
    for i in range(q):
        tau = precision[layout[at + 2 * i + 1]]
        for j in range(q):
            total = everywhere(0.0)
            for m in range(j, q):
                place = layout[pp + i * q + m]
                if place >= 0:
                    total = plus(total, tau * factor[m, j], load(products, place))
            store(a, i * q + j, total)
    for i in range(q):
        for j in range(i + 1):
            total = everywhere(1.0 if i == j else 0.0)
            for m in range(i, q):
                total = plus(total, factor[m, i], load(a, m * q + j))
            for m in range(j):
                total = minus(total, load(root, i * q + m), load(root, j * q + m))
            store(root, i * q + j, inverse_root(total) if i == j else times(total, load(root, j * q + j)))
        for f in range(e):
            total = everywhere(0.0)
            for m in range(i, q):
                place = layout[pe + m * e + f]
                if place >= 0:
                    weight = factor[m, i] * precision[layout[at + 2 * m + 1]]
                    total = plus(total, weight, load(products, place))
            for m in range(i):
                total = minus(total, load(root, i * q + m), load(y, m * e + f))
            store(y, i * e + f, times(total, load(root, i * q + i)))
    solve_column(layout, factor, r, root, x)


@compiled
def solve_column(layout, factor, r, root, x):
    """Fill x = R^-1 L'r of M = R R'."""
    q, at = layout[N_PATIENT], layout[AT_PATIENT]
    for i in range(q):
        total = everywhere(0.0)
        for m in range(i, q):
            total = plus(total, factor[m, i], load(r, layout[at + 2 * m]))
        for m in range(i):
            total = minus(total, load(root, i * q + m), load(x, m))
        store(x, i, times(total, load(root, i * q + i)))


@compiled
def gather_column(layout, r, x, y, weights, owner, single, c):
    """Add r - Y'x of a block's patients to c of their therapists; `single` is a row to work in."""
    q, e, at = layout[N_PATIENT], layout[N_THERAPIST], layout[AT_THERAPIST]
    weight = load(weights, 0)
    for f in range(e):
        total = load(r, layout[at + 2 * f])
        for i in range(q):
            total = minus(total, load(y, i * e + f), load(x, i))
        store(single, 0, times(weight, total))
        for lane in range(LANES):
            if weights[lane] != 0.0:
                c[owner[lane] // LANES, f, owner[lane] % LANES] += single[0, lane]


@compiled
def gather(layout, products, precision, r, x, y, weights, owner, single, t, c):
    """Add a block's patients to c and the lower triangle of T of their therapists; `single` is a row to work in."""
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    at, ee = layout[AT_THERAPIST], layout[AT_EE]
    weight = load(weights, 0)
    gather_column(layout, r, x, y, weights, owner, single, c)
    for f in range(e):
        for g in range(f + 1):
            place = layout[ee + f * e + g]
            total = everywhere(0.0)
            if place >= 0:
                total = times(precision[layout[at + 2 * f + 1]], load(products, place))
            for i in range(q):
                total = minus(total, load(y, i * e + f), load(y, i * e + g))
            store(single, 0, times(weight, total))
            for lane in range(LANES):
                if weights[lane] != 0.0:
                    t[owner[lane] // LANES, f * e + g, owner[lane] % LANES] += single[0, lane]


@compiled
def factor_therapists(t, factor, tp, root):
    """Fill T P and the lower Cholesky factor of N = I + P'T P (with the reciprocals of its diagonal); of T the lower triangle is read."""
    e = len(factor)
    for f in range(e):
        for g in range(e):
            total = everywhere(0.0)
            for h in range(g, e):
                total = plus(total, factor[h, g], load(t, max(f, h) * e + min(f, h)))
            store(tp, f * e + g, total)
    for f in range(e):
        for g in range(f + 1):
            total = everywhere(1.0 if f == g else 0.0)
            for h in range(f, e):
                total = plus(total, factor[h, f], load(tp, h * e + g))
            for h in range(g):
                total = minus(total, load(root, f * e + h), load(root, g * e + h))
            store(root, f * e + g, inverse_root(total) if f == g else times(total, load(root, g * e + g)))


@compiled
def halfway(c, factor, root, k):
    """Fill k = Q^-1 P'c of N = Q Q'."""
    e = len(factor)
    for f in range(e):
        total = everywhere(0.0)
        for h in range(f, e):
            total = plus(total, factor[h, f], load(c, h))
        for g in range(f):
            total = minus(total, load(root, f * e + g), load(k, g))
        store(k, f, times(total, load(root, f * e + f)))


@compiled
def solve_therapists(t, c, factor, work, mean, var, by_factor, value):
    """Posterior means and covariances of the effects of a block of therapists, derivatives by P and log-likelihoods.

    `work` holds 4 e^2 + e rows, `value` two: log-likelihood = log(first) + second.
    """
    e = len(factor)
    tp, root, half = work[: e * e], work[e * e : 2 * e * e], work[2 * e * e : 3 * e * e]
    moment, k = work[3 * e * e : 4 * e * e], work[4 * e * e :]
    factor_therapists(t, factor, tp, root)
    halfway(c, factor, root, k)
    determinant, square = everywhere(1.0), everywhere(0.0)
    for f in range(e):
        determinant = times(determinant, load(root, f * e + f))
        square = plus(square, load(k, f), load(k, f))
    store(value, 0, determinant)
    store(value, 1, times(0.5, square))
    for g in range(e):  # Q^-1 in the lower triangle of `half`
        store(half, g * e + g, load(root, g * e + g))
        for f in range(g + 1, e):
            total = everywhere(0.0)
            for h in range(g, f):
                total = minus(total, load(root, f * e + h), load(half, h * e + g))
            store(half, f * e + g, times(total, load(root, f * e + f)))
    for f in range(e):  # N^-1 P'c
        total = everywhere(0.0)
        for g in range(f, e):
            total = plus(total, load(half, g * e + f), load(k, g))
        store(k, f, total)
    for f in range(e):  # N^-1
        for g in range(f + 1):
            total = everywhere(0.0)
            for h in range(f, e):
                total = plus(total, load(half, h * e + f), load(half, h * e + g))
            store(moment, f * e + g, total)
            store(moment, g * e + f, total)
    for f in range(e):  # P N^-1, in all of `half`
        for g in range(e):
            total = everywhere(0.0)
            for h in range(f + 1):
                total = plus(total, factor[f, h], load(moment, h * e + g))
            store(half, f * e + g, total)
    for f in range(e):
        total = everywhere(0.0)
        for g in range(f + 1):
            total = plus(total, factor[f, g], load(k, g))
        store(mean, f, total)
        for g in range(e):
            total = everywhere(0.0)
            for h in range(g + 1):
                total = plus(total, factor[g, h], load(half, f * e + h))
            store(var, f * e + g, total)
            total = times(load(c, f), load(k, g))
            for h in range(e):
                total = minus(total, load(tp, f * e + h), plus(load(moment, h * e + g), load(k, h), load(k, g)))
            store(by_factor, f * e + g, total)


@compiled
def solve_transposed(root, z):
    """Replace z by R'^-1 z; the diagonal of R holds reciprocals."""
    q = len(z)
    for i in range(q - 1, -1, -1):
        total = load(z, i)
        for m in range(i + 1, q):
            total = minus(total, load(root, m * q + i), load(z, m))
        store(z, i, times(total, load(root, i * q + i)))


@compiled
def apply_factor(factor, z, u):
    """Fill u = L z."""
    for i in range(len(factor)):
        total = everywhere(0.0)
        for m in range(i + 1):
            total = plus(total, factor[i, m], load(z, m))
        store(u, i, total)


@compiled
def backward(
    layout, products, precision, factor, r, a, root, x, y, mean, var, owner, weights, therapist_weights, work, sums
):
    """Add one block's derivatives by beta, precision and L; `work` holds the rows that `rows_of_work` counts."""
    q, e, n_beta = layout[N_PATIENT], layout[N_THERAPIST], layout[N_BETA]
    n_equations, n_columns = layout[N_EQUATIONS], layout[N_COLUMNS]
    at, ate = layout[AT_PATIENT], layout[AT_THERAPIST]
    pe, ee = layout[AT_PE], layout[AT_EE]
    at_moment, at_k, at_wz, at_v, at_w, at_z, at_sum, at_single = places_in_work(layout)
    inverse, moment, k, wz = work[:at_moment], work[at_moment:at_k], work[at_k:at_wz], work[at_wz:at_v]
    v, w, z, sum_of, single = (
        work[at_v:at_w],
        work[at_w:at_z],
        work[at_z:at_sum],
        work[at_sum:at_single],
        work[at_single:],
    )
    for lane in range(LANES):
        j = owner[lane]
        single[0, lane] = weights[lane] * therapist_weights[j]
        for f in range(e):
            w[f, lane] = mean[j // LANES, f, j % LANES]
        for f in range(e * e):
            v[f, lane] = var[j // LANES, f, j % LANES]
    each = load(single, 0)
    # z = R'^-1 (x - Y w), K = R'^-1 Y, and the inverse of R.
    for i in range(q - 1, -1, -1):
        total = load(x, i)
        for f in range(e):
            total = minus(total, load(y, i * e + f), load(w, f))
        for m in range(i + 1, q):
            total = minus(total, load(root, m * q + i), load(z, m))
        store(z, i, times(total, load(root, i * q + i)))
        for f in range(e):
            total = load(y, i * e + f)
            for m in range(i + 1, q):
                total = minus(total, load(root, m * q + i), load(k, m * e + f))
            store(k, i * e + f, times(total, load(root, i * q + i)))
    for j in range(q):
        store(inverse, j * q + j, load(root, j * q + j))
        for i in range(j + 1, q):
            total = everywhere(0.0)
            for m in range(j, i):
                total = minus(total, load(root, i * q + m), load(inverse, m * q + j))
            store(inverse, i * q + j, times(total, load(root, i * q + i)))
    # E[z z'] = M^-1 + K V K' + z z' and E[w z'] = w z' - V K'
    for i in range(q):
        for f in range(e):
            total = everywhere(0.0)
            for g in range(e):
                total = plus(total, load(v, f * e + g), load(k, i * e + g))
            store(wz, i * e + f, total)
    for i in range(q):
        for j in range(i + 1):
            total = times(load(z, i), load(z, j))
            for m in range(i, q):
                total = plus(total, load(inverse, m * q + i), load(inverse, m * q + j))
            for f in range(e):
                total = plus(total, load(k, i * e + f), load(wz, j * e + f))
            store(moment, i * q + j, total)
            store(moment, j * q + i, total)
    for i in range(q):
        for f in range(e):
            store(wz, i * e + f, minus(times(load(w, f), load(z, i)), 1.0, load(wz, i * e + f)))
    for u in range(n_columns):
        store(sum_of, u, everywhere(0.0))
    for i in range(q):
        u, equation = layout[at + 2 * i], layout[at + 2 * i + 1]
        tau, place_of = precision[equation], n_beta + n_equations + i * q
        # t E[f'Z'Z f] is what L'S L E[z z'] and L'S_pe E[w z'] have on their diagonals.
        squares = everywhere(0.0)
        for j in range(i + 1):
            by_patient, by_therapist = everywhere(0.0), everywhere(0.0)
            for m in range(q):
                by_patient = plus(by_patient, load(a, i * q + m), load(moment, m * q + j))
            for f in range(e):
                place = layout[pe + i * e + f]
                if place >= 0:
                    by_therapist = plus(by_therapist, times(tau, load(products, place)), load(wz, j * e + f))
            change = minus(times(load(r, u), load(z, j)), 1.0, plus(by_therapist, 1.0, by_patient))
            store(sums, place_of + j, plus(load(sums, place_of + j), each, change))
            squares = plus(squares, factor[i, j], plus(by_therapist, 0.5, by_patient))
            store(sum_of, u, plus(load(sum_of, u), factor[i, j], load(z, j)))
        store(sums, n_beta + equation, minus(load(sums, n_beta + equation), times(1.0 / tau, each), squares))
    for f in range(e):
        u, equation = layout[ate + 2 * f], layout[ate + 2 * f + 1]
        store(sum_of, u, plus(load(sum_of, u), 1.0, load(w, f)))
        squares = everywhere(0.0)
        for g in range(e):
            place = layout[ee + f * e + g]
            if place >= 0:
                squares = plus(squares, load(products, place), plus(load(v, f * e + g), load(w, f), load(w, g)))
        store(sums, n_beta + equation, minus(load(sums, n_beta + equation), times(0.5, each), squares))
    for equation in range(n_equations):
        head = layout[AT_EQUATIONS] + PER_EQUATION * equation
        b0, betas, u0, columns = layout[head], layout[head + 1], layout[head + 2], layout[head + 3]
        zx, tau = layout[head + 5], precision[equation]
        squares = everywhere(0.0)
        for u in range(u0, u0 + columns):
            store(sum_of, u, times(each, load(sum_of, u)))
            squares = plus(squares, load(sum_of, u), load(r, u))
        store(sums, n_beta + equation, plus(load(sums, n_beta + equation), 1.0 / tau, squares))
        for p in range(betas):
            total = everywhere(0.0)
            for column in range(columns):
                total = plus(total, load(sum_of, u0 + column), load(products, zx + column * (betas + 1) + p))
            store(sums, b0 + p, minus(load(sums, b0 + p), tau, total))


@compiled
def rows_of_work(layout):
    """Return how many rows `backward` works in; where nothing varies it is one, and adding up values takes two."""
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    return max(2, 2 * q * q + 2 * q * e + e * e + e + q + layout[N_COLUMNS] + 1)


@compiled
def places_in_work(layout):
    """Return where `backward` keeps E[z z'], K, E[z w'], V, w, z, the means of the columns' effects, and one row; R^-1 comes first."""
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    k = 2 * q * q
    v = k + 2 * q * e
    z = v + e * e + e
    return q * q, k, k + q * e, v, v + e * e, z, z + q, z + q + layout[N_COLUMNS]
