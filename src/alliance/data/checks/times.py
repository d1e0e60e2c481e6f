"""Checks of session numbers and dates: readable, plausible, and in the same order."""

import pandas as pd

from alliance.data.checks.finding import Finding
from alliance.data.checks.place import cell_value, found
from alliance.data.export.cells import as_date, as_text
from alliance.data.export.mapping import DATE, WEEK
from alliance.data.export.tables import Export
from alliance.data.export.unsaid import session_pattern
from alliance.facts.columns import PATIENT, SESSION

_EARLIEST, _LATEST = pd.Timestamp(1950, 1, 1), pd.Timestamp(2100, 1, 1)
_FAR = pd.Timedelta(days=20 * 365)
_FORMATS = {
    "%d.%m.%Y": "day.month.year",
    "%d/%m/%Y": "day/month/year",
    "%m/%d/%Y": "month/day/year",
    "%Y-%m-%d": "year-month-day",
}


def check_session_number(export: Export) -> list[Finding]:
    """Find session numbers that are missing, no whole numbers, or negative (0 is a session before treatment)."""
    table = export.tables["sessions"]
    if SESSION not in table.keys:
        return []
    column = table.key_column(SESSION)
    number = table.keys[SESSION]
    remedy = "Correct the file, or list the patients under cleaning.exclude.patients."
    named = table.bad.get(column, pd.Series(False, index=number.index))
    pattern = session_pattern(as_text(table.column(column)[named]))
    names = "If these are names of sessions, give each its number: data.sessions.session_names: {pre: 0, post: 12}, for instance."
    if pattern is not None:
        names = f'If the number is the session, set data.sessions.session_names: "{pattern}".'
    cases = {
        "have no session number": table.column(column).isna(),
        "have a session number that is not a number": named,
        "have a session number that is not whole": number.notna() & (number % 1 != 0),
        "have a negative session number": number < 0,
    }
    return [
        finding
        for what, where in cases.items()
        for finding in found(
            table,
            "session_number",
            where,
            column,
            what,
            names if where is named else remedy,
            value=cell_value(table, column, where),
        )
    ]


def check_date(export: Export) -> list[Finding]:
    """Find dates that do not exist or are not of the declared format, and weeks that are no numbers."""
    findings = []
    for name, table in export.tables.items():
        for key in (DATE, WEEK):
            if key not in table.keys:
                continue
            column = table.key_column(key)
            where = table.bad[column]
            if not where.any():
                continue
            value = cell_value(table, column, where)
            if key == WEEK:
                what, remedy = (
                    f"hold a week that is not a number ('{value}')",
                    "Correct the cells, or data.sessions.keys.week.",
                )
            else:
                declared = table.source.date_format
                what = f"hold no date of the format {declared or 'year-month-day'} ('{value}')"
                remedy = _format_remedy(table.column(column), where, name, declared)
            findings += found(table, "date", where, column, what, remedy, value=value)
    return findings


def _format_remedy(column: pd.Series, where: pd.Series, table: str, declared: str | None) -> str:
    for other, words in _FORMATS.items():
        if other != declared and not as_date(column, other)[1].any():
            return f'All dates fit {words}: set data.{table}.date_format: "{other}".'
    if where.sum() == column.notna().sum():
        return f'Set data.{table}.date_format to how dates are written, e.g. "%d.%m.%Y" for 24.12.2025.'
    return "Correct these dates in the export, or leave the cells blank."


def check_date_implausible(export: Export) -> list[Finding]:
    """Find dates before 1950, after 2100, or more than 20 years from the median date of the study."""
    table = export.tables["sessions"]
    if DATE not in table.keys:
        return []
    dates = table.keys[DATE]
    where = dates.notna() & ((dates < _EARLIEST) | (dates > _LATEST) | ((dates - dates.median()).abs() > _FAR))
    column = table.key_column("date")
    value = cell_value(table, column, where)
    return found(
        table, "date_implausible", where, column, f"hold a date far from the others ('{value}')",
        "Correct the year, or leave the cells blank.", value=value,
    )  # fmt: skip


def check_date_order(export: Export) -> list[Finding]:
    """Find sessions that are dated before an earlier session of the same patient."""
    table = export.tables["sessions"]
    time = DATE if DATE in table.keys else WEEK
    if not {PATIENT, SESSION, time} <= set(table.keys):
        return []
    keys = table.keys[export.stays("sessions")].dropna(subset=[PATIENT, SESSION, time])
    # Rows of the same session that contradict each other are another finding: their earliest date counts here.
    first = keys.groupby([PATIENT, SESSION])[time].min().reset_index()
    first["latest"] = first.groupby(PATIENT)[time].cummax().groupby(first[PATIENT]).shift()
    late = first[first[time] < first["latest"]]
    where = pd.Series(False, index=table.keys.index)
    at = keys.reset_index().merge(late[[PATIENT, SESSION]], on=[PATIENT, SESSION])["index"]
    where[at] = True
    return found(
        table, "date_order", where, table.key_column(time),
        "are dated before an earlier session of the same patient", "Correct the date or the session number.",
    )  # fmt: skip
