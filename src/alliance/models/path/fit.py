"""Fit all equations of a path diagram at once: from rows to a container, as deep as the declaration says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec, Variable
from alliance.inference.depths import Found
from alliance.inference.restricted import Restricted
from alliance.models.container import FitResult, pack_rows
from alliance.models.design.surface import KEY, with_surface
from alliance.models.joint import Drawn, Findings, compute_effects, make_result
from alliance.models.path.alike import compare_alike
from alliance.models.path.basis import Basis, explore_declared
from alliance.models.path.caution import mark_answers, mark_censored, mark_filled, mark_fit
from alliance.models.path.contributions import find_contributions
from alliance.models.path.lasting import compare_independent
from alliance.models.path.layout import Natural
from alliance.models.path.maximum import log_likelihood_of, population_of
from alliance.models.path.profile import (
    follow_profiles,
    mark_near_zero,
    mark_small,
    open_correlations,
    profile_components,
)
from alliance.models.path.robustness import find_influential_units, find_prior_sensitivity
from alliance.models.path.settings import Spec
from alliance.models.path.sites import fit_sites
from alliance.models.path.slopes import compare_slopes
from alliance.models.path.trends import compare_trends
from alliance.models.path.true_scores import correct_for_errors
from alliance.models.path.units import draw_units
from alliance.models.quantities.pairs import Quantities


def fit(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Fit all equations of a path diagram at once.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        seed, lag, variables, monte_carlo_draws, sampling and priors, see `alliance.models.fitting.settings_for`.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, no path leads from the cause to the outcome, an outcome is determined by its
        predictors, or the sampler failed.
    """
    assert isinstance(spec, Spec), "declarations of this family are read by its own settings model"
    if spec.surface is not None:
        variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
        panel, spec, settings = with_surface(panel, name, spec, settings, variables)
    basis = explore_declared(panel, name, spec, settings)
    task, maximum, posterior, found = basis.task, basis.maximum, basis.posterior, basis.found
    density = posterior if found.posterior else maximum.target
    natural, point, prior = (
        None if chosen is None else density.natural(chosen) for chosen in (found.positions, found.point, found.prior)
    )
    assert natural is not None
    values = natural.named
    groups = _groups(found, values)
    marks = [*mark_fit(maximum), *found.marks]
    completion = basis.completion
    thresholds: dict[str, np.ndarray] = {}
    if completion is not None:
        grid = completion.cells.grid
        marks += [*mark_filled(task.design), *mark_censored(task.design, grid), *mark_answers(task.design, grid)]
        of_draws = len(found.positions), task.generator("thresholds")
        values = values | completion.thresholds(*of_draws, around=found.point is not None)
        thresholds = completion.thresholds(1, None, around=True)
    quantities = compute_effects(task, values)
    if found.covariance is not None:
        components = profile_components(maximum, found.covariance)
        follow_profiles(quantities, components)
        marks += mark_near_zero(task.design, components)
    elif point is not None:
        open_correlations(task.design, quantities)
        marks += mark_small(task.design, quantities, population_of(maximum, found.point))
    # A propensity was drawn from the model without trends, and so could not show any.
    observed = not any(equation.answered for equation in task.design.equations.values())
    trends, of_trends = compare_trends(task, maximum, quantities) if spec.trends and observed else ([], [])
    lasting, of_lasting = compare_independent(task, maximum, quantities, completion.sets if completion else ())
    influence, of_influence = find_influential_units(task, maximum, quantities) if spec.influence else ([], [])
    contributions, of_contributions = (
        find_contributions(task, maximum, quantities, spec.contrasts) if spec.contrasts else ({}, [])
    )
    own = basis.own
    sensitivity, of_priors = (
        find_prior_sensitivity(
            task, posterior, found.positions[own], _take(quantities, own), None if prior is None else prior.named
        )
        if found.posterior and observed  # given one draw of its propensities an effect hardly depends on a prior
        else ([], [])
    )
    # Of completed data sets each has a likelihood of its own.
    slopes = compare_slopes(maximum) if completion is None else []
    tables = (
        ("trends", trends),
        ("autocorrelation", lasting),
        ("influence", influence),
        ("sensitivity", sensitivity),
        ("slopes", slopes),
        ("sites", fit_sites(task, panel, spec) if spec.pooled_over else []),
    )
    groups |= {name: pack_rows(rows) for name, rows in tables if rows}
    groups |= contributions
    if KEY in settings:
        groups[KEY] = pack_rows([settings[KEY].row(name)])
    if spec.random_effects:
        groups |= draw_units(task, maximum.target, natural.take(own))
    marks += [
        *of_trends,
        *of_lasting,
        *compare_alike(task, maximum, quantities),
        *of_influence,
        *of_priors,
        *of_contributions,
    ]
    corrected, true_scores, of_errors = correct_for_errors(panel, spec, settings, task)
    groups |= corrected
    marks += of_errors
    restricted = _restricted(basis) if found.posterior else None
    of_point, of_prior, of_restricted = (None if each is None else each.named for each in (point, prior, restricted))
    of_point, of_restricted = (None if each is None else each | thresholds for each in (of_point, of_restricted))
    drawn = Drawn(values, found.chains, of_point, of_prior, of_restricted)
    findings = Findings(found.engine, found.interval_kind, marks, groups, true_scores)
    result = make_result(task, drawn, quantities, findings)
    if not found.posterior and completion is None:
        result.tree.attrs |= {"log_likelihood": log_likelihood_of(maximum), "parameters": len(maximum.top.position)}
    return result


def _restricted(basis: Basis) -> Natural | None:
    """Return the estimate without priors, if there is one."""
    maximum, quadratic = basis.maximum, basis.maximum.target.quadratic
    if quadratic is None:  # there is no restricted likelihood
        return None
    found = Restricted(maximum, quadratic)
    position = found.position[None]
    if basis.completion is not None:
        position = basis.completion.estimate(position, maximum.top.position[None])
    return maximum.target.natural(position) if found.top.converged else None


def _take(quantities: Quantities, draws: np.ndarray) -> Quantities:
    """Return quantities with some of their draws."""
    return replace(quantities, draws=[values[draws] for values in quantities.draws])


def _groups(found: Found, values: dict[str, np.ndarray]) -> dict[str, xr.Dataset]:
    """Return the draws of a sampler, with dimensions chain and draw, and its statistics."""
    if found.statistics is None:
        return {}
    arrays = {}
    for name, flat in values.items():
        if np.ptp(flat) == 0:  # no parameter, as the unit of a propensity
            continue
        shaped = flat.reshape(found.chains, -1, *flat.shape[1:])
        arrays[name] = (("chain", "draw", *(f"{name}_{axis}" for axis in range(shaped.ndim - 2))), shaped)
    return {"posterior": xr.Dataset(arrays), "sample_stats": found.statistics}
