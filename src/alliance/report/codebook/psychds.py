"""A data set for others as Psych-DS describes it: one declaration per column, from which description, codebook and README follow.

Psych-DS 1.0 [1]_: a folder with ``dataset_description.json`` (schema.org, JSON-LD) and tables in ``data/`` whose names are pairs of keyword
and value before ``_data.csv``; every column is in ``variableMeasured``.

References
----------
.. [1] Kline Struhl (2018-), Psych-DS: a data standard for psychology. https://psych-ds.github.io
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alliance.config import Config, Variable
from alliance.config.instruments import Instrument
from alliance.facts.columns import ITEM, PATIENT, SESSION, THERAPIST
from alliance.facts.licences import LICENCES, say_licence
from alliance.report.codebook.protect import WEEK, Protected
from alliance.report.words import Speech

BLANK = "An empty cell was not observed, or is protected."


@dataclass(frozen=True)
class Column:
    """What a column of a shared table holds.

    Parameters
    ----------
    name, tables
        Its name and the tables it is in.
    description
        A sentence without full stop.
    unit
        Empty where it has none.
    low, high
        The values it can take; NaN where nothing is declared.
    levels
        Its labels or ranges; none where it holds numbers.
    """

    name: str
    tables: tuple[str, ...]
    description: str
    unit: str = ""
    low: float = math.nan
    high: float = math.nan
    levels: tuple[str, ...] = ()


def declare_columns(shared: Protected, config: Config, instruments: Mapping[str, Instrument]) -> list[Column]:
    """Return what each column of the shared tables holds, each once."""
    where: dict[str, list[str]] = {}
    for name, table in shared.tables.items():
        for column in table.columns:
            where.setdefault(str(column), []).append(name)
    items = {
        ITEM.format(variable=name, item=item): (variable, item)
        for name, variable in config.variables.items()
        if variable.instrument is not None
        for item in range(1, instruments[variable.instrument].items + 1)
    }
    return [_declare(name, tuple(tables), shared, config, instruments, items) for name, tables in where.items()]


def _declare(
    name: str,
    tables: tuple[str, ...],
    shared: Protected,
    config: Config,
    instruments: Mapping[str, Instrument],
    items: Mapping[str, tuple[Variable, int]],
) -> Column:
    keys = {
        PATIENT: "Code of a patient, drawn at random",
        THERAPIST: "Code of a therapist, drawn at random",
        SESSION: "Number of the session",
        WEEK: "Whole weeks since the first session of the patient",
    }
    if name in keys:
        return Column(name, tables, keys[name], unit="weeks" if name == WEEK else "")
    if name in items:
        variable, item = items[name]
        instrument = instruments[str(variable.instrument)]
        low, high = instrument.range
        about = f"Item {item} of {instrument.name} ({variable.label}){_seen(variable)}, as the export has it"
        return Column(name, tables, about, low=float(low), high=float(high))
    variable = config.variables[name]
    about = f"{variable.label[:1].upper()}{variable.label[1:]}{_seen(variable)}"
    if name in shared.bands:
        return Column(name, tables, f"{about}, in ranges", variable.unit, levels=tuple(shared.bands[name]))
    values = shared.tables[tables[0]][name]
    if variable.kind == "category" and not pd.api.types.is_numeric_dtype(values):
        return Column(name, tables, about, levels=tuple(sorted(values.dropna().unique())))
    low, high = variable.range or (math.nan, math.nan)
    return Column(name, tables, about, variable.unit, low, high)


def _seen(variable: Variable) -> str:
    """Say who rated a measure and when, as far as it is declared."""
    said = [f"rated by {variable.rater}" if variable.rater else ""]
    when = {"between": "between the session before and this one"}
    if variable.measured:
        said.append(when.get(variable.measured, f"{variable.measured} the session"))
    return "".join(f", {part}" for part in said if part)


def describe_dataset(columns: Sequence[Column], config: Config) -> dict[str, Any]:
    """Return ``dataset_description.json``."""
    described: dict[str, Any] = {
        "@context": "http://schema.org/",
        "@type": "Dataset",
        "name": config.run.title,
        "description": config.study.description or config.run.title,
        "schemaVersion": "Psych-DS 1.0",
    }
    if config.output.licence:
        described["license"] = LICENCES[config.output.licence].address
    speech = Speech(config)
    return described | {"variableMeasured": [_property(column, speech) for column in columns]}


def _property(column: Column, speech: Speech) -> dict[str, Any]:
    said: dict[str, Any] = {
        "@type": "PropertyValue",
        "name": column.name,
        "description": f"{speech.say(column.description)}. {BLANK}",
    }
    if column.unit:
        said["unitText"] = column.unit
    for key, value in (("minValue", column.low), ("maxValue", column.high)):
        if not math.isnan(value):
            said[key] = value
    if column.levels:
        said["valuePattern"] = "|".join(column.levels)
    return said


def tabulate_columns(columns: Sequence[Column], config: Config) -> pd.DataFrame:
    """Return the codebook of the data set: one row per column."""
    speech = Speech(config)
    return pd.DataFrame(
        [
            {
                "column": column.name,
                "tables": ", ".join(column.tables),
                "description": speech.say(column.description),
                "unit": column.unit,
                "low": column.low,
                "high": column.high,
                "levels": "; ".join(column.levels),
                "missing": "empty cell",
            }
            for column in columns
        ]
    )


def write_readme(shared: Protected, config: Config) -> str:
    """Return the README of the data set: what it is, what was changed, and what may be done with it."""
    speech = Speech(config)
    tables = [f"- `data/description-{name}_data.csv`: {len(table):,} rows" for name, table in shared.tables.items()]
    changes = [f"- {speech.say(change)}" for change in shared.changes]
    return "\n".join(
        [
            f"# {config.run.title}",
            "",
            config.study.description,
            "",
            "Every column is described in `dataset_description.json` (Psych-DS), and in `documentation/codebook.csv`. "
            f"{BLANK}",
            "",
            *tables,
            "",
            "## What was changed so that nobody can be told",
            "",
            *changes,
            "",
            "Answers and scores of sessions are as they were given: whoever knows several of somebody's answers can find that person. "
            "Whether the data may be passed on is for those to decide who asked the patients for their consent.",
            "",
            "## Licence",
            "",
            say_licence(config.output.licence),
            "",
        ]
    )
