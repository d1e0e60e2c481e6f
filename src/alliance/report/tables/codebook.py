"""The codebook: what each variable was understood to be, the same in the report, on a page of its own and on the terminal."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.roles import MOMENTS_TOLD
from alliance.report.labels import capitalised_name
from alliance.report.numbers import MISSING, format_count, format_percent, format_value
from alliance.report.tables.table import Table, said_table
from alliance.report.words import Speech

TITLE = "Codebook"
NEEDS = ("codebook",)
OWN = ("Variable", "Label", "Columns", "Distribution", "In the file")
SESSIONS = "sessions"
_NUMBERS = ("n", "missing", "missing_share", "mean", "sd", "shares")
_SCALE = r"^scale: (.+), \d+ items"
CAPTION = "What each variable was understood to be"


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the codebook for a report: without numbers of patients and therapists, which are of those before cleaning.

    Beside those of the patients who are analysed (tables `sample` and `flow`) they would tell of the few whom cleaning left out.
    """
    data = inputs["codebook"].copy()
    of_people = data["table"] != SESSIONS
    for name in _NUMBERS:
        data.loc[of_people, name] = "" if name == "shares" else pd.NA if data[name].dtype == "Int64" else math.nan
    table = make_whole({"codebook": data}, config)
    more = "Numbers of patients and therapists stand in the table of the sample, which is about those who are analysed."
    return replace(table, notes=[*table.notes, more]) if of_people.any() else table


def make_whole(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row for each column that says who and when, and for each variable, for those who hold the data."""
    data = inputs["codebook"]
    notes = [
        "Numbers are those of the cells as they were read, before cleaning; declared codes for missing and impossible values count as "
        f"missing. Of fewer than {config.privacy.minimum_cell} people nothing is shown."
    ]
    return Table(data, codebook_cells(data), CAPTION, notes, group="Table", own=OWN, quoted=_questionnaires(data))


def codebook_cells(codebook: pd.DataFrame) -> pd.DataFrame:
    """Return the codebook as people read it, one row of text for each row of the artefact."""
    rows = [
        {
            "Table": capitalised_name(row.table),
            "Variable": row.variable,
            "Label": row.label,
            "What it is": _joined(
                row.role, MOMENTS_TOLD.get(row.measured, ""), row.rater and f"rated by: {row.rater}", _kind(row)
            ),
            "Columns": row.columns,
            "Values": format_count(None if pd.isna(row.n) else row.n),
            "Missing": MISSING
            if pd.isna(row.missing)
            else f"{format_count(row.missing)} ({format_percent(row.missing_share)})",
            "Distribution": _joined(_distribution(row), row.note),
            "In the file": row.in_file,
        }
        for row in records(codebook)
    ]
    cells = pd.DataFrame(rows, dtype=object)
    said = cells["In the file"].astype(bool).any() if rows else False
    return cells if said else cells.drop(columns="In the file", errors="ignore")


def said_cells(codebook: pd.DataFrame, speech: Speech) -> pd.DataFrame:
    """Return `codebook_cells` in the words of the study."""
    cells = codebook_cells(codebook)
    return said_table(Table(codebook.head(0), cells, CAPTION, own=OWN, quoted=_questionnaires(codebook)), speech).shown


def _questionnaires(codebook: pd.DataFrame) -> tuple[str, ...]:
    """Return what the questionnaires are called."""
    kinds = codebook["kind"].astype("str").str.extract(_SCALE, expand=False).dropna()
    return tuple(kinds.unique())


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _kind(row: Any) -> str:
    unit = row.unit if row.kind != "category" else ""
    if not (pd.isna(row.low) or pd.isna(row.high)):
        unit = f"{format_value(row.low)} to {format_value(row.high)} {unit}".strip()
    return ", ".join(part for part in (row.kind, unit) if part)


def _distribution(row: Any) -> str:
    if row.shares:
        return str(row.shares)
    return "" if pd.isna(row.mean) else f"mean {format_value(row.mean)}, SD {format_value(row.sd)}"
