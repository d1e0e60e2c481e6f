"""From a vector of free parameters to the log density and its gradient: what maximisers and samplers move in (Numba).

Two sets of coordinates, both with fixed effects first and logarithms of residual standard deviations second:

``factor``  the lower triangles of L and P. A variance of zero and a correlation of one are ordinary points, so a
            maximum at the boundary is found without trouble. For maximum likelihood.
``signed``  standard deviations with a sign, and inverse hyperbolic tangents of canonical partial correlations, level by level.
            L = diag(s) C, C a Cholesky factor of correlations; turning the sign of s_a turns the signs of its correlations and
            leaves the covariance as it is, so |s| has the half-normal prior if s has the normal one, and a sampler passes
            through zero instead of sinking towards minus infinity on a logarithmic scale.

Priors of the ``signed`` coordinates: normal for intercepts, effects and s, half-normal for residual standard deviations, and for the
correlations R of q effects one of two. With partial correlation z_ij given the first j effects, |R| = prod (1 - z_ij^2), and
|dR / dz| = prod (1 - z_ij^2)^((q - 2 - j) / 2), j = 0, 1, ...

uniform   every correlation uniform whatever q: p(R) ~ |R|^-(q + 1) prod_i ((R^-1)_ii)^-((q + 1) / 2), the correlations of an inverse
          Wishart matrix with q + 1 degrees of freedom (Barnard, McCulloch & Meng 2000, Statistica Sinica 10, 1281).
LKJ(eta)  p(R) ~ |R|^(eta - 1), so p(z_ij) ~ (1 - z^2)^(eta - 2 + (q - j) / 2), which draws correlations to zero the more effects
          there are (Lewandowski, Kurowicka & Joe 2009, doi 10.1016/j.jmva.2009.04.008).
"""

import math
from typing import Final

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coordinates import LEAST, fill_factor, fill_signed, pack_factor, turn_signed
from alliance.likelihood.coupled import evaluate_crossed
from alliance.likelihood.kernel import LOG_2PI, add_pooled, evaluate, first_of_factor
from alliance.likelihood.lanes import LANES, load, sum_of
from alliance.likelihood.layout import (
    AT_EQUATIONS,
    N_BETA,
    N_EQUATIONS,
    N_PATIENT,
    N_THERAPIST,
    N_THERAPISTS,
    PER_EQUATION,
)
from alliance.likelihood.residuals import (
    add_residual_prior,
    count_coordinates,
    count_precisions,
    fill_precision,
    is_unit,
    turn_precision,
)

# Places in the vector of prior settings.
INTERCEPT_SD, SLOPE_SD, RESIDUAL_SD, VARYING_SD, LKJ, PRIORS = range(6)
NO_PRIOR: Final = np.empty(0)
UNIFORM: Final = 0.0  # in place of eta: uniform correlations


@compiled
def log_density(layout, owner, products, pooled, weights, therapist_weights, crossed, prior, position, gradient):
    """Return the log density at a position and write its gradient.

    Parameters
    ----------
    crossed
        Patients with several therapists, see `alliance.likelihood.layout.Statistics.arrays`; None, and then nothing is compiled for them.
    prior
        Settings of the priors, (5,): log posterior density in ``signed`` coordinates, with the Jacobians of the coordinates.
        Empty: log-likelihood in ``factor`` coordinates.
    position
        Free parameters, (parameter,).
    gradient
        Result, (parameter,).

    Returns
    -------
    float
        Minus infinity where the density cannot be computed.
    """
    n_beta = layout[N_BETA]
    q, e = layout[N_PATIENT], layout[N_THERAPIST]
    beta = position[:n_beta]
    free = n_beta + count_coordinates(layout)
    precision = np.empty(count_precisions(layout))
    fill_precision(layout, position[n_beta:free], precision)
    by_patient, by_therapist = np.zeros((q, q)), np.zeros((e, e))
    signed = len(prior) > 0
    if signed:
        used = free + fill_signed(position[free:], by_patient)
        fill_signed(position[used:], by_therapist)
    else:
        used = free + fill_factor(position[free:], by_patient)
        fill_factor(position[used:], by_therapist)
    first = first_of_factor(layout)
    sums = np.empty((1, first + q * q + 1, LANES))
    of_p = np.empty((layout[N_THERAPISTS], e * e + 1))
    if crossed is None:
        evaluate(
            layout, owner, products, pooled, weights, therapist_weights, beta, precision, by_patient, by_therapist,
            sums, of_p,
        )  # fmt: skip
    else:
        evaluate_crossed(
            layout, owner, products, pooled, weights, therapist_weights, crossed, beta, precision, by_patient,
            by_therapist, sums, of_p,
        )  # fmt: skip
    total = _sum_lanes(sums[0])
    therapists = np.zeros(e * e + 1)
    for j in range(of_p.shape[0]):
        for number in range(e * e + 1):
            therapists[number] += of_p[j, number]
    for number in range(len(gradient)):
        gradient[number] = total[number] if number < n_beta else 0.0
    by_precision = total[n_beta:first]
    value = total[-1] + therapists[-1]
    value += add_pooled(layout, pooled, beta, precision, gradient[:n_beta], by_precision)
    turn_precision(layout, position[n_beta:free], precision, by_precision, gradient[n_beta:free])
    if signed:
        turn_signed(total[first:], q, position[free:], gradient[free:])
        turn_signed(therapists, e, position[used:], gradient[used:])
        value += add_prior(layout, prior, position, gradient)
    else:
        pack_factor(total[first:], q, gradient[free:])
        pack_factor(therapists, e, gradient[used:])
        for k in range(layout[N_EQUATIONS]):
            if is_unit(layout, k):
                value += _add_normal(1.0, position, gradient, n_beta + k)
    if not math.isfinite(value):
        for number in range(len(gradient)):
            gradient[number] = 0.0
        return -np.inf
    return value


