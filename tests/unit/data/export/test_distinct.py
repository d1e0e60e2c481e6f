"""What is done to the different cells of a column is what would be done to each of its cells."""

import datetime

import pandas as pd
import pytest
from pandas.testing import assert_series_equal

from alliance.config.cleaning import Ids
from alliance.data.export.cells import as_date, as_number, as_text, comparable_ids, is_code, respelled
from alliance.data.export.distinct import distinct_cells, is_among, on_distinct

COLUMNS = {
    "texts": pd.Series(["b", None, "a", "b", " 07 ", "7", "3,5", "1.250", "a", None], dtype="str"),
    "no missing text": pd.Series(["x", "y", "x"], dtype="str"),
    "none": pd.Series([], dtype="str"),
    "all missing": pd.Series([None, None], dtype="str"),
    "whole": pd.Series([2**60, None, 1, 2**60], dtype="Int64"),
    "fractions": pd.Series([1.5, None, 0.1, 1.5, -0.0], dtype="Float64"),
    "plain fractions": pd.Series([1.5, float("nan"), 2.0, 1.5]),
    "dates": pd.Series([pd.Timestamp(2020, 1, 5), pd.NaT, pd.Timestamp(2020, 1, 5)], dtype="datetime64[us]"),
    "truth values": pd.Series([True, False, True]),
    "several types": pd.Series([1, True, "1", 1.0, None, datetime.datetime(2020, 1, 5), "2020-01-05"], dtype=object),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_cells_are_found_again_where_they_stood(column: pd.Series) -> None:
    column = column.rename("told").set_axis(range(2, 2 + len(column)))
    distinct = distinct_cells(column)
    assert_series_equal(distinct.spread(distinct.cells), column)
    assert column.dtype == object or distinct.cells.is_unique


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_functions_of_cells_give_each_cell_what_they_give_it_alone(column: pd.Series) -> None:
    alone = [column.iloc[[at]] for at in range(len(column))]
    numbers, wrong = as_number(column, thousands="none")
    singly = [as_number(cell, thousands="none") for cell in alone]
    assert [*numbers.fillna(-1)] == [number.fillna(-1).iloc[0] for number, _ in singly]
    assert [*wrong] == [bad.iloc[0] for _, bad in singly]
    dates, _ = as_date(column, None) if not pd.api.types.is_numeric_dtype(column.dtype) else (numbers, None)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        assert [*dates.isna()] == [as_date(cell, None)[0].isna().iloc[0] for cell in alone]
    assert [*as_text(column).fillna("?")] == [as_text(cell).fillna("?").iloc[0] for cell in alone]
    rules = Ids(strip=True, fold_case=True, strip_leading_zeros=True)
    assert [*comparable_ids(column, rules).fillna("?")] == [
        comparable_ids(cell, rules).fillna("?").iloc[0] for cell in alone
    ]
    coded = [is_code(cell, as_number(cell)[0], ["A", 7]).iloc[0] for cell in alone]
    assert [*is_code(column, as_number(column)[0], ["A", 7])] == coded


def test_functions_may_return_several_columns() -> None:
    calls = []

    @on_distinct
    def halves(column: pd.Series) -> tuple[pd.Series, pd.Series]:
        calls.append(len(column))
        return column.str[:1], column.str[1:]

    first, rest = halves(pd.Series(["ab", "cd", "ab", "ab"], dtype="str"))
    assert [*first] == ["a", "c", "a", "a"]
    assert [*rest] == ["b", "d", "b", "b"]
    assert calls == [2]


def test_the_usual_spelling_is_the_most_frequent_one_then_the_first_in_the_alphabet() -> None:
    spelled = pd.Series(["K1", "k1", "K1", "b", "B", None, "c", "07", "7", "7"], dtype="str")
    ids = comparable_ids(spelled, Ids(strip=True, fold_case=True, strip_leading_zeros=True))
    assert [*respelled(spelled, ids)] == [False, True, False, True, False, False, False, True, False, False]
    assert not respelled(pd.Series([None, None], dtype="str"), pd.Series([None, None], dtype="str")).any()


@pytest.mark.parametrize("others", [["a", "c"], ["a", None, "a"], [], [None]])
def test_among_other_cells_means_what_pandas_says(others: list[str | None]) -> None:
    column, other = pd.Series(["a", "b", None, "a"], dtype="str", index=[3, 4, 5, 6]), pd.Series(others, dtype="str")
    assert_series_equal(is_among(column, other), column.isin(other))
