"""Checks of numbers: texts and truth values in their place, groups of three digits, values too large to be measured."""

import datetime
import re

import numpy as np
import pandas as pd

from alliance.config.cleaning import Cleaning
from alliance.data.checks.codes import all_codes_setting, codes_setting
from alliance.data.checks.finding import Finding
from alliance.data.checks.place import cell_value, found, quote_cell, shown_cell
from alliance.data.export.cells import as_text, group_mark
from alliance.data.export.mapping import WEEK, Measure, Typed
from alliance.data.export.tables import Export
from alliance.facts.columns import SESSION

_DECIMAL = re.compile(r"\s*[+-]?\d+([.,])\d+\s*")
_LARGEST = 1e9  # no answer, score or duration is larger
_OTHERS, _TIMES = 0.95, 1000  # or this many times as large as nearly all other values of its column
_ENOUGH = 20
_FAR_OUT, _FEW = 10, 0.05  # times the middle half's width, and the share of values that may lie so far
_APART = 3  # times as far as the furthest of the others
_WEEKS = 5200
_THE_WORD, _WITH_IT = "...", ", with the cell's text in place of the dots"
_HEADERS = 3  # rows below the names that may belong to the header


def check_number(export: Export) -> list[Finding]:
    """Find text and truth values where a number should be, and numbers that can be read in two ways."""
    findings = []
    for table in export.tables.values():
        for measure in table.measures:
            where = table.bad.get(measure.column)
            if measure.kind != "number" or where is None or not where.any():
                continue
            value = cell_value(table, measure.column, where) or ""
            what, remedy = _not_a_number(export.cleaning, table, measure, where, value)
            findings += found(table, "number", where, measure.column, what, remedy, value=value)
    return findings


def _others_are_read(table: Typed, measure: Measure) -> bool:
    """Whether other columns have decimals that are read as they should be, so that marks of this one are its own."""
    for other in table.measures:
        if other.kind != "number" or other.variable == measure.variable or other.decimal or other.thousands:
            continue
        cells = table.column(other.column)
        is_text = cells.map(lambda cell: isinstance(cell, str), na_action=None).astype(bool)
        text = cells.where(is_text).dropna().astype("str")
        if text.str.fullmatch(_DECIMAL.pattern).any() and not table.bad[other.column].any():
            return True
    return False


def _has_both_marks(table: Typed, measure: Measure) -> bool:
    marks = as_text(table.column(measure.column)).drop_duplicates().str.extract(_DECIMAL.pattern)[0].dropna()
    return marks.nunique() > 1


def _not_a_number(cleaning: Cleaning, table: Typed, measure: Measure, where: pd.Series, value: str) -> tuple[str, str]:
    """Say what stands in place of a number, and what to do."""
    place, mark, decimal = f"data.{table.name}", group_mark(value), _DECIMAL.fullmatch(value)
    if _others_are_read(table, measure):
        place = f"variables.{measure.variable}"
    thousands = measure.thousands or table.source.thousands
    cell = quote_cell(table, measure.column, value)
    if mark in (".", ",") and thousands is None:
        other = "." if mark == "," else ","
        whole, broken = value.replace(mark, ""), value.replace(",", ".")
        if value.count(mark) > 1 or other in value:
            return f"hold a number in groups of three digits ({cell})", _groups(place, mark).capitalize()
        return (
            f"hold a number with three digits after a mark ({cell}), which can mean {whole} or {broken}",
            f"If it means {whole}: {_groups(place, mark)} If it means {broken}: set {place}.thousands: none and "
            f"{place}.decimal: '{mark}'.",
        )
    if mark is not None and thousands is None:
        return f"hold a number in groups of three digits ({cell})", f'Set {place}.thousands: "{mark}".'
    if value.casefold() in ("true", "false"):
        return (
            f"hold a truth value instead of a number ({value})",
            f"Correct the cells. If the whole column says true or false, declare variables.{measure.variable} as "
            'kind: category with levels: {"FALSE": 0, "TRUE": 1}.',
        )
    if decimal is not None:
        return (
            f"hold a number with another decimal mark than the others ({cell})",
            f"Both marks are in this column: if both are decimal marks, set variables.{measure.variable}.decimal: any."
            if _has_both_marks(table, measure)
            else f"If this is how all decimals are written, set {place}.decimal: '{decimal.group(1)}'; otherwise correct the cells.",
        )
    if where.any() and isinstance(table.column(measure.column)[where].iloc[0], datetime.datetime):
        return (
            "hold a date instead of a number",
            "A spreadsheet takes 5.3 for the fifth of March: import the column as text there, or correct the cells. If the column holds "
            f"dates, correct variables.{measure.variable}.column.",
        )
    what = f"hold text instead of a number ({cell})"
    word = value if cell.startswith("'") else _THE_WORD
    setting = (
        codes_setting(cleaning, measure, [word]) if measure.codes is not None else all_codes_setting(cleaning, [word])
    )
    last = second_header(table, where)
    if last is not None:
        return what, f"If the header goes on there, say where the data begin: data.{table.name}.data_row: {last + 1}."
    missing = f"declare the word if it means 'missing' ({setting}{_WITH_IT * (word != value)})"
    if measure.answers:
        added = (
            f"add it to variables.{measure.variable}.answers (another wording of an answer as in [[never, nie], ...])"
        )
        return f"hold none of the declared answers ({cell})", f"Correct the cells, {added}, or {missing}."
    labels = as_text(table.column(measure.column)[where]).nunique()
    if not np.isfinite(measure.high - measure.low):
        answers = f"or declare variables.{measure.variable} as kind: category"
    else:
        answers = (
            f"or, if the cells hold answers as labels (here {labels} different ones), list all {measure.high - measure.low + 1:g} of them "
            f"from {measure.low:g} to {measure.high:g} in this order: variables.{measure.variable}.answers: [first, second, ...]"
        )
        if measure.item is None:
            answers += "; a variable without order is kind: category"
    return what, f"Correct the cells, {missing}, {answers}."


