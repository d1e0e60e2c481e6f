"""Compute an analysis that needs no path diagram, and the spread of its numbers in samples of the same size."""

from importlib import import_module
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term
from alliance.errors import ModelError
from alliance.facts.analyses import ANALYSES
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS
from alliance.facts.marks import Mark
from alliance.inference.montecarlo import generator_for
from alliance.models.container import FitResult, Quantities, make_tree, pack_draws
from alliance.models.descriptive.findings import Findings, Task
from alliance.models.descriptive.resampling import draw_weights, independent_units, mark_units
from alliance.models.descriptive.settings import Spec
from alliance.models.rows import count_rows, select_rows

ENGINE: Final = "bootstrap"
INTERVAL_KIND: Final = "bootstrap confidence"
_ENOUGH: Final = 0.5  # share of the samples that must give a number


def fit(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Compute an analysis; percentiles of its numbers in samples of therapists or patients are their intervals.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    name
        Name of the model; with the run's seed it determines the samples.
    settings
        What `alliance.models.fitting.settings_for` gives.

    Raises
    ------
    ModelError
        The analysis cannot be done with these data; the message names the column.
    """
    spec = Spec.model_validate(spec.model_dump(by_alias=True))
    panel = _only_named(panel, spec).reset_index(drop=True)
    rows, flow = select_rows(panel, name, spec)
    declared = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    terms = {column: parse_term(column, declared) for column in spec.variables}
    variables = declared | {column: declared[term.variable] for column, term in terms.items() if term and term.variable}
    found: Findings = import_module(ANALYSES[spec.analysis].module).compute(
        Task(name, panel, rows, spec, variables, settings)
    )
    units, level = independent_units(panel, spec.by, name)
    estimates = found.statistic(np.ones(len(panel)))
    rng = generator_for(settings["seed"], name)
    drawn = np.array([found.statistic(weights) for weights in draw_weights(units, spec.samples, rng)])
    known = np.isfinite(estimates)
    complete = np.isfinite(drawn[:, known]).all(axis=1)
    if not known.any() or complete.mean() < _ENOUGH:
        raise ModelError(
            f"models.specs.{name}: the {ANALYSES[spec.analysis].label} of {', '.join(spec.variables)} cannot be computed in most samples "
            f"of {level}s: there are too few values. Take the model out."
        )
    quantities = Quantities({variable: count_rows(table) for variable, table in rows.items()} | dict(found.counts))
    for place in np.flatnonzero(known).tolist():
        key = found.keys[place]
        quantities.add(
            key.path,
            key.effect,
            key.level,
            drawn[complete, place],
            key.of,
            key.horizon,
            moderator=key.moderator,
            value=key.value,
        )
    lost = Mark(
        "failed_bootstrap",
        f"samples of {level}s",
        float(1 - complete.mean()),
        f"{int((~complete).sum())} of {len(drawn)} failed",
    )
    tree = make_tree(
        model=name,
        family=spec.family,
        engine=ENGINE,
        interval_kind=INTERVAL_KIND,
        paths=pack_draws(quantities.table(), quantities.array(), estimates[known]),
        marks=[*found.marks, mark_units(units, level), lost],
        groups=found.groups,
    )
    return FitResult(tree, flow)


def _only_named(panel: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Return the panel without columns that the analysis does not name, of which every selection of rows would hold a copy."""
    if not set(spec.variables) <= set(panel.columns):
        return panel  # what is said of a column that is not there knows all that are
    named = {PATIENT, THERAPIST, SESSION, DAYS, WEEKS, *spec.variables}
    return panel[[column for column in panel.columns if column in named]]