@compiled
def _sum_lanes(sums):
    total = np.empty(sums.shape[0])
    for number in range(sums.shape[0]):
        total[number] = sum_of(load(sums, number))
    return total


@compiled
def add_prior(layout, prior, position, gradient):
    """Return the log prior density at a position in ``signed`` coordinates, and add its derivatives."""
    n_beta, n_equations = layout[N_BETA], layout[N_EQUATIONS]
    value = 0.0
    for k in range(n_equations):
        at = layout[AT_EQUATIONS] + PER_EQUATION * k
        for p in range(layout[at + 1]):
            place = layout[at] + p
            value += _add_normal(prior[INTERCEPT_SD] if p == 0 else prior[SLOPE_SD], position, gradient, place)
        place = n_beta + k
        if is_unit(layout, k):
            value += _add_normal(1.0, position, gradient, place)
            continue
        # Half-normal for the standard deviation, and the Jacobian of its logarithm.
        scaled = math.exp(position[place]) / prior[RESIDUAL_SD]
        value += 0.5 * math.log(2.0 / math.pi) - math.log(prior[RESIDUAL_SD]) - 0.5 * scaled * scaled + position[place]
        gradient[place] += 1.0 - scaled * scaled
    used = n_beta + count_coordinates(layout)
    value += add_residual_prior(layout, position[n_beta + n_equations : used], gradient[n_beta + n_equations : used])
    for q in (layout[N_PATIENT], layout[N_THERAPIST]):
        for i in range(q):
            value += _add_normal(prior[VARYING_SD], position, gradient, used + i)
        if q > 1:
            size = q * (q + 1) // 2
            value += _add_correlations(q, prior[LKJ], position[used : used + size], gradient[used : used + size])
        used += q * (q + 1) // 2
    return value


@compiled
def _add_correlations(q, eta, position, gradient):
    """Return the log prior density of one level's partial correlations, standing after its q sds, and add its derivatives."""
    uniform = eta == UNIFORM
    power = -float(q) if uniform else eta  # |R|^(power - 1)
    value = _add_inverse_diagonal(q, position, gradient) if uniform else 0.0
    used = q
    for i in range(q):
        for j in range(i):
            shape = power + 0.5 * (q - 2 - j)
            z = math.tanh(position[used])
            value += shape * math.log(max(1.0 - z * z, LEAST))
            if not uniform:  # log B(shape, shape) 2^(2 shape - 1) makes the density of z integrate to one
                value -= 2.0 * math.lgamma(shape) - math.lgamma(2.0 * shape) + (2.0 * shape - 1.0) * math.log(2.0)
            gradient[used] -= 2.0 * shape * z
            used += 1
    return value


@compiled
def _add_inverse_diagonal(q, position, gradient):
    """Return -(q + 1) / 2 sum_i log (R^-1)_ii, with the constant of the uniform prior, and add its derivatives.

    With C the Cholesky factor of R and W = C^-1, R^-1 = W'W, and the derivative of log (R^-1)_ii by C_ab is
    -2 (R^-1)_ai W_bi / (R^-1)_ii.
    """
    at, change = position.copy(), np.zeros(q * (q + 1) // 2)
    at[:q] = 1.0
    factor = np.zeros((q, q))
    fill_signed(at, factor)
    root, inverse = np.zeros((q, q)), np.zeros((q, q))
    for i in range(q):
        root[i, i] = 1.0 / factor[i, i]
        for j in range(i):
            for k in range(j, i):
                root[i, j] -= root[i, i] * factor[i, k] * root[k, j]
        for a in range(i + 1):
            for b in range(i + 1):
                inverse[a, b] += root[i, a] * root[i, b]
    half = 0.5 * (q + 1)
    value = q * math.lgamma(half) - 0.25 * q * (q - 1) * math.log(math.pi)
    for i in range(q):
        value -= math.lgamma(half - 0.5 * i) + half * math.log(inverse[i, i])
    by_factor = np.zeros(q * q)
    for a in range(q):
        for b in range(a + 1):
            for i in range(b + 1):
                by_factor[a * q + b] += 2.0 * half * (inverse[a, i] / inverse[i, i]) * root[b, i]
    turn_signed(by_factor, q, at, change)
    for number in range(q, len(change)):
        gradient[number] += change[number]
    return value


@compiled
def _add_normal(sd, position, gradient, place):
    scaled = position[place] / sd
    gradient[place] -= scaled / sd
    return -0.5 * scaled * scaled - math.log(sd) - 0.5 * LOG_2PI
