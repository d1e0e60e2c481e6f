"""Checks of cells that are written once for several rows, as merged cells and grouped lists are."""

import json

import pandas as pd

from alliance.data.checks.finding import Finding
from alliance.data.checks.place import about_table
from alliance.data.export.mapping import Typed, key_parts
from alliance.data.export.tables import Export
from alliance.facts.columns import PATIENT, THERAPIST

_BLANK = 0.3  # share of blank cells from which a column may be grouped
_ALIKE = 0.9  # share of values that begin a block


def check_grouped(export: Export) -> list[Finding]:
    """Find columns that say something in the first row of each block of rows only: ids, labels, and what patients do not change in."""
    findings = []
    for name, table in export.tables.items():
        if table.source.fill_down is not None or table.source.wide is not None:
            continue
        columns = [column for column in _candidates(table) if _is_grouped(table, column)]
        if not columns:
            continue
        listed, place = json.dumps(columns, ensure_ascii=False), f"data.{name}.fill_down"
        blank = sum(int(table.column(column).isna().sum()) for column in columns)
        one_many = ("column", "holds") if len(columns) == 1 else ("columns", "hold")
        findings.append(
            about_table(
                table, "grouped",
                f"{export.file(name)}: {one_many[0]} {', '.join(columns)} {one_many[1]} values in the first row of each block only, as "
                f"merged or grouped cells do; {blank:,} cells below them are blank.",
                f"If a blank cell means the same as the one above it, set {place}: {listed}. If the cells are blank on purpose, "
                f"set {place}: [].",
                column=columns[0], count=blank,
            )
        )  # fmt: skip
    return findings


def _candidates(table: Typed) -> list[str]:
    parts = key_parts(table.source)
    keys = [column for key in (PATIENT, THERAPIST) if key in table.keys for column in parts[key]]
    measures = [measure.column for measure in table.measures if measure.kind == "category" or table.name != "sessions"]
    return [column for column in dict.fromkeys([*keys, *measures]) if column in table.raw.frame]


def _is_grouped(table: Typed, column: str) -> bool:
    """Whether nearly every value begins a patient's rows, or is followed by a blank where patients are grouped themselves."""
    blank = table.column(column).isna()
    given = ~blank
    if not _BLANK <= blank.mean() < 1 or blank.iloc[0]:
        return False
    followed = blank.shift(-1, fill_value=True)
    if followed[given].mean() < (_ALIKE if PATIENT in table.keys and column == table.key_column(PATIENT) else 0.5):
        return False
    if PATIENT not in table.keys or column == table.key_column(PATIENT):
        return True
    patient = table.keys[PATIENT].ffill()
    begins = patient != patient.shift()
    several = patient.groupby((begins).cumsum()).transform("size") > 1
    return bool(begins[given].mean() >= _ALIKE and _is_mostly(several))


def _is_mostly(where: pd.Series) -> bool:
    return bool(where.mean() >= 0.5)
