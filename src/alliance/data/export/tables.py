"""The tables of an export, read and typed once, with the settings that say what they should hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from alliance.config.cleaning import Cleaning
from alliance.config.instruments import Instrument
from alliance.config.schema import Data, Source, Variable
from alliance.data.export.distinct import is_among
from alliance.data.export.left_out import leave_out
from alliance.data.export.mapping import (
    DATE,
    WEEK,
    Typed,
    distinct_rows,
    key_parts,
    mapped_columns,
    measures_of,
    type_table,
)
from alliance.data.export.raw import RawTable
from alliance.data.export.read import read_table
from alliance.data.export.wide import columns_behind
from alliance.facts.columns import PATIENT, SESSION

NO_GROUPS: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, eq=False)  # tables have no order and no hash: an export is equal to itself alone
class Export:
    """What checks look at and cleaning starts from: the typed tables, and what was declared about them."""

    tables: Mapping[str, Typed]
    data: Data
    variables: Mapping[str, Variable]
    cleaning: Cleaning
    instruments: Mapping[str, Instrument]
    # Category whose groups are compared -> patients that each of them must have
    smallest_groups: Mapping[str, int] = NO_GROUPS

    def stays(self, table: str) -> pd.Series:
        """Return the rows that the declared rules keep: not left out on purpose, not orphans that are dropped."""
        typed, patients = self.tables[table], self.tables.get("patients")
        kept = ~typed.excluded
        if (
            self.cleaning.orphans == "drop"
            and patients is not None
            and PATIENT in patients.keys
            and PATIENT in typed.keys
        ):
            kept &= is_among(typed.keys[PATIENT], patients.keys[PATIENT])
        return kept

    def file(self, table: str) -> str:
        """Name of a table's file, for messages."""
        return Path(self.tables[table].raw.path).name


def _without_rows_of_no_session(raw: RawTable, source: Source, measured: list[str]) -> RawTable:
    """Leave out rows without a session number, a date or any value: they are about the patient, as the first rows of REDCap's exports."""
    keys = key_parts(source)
    told = [column for key in (SESSION, DATE, WEEK) for column in keys.get(key, ())] + measured
    held = [column for column in told if column in raw.frame]
    if source.wide is not None or not set(keys[SESSION]) <= set(held):
        return raw
    blank = raw.frame[held].isna().all(axis="columns").to_numpy()
    if not blank.any() or blank.all():
        return raw
    count = int(blank.sum())
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    note = f"{rows} no session number, date or value of a session, and no session was made of {'it' if count == 1 else 'them'}."
    return replace(raw, frame=raw.frame[~blank], notes=(*raw.notes, note))


def read_tables(
    files: Mapping[str, str],
    data: Data,
    variables: Mapping[str, Variable],
    cleaning: Cleaning,
    instruments: Mapping[str, Instrument],
    smallest_groups: Mapping[str, int] = NO_GROUPS,
) -> Export:
    """Read the files of an export, and map and type their tables.

    Parameters
    ----------
    files
        ``sessions``, and ``patients`` and ``therapists`` where the study has them.
    smallest_groups
        See `alliance.config.compared.smallest_groups`.

    Raises
    ------
    DataError
        A file cannot be read at all. What is wrong inside a readable table is left to the checks.
    """
    tables = {}
    for name, path in files.items():
        source = getattr(data, name)
        measures = measures_of(name, variables, instruments)
        used = columns_behind(source, [*mapped_columns(source, measures), *source.where])
        raw = read_table(path, source, name, used)
        if name == "sessions":
            raw = _without_rows_of_no_session(raw, source, [measure.column for measure in measures])
        table = type_table(raw, source, measures, cleaning)
        # A table of patients or therapists inside the file of sessions repeats its rows at every session.
        repeats = name != "sessions" and Path(path) == Path(files["sessions"]) and data.sessions.wide is None
        tables[name] = distinct_rows(table) if repeats else table
    return Export(leave_out(tables, cleaning), data, variables, cleaning, instruments, smallest_groups)
