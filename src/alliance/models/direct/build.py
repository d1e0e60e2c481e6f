"""The PyMC model: Gaussian equations with explicit random effects that correlate across equations.

For equation k, row r of patient i (and therapist j), in standard units:

    y = intercept_k + x'b_k + z'u_ik + z_w'w_jk + e,     e ~ N(0, s_k^2)
    u_i = (u_i1, ..., u_iK) = diag(sd) F z_i,            z_i ~ N(0, I),   F F' = R

so the covariance of two varying effects of one patient, of the same or of different equations, is a parameter (non-centred). The
correlations R are those of an inverse Wishart matrix with q + 1 degrees of freedom, each uniform, or LKJ(eta), see
`alliance.models.correlations`. The inverse Wishart matrix is built from what it is made of: with A lower triangular, A_ii^2 ~ chi^2 of
q + 2 - i degrees of freedom and A_ij ~ N(0, 1), AA' is a Wishart matrix (Bartlett 1933), and F is A'^-1 with rows of length one.

The sampler sees sd with a sign, Normal(0, scale): then |sd| is HalfNormal(scale), and since z and the distribution of R do not change when
a sign is turned, the model is the same. It lets the sampler pass through zero instead of sinking slowly towards minus infinity on a
logarithmic scale, which is what makes standard deviations near zero hard. Reported are |sd| and the correlations that go with it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.linalg import solve_triangular
from pytensor.tensor.variable import TensorVariable

from alliance.models.correlations import Correlations, is_uniform
from alliance.models.design.arrays import Design
from alliance.models.design.names import (
    RESIDUAL_CORRELATION,
    correlation_name,
    intercept_name,
    pairs,
    residual_name,
    sd_name,
    slopes_name,
)
from alliance.models.design.occasions import positions_in


def build_model(design: Design, priors: Mapping[str, Any]) -> pm.Model:
    """Build the model of a design.

    Parameters
    ----------
    priors
        slope_sd, intercept_sd, residual_sd, varying_sd and correlations, on the standardised scale.
    """
    coords: dict[str, list[str]] = {}
    for outcome, equation in design.equations.items():
        coords[f"{outcome}_term"] = list(equation.terms)
        coords[f"{outcome}_session"] = [str(row) for row in range(len(equation.y))]
    for level, effects in design.varying.items():
        coords[level] = design.units[level]
        coords[f"{level}_effect"] = [effect.text for effect in effects]
        coords[f"{level}_pair"] = [f"{effects[i].text} with {effects[j].text}" for i, j in pairs(len(effects))]
    if design.occasions.pairs:
        outcomes = list(design.equations)
        coords["residual_pair"] = [f"{outcomes[i]} with {outcomes[j]}" for i, j in design.occasions.pairs]
    means, residuals = dict[str, Any](), dict[str, Any]()
    with pm.Model(coords=coords) as model:
        effects_of = {level: _build_effects(design, level, priors) for level in design.varying}
        for outcome, equation in design.equations.items():
            rows = f"{outcome}_session"
            intercept = pm.Normal(intercept_name(outcome), 0, priors["intercept_sd"])
            residual = pm.HalfNormal(residual_name(outcome), priors["residual_sd"])
            mean = intercept
            if equation.terms:
                x = pm.Data(f"{outcome}_x", equation.x, dims=(rows, f"{outcome}_term"))
                mean += x @ pm.Normal(slopes_name(outcome), 0, priors["slope_sd"], dims=f"{outcome}_term")
            for level, drawn in effects_of.items():
                for position, effect in enumerate(design.varying[level]):
                    if effect.outcome == outcome:
                        mean += equation.varying_column(effect.term) * drawn[position][equation.units[level]]
            means[outcome], residuals[outcome] = mean, residual
        _observe(design, means, residuals)
    return model


def _observe(design: Design, means: Mapping[str, Any], residuals: Mapping[str, Any]) -> None:
    """Add the outcomes; of two of one occasion the later one given the earlier one: e_2 = r s_2 / s_1 e_1 + sqrt(1 - r^2) s_2 z."""
    outcomes, chosen = list(design.equations), design.occasions.pairs
    together: Any = pm.Uniform(RESIDUAL_CORRELATION, -1, 1, dims="residual_pair") if chosen else ()
    for number, (outcome, equation) in enumerate(design.equations.items()):
        mean, sd = means[outcome], residuals[outcome]
        for place, (later, earlier) in enumerate(chosen):
            if later == number:
                other = outcomes[earlier]
                at = positions_in(design.equations[other].rows, equation.rows)
                left, shared = (design.equations[other].y - means[other])[at], (at >= 0).astype(float)
                mean += shared * together[place] * sd / residuals[other] * left
                sd *= pt.sqrt(1 - shared * together[place] ** 2)
        pm.Normal(outcome, mean, sd, observed=equation.y, dims=f"{outcome}_session")


def _build_effects(design: Design, level: str, priors: Mapping[str, Any]) -> TensorVariable[Any, Any]:
    """Return the varying effects of the units of a level in standard units, (effect, unit)."""
    count = len(design.varying[level])
    signed = pm.Normal(f"{level}_signed", 0, priors["varying_sd"], dims=f"{level}_effect")
    pm.Deterministic(sd_name(level), pt.abs(signed), dims=f"{level}_effect")
    standard = pm.Normal(f"{level}_standard", dims=(f"{level}_effect", level))
    if count > 1:
        root = _build_root(level, count, priors["correlations"])
        rows, columns = np.tril_indices(count, -1)
        signs = pt.sign(signed[rows]) * pt.sign(signed[columns])
        correlations = signs * (root @ root.T)[rows, columns]
        pm.Deterministic(correlation_name(level), correlations, dims=f"{level}_pair")
        standard = root @ standard
    effects: TensorVariable[Any, Any] = signed[:, None] * standard
    return effects


def _build_root(level: str, count: int, prior: Correlations) -> TensorVariable[Any, Any]:
    """Return F of the correlations F F', (effect, effect)."""
    name = f"{level}_root"
    if not is_uniform(prior):
        # A given start spares the sampler a compiled function that finds one.
        lkj: TensorVariable[Any, Any] = pm.LKJCorr(name, n=count, eta=prior, initval=np.eye(count))
        return lkj
    rows, columns = (np.r_[np.arange(count), below] for below in np.tril_indices(count, -1))
    places = np.zeros((len(rows), count * count))
    places[np.arange(len(rows)), rows * count + columns] = 1
    diagonal = pt.sqrt(pm.ChiSquared(f"{level}_squares", np.arange(count + 1, 1, -1))) @ places[:count]
    below = pm.Normal(f"{level}_below", shape=len(rows) - count) @ places[count:]
    inverse = solve_triangular((diagonal + below).reshape((count, count)), pt.constant(np.eye(count)), lower=True).T
    root: TensorVariable[Any, Any] = pm.Deterministic(name, inverse / pt.sqrt((inverse**2).sum(axis=1, keepdims=True)))
    return root
