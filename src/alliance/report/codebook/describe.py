"""What was understood of an export: one row for each column that says who and when, and for each variable.

Numbers are those of the cells as they were read, before any cleaning but with declared codes blanked; they are rounded to the digits they
need, never single values, and counts of few people are left out with all from which they could be computed.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Config, ModelSpec, Variable
from alliance.config.instruments import TOTAL, problems_of_use
from alliance.config.rupture import RUPTURE_MARK
from alliance.config.timing import parse_term
from alliance.data.export.mapping import Typed, key_columns, key_parts
from alliance.data.export.tables import Export
from alliance.data.scoring.scales import score_items
from alliance.facts.artefacts import ARTEFACTS, COUNT, TEXT
from alliance.facts.columns import ITEM, PATIENT, SESSION, THERAPIST
from alliance.report.labels import find_roles
from alliance.report.numbers import format_percent
from alliance.results.disclosure import step_for, suppress_counts, to_step

_KEYS = ("patient", "therapist", "session", "date", "week", "episode")
_MOST_CODES = 8  # value labels that are written out


def describe_codebook(export: Export, config: Config) -> pd.DataFrame:
    """Return the artefact `codebook`.

    Parameters
    ----------
    export
        The typed tables; where they lack a column, its row says so and holds no numbers.
    config
        Labels, units, models (for the role of a variable) and the smallest cell that may be shown.
    """
    columns = {name: _Values(table) for name, table in export.tables.items()}
    roles = roles_of(config)
    rows: list[dict[str, Any]] = []
    for table, values in columns.items():
        rows += _keys_of(values.table)
        for name, variable in config.variables.items():
            if variable.table == table:
                row = _declared(name, variable, roles.get(name, "in no model"), export)
                row |= _from_file(name, variable, values.table)
                rows.append(row | _numbers(name, variable, values, export, config))
    return as_codebook(rows)


def as_codebook(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as the artefact `codebook`; what they do not say is an empty text or a missing number."""
    kinds = ARTEFACTS["codebook"].columns
    columns: dict[str, pd.Series] = {}
    listed = list(rows)
    for column, kind in kinds.items():
        cells = [row.get(column) for row in listed]
        if kind == TEXT:
            columns[column] = pd.Series([cell or "" for cell in cells], dtype="str")
        else:
            columns[column] = pd.Series(cells, dtype="Int64" if kind == COUNT else "float64")
    return pd.DataFrame(columns)


def roles_of(config: Config) -> dict[str, str]:
    """Return what part each variable plays in the fitted models; those in no model are left out."""
    found = find_roles(config)
    roles: dict[str, str] = {}
    for role, terms in (
        ("outcome", [found.outcome] if found.outcome else []),
        ("mediator", found.mediators),
        ("cause", found.causes),
        ("covariate", [term for name in config.models.fit for term in _terms_of(config.models.specs[name])]),
    ):
        for term in terms:
            for name in _variables_behind(term, config):
                roles.setdefault(name, role)
    for name in config.study.randomised:
        roles[name] = ", ".join(dict.fromkeys(["assigned at random", roles.get(name, "in no model")]))
    return roles


def _terms_of(spec: ModelSpec) -> Iterable[str]:
    yield from spec.variables
    for outcome, equation in spec.equations.items():
        yield outcome
        yield from equation.on
    for factors in spec.products.values():
        yield from factors


def _variables_behind(term: str, config: Config) -> list[str]:
    """Return the variable of a term; of a composite its parts too."""
    found = parse_term(term, config.variables)
    if found is None or found.variable is None:
        return []
    parts = [name for part in config.variables[found.variable].of for name in _variables_behind(part, config)]
    return [found.variable, *parts]


def _keys_of(table: Typed) -> list[dict[str, Any]]:
    """Describe the columns that say who and when: how many cells are filled, never what is in them."""
    rows = []
    parts, columns = key_parts(table.source), key_columns(table.source)
    present = int((~table.excluded).sum())
    for key in (key for key in _KEYS if key in columns):
        row: dict[str, Any] = {
            "variable": key,
            "table": table.name,
            "kind": "id" if key in (PATIENT, THERAPIST) else {"date": "date", "episode": "text"}.get(key, "number"),
            "role": "who" if key in (PATIENT, THERAPIST) else "when",
            "columns": ", ".join(parts[key]),
        }
        if key == SESSION and table.source.wide is not None:
            row["columns"] = "from the names of the columns"
        if key in table.keys:
            filled = int((table.keys[key].notna() & ~table.excluded).sum())
            row |= {"n": filled, "missing": present - filled, "missing_share": _share(present - filled, present)}
        else:
            row["note"] = "not in the file"
        rows.append(row)
    return rows


