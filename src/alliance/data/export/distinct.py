"""What is done to cells is done once to each different cell: columns of millions of rows hold few different ones."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, cast

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Distinct:
    """The different cells of a column and where each of them stands.

    Parameters
    ----------
    cells
        Each different cell once; a missing one is the last.
    places
        Position in `cells` of the cell of each row, shape (n_rows,).
    of
        The column.
    """

    cells: pd.Series
    places: np.ndarray
    of: pd.Series

    def spread(self, found: pd.Series) -> pd.Series:
        """Give each row what was found for its cell."""
        return pd.Series(found.array.take(self.places), index=self.of.index, name=self.of.name)


def distinct_cells(column: pd.Series) -> Distinct:
    """Find the different cells of a column; in one of several types, of which cells may be equal and differ as 1 and True do, all are."""
    if column.dtype == object:
        return Distinct(column.reset_index(drop=True), np.arange(len(column)), column)
    places, cells = pd.factorize(column.array)
    missing = places < 0
    if missing.any():
        places[missing] = len(cells)
        cells = cells.take(np.append(np.arange(len(cells)), -1), allow_fill=True)
    return Distinct(pd.Series(cells), places, column)


def on_distinct[**P, T](function: Callable[Concatenate[pd.Series, P], T]) -> Callable[Concatenate[pd.Series, P], T]:
    """Let a function from a column to a column, or to several, work on the different cells.

    What it finds for a cell may depend on which cells the column holds, but neither on how many of them nor on where.
    """

    @wraps(function)
    def found(column: pd.Series, /, *args: P.args, **kwargs: P.kwargs) -> T:
        distinct = distinct_cells(column)
        made: Any = function(distinct.cells, *args, **kwargs)
        spread: Any = tuple(map(distinct.spread, made)) if isinstance(made, tuple) else distinct.spread(made)
        return cast(T, spread)

    return found


def is_among(column: pd.Series, others: pd.Series) -> pd.Series:
    """Return where a cell of a column of text is one of another column's, as `isin` does, which takes those one by one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.is_in(pa.array(column.array), value_set=pa.array(others.array).unique())
    return pd.Series(np.asarray(found), index=column.index, name=column.name)
