"""Cells of one column become a column: numbers, dates or text where all cells are, otherwise each cell as it is."""

import datetime
import decimal
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

_LARGEST = 2**63  # whole numbers beyond this do not fit the columns of whole numbers


def is_blank(cell: Any) -> bool:
    """Return whether a cell holds nothing: no value, not a number, or only blanks."""
    return (
        cell is None
        or cell is pd.NaT
        or (isinstance(cell, float) and math.isnan(cell))
        or (isinstance(cell, str) and not cell.strip())
    )


def column_of(values: list[Any]) -> pd.Series:
    """Make a column of numbers, dates or text where all cells are, otherwise of the cells as they are.

    Truth values are no numbers, and a number beside texts stays the number it is: neither is written as text and read again.
    """
    values = [None if is_blank(value) else _plain_cell(value) for value in values]
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        # Whole numbers stay exact (ids beyond 2**53), so that only columns with fractions become floats.
        whole = all(abs(value) < _LARGEST and float(value).is_integer() for value in present)
        return pd.Series(
            [None if v is None else int(v) if whole else float(v) for v in values],
            dtype="Int64" if whole else "Float64",
        )
    if present and all(isinstance(value, datetime.datetime) for value in present):
        return pd.Series(values, dtype="datetime64[us]")
    if all(isinstance(value, str) for value in present):
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype=object)


def text_cells(cells: Iterable[str]) -> Any:
    """Pack texts of a column closely (Arrow), blank ones as missing."""
    import pyarrow as pa

    return pa.array([cell if cell.strip() else None for cell in cells], type=pa.large_string())


def text_column(packed: list[Any]) -> pd.Series:
    """Make a column of text of what `text_cells` packed."""
    import pyarrow as pa

    cells = pa.chunked_array(packed, type=pa.large_string()).combine_chunks()
    of_arrow: Any = pd.StringDtype(na_value=np.nan)
    return pd.Series(of_arrow.__from_arrow__(cells))


def _plain_cell(value: Any) -> Any:
    """Reduce a cell to a truth value, a number, a date or text; of a time with a zone the local time is kept."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)
    return str(value)