def _declared(name: str, variable: Variable, role: str, export: Export) -> dict[str, Any]:
    low, high = variable.range or (math.nan, math.nan)
    kind = variable.kind
    if variable.instrument is not None:
        instrument = export.instruments[variable.instrument]
        kind_text = f"scale: {instrument.name}, {instrument.items} items"
        low, high = instrument.score_range(variable.metric)
    else:
        kind_text = {
            "composite": f"{variable.metric} of {', '.join(variable.of)}",
            RUPTURE_MARK: f"rupture {variable.state}, by {variable.detector}",
        }.get(kind, kind)
    return {
        "variable": name, "label": variable.label, "table": variable.table, "role": role, "measured": variable.measured or "",
        "rater": variable.rater or "", "kind": ", ".join([kind_text, *_taken_as(variable)]),
        "unit": "" if kind in ("category", RUPTURE_MARK) else variable.unit,
        "low": low, "high": high,
    }  # fmt: skip


def _taken_as(variable: Variable) -> list[str]:
    """List what else models take the values for: answers of yes and no, indicators of a construct, scores with error or an end."""
    said = ["answers of yes and no"] if variable.yes_no else []
    said += ["answers in order"] if variable.ordered else []
    said += ["indicators of one construct"] if variable.latent else []
    said += ["censored"] if variable.censored else []
    if variable.reliability == "items":
        said.append("reliability from its items")
    elif variable.reliability is not None:
        said.append(
            f"reliability {variable.reliability.within:g} within patients and {variable.reliability.between:g} between"
        )
    return said


def _from_file(name: str, variable: Variable, table: Typed) -> dict[str, Any]:
    """Say where a variable's values stand in the file, and what the file itself says about them."""
    if variable.is_made:
        return {"columns": ", ".join(variable.of)}
    measures = [measure for measure in table.measures if measure.variable == name]
    asked = [measure.column for measure in measures] or [variable.column or variable.item_column(1)]
    listed = [
        column for asked_column in asked for column in table.raw.patterns.get(asked_column, {0: asked_column}).values()
    ]
    shown = f"{listed[0]}, ..., {listed[-1]} ({len(listed)} columns)" if len(listed) > 3 else ", ".join(listed)
    first = asked[0]
    labels = table.raw.labels.get(first, {})
    coded = [f"{_code(code)} = {label}" for code, label in labels.items()]
    # What a file calls an item is its wording, which may be licensed and says nothing of the score.
    title = "" if variable.kind == "scale" else table.raw.titles.get(first, "")
    said = [
        f"called '{title}'" if title else "",
        f"measured as {level}" if (level := table.raw.levels.get(first)) else "",
        f"values {', '.join(coded[:_MOST_CODES])}{', ...' if len(coded) > _MOST_CODES else ''}" if coded else "",
        f"missing {missing}" if (missing := table.raw.missing.get(first)) else "",
    ]
    return {"columns": shown, "in_file": "; ".join(part for part in said if part)}


def _code(code: object) -> str:
    return f"{code:g}" if isinstance(code, float) else str(code)


@dataclass
class _Values:
    """The rows of a table that count, and whom each is about."""

    table: Typed

    @property
    def kept(self) -> pd.Series:
        return ~self.table.excluded

    def people(self) -> pd.Series:
        """Return whom a row is about: a patient, or a therapist in their own table; rows without an id are nobody."""
        key = THERAPIST if self.table.name == "therapists" else PATIENT
        rows = self.table.keys[key] if key in self.table.keys else pd.Series(np.nan, index=self.table.values.index)
        return rows[self.kept]


