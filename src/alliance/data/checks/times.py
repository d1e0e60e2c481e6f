"""Checks of session numbers and dates: readable, plausible, and in the same order also after cleaning."""

import json
import re

import pandas as pd

from alliance.config.layout import EXCEL_DAYS
from alliance.data.checks.codes import CODES_OUT, coded_key
from alliance.data.checks.finding import Finding
from alliance.data.checks.numbers import second_header
from alliance.data.checks.place import cell_value, found, quote_cell
from alliance.data.checks.shares import cleaned_rows, mixed_courses
from alliance.data.export.cells import as_date, as_text, group_mark
from alliance.data.export.mapping import DATE, WEEK, Typed
from alliance.data.export.tables import Export
from alliance.data.export.unsaid import session_pattern
from alliance.facts.columns import PATIENT, SESSION

_EARLIEST, _LATEST = pd.Timestamp(1950, 1, 1), pd.Timestamp(2100, 1, 1)
_LONG = pd.Timedelta(days=365)
_MANY = 1000  # sessions: more are no treatment of one patient
_STEP, _TIMES = 5, 3  # larger steps of session numbers, and how many times the usual pace they may be
_FEW_NAMES = 0.1  # share of names among numbers up to which they are single cells
_FAR = pd.Timedelta(days=20 * 365)
_FORMATS = {
    "%d.%m.%Y": "day.month.year",
    "%d/%m/%Y": "day/month/year",
    "%m/%d/%Y": "month/day/year",
    "%Y-%m-%d": "year-month-day",
    "%d-%m-%Y": "day-month-year",
    "%m-%d-%Y": "month-day-year",
    "%d.%m.%y": "day.month.year with two digits for the year",
    "%d/%m/%y": "day/month/year with two digits for the year",
    "%m/%d/%y": "month/day/year with two digits for the year",
    "%Y/%m/%d": "year/month/day",
    "%Y%m%d": "year, month and day without marks",
    "%d %b %Y": "day, name of the month, year",
    "%d-%b-%Y": "day-name of the month-year",
    "%d.%m.%Y %H:%M": "day.month.year with a time",
    "%d/%m/%Y %H:%M": "day/month/year with a time",
    "%m/%d/%Y %H:%M": "month/day/year with a time",
    "%d.%m.%Y %H:%M:%S": "day.month.year with a time",
    "%d/%m/%Y %H:%M:%S": "day/month/year with a time",
    "%m/%d/%Y %H:%M:%S": "month/day/year with a time",
    EXCEL_DAYS: "day numbers of a spreadsheet",
}


