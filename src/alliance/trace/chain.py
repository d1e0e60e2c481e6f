"""The way back from one row of results: number, model, rows, variables, columns of the export."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from alliance.config import Config, ModelSpec
from alliance.config.instruments import Instrument
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import VARIABILITY, records
from alliance.facts.families import FAMILIES
from alliance.facts.quantity import nodes_of
from alliance.models.diagram import edges_of
from alliance.models.rows import select_rows
from alliance.report.accounts import account_of, write_account
from alliance.report.figures import FIGURES
from alliance.report.labels import (
    capitalised_name,
    label_effect,
    label_held,
    label_level,
    label_of,
    label_quantity,
    label_reason,
)
from alliance.report.numbers import MINUS, format_count, format_number
from alliance.report.propensity import name_in
from alliance.report.tables import TABLES
from alliance.results.estimates import summarise_estimates
from alliance.runs.plan import RUN_FILES, needs_of
from alliance.runs.project import RESULTS, command_for
from alliance.steps import STEPS
from alliance.study.run import Run
from alliance.trace.find import ESTIMATES, UNSEARCHED, Hit
from alliance.trace.sources import describe_export, describe_scores, variables_behind

_ABOUT = (
    "horizon",
    "scale",
    "diagnostic",
    "subject",
    "stage",
    "reason",
    "statistic",
    "unit",
    "quantity",
    "block",
    "parameter",
)
_OWN = {"intercept": "its level", VARIABILITY: "how far it lies from what is expected"}
_SHOWN = {"figures": FIGURES, "tables": TABLES}


@dataclass(frozen=True)
class Step:
    """One step back: what it is, where it stands, what made it, and the command that makes it again."""

    title: str
    lines: list[str]
    file: str
    module: str
    command: str


@dataclass(frozen=True)
class _Results:
    """What every step looks at, read once."""

    name: str
    config: Config
    provenance: dict[str, Any]
    flow: pd.DataFrame

    def place(self, file: str) -> str:
        return (RESULTS / self.name / file).as_posix()

    def step(self, title: str, lines: list[str], made: str, module: str, file: str = "") -> Step:
        """Describe a step whose file is made again as `made`."""
        origin = [str(item) for item in self.provenance.get("configuration", [])]
        return Step(title, lines, file or self.place(made), module, command_for(self.place(made), origin))


def trace_row(run: Run, hit: Hit, instruments: dict[str, Instrument]) -> list[Step]:
    """Follow one row back to the export, in at most five steps.

    Parameters
    ----------
    instruments
        The questionnaires in use, by key.

    Returns
    -------
    list of Step
        Number, model, rows, variables, export. A row that is about no model goes from the number to the variable, or to the
        artefacts it is made from.
    """
    results = _Results(run.name, run.config, run.provenance, run.flow)
    config = results.config
    model = str(hit.content.get("model") or "")
    spec = config.models.specs.get(model)
    names = [str(hit.content["variable"])] if "variable" in hit.content else []
    steps = [_number(results, hit)]
    if spec is not None:
        names = spec.named_columns()
        steps += [_model(results, model, spec, str(hit.content.get("path") or "")), _rows(results, model, hit)]
    variables = variables_behind(names, config)
    if variables:
        made = describe_scores(names, variables, config, instruments)
        steps.append(results.step("Variables", made.lines, ARTEFACTS["panel"].path, made.modules))
    else:
        steps += _sources(results, hit)
    given = describe_export(variables, config, instruments, results.provenance, run.root)
    return [*steps, results.step("Export", given.lines, ARTEFACTS["sessions"].path, given.modules)]


def _number(results: _Results, hit: Hit) -> Step:
    row = hit.content
    if {"estimate", "low", "high"} <= set(row):
        kind = f", {100 * row['interval']:.4g}% {row['interval_kind']} interval" if "interval_kind" in row else ""
        flag = f"; flagged: {row['flag']}" if row.get("flag") else ""
        lines = [f"{write_account(row.get('effect', ''), account_of(row))}{kind}{flag}"]
        if pd.notna(row.get("estimate_corrected")):
            found = write_account(row.get("effect", ""), account_of(row, "_corrected"))
            lines.append(f"corrected for unreliable scores: {found}")
    else:
        numbers = {name: value for name, value in row.items() if isinstance(value, int | float) and not pd.isna(value)}
        shown = [name for name in numbers if name in (hit.columns or set(numbers) - UNSEARCHED)]
        lines = [", ".join(f"{name} {write_value(numbers[name])}" for name in shown)]
    file, module = _maker_of(hit.table)
    about = [*lines, describe_row(row, results.config)]
    return results.step("Number", about, file, module, f"{results.place(file)}, row {hit.row}")


def describe_row(row: Mapping[str, Any], config: Config) -> str:
    """Say in words what a row of any table is about; without the model."""
    outcome = next((str(row[name]) for name in ("outcome", "variable") if row.get(name)), "")
    named = {
        "path": str(row.get("path") or ""),
        "outcome": outcome,
        "moderator": row.get("moderator"),
        "value": row.get("value"),
    }
    parts = [
        label_effect(str(row.get("effect") or "")),
        label_quantity(named, config) if named["path"] or outcome else "",
        label_level(str(row.get("level") or "")),
        *(str(row[name]) for name in _ABOUT if row.get(name) and not pd.isna(row[name])),
    ]
    return ", ".join(part for part in parts if part)


def write_value(value: float) -> str:
    """Write a number of any table: counts as counts."""
    return format_count(value) if float(value).is_integer() else format_number(value)


def _maker_of(table: str) -> tuple[str, str]:
    """Return the file of a table, and the module that makes it."""
    kind, _, name = table.partition("/")
    if name:
        return f"{table}.csv", _SHOWN[kind][name]
    if table == ESTIMATES:
        return ARTEFACTS[table].path, summarise_estimates.__module__
    return ARTEFACTS[table].path, STEPS[ARTEFACTS[table].made_by]


def _sources(results: _Results, hit: Hit) -> list[Step]:
    """Give what a figure or a table that is about no single model is made from."""
    kind, _, name = hit.table.partition("/")
    if not name:
        return []
    needs = needs_of(kind, name)
    lines = [f"{need}: {results.place(ARTEFACTS[need].path)}" for need in needs]
    return [results.step("Made from", lines, ARTEFACTS[needs[0]].path, _SHOWN[kind][name])]


def _model(results: _Results, model: str, spec: ModelSpec, path: str) -> Step:
    config = results.config
    lines = [f"{spec.label} ({model}), family {spec.family}"]
    lines += [_equation(outcome, model, config) for outcome in spec.equations]
    lines += [
        f"What is left of {label_of(outcome, config)} at a session lasts to the next, counted in {by}."
        for outcome, by in getattr(spec, "autocorrelation", {}).items()
    ]
    lines += [f"Held, not estimated: residuals of {pair} are correlated." for pair in label_held(model, config)]
    if spec.variables:
        lines.append(f"Variance of {', '.join(label_of(name, config) for name in spec.variables)}, split by level.")
    arrows = {(edge.source, edge.outcome): edge.term for edge in edges_of(spec, config.variables)}
    steps = [f"{arrows[pair]} in the equation of {pair[1]}" for pair in pairwise(nodes_of(path)) if pair in arrows]
    if steps:
        lines.append(f"This row rests on {' and '.join(steps)}.")
    file = f"{results.place(RUN_FILES['config'])}, models.specs.{model}"
    return results.step("Model", lines, f"models/{model}/draws.nc", FAMILIES[spec.family].module, file)


def _equation(outcome: str, model: str, config: Config) -> str:
    equation = config.models.specs[model].equations[outcome]
    predictors = "; ".join(name_in(term, model, config) for term in equation.on)
    text = f"Equation of {name_in(outcome, model, config)}: predicted from {predictors or 'nothing'}."
    for unit, terms in equation.vary.items():
        varying = [_OWN.get(term) or f"the slope of {name_in(term, model, config)}" for term in terms]
        text += f" Differing between {unit}s: {'; '.join(varying)}." if varying else ""
    return text


def _rows(results: _Results, model: str, hit: Hit) -> Step:
    """Count from the export to the rows of the equations concerned: the row's own, or all of the model."""
    flow, config = results.flow, results.config
    own = flow[flow["model"] == model]
    outcome = hit.content.get("outcome")
    concerned = own[own["outcome"] == outcome] if outcome in set(own["outcome"]) else own
    lines = list(_counts("In the export", flow[flow["model"] == ""], config))
    for name, part in concerned.groupby("outcome", sort=False):
        lines += _counts(f"Equation of {label_of(str(name), config)}", part, config)
    return results.step("Rows", lines, ARTEFACTS["flow"].path, select_rows.__module__)


def _counts(title: str, part: pd.DataFrame, config: Config) -> Iterator[str]:
    """Write one part of the patient flow as a sum: what there was, what was left out and why, what is left."""
    if part.empty:
        return
    yield f"{format_count(part['n_sessions'].iloc[0]):>8} sessions  {capitalised_name(title)}"
    for row in records(part):
        if row.removed_sessions:
            yield f"{MINUS + ' ' + format_count(row.removed_sessions):>8}  {label_reason(row.reason, config)}"
    last = part.iloc[-1]
    yield (
        f"{'= ' + format_count(last['n_sessions']):>8} sessions of {format_count(last['n_patients'])} patients of "
        f"{format_count(last['n_therapists'])} therapists"
    )
