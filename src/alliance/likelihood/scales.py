"""Log-likelihood of a path diagram whose residual variances differ between patients, and its gradient (Numba).

For equation k, patient i, row r:  y = x'b_k + z'u_i + e,  e ~ N(0, s_k^2 exp(v_ik)),  where v_ik is zero unless k is one of the outcomes
whose variability differs, and (v_i, u_i) ~ N(0, G): a mixed-effects location scale model (Hedeker, Mermelstein & Demirtas 2008, doi
10.1111/j.1541-0420.2007.00924.x), as in dynamic structural equation models with random residual variances (Asparouhov, Hamaker & Muthen
2018, doi 10.1080/10705511.2017.1406803). With v before u in the lower triangular factor of G,

    v = A w,   u = B w + C z,   w ~ N(0, I),   z ~ N(0, I)

Given w a patient's rows are normal with precisions t_k = exp(-v_k) / s_k^2, so z is integrated out in closed form. With residuals at w,
e_k = y - X b_k - Z B w, r = stack(t_k Z'e_k) and S = blockdiag(t_k Z'Z),

    M = I + C'S C = R R',  x = R^-1 C'r
    log p(y | w) = sum_k [n_k log(t_k / 2 pi) - t_k e_k'e_k] / 2 - log|R| + x'x / 2

and w by adaptive Gauss-Hermite quadrature (Pinheiro & Bates 1995, doi 10.1080/10618600.1995.10474663): nodes around the mode of
f(w) = log p(y | w) + log phi(w), scaled by its curvature there. With posterior moments given w, h = E z, D = C M^-1 C',
q = t Z'E(e - Z C z), E|e_k|^2 = |e_k at B w + C h|^2 + tr(Z'Z D), derivatives are (Louis 1982)

    df/dv_k = (t_k E|e_k|^2 - n_k) / 2          df/d(Bw) = q
    d2f/dv_k dv_l = q_k'D q_l + tr(S_k D S_l D) / 2 - [k = l] t_k E|e_k|^2 / 2
    d2f/dv_k d(Bw) = q_k'D S - q_k              d2f/d(Bw)^2 = S D S - S

The gradient is the mean of the nodes' gradients, weighted by what each contributes (Fisher's identity): that of the
integral, from which that of the sum over nodes differs by the error of quadrature. Where nothing differs f is quadratic and the sum exact.

Own pasts d that differ between patients may stand between v and u, (v, d) = A w then: see `alliance.likelihood.inertia`.
"""

import math

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.inertia import BETA, EQUATION, fix_pasts, pull_pasts
from alliance.likelihood.scaled import (
    BETAS,
    COLUMNS,
    FIRST_BETA,
    FIRST_PRODUCT,
    SCALED,
    find_mode,
    height_at,
    moments_at,
)


