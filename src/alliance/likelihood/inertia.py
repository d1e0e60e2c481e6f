"""Own pasts that count differently in patients, beside the level at which each patient comes to rest (Numba).

Where an outcome follows its own past by phi + d in a patient, and lies around a level of the patient's own,

    y_t = m + (phi + d)(y_t-1 - m) + ... + e,   m = level + zeta,

the rows hold d (y_t-1 - level) + (1 - phi - d) zeta. With u = (1 - phi) zeta, what a patient's level adds at the average past, an intercept
has the loading

    g = 1 - d / (1 - phi)

on u, and (d, u) are normal, as in dynamic structural equation models (Asparouhov, Hamaker & Muthen 2018, doi
10.1080/10705511.2017.1406803). Left at one, g would make the intercept of a patient as large whatever the past is, and differences between
pasts would come out a tenth too small (`validation/variability`). Given d the rows are normal, so d is integrated beside the logarithms of
variances, see `alliance.likelihood.scales`: with columns D of d, c = D'e, q = t Z'e and 1'e the sum of the residuals,

    df/dd = t E(c) + dg/dd t E(u 1'e)        df/dphi = (what it is for g = 1) + dg/dphi t E(u 1'e)

in expectation given the rows and w. Nodes are placed as if g were one, around the mode of that density.
"""

import numpy as np

from alliance.likelihood.compiling import compiled

# Columns of `alliance.likelihood.variability.Variability.pasts`.
EQUATION, LOADED, BETA = range(3)


def loadings(average: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return g for average own pasts phi and deviations d from them, in raw units."""
    return np.asarray(1.0 - deviation / (1.0 - average))


@compiled
def fix_pasts(pasts, units, beta, of_w, w, whole, of_whole, squares, d, loads, zz, c, square):
    """Fill d and g at w, and the products of the rows that are left: Z'Z, Z'e and |e|^2.

    Parameters
    ----------
    pasts, units
        See `alliance.likelihood.variability.Variability`.
    of_w
        Rows of the factor of v and d: (dimension, dimension).
    whole, of_whole, squares
        Z'Z, Z'(y - Xb) and |y - Xb|^2 with d first among the columns of Z.
    """
    count, q = pasts.shape[0], len(c)
    first = len(w) - count
    loads[:] = 1.0
    for k in range(len(squares)):  # Numba's text for shapes that do not fit would take as long as all the rest
        square[k] = squares[k]
    for j in range(count):
        d[j] = 0.0
        for b in range(first + j + 1):
            d[j] += of_w[first + j, b] * w[b]
        loads[pasts[j, LOADED]] = 1.0 - units[j] * d[j] / (1.0 - units[j] * beta[pasts[j, BETA]])
        square[pasts[j, EQUATION]] -= d[j] * (2.0 * of_whole[j] - d[j] * whole[j, j])
    for a in range(q):
        total = of_whole[count + a]
        for j in range(count):
            total -= whole[count + a, j] * d[j]
        c[a] = loads[a] * total
        for b in range(q):
            zz[a, b] = loads[a] * loads[b] * whole[count + a, count + b]


@compiled
def pull_pasts(pasts, units, beta, whole, of_whole, d, loads, tau, state, by_past, by_phi):
    """Fill df/dd, and what the loadings add to df/dphi, from what `moments_at` left in the state."""
    count, q = pasts.shape[0], len(loads)
    u, spread = state[0], state[5 + 3 * q : 5 + 4 * q]
    for j in range(count):
        own, rest = pasts[j, LOADED], 1.0 - units[j] * beta[pasts[j, BETA]]
        pull = of_whole[j] - whole[j, j] * d[j]
        total = of_whole[count + own] - whole[count + own, j] * d[j]
        together = 0.0
        for a in range(q):
            pull -= whole[j, count + a] * loads[a] * u[a]
            total -= whole[count + own, count + a] * loads[a] * u[a]
            together += whole[count + own, count + a] * loads[a] * spread[own, a]
        moment = tau[pasts[j, EQUATION]] * (u[own] * total - together)
        by_past[j] = tau[pasts[j, EQUATION]] * pull - units[j] / rest * moment
        by_phi[j] = -units[j] * units[j] * d[j] / (rest * rest) * moment
