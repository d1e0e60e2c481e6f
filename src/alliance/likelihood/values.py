"""The log density without its gradient, at many positions: what importance sampling and power-scaling need (Numba).

The same terms as `alliance.likelihood.density.log_density`, without the half of each pass that serves the gradient.
"""

import math

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.density import add_prior, fill_signed
from alliance.likelihood.kernel import add_pooled, add_values
from alliance.likelihood.layout import (
    LANES,
    N_BETA,
    N_COLUMNS,
    N_EQUATIONS,
    N_PATIENT,
    N_THERAPIST,
    N_THERAPISTS,
)
from alliance.likelihood.passes import forward, gather, solve_therapist


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
    r, a, root = np.empty((layout[N_COLUMNS], LANES)), np.empty((q, q, LANES)), np.empty((q, q, LANES))
    x, y, sums = np.empty((q, LANES)), np.empty((q, e, LANES)), np.empty((1, LANES))
    t, c, small = np.empty((therapists, e, e)), np.empty((therapists, e)), np.empty((4, e, e))
    mean, var, of_p = np.empty(e), np.empty((e, e)), np.empty(e * e + 1)
    ignored, precision = np.empty(positions.shape[1]), np.empty(n_equations)
    by_patient, by_therapist = np.zeros((q, q)), np.zeros((e, e))
    for draw in range(positions.shape[0]):
        position = positions[draw]
        for k in range(n_equations):
            precision[k] = math.exp(-2.0 * position[n_beta + k])
        used = n_beta + n_equations
        used += fill_signed(position[used:], by_patient)
        fill_signed(position[used:], by_therapist)
        for lane in range(LANES):
            sums[0, lane] = 0.0
        for j in range(therapists):
            for f in range(e):
                c[j, f] = 0.0
                for g in range(e):
                    t[j, f, g] = 0.0
        for block in range(owner.shape[0]):
            forward(layout, products[block], position, precision, by_patient, r, a, root, x, y)
            add_values(layout, root, x, weights[block], therapist_weights, owner[block], sums)
            if e > 0:
                gather(layout, products[block], precision, r, x, y, weights[block], owner[block], t, c)
        value = 0.0
        for lane in range(LANES):
            value += sums[0, lane]
        if e > 0:
            for j in range(therapists):
                of_p[e * e] = 0.0
                solve_therapist(t[j], c[j], by_therapist, therapist_weights[j], small, mean, var, of_p)
                value += of_p[e * e]
        value += add_pooled(layout, pooled, position, precision, ignored, np.empty(n_equations))
        if len(prior) > 0:
            value += add_prior(layout, prior, position, ignored)
        values[draw] = value if math.isfinite(value) else -np.inf
