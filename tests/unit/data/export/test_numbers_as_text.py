"""Numbers that can be read in two ways, truth values and absurd values stop the run, and what the messages say works."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from alliance.config.cleaning import Cleaning
from alliance.config.schema import Data, Variable
from alliance.data.checks import check_export
from alliance.data.checks.finding import Finding
from alliance.data.export.tables import Export, read_tables
from tests.unit.data.checks.study import CLEANING

MINUTES = [593, 279, 1250, 2005, 880, 61]


def read(path: Path, variable: dict[str, Any] | None = None, **settings: Any) -> tuple[Export, list[Finding]]:
    """Read a table of sessions with one measure, and check it."""
    keys = {"patient": "id", "session": "no"}
    data = Data.model_validate({"sessions": {"path": str(path), "keys": keys, **settings}})
    measure = {"label": "minutes", "column": "minutes", "measured": "during", **(variable or {})}
    variables = {"minutes": Variable.model_validate(measure)}
    export = read_tables({"sessions": str(path)}, data, variables, Cleaning.model_validate(CLEANING), {})
    return export, [finding for finding in check_export(export) if finding.severity == "error"]


def write(path: Path, delimiter: str, cells: list[str]) -> Path:
    """Write the sessions of one patient."""
    lines = [["id", "no", "minutes"], *(["a", str(place), cell] for place, cell in enumerate(cells, start=1))]
    text = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def grouped(mark: str) -> list[str]:
    return [f"{number:,}".replace(",", mark) for number in MINUTES]


@pytest.mark.parametrize(
    ("delimiter", "mark"), [("\t", ","), (";", "."), (",", ","), (",", "."), (";", ","), ("|", ".")]
)
def test_groups_of_three_digits_stop_and_both_remedies_work(tmp_path: Path, delimiter: str, mark: str) -> None:
    path = write(tmp_path / "t.csv", delimiter, grouped(mark))
    _, (finding,) = read(path)
    assert "can mean 1250 or 1.250" in finding.message
    assert (finding.row, finding.column, finding.count) == (4, "minutes", 2)
    remedies = [
        dict(re.findall(r"data\.sessions\.(\w+): '?([.,]|none)", part))
        for part in finding.remedy.split("If it means")[1:]
    ]
    export, errors = read(path, **remedies[0])
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == MINUTES
    export, errors = read(path, **remedies[1])
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == [593, 279, 1.25, 2.005, 880, 61]


def test_a_declared_decimal_mark_alone_does_not_settle_groups_of_three(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ",", grouped(","))
    assert "can mean 1250 or 1.250" in read(path, decimal=",")[1][0].message


@pytest.mark.parametrize(("mark", "delimiter"), [(".", ","), (",", ";")])
def test_a_range_that_allows_one_reading_of_three_decimals_settles_it(
    tmp_path: Path, mark: str, delimiter: str
) -> None:
    path = write(tmp_path / "t.csv", delimiter, [cell.replace(".", mark) for cell in ("4.333", "2.917", "5.000")])
    export, errors = read(path, {"range": [1, 5]})
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == [4.333, 2.917, 5]
    for either in ([0, 5000], [1, 4]):  # both readings are possible, or a cell that has none
        assert "can mean 4333 or 4.333" in read(path, {"range": either})[1][0].message


@pytest.mark.parametrize("cells", [["1.250", "2.5"], ["1.250", "0.125"], ["1.250", "1250.5"]])
def test_decimals_of_another_length_show_what_the_mark_is(tmp_path: Path, cells: list[str]) -> None:
    export, errors = read(write(tmp_path / "t.csv", ",", cells))
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == [float(cell) for cell in cells]


@pytest.mark.parametrize(
    ("mark", "cell"), [(" ", "1 250"), (" ", "1\u00a0250"), (" ", "1\u202f250"), ("'", "1'250"), ("'", "1’250")]
)
def test_other_marks_between_groups_have_a_setting(tmp_path: Path, mark: str, cell: str) -> None:
    path = write(tmp_path / "t.csv", ",", ["593", cell])
    _, (finding,) = read(path)
    assert f'data.sessions.thousands: "{mark}"' in finding.remedy
    export, errors = read(path, thousands=mark)
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == [593, 1250]


def test_marks_that_are_no_groups_are_no_numbers_where_a_mark_is_declared(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ";", ["1.250", "12.50"])
    assert read(path, thousands=".")[1][0].row == 3


def test_numbers_of_a_sheet_with_texts_stay_what_they_are(tmp_path: Path) -> None:
    cells = ["1,250", 1.125, 593, None]
    pd.DataFrame({"id": "a", "no": [1, 2, 3, 4], "minutes": cells}).to_excel(tmp_path / "t.xlsx", index=False)
    export, errors = read(tmp_path / "t.xlsx", thousands=",")
    assert not errors
    assert export.tables["sessions"].values["minutes"].fillna(-1).tolist() == [1250, 1.125, 593, -1]


@pytest.mark.parametrize("ending", [".xlsx", ".parquet"])
def test_truth_values_are_no_numbers_and_labels_as_they_are_shown(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    frame = pd.DataFrame({"id": "a", "no": range(1, 5), "minutes": [True, False, False, True]})
    (frame.to_excel if ending == ".xlsx" else frame.to_parquet)(path, index=False)
    _, (finding,) = read(path)
    assert (finding.row, finding.value) == (2 if ending == ".xlsx" else 1, "TRUE")
    levels = yaml.safe_load(re.search(r"levels: (\{.*?\})", finding.remedy).group(1))  # type: ignore[union-attr]
    export, errors = read(path, {"kind": "category", "levels": levels})
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == ["TRUE", "FALSE", "FALSE", "TRUE"]


def test_a_truth_value_among_numbers_is_found(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": "a", "no": range(1, 5), "minutes": pd.Series([3, True, 2.5, 1], dtype=object)})
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    _, (finding,) = read(tmp_path / "t.xlsx")
    assert "truth value" in finding.message
    assert finding.row == 3


@pytest.mark.parametrize("value", ["1e300", "1e999", "-2e9", "5000000"])
def test_absurd_values_stop_unless_the_range_allows_them(tmp_path: Path, value: str) -> None:
    path = write(tmp_path / "t.csv", ",", [*(str(minutes) for minutes in range(30)), value])
    _, (finding,) = read(path)
    assert finding.rule == "magnitude"
    assert finding.row == 32
    assert not read(path, {"range": [0, 60]})[1]


def test_words_for_missing_values_are_named_as_they_are_written_in_settings(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ",", ["5", "#NULL!", "6"])
    _, (finding,) = read(path)
    codes = yaml.safe_load(re.search(r"missing_codes: (\[.*?\])", finding.remedy).group(1))  # type: ignore[union-attr]
    assert codes == [*CLEANING["missing_codes"], "#NULL!"]


def test_a_word_for_missing_in_the_first_row_is_no_header(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ",", ["#NULL!", "5", "6"])
    _, (finding,) = read(path)
    assert "data_row" not in finding.remedy


@pytest.mark.parametrize("week", ["1e999", "1e12", "-6000"])
def test_weeks_beyond_a_life_stop(tmp_path: Path, week: str) -> None:
    path = write(tmp_path / "t.csv", ",", ["1", "2", week])
    keys = {"patient": "id", "session": "no", "week": "minutes"}
    found = [finding for finding in read(path, {"range": [0, 5]}, keys=keys)[1] if finding.rule == "magnitude"]
    assert [finding.row for finding in found] == [4]


def two_columns(tmp_path: Path, minutes: list[str], **variable: Any) -> tuple[Export, list[Finding]]:
    """Read minutes beside scores with points as decimal marks."""
    path = tmp_path / "t.csv"
    lines = [f"a;{place};{cell};{place}.5" for place, cell in enumerate(minutes, start=1)]
    path.write_text("\n".join(["id;no;minutes;score", *lines]) + "\n", encoding="utf-8")
    data = Data.model_validate({"sessions": {"path": str(path), "keys": {"patient": "id", "session": "no"}}})
    declared = {
        "score": Variable.model_validate({"label": "score", "column": "score", "measured": "during"}),
        "minutes": Variable.model_validate({"label": "minutes", "column": "minutes", "measured": "during", **variable}),
    }
    export = read_tables({"sessions": str(path)}, data, declared, Cleaning.model_validate(CLEANING), {})
    return export, [finding for finding in check_export(export) if finding.severity == "error"]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [(["1.234,50", "2.000,25", "-3.100,00"], [1234.5, 2000.25, -3100.0]), (["1,5", "2,25", "3,75"], [1.5, 2.25, 3.75])],
)
def test_marks_of_one_column_that_is_written_otherwise_are_its_own(
    tmp_path: Path, cells: list[str], numbers: list[float]
) -> None:
    _, (finding,) = two_columns(tmp_path, cells)
    said = dict(re.findall(r"variables\.minutes\.(decimal|thousands): '(.)'", finding.remedy))
    export, errors = two_columns(tmp_path, cells, **said)
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == numbers
    assert export.tables["sessions"].values["score"].tolist() == [1.5, 2.5, 3.5]


def test_a_printed_minus_is_a_minus(tmp_path: Path) -> None:
    export, errors = read(write(tmp_path / "t.csv", ",", ["\u22123", "4", "\u22121.5"]))
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == [-3, 4, -1.5]


def test_a_number_that_a_spreadsheet_took_for_a_date_is_told_as_that(tmp_path: Path) -> None:
    rows = {"id": ["a"] * 3, "no": [1, 2, 3], "minutes": [5, pd.Timestamp(2024, 3, 5).to_pydatetime(), 6]}
    pd.DataFrame(rows).astype({"minutes": object}).to_excel(tmp_path / "t.xlsx", index=False)
    _, (finding,) = read(tmp_path / "t.xlsx")
    assert "holds a date instead of a number" in finding.message
    assert "2024" not in finding.message + finding.remedy


def test_two_decimal_marks_in_one_column_are_asked_about_and_can_both_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ";", ["3,5", "4.25", "-1,75", "6"])
    _, (finding,) = read(path)
    assert "variables.minutes.decimal: any" in finding.remedy
    export, errors = read(path, {"decimal": "any"})
    assert not errors
    assert export.tables["sessions"].values["minutes"].tolist() == [3.5, 4.25, -1.75, 6]
    _, (unclear,) = read(write(tmp_path / "t.csv", ";", ["1,250", "2.500"]), {"decimal": "any"})
    assert "three digits after a mark" in unclear.message
