"""Fit all equations of a path diagram at once: from rows to a container, as deep as the declaration says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec, Variable
from alliance.facts.depths import DEPTHS
from alliance.inference.depths import Found, Request, explore, pool
from alliance.inference.restricted import Restricted
from alliance.models.container import FitResult, pack_rows
from alliance.models.design.held import hold_correlations
from alliance.models.design.series import add_series
from alliance.models.filling.grid import Grid, make_grid
from alliance.models.joint import (
    PREDICTIVE_DRAWS,
    Drawn,
    Findings,
    Task,
    compute_effects,
    make_result,
    prepare_task,
)
from alliance.models.path.caution import check_residuals, mark_answers, mark_censored, mark_filled, mark_fit
from alliance.models.path.filled import Completion, complete, schedule_for, standardise_observed
from alliance.models.path.lasting import compare_independent
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
from alliance.models.path.trends import compare_trends
from alliance.models.path.units import draw_units
from alliance.models.quantities.pairs import Quantities

_OWN_DRAWS: Final = 50  # of each at least: with fewer, what is looked at in one data set alone is mostly chance


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
    basis = _explore(panel, name, spec, settings)
    task, maximum, posterior, found = basis.task, basis.maximum, basis.posterior, basis.found
    density = posterior if found.posterior else maximum.target
    natural, point, prior = (
        None if chosen is None else density.natural(chosen) for chosen in (found.positions, found.point, found.prior)
    )
    assert natural is not None
    values = natural.named
    quantities = compute_effects(task, values)
    marks = [*mark_fit(maximum), *found.marks]
    if basis.completion is not None:
        grid = basis.completion.cells.grid
        marks += [*mark_filled(task.design), *mark_censored(task.design, grid), *mark_answers(task.design, grid)]
    if found.covariance is not None:
        components = profile_components(maximum, found.covariance)
        follow_profiles(quantities, components)
        marks += mark_near_zero(task.design, components)
    elif point is not None:
        open_correlations(task.design, quantities)
        marks += mark_small(task.design, quantities, population_of(maximum, found.point))
    # A propensity was drawn from the model without trends, and so could not show any.
    observed = not any(equation.yes_no for equation in task.design.equations.values())
    trends, of_trends = compare_trends(task, maximum, quantities) if spec.trends and observed else ([], [])
    completed = [each.maximum for each in basis.completion.sets] if basis.completion is not None else []
    lasting, of_lasting = compare_independent(task, maximum, quantities, completed)
    influence, of_influence = find_influential_units(task, maximum, quantities) if spec.influence else ([], [])
    own = basis.own
    sensitivity, of_priors = (
        find_prior_sensitivity(
            task, posterior, found.positions[own], _take(quantities, own), None if prior is None else prior.named
        )
        if found.posterior
        else ([], [])
    )
    groups = _groups(found, values)
    tables = (("trends", trends), ("autocorrelation", lasting), ("influence", influence), ("sensitivity", sensitivity))
    groups |= {name: pack_rows(rows) for name, rows in tables if rows}
    if spec.random_effects:
        groups |= draw_units(task, maximum.target, natural.take(own))
    marks += [*of_trends, *of_lasting, *of_influence, *of_priors]
    restricted = _restricted(basis) if found.posterior else None
    drawn = Drawn(values, found.chains, *(None if each is None else each.named for each in (point, prior, restricted)))
    result = make_result(task, drawn, quantities, Findings(found.engine, found.interval_kind, marks, groups))
    if not found.posterior and basis.completion is None:
        result.tree.attrs |= {"log_likelihood": log_likelihood_of(maximum), "parameters": len(maximum.top.position)}
    return result


def _restricted(basis: "_Basis") -> Natural | None:
    """Return the estimate without priors, if there is one."""
    maximum = basis.maximum
    found = Restricted(maximum, maximum.target.quadratic)
    position = found.position[None]
    if basis.completion is not None:
        position = basis.completion.estimate(position, maximum.top.position[None])
    return maximum.target.natural(position) if found.top.converged else None


@dataclass(frozen=True)
class _Basis:
    """What was found, and the data that look at one data set: the one there is, or the completed one nearest to the estimate.

    Parameters
    ----------
    own
        Draws that come from this data set.
    completion
        What was filled in; None where nothing was.
    """

    task: Task
    maximum: PathMaximum
    posterior: PathPosterior
    found: Found
    own: np.ndarray
    completion: Completion | None = None


def _explore(panel: pd.DataFrame, name: str, spec: Spec, settings: dict[str, Any]) -> _Basis:
    """Fill in what is missing, and explore the likelihood of the data, or of each completed data set."""
    variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    fill = spec.missing == "fill"
    grid = make_grid(panel, spec, variables, settings["lag"], settings.get("max_gap_days")) if fill else None
    task = prepare_task(panel, name, spec, settings, grid)
    design = hold_correlations(name, spec.residual_correlations, task.design)
    task = replace(task, design=add_series(name, spec.autocorrelation, design))
    if grid is None:
        maximum = maximise(task.design)
        check_residuals(name, maximum)
        posterior = PathPosterior(maximum.target, settings["priors"])
        found = explore(spec.depth, _request(task, spec), maximum, posterior)
        return _Basis(task, maximum, posterior, found, np.arange(len(found.positions)))
    count = _count_sets(task, spec.depth, grid)
    completion = complete(standardise_observed(task.design, grid), grid, count, task.generator("missing cells"))
    maxima = [each.maximum for each in completion.sets]
    chosen = completion.nearest
    check_residuals(name, maxima[chosen])
    posteriors, found = explore_completed(spec.depth, _request(task, spec), completion, settings["priors"])
    task = replace(task, panel=completion.panel(chosen), design=completion.design(chosen))
    maximum = replace(maxima[chosen], target=replace(maxima[chosen].target, design=task.design))
    own = np.arange(chosen, len(found.positions), count)
    return _Basis(task, maximum, posteriors[chosen], found, own, completion)


def explore_completed(
    depth: str, request: Request, completion: Completion, priors: Mapping[str, Any]
) -> tuple[list[PathPosterior], Found]:
    """Explore the likelihood of each completed data set, all by the same engine, and pool what was found."""
    maxima = [each.maximum for each in completion.sets]
    posteriors = [PathPosterior(maximum.target, priors) for maximum in maxima]
    count, fewest = len(maxima), 1 if DEPTHS[depth].posterior else 2 * len(completion.point)
    requests = [request.part(number + 1, count, fewest) for number in range(count)]
    each: list[Found] = []
    for of_set, maximum, posterior in zip(requests, maxima, posteriors, strict=True):
        near = each[0].restricted if each else None
        each.append(explore(depth, replace(of_set, near=near), maximum, posterior))
    if len({found.engine for found in each}) > 1:  # the approximation failed for some of them
        each = [explore("nuts", *one) for one in zip(requests, maxima, posteriors, strict=True)]
    found = pool(each)
    if found.point is not None:
        points = np.concatenate([one.point for one in each if one.point is not None])
        point = completion.estimate(points, np.array([one.top.position for one in maxima]))
        around = completion.around(found.positions, point) if completion.cells.grid.yes_no else found.positions
        found = replace(found, point=point, positions=around)
    return posteriors, found


def _count_sets(task: Task, depth: str, grid: Grid) -> int:
    """Count the completed data sets: two at least where so few draws are wanted that each of many would have next to none."""
    sampling, most = task.settings["sampling"], schedule_for(grid).sets
    if grid.yes_no and not DEPTHS[depth].posterior:  # draws of a sampler are not what they get
        return most
    return int(np.clip(sampling["chains"] * sampling["draws"] // _OWN_DRAWS, 2, most))


def _take(quantities: Quantities, draws: np.ndarray) -> Quantities:
    """Return quantities with some of their draws."""
    return replace(quantities, draws=[values[draws] for values in quantities.draws])


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
        if np.ptp(flat) == 0:  # no parameter, as the unit of a propensity
            continue
        shaped = flat.reshape(found.chains, -1, *flat.shape[1:])
        arrays[name] = (("chain", "draw", *(f"{name}_{axis}" for axis in range(shaped.ndim - 2))), shaped)
    return {"posterior": xr.Dataset(arrays), "sample_stats": found.statistics}
