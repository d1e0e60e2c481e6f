"""Rows of a table, one after the other."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def records(table: pd.DataFrame) -> Iterator[Any]:
    """Yield rows as named tuples; type checkers take their values as they come, since a table can hold anything."""
    yield from table.itertuples(index=False)
