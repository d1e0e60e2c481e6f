"""Random effects of single patients and therapists given the parameters: exact Gaussian draws (Numba).

With R, x and Y of `alliance.likelihood.kernel`, and T_j, c_j of a therapist,

    w_j | y = P k,    k ~ N(N^-1 P'c, N^-1),    N = I + P'T P = Q Q'        so  k = Q'^-1 (Q^-1 P'c + noise)
    u_i | w, y = L z, z ~ N(M^-1 L'(r - S_pe w), M^-1)                      so  z = R'^-1 (x - Y w + noise)

Noise of zero gives the conditional means of w, and of u given w.
"""

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.kernel import start_therapists
from alliance.likelihood.lanes import LANES, everywhere, into_lanes, load, minus, out_of_lanes, plus, store, times
from alliance.likelihood.layout import (
    N_COLUMNS,
    N_PATIENT,
    N_PATTERNS,
    N_THERAPIST,
    Statistics,
)
from alliance.likelihood.paired import fill_effective, inner_of, rows_of_effective
from alliance.likelihood.passes import factor_therapists, forward, gather, halfway
from alliance.likelihood.residuals import precision_of

_DRAWN_TOGETHER = 64  # patients; the same numbers for the same seed, whatever the width of the processor


def draw_effects(
    statistics: Statistics,
    beta: np.ndarray,
    residual: np.ndarray,
    together: np.ndarray,
    by_patient: np.ndarray,
    by_therapist: np.ndarray,
    rng: np.random.Generator | None,
    turns: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the random effects of all units, jointly, for one draw of the parameters.

    Parameters
    ----------
    beta, residual, together
        Fixed effects (beta,), residual standard deviations (equation,), and the coordinates of their correlations (coordinate,).
    by_patient, by_therapist
        Lower triangular factors L (q, q) and P (e, e).
    rng
        None: conditional means instead of draws.
    turns
        Whose turn it is to take random numbers, of patients and of therapists: position of each among all; None: in their order.

    Returns
    -------
    of_patients, of_therapists
        Shapes (patient, q) and (therapist, e).
    """
    count, q, e = statistics.n_patients, len(by_patient), len(by_therapist)
    of_patients, of_therapists = np.zeros((count, q)), np.zeros((statistics.n_therapists, e))
    if rng is not None:
        shape = -(-count // _DRAWN_TOGETHER), q, _DRAWN_TOGETHER
        of_patients = rng.standard_normal(shape).transpose(0, 2, 1).reshape(shape[0] * _DRAWN_TOGETHER, q)[:count]
        of_therapists = rng.standard_normal(of_therapists.shape)
        if turns is not None:
            of_patients, of_therapists = of_patients[turns[0]], of_therapists[turns[1]]
    layout, owner, products, _, weights, _ = statistics.arrays
    u, w = into_lanes(of_patients), into_lanes(of_therapists)
    precision = precision_of(statistics, residual, together)
    _draw(layout, owner, products, weights, beta, precision, by_patient, by_therapist, u, w)
    return out_of_lanes(u, count), out_of_lanes(w, statistics.n_therapists)


@compiled
def _draw(layout, owner, products, weights, beta, precision, by_patient, by_therapist, u, w):
    """Turn noise, (block, effect, lane), into effects."""
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    blocks = owner.shape[0]
    r = np.empty((layout[N_COLUMNS], LANES))
    a = np.empty((q * q, LANES))
    root = np.empty((blocks, q * q, LANES))
    x = np.empty((blocks, q, LANES))
    y = np.empty((blocks, q * e, LANES))
    single = np.empty((1, LANES))
    inner, space = inner_of(layout), np.empty((rows_of_effective(layout), LANES))
    paired = layout[N_PATTERNS] > 0
    tau = np.ones(1) if paired else precision
    t, c = start_therapists(layout)
    for block in range(blocks):
        found = space if paired else products[block]
        if paired:
            fill_effective(layout, products[block], beta, precision, space)
        forward(inner, found, beta, tau, by_patient, r, a, root[block], x[block], y[block])
        if e > 0:
            gather(inner, found, tau, r, x[block], y[block], weights[block], owner[block], single, t, c)
    tp, square = np.empty((e * e, LANES)), np.empty((e * e, LANES))
    k, of_owner = np.empty((e, LANES)), np.empty((e, LANES))
    for block in range(len(t)):
        factor_therapists(t[block], by_therapist, tp, square)
        halfway(c[block], by_therapist, square, k)
        for f in range(e):
            store(k, f, plus(load(k, f), 1.0, load(w[block], f)))
        _solve_transposed(square, k)
        _apply(by_therapist, k, w[block])
    for block in range(blocks):
        for f in range(e):
            for lane in range(LANES):
                j = owner[block, lane]
                of_owner[f, lane] = w[j // LANES, f, j % LANES]
        for i in range(q):
            total = plus(load(x[block], i), 1.0, load(u[block], i))
            for f in range(e):
                total = minus(total, load(y[block], i * e + f), load(of_owner, f))
            store(x[block], i, total)
        _solve_transposed(root[block], x[block])
        _apply(by_patient, x[block], u[block])


@compiled
def _solve_transposed(root, z):
    """Replace z by R'^-1 z; the diagonal of R holds reciprocals."""
    q = len(z)
    for i in range(q - 1, -1, -1):
        total = load(z, i)
        for m in range(i + 1, q):
            total = minus(total, load(root, m * q + i), load(z, m))
        store(z, i, times(total, load(root, i * q + i)))


@compiled
def _apply(factor, z, u):
    """Fill u = L z."""
    for i in range(len(factor)):
        total = everywhere(0.0)
        for m in range(i + 1):
            total = plus(total, factor[i, m], load(z, m))
        store(u, i, total)
