"""Where the variables of a model come from: how they were scored, and which columns of which file they are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance.config import Config, Variable
from alliance.config.instruments import Instrument
from alliance.config.rupture import RUPTURE_MARK
from alliance.config.timing import owner_of_part, parse_term
from alliance.data.cleaning.clean import clean_tables
from alliance.data.export.mapping import key_columns
from alliance.data.export.read import read_table
from alliance.data.panel import make_panel
from alliance.data.scoring.measures import score_sessions
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import BASELINE, BETWEEN, LAG
from alliance.facts.detectors import DETECTORS, OBSERVER
from alliance.facts.roles import MOMENTS_TOLD
from alliance.report.labels import label_of, plain_label
from alliance.runs.plan import data_files
from alliance.runs.project import from_here
from alliance.runs.provenance import sha256_of


@dataclass(frozen=True)
class Described:
    """Lines for people, and the modules that know more."""

    lines: list[str]
    modules: str


def variables_behind(names: Iterable[str], config: Config) -> dict[str, Variable]:
    """Return the variables behind some terms, and those that composites are made of."""
    terms = (parse_term(name, config.variables) for name in names)
    waiting = [term.variable for term in terms if term is not None and term.variable is not None]
    found: dict[str, Variable] = {}
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = config.variables[name]
            owners = (owner_of_part(part, config.variables) for part in found[name].of)
            waiting += [owner for owner in owners if owner is not None]
    return found


def describe_scores(
    names: Iterable[str], variables: Mapping[str, Variable], config: Config, instruments: Mapping[str, Instrument]
) -> Described:
    """Say how variables were scored, and what the endings of their names mean."""
    lines = [f"{name}: {_scoring(variable, config, instruments)}" for name, variable in variables.items()]
    suffixes = {term.suffix for name in names if (term := parse_term(name, config.variables)) is not None}
    lag, gap = config.panel.lag, config.panel.max_gap_days
    dated = f" and at most {lag * gap:g} days before" if gap is not None else ""
    meanings = {
        LAG: f"{lag} session{'s' if lag > 1 else ''} earlier, where observed{dated}",
        BASELINE: "at the patient's first session, missing where it was not observed then",
        BETWEEN: "mean of the patient's sessions",
    }
    lines += [f"...{suffix}: {meaning}" for suffix, meaning in meanings.items() if suffix in suffixes]
    return Described(lines, f"{score_sessions.__module__}, {make_panel.__module__}")


def _scoring(variable: Variable, config: Config, instruments: Mapping[str, Instrument]) -> str:
    instrument = instruments.get(variable.instrument or "")
    if instrument is not None:
        low, high = instrument.range
        turned = f", reversed: {', '.join(map(str, instrument.reversed))}" if instrument.reversed else ""
        how = f"{instrument.name}, {variable.metric} of {instrument.items} items from {low:g} to {high:g}{turned}"
    elif variable.kind == "composite":
        how = f"{variable.metric} of {' and '.join(label_of(part, config) for part in variable.of)}"
    elif variable.kind == RUPTURE_MARK:
        how = _marking(variable, config)
    elif variable.levels:
        how = ", ".join(f"{plain_label(label)} = {number:g}" for label, number in variable.levels.items())
    elif variable.kind == "category":
        how = f"categories, each against {plain_label(variable.reference or '')}"
    else:
        how = "as exported" + (f", from {variable.range[0]:g} to {variable.range[1]:g}" if variable.range else "")
    when = f", {MOMENTS_TOLD[variable.measured]}" if variable.measured else ""
    by = f", rated by the {variable.rater}" if variable.rater else ""
    return f"{variable.label}; {how}{when}{by}"


def _marking(variable: Variable, config: Config) -> str:
    """Say how a mark of a rupture was told; limits and counts stand in the run's own file."""
    score = label_of(variable.of[0], config)
    what = "a rupture is open" if variable.state == "open" else f"{score} returned after a rupture"
    if variable.detector == OBSERVER:
        return f"1 where {what}, 0 elsewhere; ruptures as coded in {label_of(variable.of[1], config)}"
    found = DETECTORS[str(variable.detector)]
    return f"1 where {what}, 0 elsewhere; {score} is marked by the {found.meaning} ({found.source}); limits: {ARTEFACTS['detectors'].path}"


def describe_export(
    variables: Mapping[str, Variable],
    config: Config,
    instruments: Mapping[str, Instrument],
    provenance: Mapping[str, Any],
    root: Path,
) -> Described:
    """Say which columns of which files hold the variables (all files if there are none), and whether a file is still the same."""
    hashes = {str(item["file"]): str(item["sha256"]) for item in provenance.get("inputs", [])}
    lines = []
    for table, path in data_files(config).items():
        columns = [
            text
            for variable in variables.values()
            if variable.table == table
            for text in _columns(variable, instruments)
        ]
        if columns or not variables:
            keys = ", ".join(key_columns(getattr(config.data, table)).values())
            lines.append(f"{path}: {', '.join([*columns, f'keys {keys}'])}; {_state(path, hashes.get(path), root)}")
    return Described(lines, f"{read_table.__module__}, {clean_tables.__module__}")


def _columns(variable: Variable, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    if variable.column:
        yield variable.column
    instrument = instruments.get(variable.instrument or "")
    if instrument is not None and variable.items:
        first, last = (variable.item_column(item) for item in (1, instrument.items))
        yield f"{first} to {last}"


def _state(path: str, recorded: str | None, root: Path) -> str:
    found = from_here(path, root)
    if recorded is None or not found.is_file():
        gone = "the file is no longer there, or lies outside the project: of such a file only the name is kept"
        return "its content was not recorded" if recorded is None else gone
    same = sha256_of(found) == recorded
    return "the file is the same as in the run" if same else "THE FILE HAS CHANGED SINCE THE RUN"
