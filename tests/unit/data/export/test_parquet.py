"""Columns of a Parquet file are made of their different cells, and are what their cells one by one would make."""

import datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from pandas.testing import assert_series_equal

from alliance.config.schema import Source
from alliance.data.export.columns import column_of
from alliance.data.export.read import read_table

DAY, NAN = datetime.date(2020, 1, 5), float("nan")
COLUMNS = {
    "texts": pa.array(["a", None, " ", "b", "a"]),
    "categories": pa.array(["a", None, "b", "b", "a"]).dictionary_encode(),
    "categories of which one is not used": pa.DictionaryArray.from_arrays(pa.array([0, 0, None, 0, 0]), [1.0, 2.5]),
    "whole": pa.array([1, None, 2**62, 1, -5]),
    "too large to be exact": pa.array([1, None, 2**63 + 5, 1, 2], pa.uint64()),
    "whole with decimals": pa.array([1.0, None, 3.0, NAN, 3.0]),
    "fractions": pa.array([1.5, None, 3.0, NAN, 3.0]),
    "single precision": pa.array([0.1, None, 3.0, 1.0, 3.0], pa.float32()),
    "truth values": pa.array([True, None, False, True, True]),
    "times": pa.array([datetime.datetime(2020, 1, 5, 3, 4), None, *[datetime.datetime(2020, 1, 6)] * 3]),
    "times of a place": pa.array(
        [datetime.datetime(2020, 7, 5, 23, 4), None, *[datetime.datetime(2020, 1, 6)] * 3],
        pa.timestamp("us", "Europe/Berlin"),
    ),
    "days": pa.array([DAY, None, DAY, DAY, datetime.date(1582, 10, 14)]),
    "decimals": pa.array([Decimal("1.50"), None, Decimal("2.00"), Decimal("1.50"), Decimal("3.00")]),
    "nothing": pa.nulls(5),
    "lists": pa.array([[1], None, [2], [1], []]),
}


@pytest.mark.parametrize("row_group", [5, 2])
@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_column_is_what_its_cells_make(column: pa.Array, row_group: int, tmp_path: Path) -> None:
    path = tmp_path / "sessions.parquet"
    pa.parquet.write_table(pa.table({"id": list("abcde"), "x": column}), path, row_group_size=row_group)
    found = read_table(path, Source(path=str(path), keys={"patient": "id", "session": "x"}), "sessions").frame["x"]
    expected = column_of(column.to_pylist())
    assert_series_equal(found, expected.set_axis(range(1, 6)), check_names=False, check_index_type=False)
    assert [*map(type, found)] == [*map(type, expected)]


def test_dates_that_python_does_not_know_are_the_numbers_behind_them(tmp_path: Path) -> None:
    path = tmp_path / "sessions.parquet"
    far = pa.array([10**7, None, 3], pa.date32())
    pa.parquet.write_table(pa.table({"id": list("abc"), "x": far}), path)
    found = read_table(path, Source(path=str(path), keys={"patient": "id", "session": "x"}), "sessions").frame["x"]
    assert [None if pd.isna(cell) else cell for cell in found] == ["10000000", None, "3"]