def _groups(place: str, mark: str) -> str:
    return f"set {place}.thousands: '{mark}' and {place}.decimal: '{'.' if mark == ',' else ','}'."


def second_header(table: Typed, where: pd.Series) -> int | None:
    """Return the last row of a header that goes on below the names: there only, and in most columns, numbers are text."""
    if not where.any():
        return None
    last = int(np.flatnonzero(where.to_numpy()).max()) + 1
    numbers = [measure.column for measure in table.measures if measure.kind == "number"]
    alike = [
        column for column in numbers if table.bad[column].iloc[:last].all() and not table.bad[column].iloc[last:].any()
    ]
    has_header = table.rows[0] > 1  # files without a row of names begin with case 1
    if last > _HEADERS or last >= len(where) or not has_header or not where.iloc[:last].all():
        return None
    # A session that is a word, too, tells a header from a first row with a word for "missing".
    session = table.bad.get(table.key_column(SESSION)) if SESSION in table.keys else None
    if not (len(alike) > 1 if session is None else session.iloc[:last].all()) or 2 * len(alike) < len(numbers):
        return None
    return int(table.rows[last - 1])


def check_magnitude(export: Export) -> list[Finding]:
    """Find infinite values, and values too large to be a measurement, where no range says what is possible."""
    findings = []
    for table in export.tables.values():
        if WEEK in table.keys:
            findings += found(
                table, "magnitude", table.keys[WEEK].abs() > _WEEKS, table.key_column(WEEK),
                "hold a week more than a hundred years away", "Correct the cells, or data.sessions.keys.week.",
            )  # fmt: skip
        for measure in table.measures:
            if measure.kind != "number":
                continue
            size = table.values[measure.name].abs()
            if np.isfinite(measure.high - measure.low):  # a range has a check of its own
                continue
            known = size[np.isfinite(size)]
            most = known.quantile(_OTHERS) if len(known) >= _ENOUGH else 0.0
            where = (size >= (min(_LARGEST, _TIMES * most) if most > 0 else _LARGEST)) & (size > 0)
            if not where.any():
                continue
            value = f"{table.values[measure.name][where].iloc[0]:g}"
            findings += found(
                table, "magnitude", where, measure.column,
                f"hold a value far beyond all others ({shown_cell(table, measure.column, value)})",
                "Correct the cells, leave them blank, or add the number to cleaning.missing_codes if it means 'missing'. "
                f"If it is possible, say so: variables.{measure.variable}.range.", value=value,
            )  # fmt: skip
    return findings


def check_far_out(export: Export) -> list[Finding]:
    """Find values far from nearly all others where no range says what is possible: a decimal mark that was lost, another unit."""
    findings = []
    for table in export.tables.values():
        for measure in table.measures:
            if measure.kind != "number" or np.isfinite(measure.high - measure.low):
                continue
            values = table.values[measure.name].where(~table.excluded).replace([np.inf, -np.inf], np.nan)
            low, middle, high = values.quantile([0.25, 0.5, 0.75]) if values.notna().sum() >= _ENOUGH else (0, 0, 0)
            far = (values - middle).abs()
            ordered = np.sort(far.dropna())
            # Beyond a gap: the largest values of a skewed measure are far, too, but follow one another.
            gaps = (ordered[1:] >= _APART * ordered[:-1]) & (ordered[1:] > _FAR_OUT * (high - low))
            where = far >= ordered[1:][gaps].min(initial=np.inf)
            if high <= low or not 0 < where.sum() <= _FEW * len(ordered):
                continue
            value = f"{values[where].iloc[0]:g}"
            findings += found(
                table, "far_out", where, measure.column,
                f"hold a value far from nearly all others, half of which lie between {low:g} and {high:g} "
                f"({shown_cell(table, measure.column, value)})",
                f"If they are mistakes, correct them, or say what is possible (variables.{measure.variable}.range). Otherwise do nothing.",
                severity="warning", value=value,
            )  # fmt: skip
    return findings
