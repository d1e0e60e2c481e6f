"""Tables of millions of rows: rows that stay are not copied where all do, and ids are looked up once each."""

import numpy as np
import pandas as pd

from alliance.data.export.distinct import on_distinct


def kept(table: pd.DataFrame, keep: pd.Series | np.ndarray) -> pd.DataFrame:
    """Return the rows to be kept: the table itself where that is all of them."""
    return table if bool(keep.all()) else table[keep]


@on_distinct
def looked_up(ids: pd.Series, found: pd.Series) -> pd.Series:
    """Return what stands in a series of texts under each id; missing where there is none."""
    return ids.map(found).astype("str")