def check_session_number(export: Export) -> list[Finding]:
    """Find session numbers that are missing, no whole numbers, or negative (0 is a session before treatment)."""
    table = export.tables["sessions"]
    if SESSION not in table.keys:
        return []
    column = table.key_column(SESSION)
    number = table.keys[SESSION]
    remedy = "Correct the file, or list the patients under cleaning.exclude.patients."
    if table.source.number_sessions == "by_date":
        return found(
            table, "session_number", number.isna(), column, "have no date, and sessions are numbered by date", remedy
        )
    if DATE in table.keys:
        remedy += " To count each patient's dates instead, set data.sessions.number_sessions: by_date."
    named = table.bad.get(column, pd.Series(False, index=number.index))
    pattern = session_pattern(as_text(table.column(column)[named]))
    names = "If these are names of sessions, give each its number: data.sessions.session_names: {pre: 0, post: 12}, for instance."
    last = second_header(table, named)
    if last is not None:
        names = f"If the header goes on there, say where the data begin: data.sessions.data_row: {last + 1}."
    elif group_mark(cell_value(table, column, named) or "") is not None:
        names = "If these are whole numbers with decimals, set data.sessions.thousands: none."
    elif named.sum() < _FEW_NAMES * number.notna().sum():
        names = (
            "Correct these cells, or give each of these names the number of a session that the patient does not have yet: "
            "data.sessions.session_names: {6a: 7}, for instance."
        )
    elif pattern is not None:
        names = f'If the number is the session, set data.sessions.session_names: "{pattern}".'
    coded, codes = coded_key(export, table, SESSION)
    counts = f"have no session number but {codes}, which counts as missing (cleaning.missing_codes)"
    cases = [
        ("have no session number", number.isna() & ~named & ~coded, remedy),
        (counts, coded, f"{remedy} If {codes} is a session's number, {CODES_OUT}"),
        ("have a session number that is not a number", named, names),
        ("have a session number that is not whole", number.notna() & (number % 1 != 0), remedy),
        ("have a negative session number", number < 0, remedy),
    ]
    return [
        finding
        for what, where, then in cases
        for finding in found(table, "session_number", where, column, what, then, value=cell_value(table, column, where))
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
                    f"hold a week that is not a number ({quote_cell(table, column, value or '')})",
                    f"Correct the cells, or data.{name}.keys.week."
                    + (
                        f" If this is how all decimals are written, set data.{name}.decimal: ','."
                        if re.fullmatch(r"[+-]?\d+,\d+", (value or "").strip())
                        else ""
                    )
                    + (
                        f" If it has three decimals, set data.{name}.thousands: none."
                        if group_mark(value or "")
                        else ""
                    ),
                )
            else:
                declared = table.source.date_format
                formats = [declared or "year-month-day"] if not isinstance(declared, list) else declared
                form = "the format" if len(formats) == 1 else "exactly one of the formats"
                what = f"hold no date of {form} {' or '.join(formats)} ({quote_cell(table, column, value or '')})"
                remedy = _format_remedy(table.column(column), where, name, declared)
            findings += found(table, "date", where, column, what, remedy, value=value)
    return findings


def _format_remedy(column: pd.Series, where: pd.Series, table: str, declared: str | list[str] | None) -> str:
    place = f"data.{table}.date_format"
    said = [declared] if isinstance(declared, str) else list(declared or [])
    bad = {name: as_date(column, name)[1] for name in _FORMATS if name not in said}
    fitting = [name for name, wrong in bad.items() if not wrong.any()]
    if len(fitting) > 1:
        ways = " or ".join(f'{place}: "{name}" ({_FORMATS[name]})' for name in fitting)
        return f"All dates fit more than one way of writing. Say which it is: {ways}."
    if fitting:
        return f'All dates fit {_FORMATS[fitting[0]]}: set {place}: "{fitting[0]}".'
    for name in bad:
        both = [*(said or ["%Y-%m-%d"]), name]
        if not as_date(column, both)[1].any():
            return f"Dates are written in several ways here, each of them clear: set {place}: {json.dumps(both)}."
    if where.sum() == column.notna().sum():
        return f'Set {place} to how dates are written, e.g. "%d.%m.%Y" for 24.12.2025.'
    return "Correct these dates in the export, leave the cells blank, or declare what means 'missing' under cleaning.missing_codes."


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
        table, "date_implausible", where, column, f"hold a date far from the others ({quote_cell(table, column, value or '')})",
        "Correct the year, leave the cells blank, or, if it stands for no date, name it under cleaning.missing_codes (as 1582-10-14).",
        value=value,
    )  # fmt: skip


def check_date_order(export: Export) -> list[Finding]:
    """Find sessions that are dated before an earlier session of the same patient, among the rows that cleaning leaves."""
    table = export.tables["sessions"]
    time = DATE if DATE in table.keys else WEEK
    cleaned = cleaned_rows(export)
    if cleaned is None or time not in table.keys:
        return []
    rows, ledger = cleaned
    if mixed_courses(export, ledger):
        return []  # that is what has to be mended
    ordered = rows.sessions.dropna(subset=[time]).sort_values([PATIENT, SESSION])
    latest = ordered.groupby(PATIENT)[time].cummax().groupby(ordered[PATIENT]).shift()
    late = ordered.index[ordered[time] < latest]
    return found(
        table, "date_order", pd.Series(table.keys.index.isin(late)), table.key_column(time),
        "are dated before an earlier session of the same patient",
        _other_order(table) + "Correct the date or the session number; where patients came back for another course of treatment, set "
        "data.sessions.keys.episode or cleaning.new_episode_after_days.",
    )  # fmt: skip


