"""Turn cells into text, numbers, dates and comparable ids, and say which cells could not be turned."""

import re

import numpy as np
import pandas as pd

from alliance.config.schema import Ids

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_ZEROS_BEFORE_A_NUMBER = re.compile(r"(?<!\d)0+(?=\d)")


def as_text(column: pd.Series) -> pd.Series:
    """Write each cell as text, whole numbers without a point; blank cells are missing."""
    if pd.api.types.is_string_dtype(column.dtype):
        return column
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        days: pd.Series = column.dt.strftime("%Y-%m-%d")
        return days.astype("str")
    cells = [None if pd.isna(value) else _number_text(value) for value in column]
    return pd.Series(cells, index=column.index, dtype="str")


def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def as_number(column: pd.Series, decimal: str = ".") -> tuple[pd.Series, pd.Series]:
    """Return the numbers of a column (float), and where a cell is neither a number nor blank (bool)."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("Float64").astype("float64"), pd.Series(False, index=column.index)
    text = as_text(column).str.strip()
    if decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    is_number = text.str.fullmatch(_NUMBER.pattern).fillna(False).astype(bool)
    numbers = pd.to_numeric(text.where(is_number)).astype("float64")
    return numbers, column.notna() & ~is_number


def as_date(column: pd.Series, date_format: str | None) -> tuple[pd.Series, pd.Series]:
    """Return the dates of a column, and where a cell is not blank and not a date of that format.

    Without a format, year-month-day is expected. Columns that are dates already are taken as they are.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.normalize(), pd.Series(False, index=column.index)
    text = as_text(column).str.strip()
    if date_format is None:
        shaped = text.str.fullmatch(_ISO_DATE.pattern).fillna(False).astype(bool)
        dates = pd.to_datetime(text.where(shaped), format="ISO8601", errors="coerce")
    else:
        dates = pd.to_datetime(text, format=date_format, errors="coerce")
    dates = dates.astype("datetime64[us]").dt.normalize()
    return dates, column.notna() & dates.isna()


def comparable_ids(column: pd.Series, rules: Ids) -> pd.Series:
    """Make ids comparable between tables by the declared rules."""
    text = as_text(column)
    if rules.strip:
        text = text.str.strip()
    if rules.fold_case:
        text = text.str.casefold()
    if rules.strip_leading_zeros:
        text = text.str.replace(_ZEROS_BEFORE_A_NUMBER.pattern, "", regex=True)
    return text


def respelled(column: pd.Series, ids: pd.Series) -> pd.Series:
    """Return where an id is spelled otherwise than is usual for it (its most frequent spelling) in this column."""
    spelled = pd.DataFrame({"id": ids.to_numpy(), "spelling": as_text(column).to_numpy()}).dropna()
    if spelled.empty:
        return pd.Series(False, index=column.index)
    counts = spelled.value_counts(["id", "spelling"]).rename("count").reset_index()
    counts = counts.sort_values(["id", "count", "spelling"], ascending=[True, False, True])
    usual = counts.drop_duplicates("id").set_index("id")["spelling"]
    expected = ids.map(usual)
    return (ids.notna() & (as_text(column) != expected)).astype(bool)


def is_code(column: pd.Series, numbers: pd.Series, codes: list[float | str]) -> pd.Series:
    """Return where a cell holds one of the codes for "missing": numbers by value, words by spelling without case."""
    numeric = [float(code) for code in codes if not isinstance(code, str)]
    words = [code.strip().casefold() for code in codes if isinstance(code, str)]
    found = numbers.isin(numeric) if numeric else pd.Series(False, index=column.index)
    if words:
        found = found | as_text(column).str.strip().str.casefold().isin(words)
    return pd.Series(np.asarray(found, dtype=bool), index=column.index)
