"""Random effects of single patients and therapists given the parameters: exact Gaussian draws (Numba).

With R, x and Y of `alliance.likelihood.kernel`, and T_j, c_j of a therapist,

    w_j | y = P k,    k ~ N(N^-1 P'c, N^-1),    N = I + P'T P = Q Q'        so  k = Q'^-1 (Q^-1 P'c + noise)
    u_i | w, y = L z, z ~ N(M^-1 L'(r - S_pe w), M^-1)                      so  z = R'^-1 (x - Y w + noise)

Noise of zero gives the conditional means of w, and of u given w. Therapists whom patients connect are drawn together, see
`alliance.likelihood.coupled`.
"""

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coupled import collect, couple, halve, place_effects
from alliance.likelihood.envelope import solve_upper
from alliance.likelihood.kernel import forward_blocks, room_of, start_therapists
from alliance.likelihood.lanes import LANES, into_lanes, load, minus, out_of_lanes, plus, store
from alliance.likelihood.layout import N_THERAPIST, N_THERAPISTS, Statistics
from alliance.likelihood.passes import apply_factor, factor_therapists, halfway, solve_transposed
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
    layout, owner, products, _, weights, _, crossed = statistics.arrays
    u, w = into_lanes(of_patients), into_lanes(of_therapists)
    several = None if statistics.crossed is None else statistics.crossed.patients
    of_several = None if several is None else into_lanes(of_patients[several])
    precision = precision_of(statistics, residual, together)
    _draw(layout, owner, products, weights, crossed, beta, precision, by_patient, by_therapist, u, w, of_several)
    drawn = out_of_lanes(u, count)
    if several is not None and of_several is not None:
        drawn = drawn.copy()
        drawn[several] = out_of_lanes(of_several, len(several))
    return drawn, out_of_lanes(w, statistics.n_therapists)


@compiled
def _draw(layout, owner, products, weights, crossed, beta, precision, by_patient, by_therapist, u, w, of_several):
    """Turn noise, (block, effect, lane), into effects; `of_several` is that of patients with several therapists."""
    e, blocks = layout[N_THERAPIST], owner.shape[0]
    room, sums, work = room_of(layout, blocks), np.zeros((1, 1, LANES)), np.empty((2, LANES))
    t, c = start_therapists(layout)
    forward_blocks(
        layout, owner, products, weights, np.ones(layout[N_THERAPISTS]), beta, precision, by_patient,
        room, 0, blocks, work, sums, 0, t, c,
    )  # fmt: skip
    if crossed is not None:
        own_layout, own_owner, own_products, own_weights, seats, _, first, starts = crossed
        own_room = room_of(own_layout, own_owner.shape[0])
        own_t, own_c = start_therapists(own_layout)
        forward_blocks(
            own_layout, own_owner, own_products, own_weights, np.ones(len(seats)), beta, precision, by_patient,
            own_room, 0, own_owner.shape[0], work, sums, 0, own_t, own_c,
        )  # fmt: skip
        joint, half = np.empty(starts[-1]), np.empty(len(first))
        couple(t, own_t, crossed, by_therapist, joint)
        collect(c, own_c, crossed, half)
        halve(by_therapist, joint, first, starts, half)
        _add_noise(crossed, w, half)
        solve_upper(first, starts, joint, half)
    tp, square = np.empty((e * e, LANES)), np.empty((e * e, LANES))
    k = np.empty((e, LANES))
    for block in range(len(t)):
        factor_therapists(t[block], by_therapist, tp, square)
        halfway(c[block], by_therapist, square, k)
        for f in range(e):
            store(k, f, plus(load(k, f), 1.0, load(w[block], f)))
        solve_transposed(square, k)
        apply_factor(by_therapist, k, w[block])
    if crossed is not None:
        own_w = np.zeros_like(own_c)
        place_effects(crossed, by_therapist, half, w, own_w)
        _draw_patients(own_owner, own_room[2], own_room[3], own_room[4], own_w, by_patient, of_several)
    _draw_patients(owner, room[2], room[3], room[4], w, by_patient, u)


@compiled
def _draw_patients(owner, root, x, y, w, by_patient, u):
    """Turn the noise of patients into effects, given those of therapists."""
    q, e = x.shape[1], w.shape[1]
    of_owner = np.empty((e, LANES))
    for block in range(owner.shape[0]):
        for f in range(e):
            for lane in range(LANES):
                j = owner[block, lane]
                of_owner[f, lane] = w[j // LANES, f, j % LANES]
        for i in range(q):
            total = plus(load(x[block], i), 1.0, load(u[block], i))
            for f in range(e):
                total = minus(total, load(y[block], i * e + f), load(of_owner, f))
            store(x[block], i, total)
        solve_transposed(root[block], x[block])
        apply_factor(by_patient, x[block], u[block])


@compiled
def _add_noise(crossed, w, half):
    """Add the noise of connected therapists to Q^-1 P'c."""
    order, e = crossed[5], w.shape[1]
    for p in range(len(order)):
        for f in range(e):
            half[p * e + f] += w[order[p] // LANES, f, order[p] % LANES]
