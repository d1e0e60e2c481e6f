"""Turn cells into text, numbers, dates and comparable ids, and say which cells could not be turned."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from alliance.config.cleaning import Ids
from alliance.config.layout import EXCEL_DAYS
from alliance.data.export.distinct import on_distinct
from alliance.facts.plain import alike_text

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_MARKED = re.compile(r"[+-]?[0-9]*[.,][0-9]+")
ONE_GROUP = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,' ])[0-9]{3}(\1[0-9]{3})*([.,][0-9]+)?")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_ZONE = re.compile(r"(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$")
_MINUS = "\u2212"
_EXCEL_DAY = re.compile(r"[1-9]\d{3,4}(\.\d+)?")  # 1902 to 2173
_ZEROS_BEFORE_A_NUMBER = re.compile(r"(?<!\d)0+(?=\d)")


def as_text(column: pd.Series) -> pd.Series:
    """Write each cell as text, whole numbers without a point, truth values as TRUE and FALSE; blank cells are missing."""
    is_text = pd.api.types.is_string_dtype(column.dtype) and column.dtype != object
    return column if is_text else _as_text(column)


@on_distinct
def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        days: pd.Series = column.dt.strftime("%Y-%m-%d")
        return days.astype("str")
    return pd.Series([None if pd.isna(cell) else _cell_text(cell) for cell in column], index=column.index, dtype="str")


def _cell_text(cell: Any) -> str:
    """Write one cell as a person would."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool | np.bool_):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ")
    return str(int(cell)) if float(cell).is_integer() else repr(float(cell))


def as_number(column: pd.Series, decimal: str = ".", thousands: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Return the numbers of a column (float), and where a cell is neither a number nor blank (bool).

    Parameters
    ----------
    decimal
        The decimal mark of numbers that are text; ``any`` if there are both.
    thousands
        The mark between groups of three digits, ``none`` if there is none; None if nobody said. Then a text such as ``1.250`` is
        no number, for it may mean 1250 or 1.25, unless another number of the column has another count of decimals.
    """
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column.astype("Float64").astype("float64"), pd.Series(False, index=column.index)
    return _number_cells(column, decimal, thousands)


@on_distinct
def _number_cells(column: pd.Series, decimal: str, thousands: str | None) -> tuple[pd.Series, pd.Series]:
    is_text = column.map(lambda cell: isinstance(cell, str), na_action=None).astype(bool)
    text = as_text(column).where(is_text).str.strip().str.replace(_MINUS, "-", regex=False)
    unclear = pd.Series(False, index=column.index)
    if thousands is None:
        unclear = _may_be_groups(text, decimal)
    elif thousands != "none":
        text = _without_groups(text, thousands, decimal)
    if decimal == "any":
        text = text.str.replace(r"^([+-]?\d*),(\d+)$", r"\1.\2", regex=True)
    if decimal == ",":
        # A point is no decimal mark there.
        text = text.mask(text.str.contains(".", regex=False).fillna(False).astype(bool), "?")
        text = text.str.replace(",", ".", regex=False)
    is_number = text.str.fullmatch(_NUMBER.pattern).fillna(False).astype(bool) & ~unclear
    numbers = pd.to_numeric(text.where(is_number)).astype("float64")
    exact = ~is_text & column.map(_is_number_cell, na_action=None).astype(bool)
    if exact.any():
        numbers = numbers.where(~exact, column.where(exact).astype("Float64").astype("float64"))
    return numbers, column.notna() & ~is_number & ~exact


def _is_number_cell(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and not np.isnan(cell)


def _may_be_groups(text: pd.Series, decimal: str) -> pd.Series:
    """Return where a number may be in groups of three digits: no number of the column shows what its decimals look like."""
    one_group = text.str.fullmatch(ONE_GROUP.pattern).fillna(False).astype(bool)
    if not one_group.any():
        return one_group
    marked = text.str.fullmatch(_MARKED.pattern).fillna(False).astype(bool)
    shown = "[.,]" if decimal == "any" else re.escape(decimal)
    shows = marked & ~one_group & text.str.contains(shown).fillna(False).astype(bool)
    return one_group.mask(one_group, not shows.any())


def _without_groups(text: pd.Series, mark: str, decimal: str) -> pd.Series:
    """Take the marks out of numbers in groups of three digits; other texts with that mark are no numbers."""
    text = text.str.replace("\u2019", "'", regex=False)
    pattern = rf"[+-]?[0-9]{{1,3}}({re.escape(mark)}[0-9]{{3}})+({re.escape(decimal)}[0-9]*)?"
    grouped = text.str.fullmatch(pattern).fillna(False).astype(bool)
    wrong = ~grouped & text.str.contains(mark, regex=False).fillna(False).astype(bool)
    return text.where(~grouped, text.str.replace(mark, "", regex=False)).mask(wrong, "?")


def group_mark(text: str) -> str | None:
    """Return the mark between groups of three digits if a text may be a number in such groups."""
    found = _GROUPS.fullmatch(text.strip().replace("\u2019", "'"))
    return None if found is None else found.group(1)


def as_date(column: pd.Series, formats: str | Sequence[str] | None) -> tuple[pd.Series, pd.Series]:
    """Return the dates of a column, and where a cell is not blank and not a date of that format, or of exactly one of several.

    Without a format, year-month-day is expected. `excel` stands for the days since 1899-12-30 by which a spreadsheet keeps dates. Columns
    that are dates already are taken as they are.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.normalize(), pd.Series(False, index=column.index)
    return _date_cells(column, formats)


@on_distinct
def _date_cells(column: pd.Series, formats: str | Sequence[str] | None) -> tuple[pd.Series, pd.Series]:
    text = as_text(column).str.strip()
    known = column.map(lambda cell: isinstance(cell, datetime.datetime), na_action=None).astype(bool)
    dates, unclear = pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]"), pd.Series(False, index=column.index)
    for one in [formats] if formats is None or isinstance(formats, str) else formats:
        read = _dates_of(text, one)
        unclear |= dates.notna() & read.notna() & (dates != read)
        dates = dates.fillna(read)
    dates = dates.mask(unclear)
    if known.any():
        dates = dates.where(~known, column.where(known).astype("datetime64[us]"))
    dates = dates.dt.normalize()
    return dates, column.notna() & dates.isna()