def _numbers(name: str, variable: Variable, values: _Values, export: Export, config: Config) -> dict[str, Any]:
    """Return how many values there are, how many are missing, and their distribution within the rules of privacy."""
    column, note = _column(name, variable, values.table, export)
    if column is None:
        return {"note": note}
    column, people = column[values.kept], values.people()
    there = column.notna()
    n, lost = int(there.sum()), int((~there).sum())
    found: dict[str, Any] = {"n": n, "missing": lost, "missing_share": _share(lost, n + lost), "note": note}
    minimum = config.privacy.minimum_cell
    if variable.table != "sessions" and (0 < lost < minimum or 0 < n < minimum):
        # Each row is a person there; one of the two counts would give the other away.
        found |= {"n": None, "missing": None, "missing_share": None, "note": _joined(note, _few(minimum))}
    if people[there].nunique() < minimum:
        return found if n == 0 else found | {"note": _joined(note, _few(minimum))}
    if variable.kind == "category":
        return found | {"shares": _shares(column, people, variable, minimum)}
    mean, sd = _mean_and_sd(column.astype(float), people[there].nunique())
    return found | {"mean": mean, "sd": sd}


def _joined(*parts: str) -> str:
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _few(minimum: int) -> str:
    return f"numbers of fewer than {minimum} people are not shown"


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else math.nan


def _mean_and_sd(values: pd.Series, people: int) -> tuple[float, float]:
    """Return mean and standard deviation with the digits they need: more would tell a value from two means, before and after cleaning."""
    mean, sd = float(values.mean()), float(values.std())
    if not (math.isfinite(mean) and math.isfinite(sd)):
        return math.nan, math.nan
    step = step_for(sd / math.sqrt(people))
    return to_step(mean, step), to_step(sd, step)


def _shares(labels: pd.Series, people: pd.Series, variable: Variable, minimum: int) -> str:
    """Write how the values are distributed over the labels; labels of few people, and who could be told by them, share one entry."""
    present = labels.dropna().astype(str)
    named = variable.declared_labels
    levels = [label for label in named if (present == label).any()]
    levels += sorted(set(present) - set(levels))
    counts = np.array([people[present.index][present == label].nunique() for label in levels])
    hidden = suppress_counts(counts[:, None], minimum, rows_add_up=False, columns_add_up=True)[:, 0]
    shares = [float((present == label).mean()) for label in levels]
    shown = [
        f"{label} {format_percent(share)}"
        for label, share, secret in zip(levels, shares, hidden, strict=True)
        if not secret
    ]
    few = [label for label, secret in zip(levels, hidden, strict=True) if secret]
    # A label that nobody declared may be a name: of few people it is counted only.
    declared, others = [label for label in few if label in named], sum(label not in named for label in few)
    if few:
        more = [f"{others} other label{'s' if others > 1 else ''}"] if others else []
        shown.append(f"{', '.join([*declared, *more])}: not shown")
    return ", ".join(shown)


def _column(name: str, variable: Variable, table: Typed, export: Export) -> tuple[pd.Series | None, str]:
    """Return the values of a variable by row, and a note; None where there are none."""
    if variable.kind == "scale":
        return _scored(name, variable, table, export)
    if variable.kind == "composite":
        if any(part not in export.variables for part in variable.of):
            return None, "made of subscales"
        parts = [_column(part, export.variables[part], table, export) for part in variable.of]
        if any(column is None for column, _ in parts):
            return None, "one of its parts is not there"
        joined = pd.concat([column for column, _ in parts if column is not None], axis="columns")
        return (
            joined.mean(axis=1, skipna=False) if variable.metric == "mean" else joined.sum(axis=1, skipna=False)
        ), ""
    if variable.kind == RUPTURE_MARK:
        return None, f"told from the course of {variable.of[0]} after scoring"
    if name not in table.values:
        return None, "not in the file"
    measure = next(measure for measure in table.measures if measure.name == name)
    column = table.values[name]
    return (column if measure.kind == "category" else column.mask(measure.outside(column))), ""


def _scored(name: str, variable: Variable, table: Typed, export: Export) -> tuple[pd.Series | None, str]:
    """Return the total of a questionnaire: impossible answers count as missing, as the cleaning has it."""
    instrument = export.instruments[str(variable.instrument)]
    measures = [measure for measure in table.measures if measure.variable == name]
    if len(measures) < instrument.items:
        return None, f"{instrument.items - len(measures)} of its {instrument.items} items are not in the file"
    if problems_of_use(name, variable, instrument):
        return None, "its questionnaire may not score these items"
    answers = {
        int(str(measure.item)): (column := table.values[ITEM.format(variable=name, item=measure.item)]).mask(
            measure.outside(column)
        )
        for measure in measures
    }
    scored = score_items(
        pd.DataFrame(answers), instrument, metric=variable.metric, stored_reversed=variable.stored_reversed
    )
    return scored.scores[TOTAL], ""