@compiled
def evaluate_patients(heads, places, products, counts, nodes, pasts, units, beta, log_sd, factor, each, means):
    """Write log-likelihood and gradient of every patient.

    Parameters
    ----------
    heads, places, products, counts, nodes, pasts, units
        See `alliance.likelihood.variability.Variability`.
    beta, log_sd
        Fixed effects of all equations (beta,), and logarithms of the residual standard deviations at v = 0, (equation,).
    factor
        Lower triangular factor of G, v before d before u: (scale + effect, scale + effect).
    each
        Result, (patient, number): derivatives by beta, log_sd and the factor (row by row), then the log-likelihood. With one number the
        log-likelihood alone.
    means
        Result, (patient, scale + effect): conditional means of v, d and u; with no columns they are left out.
    """
    scales, size, several = nodes.shape[1] - 1, factor.shape[0], pasts.shape[0]
    q, n_equations = size - scales, heads.shape[0]
    of_v, of_w, of_z = factor[:scales, :scales], factor[scales:, :scales], factor[scales:, scales:].copy()
    every_w, every_z = factor[scales - several :, :scales], np.zeros((several + q, several + q))
    every_z[several:, several:] = of_z
    every_equation = np.empty(several + q, dtype=np.int64)
    column = 0
    for k in range(n_equations):
        for _ in range(heads[k, COLUMNS]):
            every_equation[places[column]] = k
            column += 1
    equation_of = every_equation[several:]
    whole, of_whole, sums = np.empty((several + q, several + q)), np.empty(several + q), np.empty(n_equations)
    zz, c, square = (whole, of_whole, sums) if several == 0 else (np.empty((q, q)), np.empty(q), np.empty(n_equations))
    past, loads, by_past, by_phi = np.empty(several), np.ones(q), np.empty(several), np.empty(several)
    d = np.empty(len(beta))
    state = np.empty((5 + 5 * (several + q), several + q))
    tau, spare, slope, expected = np.empty(n_equations), np.empty(n_equations), np.empty(scales), np.empty(n_equations)
    bend, root = np.empty((scales, scales)), np.empty((scales, scales))
    w, there = np.empty(scales), np.empty(scales)
    taus, pulled, squares, of_u = np.empty(n_equations), np.empty(several + q), np.empty(n_equations), np.empty(size)
    phis = np.empty(several)
    by_factor = np.empty((size, size))
    with_gradient, with_means = each.shape[1] > 1, means.shape[1] > 0
    for i in range(products.shape[0]):
        _gather(heads, places, products[i], beta, whole, of_whole, d, sums)
        mode = find_mode(
            heads, every_equation, whole, of_whole, sums, counts[i], log_sd, of_v, every_w, every_z, w, there, slope, bend,
            root, state, tau, expected,
        )  # fmt: skip
        taus[:], pulled[:], squares[:], of_u[:], by_factor[:], phis[:] = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        total = 0.0
        for node in range(nodes.shape[0]):
            for a in range(scales):
                there[a] = w[a]
                for b in range(a + 1):
                    there[a] += root[a, b] * nodes[node, b]
            if several > 0:
                fix_pasts(pasts, units, beta, of_v, there, whole, of_whole, sums, past, loads, zz, c, square)
            value = height_at(
                heads, equation_of, zz, c, square, counts[i], log_sd, of_v, of_w, of_z, there, state, tau, spare
            )
            share = math.exp(value - mode + nodes[node, scales])
            total += share
            if not with_gradient and not with_means:
                continue
            moments_at(heads, equation_of, zz, c, square, of_z, state, tau, expected)
            u, s, h = state[0], state[1], state[4]
            if several > 0:
                pull_pasts(pasts, units, beta, whole, of_whole, past, loads, tau, state, by_past, by_phi)
                for j in range(several):
                    pulled[j] += share * tau[pasts[j, EQUATION]] * past[j]
                    phis[j] += share * by_phi[j]
                    for b in range(scales - several + j + 1):
                        by_factor[scales - several + j, b] += share * by_past[j] * there[b]
            for a in range(q):
                pulled[several + a] += share * tau[equation_of[a]] * loads[a] * u[a]
                of_u[scales + a] += share * u[a]
            for a in range(scales):
                for b in range(a + 1):
                    of_u[a] += share * of_v[a, b] * there[b]
            for k in range(n_equations):
                taus[k] += share * tau[k]
                squares[k] += share * tau[k] * expected[k]
                place = heads[k, SCALED]
                if place >= 0:
                    for b in range(place + 1):
                        by_factor[place, b] += share * 0.5 * (tau[k] * expected[k] - counts[i, k]) * there[b]
            for a in range(q):
                for b in range(scales):
                    by_factor[scales + a, b] += share * tau[equation_of[a]] * s[a] * there[b]
                for b in range(a + 1):
                    change = state[3, a] * h[b]
                    for m in range(q):
                        change -= state[5 + a, m] * (state[5 + 2 * q + m, b] + h[m] * h[b])
                    by_factor[scales + a, scales + b] += share * change
        determinant = 0.0
        for a in range(scales):
            determinant += math.log(root[a, a])
        each[i, -1] = mode + math.log(total) + determinant
        if with_means:
            for a in range(size):
                means[i, a] = of_u[a] / total
        if with_gradient:
            _write(heads, places, products[i], counts[i], d, taus, pulled, squares, by_factor, total, each[i])
            for j in range(several):
                each[i, pasts[j, BETA]] += phis[j] / total


@compiled
def _head(heads, k):
    """Return the first beta, the number of betas, the first product and the number of columns of z of an equation."""
    return heads[k, FIRST_BETA], heads[k, BETAS], heads[k, FIRST_PRODUCT], heads[k, COLUMNS]


@compiled
def _gather(heads, places, products, beta, zz, c, d, square):
    """Fill Z'Z, Z'(y - Xb), X'(y - Xb) and |y - Xb|^2 of one patient."""
    zz[:] = 0.0
    column = 0
    for k in range(heads.shape[0]):
        first, betas, start, columns = _head(heads, k)
        size = columns + betas + 1
        for a in range(columns):
            row = start + a * size
            for b in range(columns):
                zz[places[column + a], places[column + b]] = products[row + b]
            total = products[row + size - 1]
            for p in range(betas):
                total -= beta[first + p] * products[row + columns + p]
            c[places[column + a]] = total
        last = start + (size - 1) * size
        whole = products[last + size - 1]
        for p in range(betas):
            row = start + (columns + p) * size
            total = products[row + size - 1]
            for o in range(betas):
                total -= beta[first + o] * products[row + columns + o]
            d[first + p] = total
            whole -= beta[first + p] * (total + products[last + columns + p])
        square[k] = whole
        column += columns


@compiled
def _write(heads, places, products, counts, d, taus, pulled, squares, by_factor, total, row):
    """Write the gradient of one patient from sums over nodes."""
    n_beta, n_equations, size = len(d), heads.shape[0], len(by_factor)
    column = 0
    for k in range(n_equations):
        first, betas, start, columns = _head(heads, k)
        width = columns + betas + 1
        for p in range(betas):
            change = taus[k] * d[first + p]
            for a in range(columns):
                change -= products[start + a * width + columns + p] * pulled[places[column + a]]
            row[first + p] = change / total
        row[n_beta + k] = squares[k] / total - counts[k]
        column += columns
    for a in range(size):
        for b in range(size):
            row[n_beta + n_equations + a * size + b] = by_factor[a, b] / total
