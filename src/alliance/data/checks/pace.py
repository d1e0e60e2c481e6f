"""Checks of what times of sessions should do: numbers go on one by one, dates change, and no spreadsheet has turned them round."""

import datetime
import json

import pandas as pd

from alliance.data.checks.finding import Finding
from alliance.data.checks.place import about_table, found
from alliance.data.checks.shares import cleaned_rows, mixed_courses
from alliance.data.export.cells import as_date
from alliance.data.export.mapping import DATE, WEEK
from alliance.data.export.tables import Export
from alliance.facts.columns import PATIENT, SESSION

_ENOUGH = 10  # pairs of sessions, or patients, from which a pattern can be told
_HARDLY, _MOST = 0.1, 0.8
_LISTED = 20  # numbers of sessions that a remedy lists
_MONTHS = 12


def check_session_steps(export: Export) -> list[Finding]:
    """Find session numbers of which hardly any follows the one before, as weeks 0, 4, 8: then no session has an earlier one."""
    table = export.tables["sessions"]
    cleaned = cleaned_rows(export)
    if cleaned is None or mixed_courses(export, cleaned[1]):
        return []
    numbers = cleaned[0].sessions.sort_values([PATIENT, SESSION])
    steps = numbers.groupby(PATIENT)[SESSION].diff().dropna()
    steps = steps[steps > 0]
    if len(steps) < _ENOUGH or (steps == 1).mean() >= _HARDLY:
        return []
    held = sorted(numbers[SESSION].unique())
    ways = []
    if len(held) <= _LISTED:
        counted = {f"{number:.0f}": place for place, number in enumerate(held, start=0 if held[0] == 0 else 1)}
        ways.append(f"give each its place in the order, data.sessions.session_names: {json.dumps(counted)}")
    if DATE in table.keys and table.source.wide is None:
        ways.append("count each patient's dates, data.sessions.number_sessions: by_date")
    step = steps.mode().iloc[0]
    if step <= 10 and (steps == step).mean() >= _MOST:
        ways.append(f"say how many numbers earlier the earlier session is, panel.lag: {step:.0f}")
    shown = ", ".join(f"{number:.0f}" for number in held[:4]) + (", ..." if len(held) > 4 else "")
    return [
        about_table(
            table, "session_steps",
            f"{export.file('sessions')}: of {len(steps):,} sessions that follow another one of their patient, "
            f"{int((steps == 1).sum()):,} have the next number (column {table.key_column(SESSION)} "
            f"has {shown}); with panel.lag: 1 that would be the earlier one.",
            f"If the measurement before is meant, {'; or '.join(ways) or 'number the sessions one by one in another column'}. If "
            "panel.lag says so already, or only neighbouring numbers are meant, do nothing: models refuse earlier values that nobody has.",
            severity="warning", column=table.key_column(SESSION), count=len(steps),
        )
    ]  # fmt: skip


def check_date_constant(export: Export) -> list[Finding]:
    """Find dates that do not change within patients, as those of an intake do: they date no sessions."""
    table = export.tables["sessions"]
    key = DATE if DATE in table.keys else WEEK
    if key not in table.keys or not {PATIENT, SESSION} <= set(table.keys):
        return []
    rows = table.keys[~table.excluded].dropna(subset=[PATIENT, SESSION, key])
    several = rows.groupby(PATIENT).agg(sessions=(SESSION, "nunique"), times=(key, "nunique"))
    several = several[several["sessions"] >= 3]
    if len(several) < _ENOUGH or (several["times"] == 1).mean() < _MOST:
        return []
    column = table.key_column(key)
    return [
        about_table(
            table, "date_constant",
            f"{export.file('sessions')}: column {column} is the same at all sessions of {int((several['times'] == 1).sum()):,} of "
            f"{len(several):,} patients with three sessions or more, as a date of intake is: it does not date sessions.",
            f"Name the column with the {key} of each session under data.sessions.keys.{key}, or take it out there.",
            column=column, count=int((several["times"] == 1).sum()),
        )
    ]  # fmt: skip


def check_date_swapped(export: Export) -> list[Finding]:
    """Find a column in which a spreadsheet has taken days for months wherever it could: the other dates have stayed text."""
    findings = []
    for table in export.tables.values():
        if DATE not in table.keys or table.source.date_format is None:
            continue
        column = table.column(table.key_column(DATE))
        is_date = column.map(lambda cell: isinstance(cell, datetime.datetime), na_action=None).astype(bool)
        read, wrong = as_date(column, table.source.date_format)
        texts = read[~is_date & column.notna() & ~wrong]
        if min(int(is_date.sum()), len(texts)) < 3 or pd.api.types.is_datetime64_any_dtype(column.dtype):
            continue
        if (texts.dt.day > _MONTHS).all() and (read[is_date].dt.day <= _MONTHS).all():
            findings += found(
                table, "date_swapped", is_date, table.key_column(DATE),
                f"hold a date whose day and month seem to be exchanged: all of them could be, and the other {len(texts)} dates, which "
                "could not, are text, as when a spreadsheet reads dates of another country",
                "Export them again as text or year-month-day, or import the file into the spreadsheet with this column as text.",
            )  # fmt: skip
    return findings