def _other_order(table: Typed) -> str:
    """Say so if all dates can be read with day and month the other way round, too."""
    declared = table.source.date_format
    if DATE not in table.keys or not isinstance(declared, str) or not {"%d", "%m"} <= set(re.findall("%.", declared)):
        return ""
    other = declared.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    if as_date(table.column(table.key_column(DATE)), other)[1].any():
        return ""
    return f'All dates can be read with day and month the other way round, too: data.sessions.date_format: "{other}" if that is meant. '


def check_long_pause(export: Export) -> list[Finding]:
    """Find sessions after a pause of more than a year: perhaps another course of treatment whose numbers go on."""
    table = export.tables["sessions"]
    cleaned = cleaned_rows(export)
    if cleaned is None or DATE not in table.keys or mixed_courses(export, cleaned[1]):
        return []
    ordered = cleaned[0].sessions.dropna(subset=[DATE]).sort_values([PATIENT, DATE])
    back = ordered.index[ordered.groupby(PATIENT)[DATE].diff() > _LONG]
    return found(
        table, "long_pause", pd.Series(table.keys.index.isin(back)), table.key_column(DATE),
        "are dated more than a year after the patient's session before",
        f"If they begin another course of treatment, set cleaning.new_episode_after_days: {_LONG.days} to keep the first one; if the year "
        "is a slip, correct it; otherwise do nothing.", severity="warning",
    )  # fmt: skip


def check_session_implausible(export: Export) -> list[Finding]:
    """Find session numbers far above the patient's other ones although hardly any time has passed.

    A number is judged by the step to the number before it in the same patient: where both are dated, by the time between them, at
    the usual pace of the study (median days for each step of a number); otherwise by the highest numbers of the other patients.
    """
    table = export.tables["sessions"]
    cleaned = cleaned_rows(export)
    if cleaned is None or mixed_courses(export, cleaned[1]):
        return []
    rows = cleaned[0].sessions
    limit = export.cleaning.largest_session
    far = rows[SESSION] > limit if limit is not None else (rows[SESSION] > _MANY) | _out_of_line(rows)
    where = pd.Series(table.keys.index.isin(rows.index[far]))
    column = table.key_column(SESSION)
    value = cell_value(table, column, where)
    by_date = (
        ", or count each patient's dates instead (data.sessions.number_sessions: by_date)" if DATE in table.keys else ""
    )
    remedy = (
        "Correct the file, or cleaning.largest_session."
        if limit is not None
        else f"Correct the file{by_date}; if the number is right, set "
        f"cleaning.largest_session: {rows[SESSION].max():.0f}."
    )
    why = (
        f"above {limit} (cleaning.largest_session)"
        if limit is not None
        else "out of line with their dates or neighbours"
    )
    return found(
        table,
        "session_implausible",
        where,
        column,
        f"have a session number {why} ({quote_cell(table, column, value or '')})",
        remedy,
        value=value,
    )


def _out_of_line(rows: pd.DataFrame) -> pd.Series:
    ordered = rows.sort_values([PATIENT, SESSION])
    by = ordered.groupby(PATIENT)
    step = by[SESSION].diff()
    days = by[DATE].diff().dt.days if DATE in rows else 7.0 * by[WEEK].diff() if WEEK in rows else step * float("nan")
    usual = (days / step).median()
    timed = (step > _STEP) & (step > _TIMES * (days / usual if usual > 0 else days) + 1)
    others = by[SESSION].max().median()
    untimed = (
        days.isna() & (ordered[SESSION] > _TIMES * others) & (step.isna() | (step > _STEP)) & (ordered[SESSION] > _STEP)
    )
    shared = ordered.groupby(SESSION)[PATIENT].transform("nunique") > 0.2 * ordered[PATIENT].nunique()
    return (timed | (untimed & ~shared)).reindex(rows.index)
