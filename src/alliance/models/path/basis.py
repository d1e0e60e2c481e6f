"""From a declaration to an explored likelihood: that of the data, or of data sets in which what nobody saw is filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.errors import ModelError
from alliance.facts.columns import THERAPIST
from alliance.facts.depths import DEPTHS
from alliance.inference.depths import NUTS, Found, Request, explore, pool
from alliance.inference.restricted import Arrival
from alliance.models.design.held import hold_correlations
from alliance.models.design.series import add_series
from alliance.models.filling.grid import SEEN, Grid, make_grid
from alliance.models.filling.readings import Indicator
from alliance.models.joint import PREDICTIVE_DRAWS, Task, prepare_task
from alliance.models.path.caution import check_residuals
from alliance.models.path.filled import Completion, complete, schedule_for, standardise_observed
from alliance.models.path.maximum import PathMaximum, maximise
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.settings import Spec

# The depth by which all completed data sets are explored where a quicker one fails for one of them.
_SAMPLED: Final = "nuts"
_OWN_DRAWS: Final = 50  # of each at least: with fewer, what is looked at in one data set alone is mostly chance


@dataclass(frozen=True)
class Basis:
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


def explore_declared(
    panel: pd.DataFrame,
    name: str,
    spec: Spec,
    settings: Mapping[str, Any],
    hidden: Mapping[str, Sequence[Indicator]] = SEEN,
) -> Basis:
    """Fill in what is missing, and explore the likelihood of the data, or of each completed data set.

    Parameters
    ----------
    hidden
        Variables that nobody sees -> what tells them; none where values that were recorded are taken for free of error.

    Raises
    ------
    ModelError
        See `alliance.models.path.fit.fit`.
    """
    variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    fill = spec.missing == "fill"
    gap = settings.get("max_gap_days")
    grid = make_grid(panel, spec, variables, settings["lag"], gap, hidden) if fill else None
    task = prepare_task(panel, name, spec, settings, grid)
    _check_therapists(task, spec)
    design = hold_correlations(name, spec.residual_correlations, task.design)
    task = replace(task, design=add_series(name, spec.autocorrelation, design))
    if grid is None:
        maximum = maximise(task.design)
        check_residuals(name, maximum)
        posterior = PathPosterior(maximum.target, settings["priors"])
        found = explore(spec.depth, request_for(task, spec), maximum, posterior)
        return Basis(task, maximum, posterior, found, np.arange(len(found.positions)))
    count = _count_sets(task, spec.depth, grid)
    priors = settings["priors"] if grid.answers.given and DEPTHS[spec.depth].posterior else None
    completion = complete(standardise_observed(task.design, grid), grid, count, task.generator("missing cells"), priors)
    chosen = completion.nearest
    check_residuals(name, completion.sets[chosen].maximum)
    found = explore_completed(spec.depth, request_for(task, spec), completion, settings["priors"])
    maximum = completion.sets[chosen].maximum
    posterior = PathPosterior(maximum.target, settings["priors"])
    task = replace(task, panel=completion.panel(chosen), design=completion.design(chosen))
    maximum = replace(maximum, target=replace(maximum.target, design=task.design))
    own = np.arange(chosen, len(found.positions), count)
    return Basis(task, maximum, posterior, found, own, completion)


def _check_therapists(task: Task, spec: Spec) -> None:
    """Refuse a model of how therapists differ where there are fewer of them than it says it needs."""
    there = len(task.design.units.get(THERAPIST, []))
    if task.design.varying.get(THERAPIST) and there < spec.fewest_therapists:
        raise ModelError(
            f"models.specs.{task.name}.fewest_therapists: {there} therapists have sessions that the model can use, and it asks for "
            f"{spec.fewest_therapists}: fewer say next to nothing about how therapists differ. Take the question out, or lower the number "
            "and read the intervals."
        )


def explore_completed(depth: str, request: Request, completion: Completion, priors: Mapping[str, Any]) -> Found:
    """Explore the likelihood of each completed data set, all by the same engine, and pool what was found.

    Where an approximation fails for one of them, all are sampled: at the first failure, since each is a posterior of all rows. The mark
    of the failure stands for all of them then.
    """
    count, fewest = len(completion.sets), 1 if DEPTHS[depth].posterior else 2 * len(completion.point)
    requests = [request.part(number + 1, count, fewest) for number in range(count)]

    def explore_set(number: int, depth: str, near: Arrival | None = None) -> Found:
        maximum = completion.sets[number].maximum
        return explore(depth, replace(requests[number], near=near), maximum, PathPosterior(maximum.target, priors))

    each: list[Found] = []
    for number in range(count):
        each.append(explore_set(number, depth, each[0].restricted if each else None))
        failed = each[-1]
        if failed.engine == NUTS and depth != _SAMPLED:
            others = {other: explore_set(other, _SAMPLED) for other in range(count) if other != number}
            each = [replace(others.get(other, failed), marks=failed.marks) for other in range(count)]
            break
    found = pool(each)
    if found.point is not None:
        points = np.concatenate([one.point for one in each if one.point is not None])
        point = completion.estimate(points, np.array([one.top.position for one in completion.sets]))
        around = completion.around(found.positions, point) if completion.cells.grid.hides else found.positions
        found = replace(found, point=point, positions=around)
    return found


def _count_sets(task: Task, depth: str, grid: Grid) -> int:
    """Count the completed data sets: two at least where so few draws are wanted that each of many would have next to none."""
    sampling, most = task.settings["sampling"], schedule_for(grid).sets
    if grid.hides and not DEPTHS[depth].posterior:  # draws of a sampler are not what they get
        return most
    return int(np.clip(sampling["chains"] * sampling["draws"] // _OWN_DRAWS, 2, most))


def request_for(task: Task, spec: Spec) -> Request:
    """Return what a declaration asks of its depth."""
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