def _dates_of(text: pd.Series, one: str | None) -> pd.Series:
    if one == EXCEL_DAYS:
        days = pd.to_numeric(text.where(text.str.fullmatch(_EXCEL_DAY.pattern).fillna(False).astype(bool)))
        return (pd.Timestamp(1899, 12, 30) + pd.to_timedelta(days, unit="D")).astype("datetime64[us]")
    if one is not None:
        return pd.to_datetime(text, format=one, errors="coerce").astype("datetime64[us]")
    text = text.str.replace(_ZONE.pattern, r"\1", regex=True)  # the day is that of the place
    shaped = text.str.fullmatch(_ISO_DATE.pattern).fillna(False).astype(bool)
    return pd.to_datetime(text.where(shaped), format="ISO8601", errors="coerce").astype("datetime64[us]")


def comparable_ids(column: pd.Series, rules: Ids) -> pd.Series:
    """Make ids comparable between tables by the declared rules."""
    return _comparable_texts(as_text(column), rules)


@on_distinct
def _comparable_texts(text: pd.Series, rules: Ids) -> pd.Series:
    if rules.strip:
        text = text.str.strip()
    if rules.fold_case:
        text = text.str.casefold()
    if rules.fold_marks:
        text = text.map(alike_text, na_action="ignore").astype("str")
    if rules.strip_leading_zeros:
        text = text.str.replace(_ZEROS_BEFORE_A_NUMBER.pattern, "", regex=True)
    return text


def respelled(column: pd.Series, ids: pd.Series) -> pd.Series:
    """Return where an id is spelled otherwise than is usual for it (its most frequent spelling) in this column."""
    (of_id, _), (spelled, spellings) = pd.factorize(ids.array), pd.factorize(as_text(column).array)
    known = (of_id >= 0) & (spelled >= 0)
    if not known.any():
        return pd.Series(False, index=column.index)
    # Each spelling of an id as one whole number, so that they are counted without their texts.
    pairs, kinds = pd.factorize(of_id[known] * len(spellings) + spelled[known])
    counts = pd.DataFrame({"id": kinds // len(spellings), "at": kinds % len(spellings), "count": np.bincount(pairs)})
    several = counts[counts.duplicated("id", keep=False)]
    several = several.assign(spelling=spellings.take(several["at"].to_numpy()))
    several = several.sort_values(["id", "count", "spelling"], ascending=[True, False, True])
    usual = np.full(of_id.max() + 1, -1)
    for spelling in (counts, several.drop_duplicates("id")):
        usual[spelling["id"]] = spelling["at"]
    odd = (of_id >= 0) & ((spelled < 0) | (spelled != usual[of_id]))
    return pd.Series(odd, index=column.index)


def is_code(column: pd.Series, numbers: pd.Series, codes: list[float | str]) -> pd.Series:
    """Return where a cell holds one of the codes for "missing": numbers by value, words by spelling without case."""
    # A code in quotes is a word that may also be spelled as a number: '-9' is -9.0.
    numeric = [float(code) for code in codes if not isinstance(code, str) or _NUMBER.fullmatch(code.strip())]
    words = [code.strip().casefold() for code in codes if isinstance(code, str)]
    found = numbers.isin(numeric) if numeric else pd.Series(False, index=column.index)
    if words:
        found = found | _is_word(as_text(column), words)
    return pd.Series(np.asarray(found, dtype=bool), index=column.index)


@on_distinct
def _is_word(text: pd.Series, words: Sequence[str]) -> pd.Series:
    return text.str.strip().str.casefold().isin(words)
