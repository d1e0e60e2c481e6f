"""Names and data that begin elsewhere than in the first rows are found out, or the message says which setting finds them."""

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from alliance.errors import DataError
from tests.unit.data.export.small import read, text

TABLE = "id,no,mood\na,1,3\na,2,4\n"


def remedy(message: str) -> dict[str, Any]:
    """Return the setting of a table that a message asks for."""
    found = re.search(r"data\.sessions\.(\w+: (?:\[.*?\]|\"[^\"]*\"|'[^']*'|\d+))", message)
    assert found, message
    return dict(yaml.safe_load(found.group(1)))


@pytest.mark.parametrize(
    "titles", ["Export of our clinic\n", "Clinic;2024\n\n", "Export,,\n,,\n", "Clinic,made by,\nx,y,z\n\n"]
)
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_titles_above_the_names_are_found_and_the_remedy_works(tmp_path: Path, ending: str, titles: str) -> None:
    path = text(tmp_path / "t.csv", titles + TABLE)
    if ending == ".xlsx":
        book = openpyxl.Workbook()
        for line in (titles + TABLE).split("\n"):
            book.worksheets[0].append([int(cell) if cell.isdigit() else cell or None for cell in line.split(",")])
        path = tmp_path / "t.xlsx"
        book.save(path)
    with pytest.raises(DataError, match="row 1") as problem:
        read(path)
    export, errors = read(path, **remedy(str(problem.value)))
    assert not errors
    assert export.tables["sessions"].values["mood"].tolist() == [3, 4]
    assert export.tables["sessions"].rows[0] == titles.count("\n") + 2


def test_a_second_row_of_names_is_found_and_the_remedy_works(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,no,mood\nPatient,Session,How are you?\na,1,3\na,2,4\n")
    _, errors = read(path)
    (finding,) = [finding for finding in errors if finding.rule == "number"]
    export, errors = read(path, **remedy(finding.remedy))
    assert not errors
    assert export.tables["sessions"].values["mood"].tolist() == [3, 4]


def test_three_rows_of_names_as_qualtrics_writes_them_are_found_out(tmp_path: Path) -> None:
    ids = ",".join(f'"{{""ImportId"":""QID{place}""}}"' for place in range(3))
    path = text(tmp_path / "t.csv", f'id,no,mood\nPatient,Session,"How are you,\ntoday?"\n{ids}\na,1,3\na,2,4\n')
    export, errors = read(path)
    assert not errors
    assert export.tables["sessions"].values["mood"].tolist() == [3, 4]
    assert any("Qualtrics" in note for note in export.tables["sessions"].raw.notes)


def test_names_over_two_rows_are_joined(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,no,PHQ,,WAI\n,,1,2,1\na,1,3,2,5\n")
    mood = {"mood": {"label": "mood", "column": "PHQ_2"}}
    export, errors = read(path, mood, header_row=[1, 2])
    assert not errors
    assert list(export.tables["sessions"].raw.frame) == ["id", "no", "PHQ_1", "PHQ_2", "WAI_1"]
    assert export.tables["sessions"].values["mood"].tolist() == [2]


@pytest.mark.parametrize("mark", [";", "\t", "^"])
def test_line_that_names_the_separator_is_no_row(tmp_path: Path, mark: str) -> None:
    path = text(tmp_path / "t.csv", f"sep={mark}\r\n" + TABLE.replace(",", mark))
    export, errors = read(path)
    assert not errors
    assert export.tables["sessions"].rows.tolist() == [2, 3]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_characters_are_found_out_without_a_mark(tmp_path: Path, encoding: str) -> None:
    export, errors = read(text(tmp_path / "t.csv", TABLE.replace("a,", "ä,"), encoding))
    assert not errors
    assert export.tables["sessions"].column("id").tolist() == ["ä", "ä"]


def test_cell_of_any_length_is_read(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", f"id,no,mood,note\na,1,3,{'x' * 200_000}\na,2,4,y\n")
    assert not read(path)[1]


def test_charts_are_no_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "no", "mood"], ["a", 1, 3]):
        book.worksheets[0].append(row)
    book.create_chartsheet("Figure", 0)
    book.save(tmp_path / "t.xlsx")
    export, errors = read(tmp_path / "t.xlsx")
    assert not errors
    assert export.tables["sessions"].raw.notes == ()
    with pytest.raises(DataError, match="no sheet 'Figure'"):
        read(tmp_path / "t.xlsx", sheet="Figure")


@pytest.mark.parametrize("column", ["mood", "id"])
def test_formula_without_a_stored_result_stops_where_its_column_is_used(tmp_path: Path, column: str) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "no", "mood", "sum"], ["a", 1, 3, "=C2*2"], ["b", 1, 4, 8]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "unused.xlsx")
    assert not read(tmp_path / "unused.xlsx")[1]
    book.worksheets[0]["C3" if column == "mood" else "A3"] = "=1+1"
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(DataError, match=rf"1 cells .* row 3, column {column}.*save it"):
        read(tmp_path / "t.xlsx")


def test_header_row_below_the_last_line_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"lines only\. Correct data\.sessions\.header_row"):
        read(text(tmp_path / "t.csv", TABLE), header_row=9)
