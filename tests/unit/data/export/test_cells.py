"""Cells become numbers, dates, labels and comparable ids; what cannot become one is pointed at."""

import numpy as np
import pandas as pd
import pytest

from alliance.config.cleaning import Ids
from alliance.data.export.cells import as_date, as_number, as_text, comparable_ids, is_code, respelled

LOOSE = Ids(strip=True, fold_case=True, strip_leading_zeros=True)


def text(*cells: str | None) -> pd.Series:
    return pd.Series(cells, dtype="str")


@pytest.mark.parametrize(
    ("cell", "number"),
    [("3", 3), (" 3 ", 3), ("-9", -9), ("+2.5", 2.5), (".5", 0.5), ("1e3", 1000), ("007", 7)],
)
def test_text_that_is_a_number(cell: str, number: float) -> None:
    numbers, bad = as_number(text(cell))
    assert numbers[0] == number
    assert not bad[0]


@pytest.mark.parametrize("cell", ["three", "3,5", "inf", "nan", "NA", "1_000", "0x10", "3 4", "=1+1", "--1", "٣"])
def test_text_that_is_no_number_is_pointed_at(cell: str) -> None:
    numbers, bad = as_number(text(cell, None))
    assert np.isnan(numbers[0])
    assert list(bad) == [True, False]


def test_decimal_comma_is_read_where_declared() -> None:
    numbers, bad = as_number(text("3,5", "4"), ",")
    assert list(numbers) == [3.5, 4.0]
    assert not bad.any()


def test_dates_follow_the_declared_order_of_day_and_month() -> None:
    dates, bad = as_date(text("03.04.2024", "31.02.2024", None), "%d.%m.%Y")
    assert dates[0] == pd.Timestamp(2024, 4, 3)
    assert list(bad) == [False, True, False]


def test_without_a_format_only_year_month_day_is_a_date() -> None:
    dates, bad = as_date(text("2024-04-03", "03.04.2024", "2024-04-03 10:30:00"), None)
    assert list(dates.dropna().dt.day) == [3, 3]
    assert list(bad) == [False, True, False]


def test_ids_are_compared_without_blanks_case_and_leading_zeros() -> None:
    ids = comparable_ids(text("P007", " p7", "p07 ", "P70", "0", "A-001-02"), LOOSE)
    assert list(ids) == ["p7", "p7", "p7", "p70", "0", "a-1-2"]


def test_ids_stay_as_they_are_where_no_rule_is_switched_on() -> None:
    strict = Ids(strip=False, fold_case=False, strip_leading_zeros=False)
    assert list(comparable_ids(text(" P007"), strict)) == [" P007"]


def test_only_the_rarer_spelling_of_an_id_counts_as_respelled() -> None:
    column = text("P001", "P001", "p1", "P002", None)
    assert list(respelled(column, comparable_ids(column, LOOSE))) == [False, False, True, False, False]


def test_numbers_are_written_without_a_point() -> None:
    assert list(as_text(pd.Series([7, None], dtype="Float64")).fillna("-")) == ["7", "-"]
    assert as_text(pd.Series([9007199254740993], dtype="Int64"))[0] == "9007199254740993"


def test_missing_codes_are_numbers_by_value_and_words_by_spelling() -> None:
    column = text("99", "99.0", "9", "N/A", "na")
    numbers, _ = as_number(column)
    assert list(is_code(column, numbers, [99, "n/a"])) == [True, True, False, True, False]


@pytest.mark.parametrize(
    "cell", ["2024-04-03T23:30:00Z", "2024-04-03 23:30:00+02:00", "2024-04-03T23:30-0800", "2024-04-03T23:30:15.5Z"]
)
def test_a_time_with_a_zone_is_of_the_day_it_says(cell: str) -> None:
    dates, bad = as_date(text(cell), None)
    assert not bad.any()
    assert dates[0] == pd.Timestamp(2024, 4, 3)
