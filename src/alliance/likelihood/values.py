"""The log density without its gradient, at many positions: what importance sampling and power-scaling need (Numba).

The same terms as `alliance.likelihood.density.log_density`, without the half of each pass that serves the gradient.
"""

import math

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.density import add_prior, fill_signed
from alliance.likelihood.kernel import add_pooled, add_therapists, add_values, start_therapists
from alliance.likelihood.lanes import LANES, load, sum_of
from alliance.likelihood.layout import (
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_THERAPIST,
    N_THERAPISTS,
)
from alliance.likelihood.passes import forward, gather


@compiled
def log_values(layout, owner, products, pooled, weights, therapist_weights, prior, positions, values):
    """Write the log density at each position in ``signed`` coordinates.

    Parameters
    ----------
    prior
        Settings of the priors: log posterior density. Empty: log-likelihood.
    positions
        Free parameters, (draw, parameter).
    values
        Result, (draw,): minus infinity where the density cannot be computed.
    """
    n_beta, n_equations = layout[N_BETA], layout[N_EQUATIONS]
    q, e, therapists = layout[N_PATIENT], layout[N_THERAPIST], layout[N_THERAPISTS]
    r, a, root = np.empty((layout[N_COLUMNS], LANES)), np.empty((q * q, LANES)), np.empty((q * q, LANES))
    x, y, sums, work = np.empty((q, LANES)), np.empty((q * e, LANES)), np.empty((1, LANES)), np.empty((2, LANES))
    t, c = start_therapists(layout)
    mean, var, of_p = np.empty_like(c), np.empty_like(t), np.empty((therapists, e * e + 1))
    ignored, precision = np.empty(positions.shape[1]), np.empty(n_equations)
    by_patient, by_therapist = np.zeros((q, q)), np.zeros((e, e))
    for draw in range(positions.shape[0]):
        position = positions[draw]
        for k in range(n_equations):
            precision[k] = math.exp(-2.0 * position[n_beta + k])
        used = n_beta + n_equations
        used += fill_signed(position[used:], by_patient)
        fill_signed(position[used:], by_therapist)
        sums[:] = 0.0
        t[:], c[:] = 0.0, 0.0
        for block in range(owner.shape[0]):
            forward(layout, products[block], position, precision, by_patient, r, a, root, x, y)
            add_values(layout, root, x, weights[block], therapist_weights, owner[block], work, sums)
            if e > 0:
                gather(layout, products[block], precision, r, x, y, weights[block], owner[block], work, t, c)
        value = sum_of(load(sums, 0))
        if e > 0:
            add_therapists(t, c, by_therapist, therapist_weights, mean, var, of_p)
            for j in range(therapists):
                value += of_p[j, e * e]
        value += add_pooled(layout, pooled, position, precision, ignored, np.empty(n_equations))
        if len(prior) > 0:
            value += add_prior(layout, prior, position, ignored)
        values[draw] = value if math.isfinite(value) else -np.inf
