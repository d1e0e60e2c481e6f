"""Fit all equations of a path diagram at once: from rows to a container, as deep as the declaration says."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec
from alliance.inference.depths import Found, Request, explore
from alliance.inference.restricted import Restricted
from alliance.models.container import FitResult, pack_rows
from alliance.models.joint import (
    PREDICTIVE_DRAWS,
    Drawn,
    Findings,
    Task,
    compute_effects,
    make_result,
    prepare_task,
)
from alliance.models.path.caution import check_residuals, mark_fit
from alliance.models.path.layout import Natural
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, population_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.profile import (
    follow_profiles,
    mark_near_zero,
    mark_small,
    open_correlations,
    profile_components,
)
from alliance.models.path.robustness import find_influential_units, find_prior_sensitivity
from alliance.models.path.settings import Spec
from alliance.models.path.units import draw_units


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
    task = prepare_task(panel, name, spec, settings)
    maximum = maximise(task.design)
    check_residuals(name, maximum)
    posterior = PathPosterior(maximum.target, settings["priors"])
    found = explore(spec.depth, _request(task, spec), maximum, posterior)
    density = posterior if found.posterior else maximum.target
    natural, point, prior = (
        None if chosen is None else density.natural(chosen) for chosen in (found.positions, found.point, found.prior)
    )
    assert natural is not None
    values = natural.named
    quantities = compute_effects(task, values)
    marks = [*mark_fit(maximum), *found.marks]
    if found.covariance is not None:
        components = profile_components(maximum, found.covariance)
        follow_profiles(quantities, components)
        marks += mark_near_zero(components)
    elif point is not None:
        open_correlations(task.design, quantities)
        marks += mark_small(task.design, quantities, population_of(maximum, found.point))
    influence, of_influence = find_influential_units(task, maximum, quantities) if spec.influence else ([], [])
    sensitivity, of_priors = (
        find_prior_sensitivity(task, posterior, found.positions, quantities, None if prior is None else prior.named)
        if found.posterior
        else ([], [])
    )
    groups = _groups(found, values)
    groups |= {name: pack_rows(rows) for name, rows in (("influence", influence), ("sensitivity", sensitivity)) if rows}
    if spec.random_effects:
        groups |= draw_units(task, maximum.target, natural)
    marks += [*of_influence, *of_priors]
    restricted = _restricted(maximum) if found.posterior else None
    drawn = Drawn(values, found.chains, *(None if each is None else each.named for each in (point, prior, restricted)))
    result = make_result(task, drawn, quantities, Findings(found.engine, found.interval_kind, marks, groups))
    if not found.posterior:
        result.tree.attrs |= {"log_likelihood": log_likelihood_of(maximum), "parameters": len(maximum.top.position)}
    return result


def _restricted(maximum: PathMaximum) -> Natural | None:
    """Return the estimate without priors, if there is one."""
    found = Restricted(maximum, maximum.target.quadratic)
    return maximum.target.natural(found.position[None]) if found.top.converged else None


def _request(task: Task, spec: Spec) -> Request:
    bootstrap = spec.bootstrap
    return Request(
        task.name,
        task.seed,
        task.settings["monte_carlo_draws"],
        task.settings["sampling"],
        robust=spec.standard_errors == "robust",
        bootstrap=None if bootstrap is None else (bootstrap.level, bootstrap.samples),
        prior_draws=PREDICTIVE_DRAWS,
    )


def _groups(found: Found, values: dict[str, np.ndarray]) -> dict[str, xr.Dataset]:
    """Return the draws of a sampler, with dimensions chain and draw, and its statistics."""
    if found.statistics is None:
        return {}
    arrays = {}
    for name, flat in values.items():
        shaped = flat.reshape(found.chains, -1, *flat.shape[1:])
        arrays[name] = (("chain", "draw", *(f"{name}_{axis}" for axis in range(shaped.ndim - 2))), shaped)
    return {"posterior": xr.Dataset(arrays), "sample_stats": found.statistics}
