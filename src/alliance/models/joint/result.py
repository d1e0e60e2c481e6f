"""What every joint family does before and after its parameters are drawn: rows and arrays first, effects and checks afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec, Variable
from alliance.facts.quantity import key_of
from alliance.inference.montecarlo import generator_for
from alliance.models.container import FitRecord, FitResult, make_tree
from alliance.models.diagram import Path, every_path
from alliance.models.joint.caution import mark_design, mark_latent_means
from alliance.models.joint.design import Design, make_design
from alliance.models.joint.effects import Quantities
from alliance.models.joint.population import Population, make_population
from alliance.models.joint.predictive import check_predictive
from alliance.models.joint.priors import describe_priors
from alliance.models.joint.quantities import compute_quantities
from alliance.models.rows import select_rows

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

    def generator(self, *purpose: str) -> np.random.Generator:
        """Return a random generator that depends on the run's seed, the model and a purpose."""
        return generator_for(self.seed, self.name, *purpose)

    def whole_number(self, *purpose: str) -> int:
        """Return a seed for code that wants a number."""
        return int(self.generator(*purpose).integers(2**31 - 1))


Values = Mapping[
    str, np.ndarray
]  # name -> draws of a parameter in standard units (draw, ...), see `alliance.models.joint.names`


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
    """

    values: Values
    chains: int = 1
    point: Values | None = None
    prior: Values | None = None

    @property
    def size(self) -> int:
        """Number of draws of all chains together."""
        return len(next(iter(self.values.values())))


@dataclass(frozen=True)
class Findings:
    """What a family adds to the container besides the paths.

    Parameters
    ----------
    record
        Marks and tables of the family's own.
    groups
        Groups of the container.
    """

    engine: str
    interval_kind: str
    record: FitRecord = field(default_factory=FitRecord)
    groups: Mapping[str, xr.Dataset] = field(default_factory=dict)


def prepare_task(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: Mapping[str, Any]) -> Task:
    """Select the rows, derive the paths and make the arrays of a model.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        seed, lag, variables and what the family needs, see `alliance.models.settings_for`.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, or no path leads from the cause to the outcome.
    """
    variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    rows, flow = select_rows(panel, name, spec)
    groups = every_path(name, spec, variables)
    design = make_design(name, spec, rows, variables)
    return Task(name, spec, settings, panel, flow, variables, design, groups)


def compute_effects(task: Task, values: Values, *, point: bool = False) -> Quantities:
    """Compute every reported quantity from draws of the parameters.

    Parameters
    ----------
    point
        Whether the values are estimates: nothing random is then added.
    """
    return compute_quantities(
        task.design,
        make_population(task.design, values),
        task.groups,
        task.variables,
        task.settings["lag"],
        None if point else task.generator("initial values"),
    )


def make_result(task: Task, drawn: Drawn, quantities: Quantities, findings: Findings) -> FitResult:
    """Turn draws of the parameters, and the quantities computed from them, into the container."""
    population = make_population(task.design, drawn.values)
    # Studies of recovery, which fit hundreds of models and read no predictive checks, ask for fewer.
    size = int(task.settings.get("predictive_draws", PREDICTIVE_DRAWS))
    thinned = np.unique(np.linspace(0, drawn.size - 1, size).astype(int))
    kind = "posterior" if drawn.prior is not None else "sampling distribution"
    generated = {kind: make_population(task.design, {k: v[thinned] for k, v in drawn.values.items()})}
    if drawn.prior is not None:
        prior = {name: values[:size] for name, values in drawn.prior.items()}
        generated = {"prior": make_population(task.design, prior), **generated}
    record = replace(
        findings.record,
        marks=[
            *mark_design(task.design, task.groups),
            *mark_latent_means(task.design, population),
            *quantities.marks,
            *findings.record.marks,
        ],
        priors=describe_priors(task.design, task.settings["priors"]) if drawn.prior is not None else [],
        predictive=[row for kind, draws in generated.items() for row in _check(task, kind, draws)],
        moderation=quantities.moderation,
    )
    tree = make_tree(
        model=task.name,
        family=task.spec.family,
        engine=findings.engine,
        interval_kind=findings.interval_kind,
        quantities=quantities.table(),
        draws=quantities.array(drawn.chains),
        points=None if drawn.point is None else _points(quantities, compute_effects(task, drawn.point, point=True)),
        record=record,
        groups=findings.groups,
    )
    return FitResult(tree, task.flow)


def _points(quantities: Quantities, estimates: Quantities) -> np.ndarray:
    """Return the estimate of each quantity: (quantity,)."""
    known = {key_of(row): float(values[0]) for row, values in zip(estimates.rows, estimates.draws, strict=True)}
    return np.array([known[key_of(row)] for row in quantities.rows])


def _check(task: Task, kind: str, population: Population) -> list[dict[str, Any]]:
    edges = {(edge.source, edge.outcome): edge for paths in task.groups for path in paths for edge in path.edges}
    return check_predictive(
        kind,
        task.panel,
        task.design,
        population,
        list(edges.values()),
        task.variables,
        task.settings["lag"],
        task.generator(kind, "predictive"),
    )
