"""Numbers as people copy them from a report."""

import pandas as pd
import pytest

from alliance.errors import ConfigError
from alliance.trace.query import read_query


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.17", [0.17]),
        ("-.17", [0.17]),
        ("−0.17", [0.17]),
        ("0,17", [0.17]),
        ("3,044", [3044]),
        ("36 %", [0.36]),
        ("36%", [0.36]),
        ("1.14 [.96, 1.32]", [1.14, 0.96, 1.32]),
        ("[−0.21, −0.13]", [0.21, 0.13]),
        ("0.17 points lower (95% credible interval −0.21 to −0.13; 291 patients)", [0.17, 0.21, 0.13]),
    ],
)
def test_numbers_are_read_from_what_is_printed(text: str, values: list[float]) -> None:
    assert [number.value for number in read_query(text).numbers] == pytest.approx(values)


@pytest.mark.parametrize(
    ("printed", "fitting"),
    [
        ("0.17", [0.165, 0.1749, -0.1699]),  # sentences give the size of a negative number
        ("-0.17", [-0.1699]),
        ("0.1670", []),
        ("17%", [0.165, 0.1749, -0.1699]),
        ("0.2", [0.165, 0.1749, -0.1699, 0.23]),
    ],
)
def test_number_fits_what_rounds_to_it(printed: str, fitting: list[float]) -> None:
    values = pd.Series([0.165, 0.1749, -0.1699, 0.23, float("nan")])
    assert values[read_query(printed).numbers[0].fits(values)].tolist() == fitting


@pytest.mark.parametrize(
    ("text", "table", "row"),
    [("row 34", "estimates", 34), ("moderation  row 3", "moderation", 3), ("tables/sample row 2", "tables/sample", 2)],
)
def test_rows_are_asked_for_by_number(text: str, table: str, row: int) -> None:
    query = read_query(text)
    assert (query.table, query.row, query.numbers) == (table, row, ())


@pytest.mark.parametrize(
    "text", ["technique_jointly indirect within", "technique_jointly accumulated after 3 sessions"]
)
def test_words_of_a_row_are_no_numbers(text: str) -> None:
    query = read_query(text)
    assert query.numbers == () and query.row is None


def test_nothing_is_no_question() -> None:
    with pytest.raises(ConfigError, match="Trace what"):
        read_query("  ")
