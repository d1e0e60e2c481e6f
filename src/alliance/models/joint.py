"""What every joint family does before and after its parameters are drawn: rows and arrays first, effects and checks afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec, Variable
from alliance.facts.columns import LAG
from alliance.facts.marks import Mark
from alliance.inference.montecarlo import generator_for
from alliance.models.checking.ahead import mark_ahead
from alliance.models.checking.between import mark_hardly_known
from alliance.models.checking.design import mark_design, mark_sign_off
from alliance.models.checking.past import mark_restarts, mark_skipped, mark_varying_past
from alliance.models.checking.predictive import Statistic, check_predictive, mark_predictive, pack_predictive
from alliance.models.checking.priors import describe_priors
from alliance.models.checking.rows import mark_beyond_data, mark_construct_intervals, mark_rows, mark_short_series
from alliance.models.checking.scores import mark_scores
from alliance.models.checking.unreliable import (
    NONE_CORRECTED,
    NOTHING_LEFT,
    UNCORRECTED,
    TrueScore,
    mark_unreliable,
    take_back,
)
from alliance.models.checking.variable import mark_variability
from alliance.models.checking.varying import mark_covariances, mark_latent_means
from alliance.models.container import FitResult, make_tree, pack_rows
from alliance.models.design.arrays import Design, make_design
from alliance.models.design.surface import KEY, Grounds
from alliance.models.diagram import Path, every_path
from alliance.models.filling.grid import Grid
from alliance.models.quantities.compute import compute_quantities
from alliance.models.quantities.corrected import Known, correct_quantities
from alliance.models.quantities.course import find_sessions
from alliance.models.quantities.pairs import Quantities
from alliance.models.quantities.population import make_population, standard_covariances
from alliance.models.quantities.surface import add_surface
from alliance.models.rows import observed_scores, select_rows

PREDICTIVE_DRAWS = 300


@dataclass(frozen=True)
class Task:
    """One model to be fitted: its rows, arrays and paths."""

    name: str
    spec: ModelSpec
    settings: Mapping[str, Any]
    panel: pd.DataFrame
    flow: pd.DataFrame
    variables: dict[str, Variable]
    design: Design
    groups: list[list[Path]]

    @property
    def seed(self) -> int:
        """The run's seed."""
        return int(self.settings["seed"])

    @cached_property
    def sessions(self) -> range:
        """Numbers of the sessions of a treatment, see `find_sessions`."""
        return find_sessions(self.panel, self.settings.get("planned_sessions"))

    def generator(self, *purpose: str) -> np.random.Generator:
        """Return a random generator that depends on the run's seed, the model and a purpose."""
        return generator_for(self.seed, self.name, *purpose)

    def whole_number(self, *purpose: str) -> int:
        """Return a seed for code that wants a number."""
        return int(self.generator(*purpose).integers(2**31 - 1))


Values = Mapping[
    str, np.ndarray
]  # name -> draws of a parameter in standard units (draw, ...), see `alliance.models.design.names`


@dataclass(frozen=True)
class Drawn:
    """Draws of the population parameters, all chains one after the other.

    Parameters
    ----------
    values
        Draws.
    point
        A single draw, the estimate; None where the mean of the draws is the estimate.
    prior
        Draws from the priors; None for a family without priors.
    without_priors
        A single draw, the estimate by restricted maximum likelihood beside a posterior.
    """

    values: Values
    chains: int = 1
    point: Values | None = None
    prior: Values | None = None
    without_priors: Values | None = None

    @property
    def size(self) -> int:
        """Number of draws of all chains together."""
        return len(next(iter(self.values.values())))


@dataclass(frozen=True)
class Findings:
    """What a family adds to the container besides the paths.

    Parameters
    ----------
    marks
        What the family reports about its fit.
    groups
        Groups of the container.
    true_scores
        Variable whose true values are unknowns of a second fit -> what became of that.
    """

    engine: str
    interval_kind: str
    marks: Sequence[Mark] = ()
    groups: Mapping[str, xr.Dataset] = field(default_factory=dict)
    true_scores: Mapping[str, TrueScore] = field(default_factory=dict)


def prepare_task(
    panel: pd.DataFrame, name: str, spec: ModelSpec, settings: Mapping[str, Any], grid: Grid | None = None
) -> Task:
    """Select the rows, derive the paths and make the arrays of a model.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        seed, lag, variables and what the family needs, see `alliance.models.fitting.settings_for`.
    grid
        The panel without holes, for a family that fills in missing cells.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, or no path leads from the cause to the outcome.
    """
    variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    rows, flow = select_rows(panel, name, spec, grid)
    groups = every_path(name, spec, variables)
    design = make_design(name, spec, rows, variables)
    return Task(name, spec, settings, panel if grid is None else grid.panel, flow, variables, design, groups)


def compute_effects(task: Task, values: Values, *, point: bool = False) -> Quantities:
    """Compute every reported quantity from draws of the parameters.

    Parameters
    ----------
    point
        Whether the values are estimates: nothing random is then added.
    """
    population = make_population(task.design, values)
    quantities = compute_quantities(
        task.design,
        population,
        task.groups,
        task.variables,
        task.settings["lag"],
        None if point else task.generator("initial values"),
        task.sessions,
    )
    if KEY in task.settings:
        add_surface(quantities, task.design, population, task.settings[KEY], task.settings["lag"])
    return quantities


