"""Random effects of single patients and therapists given the parameters: exact Gaussian draws (Numba).

With R, x and Y of `alliance.likelihood.kernel`, and T_j, c_j of a therapist,

    w_j | y = P k,    k ~ N(N^-1 P'c, N^-1),    N = I + P'T P = Q Q'        so  k = Q'^-1 (Q^-1 P'c + noise)
    u_i | w, y = L z, z ~ N(M^-1 L'(r - S_pe w), M^-1)                      so  z = R'^-1 (x - Y w + noise)

Noise of zero gives the conditional means of w, and of u given w.
"""

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.layout import LANES, N_COLUMNS, N_PATIENT, N_THERAPIST, N_THERAPISTS, Statistics
from alliance.likelihood.passes import factor_therapist, forward, gather


def draw_effects(
    statistics: Statistics,
    beta: np.ndarray,
    residual: np.ndarray,
    by_patient: np.ndarray,
    by_therapist: np.ndarray,
    rng: np.random.Generator | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the random effects of all units, jointly, for one draw of the parameters.

    Parameters
    ----------
    beta, residual
        Fixed effects (beta,) and residual standard deviations (equation,).
    by_patient, by_therapist
        Lower triangular factors L (q, q) and P (e, e).
    rng
        None: conditional means instead of draws.

    Returns
    -------
    of_patients, of_therapists
        Shapes (patient, q) and (therapist, e).
    """
    blocks, q, e = len(statistics.owner), len(by_patient), len(by_therapist)
    noise = np.zeros((blocks, q, LANES)), np.zeros((statistics.n_therapists, e))
    if rng is not None:
        noise = rng.standard_normal(noise[0].shape), rng.standard_normal(noise[1].shape)
    u, w = np.empty((blocks, q, LANES)), np.zeros((statistics.n_therapists, e))
    layout, owner, products, _, weights, _ = statistics.arrays
    _draw(layout, owner, products, weights, beta, residual**-2.0, by_patient, by_therapist, *noise, u, w)
    return u.transpose(0, 2, 1).reshape(blocks * LANES, q)[: statistics.n_patients], w


@compiled
def _draw(layout, owner, products, weights, beta, precision, by_patient, by_therapist, of_patient, of_therapist, u, w):
    q, e, therapists = layout[N_PATIENT], layout[N_THERAPIST], layout[N_THERAPISTS]
    blocks = owner.shape[0]
    r = np.empty((layout[N_COLUMNS], LANES))
    a = np.empty((q, q, LANES))
    root = np.empty((blocks, q, q, LANES))
    x = np.empty((blocks, q, LANES))
    y = np.empty((blocks, q, e, LANES))
    t = np.zeros((therapists, e, e))
    c = np.zeros((therapists, e))
    for block in range(blocks):
        forward(layout, products[block], beta, precision, by_patient, r, a, root[block], x[block], y[block])
        if e > 0:
            gather(layout, products[block], precision, r, x[block], y[block], weights[block], owner[block], t, c)
    if e > 0:
        for j in range(therapists):
            _draw_therapist(t[j], c[j], by_therapist, of_therapist[j], w[j])
    z = np.empty((q, LANES))
    for block in range(blocks):
        for i in range(q - 1, -1, -1):
            for lane in range(LANES):
                z[i, lane] = x[block, i, lane] + of_patient[block, i, lane]
            for f in range(e):
                for lane in range(LANES):
                    z[i, lane] -= y[block, i, f, lane] * w[owner[block, lane], f]
            for m in range(i + 1, q):
                for lane in range(LANES):
                    z[i, lane] -= root[block, m, i, lane] * z[m, lane]
            for lane in range(LANES):
                z[i, lane] *= root[block, i, i, lane]  # the diagonal holds reciprocals
        for i in range(q):
            for lane in range(LANES):
                u[block, i, lane] = 0.0
            for m in range(i + 1):
                for lane in range(LANES):
                    u[block, i, lane] += by_patient[i, m] * z[m, lane]


@compiled
def _draw_therapist(t, c, factor, noise, w):
    e = len(c)
    tp, root, k = np.empty((e, e)), np.empty((e, e)), np.empty(e)
    factor_therapist(t, factor, tp, root)
    for f in range(e):  # R^-1 P'c
        k[f] = 0.0
        for h in range(f, e):
            k[f] += factor[h, f] * c[h]
        for g in range(f):
            k[f] -= root[f, g] * k[g]
        k[f] /= root[f, f]
    for f in range(e - 1, -1, -1):
        k[f] += noise[f]
        for g in range(f + 1, e):
            k[f] -= root[g, f] * k[g]
        k[f] /= root[f, f]
    for f in range(e):
        w[f] = 0.0
        for g in range(f + 1):
            w[f] += factor[f, g] * k[g]
