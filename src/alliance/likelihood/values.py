"""The log density without its gradient, at many positions: what importance sampling and power-scaling need (Numba).

The same terms as `alliance.likelihood.density.log_density`, without the half of each pass that serves the gradient.
"""

import math

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coordinates import fill_signed
from alliance.likelihood.coupled import collect, couple, halve, replace_values, value_of
from alliance.likelihood.density import add_prior
from alliance.likelihood.kernel import add_pooled, add_therapists, forward_blocks, room_of, start_therapists
from alliance.likelihood.lanes import LANES, load, sum_of
from alliance.likelihood.layout import N_BETA, N_PATIENT, N_THERAPIST, N_THERAPISTS
from alliance.likelihood.residuals import count_coordinates, count_precisions, fill_precision


@compiled
def log_values(layout, owner, products, pooled, weights, therapist_weights, crossed, prior, positions, values):
    """Write the log density at each position in ``signed`` coordinates.

    Parameters
    ----------
    crossed
        Patients with several therapists, or None.
    prior
        Settings of the priors: log posterior density. Empty: log-likelihood.
    positions
        Free parameters, (draw, parameter).
    values
        Result, (draw,): minus infinity where the density cannot be computed.
    """
    n_beta = layout[N_BETA]
    q, e, therapists = layout[N_PATIENT], layout[N_THERAPIST], layout[N_THERAPISTS]
    room, sums, work = room_of(layout, 1), np.empty((1, 1, LANES)), np.empty((2, LANES))
    t, c = start_therapists(layout)
    mean, var, of_p = np.empty_like(c), np.empty_like(t), np.empty((therapists, e * e + 1))
    ignored, precision = np.empty(positions.shape[1]), np.empty(count_precisions(layout))
    free = n_beta + count_coordinates(layout)
    by_patient, by_therapist = np.zeros((q, q)), np.zeros((e, e))
    if crossed is not None:
        own_layout, own_owner, own_products, own_weights, seats, _, first, starts = crossed
        own_t, own_c = start_therapists(own_layout)
        own_room, once = room_of(own_layout, 1), np.ones(len(seats))
        factor, half = np.empty(starts[-1]), np.empty(len(first))
    for draw in range(positions.shape[0]):
        position = positions[draw]
        fill_precision(layout, position[n_beta:free], precision)
        used = free + fill_signed(position[free:], by_patient)
        fill_signed(position[used:], by_therapist)
        sums[:] = 0.0
        t[:], c[:] = 0.0, 0.0
        forward_blocks(
            layout, owner, products, weights, therapist_weights, position, precision, by_patient,
            room, 0, owner.shape[0], work, sums, 0, t, c,
        )  # fmt: skip
        value = sum_of(load(sums[0], 0))
        if e > 0:
            add_therapists(t, c, by_therapist, therapist_weights, mean, var, of_p)
            if crossed is not None:
                own_t[:], own_c[:], sums[:] = 0.0, 0.0, 0.0
                forward_blocks(
                    own_layout, own_owner, own_products, own_weights, once, position, precision, by_patient,
                    own_room, 0, own_owner.shape[0], work, sums, 0, own_t, own_c,
                )  # fmt: skip
                value += sum_of(load(sums[0], 0))
                couple(t, own_t, crossed, by_therapist, factor)
                collect(c, own_c, crossed, half)
                halve(by_therapist, factor, first, starts, half)
                replace_values(crossed, value_of(factor, first, starts, half), of_p)
            for j in range(therapists):
                value += of_p[j, e * e]
        value += add_pooled(layout, pooled, position, precision, ignored, np.empty(len(precision)))
        if len(prior) > 0:
            value += add_prior(layout, prior, position, ignored)
        values[draw] = value if math.isfinite(value) else -np.inf


@compiled
def log_priors(layout, prior, positions, values):
    """Write the log prior density at each position in ``signed`` coordinates.

    Parameters
    ----------
    prior
        Settings of the priors.
    positions
        Free parameters, (draw, parameter).
    values
        Result, (draw,).
    """
    ignored = np.empty(positions.shape[1])
    for draw in range(positions.shape[0]):
        values[draw] = add_prior(layout, prior, positions[draw], ignored)