def correct_effects(
    task: Task, values: Values, known: Known, *, point: bool = False
) -> tuple[Quantities | None, list[Mark]]:
    """Compute the effects without the error of scores whose reliability is known, as `compute_effects` does with it."""
    return correct_quantities(
        task.design,
        make_population(task.design, values),
        task.groups,
        task.variables,
        task.settings["lag"],
        None if point else task.generator("reliability"),
        known,
        task.sessions,
    )


def make_result(task: Task, drawn: Drawn, quantities: Quantities, findings: Findings) -> FitResult:
    """Turn draws of the parameters, and the quantities computed from them, into the container."""
    population = make_population(task.design, drawn.values)
    centre = population if drawn.point is None else make_population(task.design, drawn.point)
    marks = [
        *mark_design(task.design, task.groups, _made_of_outcomes(task)),
        *mark_sign_off(task.spec),
        *mark_rows(task.design),
        *mark_variability(task.design),
        *mark_restarts(task.design, task.panel, task.settings["lag"]),
        *mark_skipped(task.design, task.panel, task.settings["lag"]),
        *mark_varying_past(task.design),
        *mark_short_series(task.design, quantities),
        *mark_construct_intervals(task.design, quantities, _constructs(task, findings)),
        *mark_beyond_data(task.design, quantities),
        *mark_hardly_known(task.design, centre, quantities),
        *(
            mark
            for outcome, equation in task.design.equations.items()
            if not equation.answered
            for mark in mark_scores(outcome, observed_scores(equation.rows, outcome), task.variables)
        ),
        *mark_ahead(task.design, task.variables),
        *mark_latent_means(task.design, population),
        *mark_covariances(task.design, standard_covariances(task.design, centre)),
        *quantities.marks,
        *findings.marks,
    ]
    estimates = None if drawn.point is None else compute_effects(task, drawn.point, point=True)
    without = None if drawn.without_priors is None else compute_effects(task, drawn.without_priors, point=True)
    checks = _check(task, drawn)
    marks += mark_predictive(list(checks.values())[-1], task.design.equations)
    groups = {"predictive": pack_predictive(checks), **findings.groups}
    if drawn.prior is not None:
        groups["priors"] = pack_rows(describe_priors(task.design, task.settings["priors"]))
    error = mark_unreliable(task.design, task.variables, task.settings.get("reliability", {}), findings.true_scores)
    if "corrected" not in groups:
        corrected, found = _correct(task, drawn, error)
        marks += found
        if corrected is not None:
            groups["corrected"] = corrected
        else:
            unsettled = any(mark.caution == "unsettled_error" for mark in found)
            error = take_back(error, NOTHING_LEFT if unsettled else NONE_CORRECTED)
    marks += error
    if quantities.moderation.rows:
        groups["moderation"] = quantities.moderation.pack(drawn.chains, estimates and estimates.moderation)
    tree = make_tree(
        model=task.name,
        family=task.spec.family,
        engine=findings.engine,
        interval_kind=findings.interval_kind,
        paths=quantities.pack(drawn.chains, estimates, without),
        marks=marks,
        groups=groups,
    )
    return FitResult(tree, task.flow)


def _made_of_outcomes(task: Task) -> tuple[str, ...]:
    """Return the products of a surface whose ratings are outcomes of the model themselves, at earlier sessions."""
    grounds: Grounds | None = task.settings.get(KEY)
    if grounds is None or not set(grounds.names) <= set(task.design.equations):
        return ()
    return grounds.products if all(term.endswith(LAG) for term in grounds.terms) else ()


def _constructs(task: Task, findings: Findings) -> list[str]:
    """List the constructs that the model was fitted for."""
    fitted = [name for name, score in findings.true_scores.items() if not score.reason]
    return [name for name in fitted if name in task.variables and task.variables[name].latent]


def _correct(task: Task, drawn: Drawn, error: Sequence[Mark]) -> tuple[xr.Dataset | None, list[Mark]]:
    """Return the corrected effects as a group of the container, if there is error and nothing stands in the way."""
    if not error or any(mark.caution == UNCORRECTED for mark in error):
        return None, []
    known = {mark.subject: task.settings["reliability"][mark.subject] for mark in error}
    corrected, marks = correct_effects(task, drawn.values, known)
    if corrected is None or not corrected.rows:
        return None, marks
    point = None if drawn.point is None else correct_effects(task, drawn.point, known, point=True)[0]
    return corrected.pack(drawn.chains, point), marks


def _check(task: Task, drawn: Drawn) -> dict[str, list[Statistic]]:
    """Compare with data generated from some draws of the priors, where there are any, and of the parameters, which come last."""
    # Studies of recovery, which fit hundreds of models and read no predictive checks, ask for fewer.
    size = min(int(task.settings.get("predictive_draws", PREDICTIVE_DRAWS)), drawn.size)
    thinned = np.unique(np.linspace(0, drawn.size - 1, size).astype(int))
    kept = {name: values[thinned] for name, values in drawn.values.items()}
    generated = {"sampling distribution": kept}
    if drawn.prior is not None:
        generated = {"prior": {name: values[:size] for name, values in drawn.prior.items()}, "posterior": kept}
    edges = {(edge.source, edge.outcome): edge for paths in task.groups for path in paths for edge in path.edges}
    return {
        kind: check_predictive(
            task.panel,
            task.design,
            make_population(task.design, values),
            list(edges.values()),
            task.variables,
            task.settings["lag"],
            task.generator(kind, "predictive"),
        )
        for kind, values in generated.items()
    }
