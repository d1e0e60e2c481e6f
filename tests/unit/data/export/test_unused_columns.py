"""What stands in a column nobody uses stops nothing; settings of the reader are honoured or refused."""

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from alliance.config.schema import Source
from alliance.data.export.cells import as_date
from alliance.data.export.read import read_table
from alliance.errors import DataError

USED = {"id", "no", "score"}
FRAME = pd.DataFrame({"id": ["a", "b"], "no": [1.0, 2.0], "score": [3.0, 4.0]})


def source(**changes: Any) -> Source:
    return Source.model_validate({"path": "t", "keys": {"patient": "id", "session": "no"}, **changes})


@pytest.mark.parametrize(
    ("ending", "kind"), [(".sav", "DATETIME20"), (".sav", "DATE11"), (".dta", "%tc"), (".dta", "%td")]
)
def test_impossible_date_of_an_unused_column_costs_nothing(tmp_path: Path, ending: str, kind: str) -> None:
    frame = FRAME.assign(entered=[1e18, 1e10])
    write = pyreadstat.write_sav if ending == ".sav" else pyreadstat.write_dta
    write(frame, str(tmp_path / f"t{ending}"), variable_format={"entered": kind})
    raw = read_table(tmp_path / f"t{ending}", source(), "sessions", USED)
    assert raw.frame["score"].tolist() == [3.0, 4.0]
    assert as_date(raw.frame["entered"], None)[1].tolist()[0]


def test_header_that_repeats_or_is_missing_in_unused_columns_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",id,no,note,score,note\n1,a,1,x,3,y\n", encoding="utf-8")
    raw = read_table(tmp_path / "t.csv", source(), "sessions", USED)
    assert list(raw.frame.columns) == ["(column 1)", "id", "no", "note", "score", "note (column 6)"]
    with pytest.raises(DataError, match="more than one column named 'note'"):
        read_table(tmp_path / "t.csv", source(), "sessions", {"id", "no", "note"})


def test_encoding_of_an_spss_file_is_honoured(tmp_path: Path) -> None:
    pyreadstat.write_sav(FRAME.assign(id=["Ä", "b"]), str(tmp_path / "t.sav"))
    with pytest.raises(DataError, match=r"encoding"):
        read_table(tmp_path / "t.sav", source(encoding="utf-9"), "sessions", USED)
    assert read_table(tmp_path / "t.sav", source(encoding="utf-8"), "sessions", USED).frame["id"][1] == "Ä"
    garbled = read_table(tmp_path / "t.sav", source(encoding="cp1252"), "sessions", USED)
    assert garbled.frame["id"][1] != "Ä"


@pytest.mark.parametrize(
    ("ending", "setting"),
    [
        (".xlsx", {"delimiter": ";"}), (".xlsx", {"encoding": "utf-8"}), (".sav", {"delimiter": ","}), (".sav", {"sheet": 1}),
        (".dta", {"header_row": 2}), (".csv", {"sheet": "Data"}), (".parquet", {"encoding": "utf-8"}), (".parquet", {"data_row": 3}),
    ],
)  # fmt: skip
def test_setting_of_another_format_is_refused_by_name(tmp_path: Path, ending: str, setting: dict[str, Any]) -> None:
    (tmp_path / f"t{ending}").write_bytes(b"x")
    (name,) = setting
    with pytest.raises(DataError, match=rf"data\.sessions\.{name}: this setting is for .* Remove it"):
        read_table(tmp_path / f"t{ending}", source(**setting), "sessions", USED)


@pytest.mark.parametrize("delimiter", ['"', "\r", "\n", "\0", "", ";;"])
def test_delimiter_that_separates_nothing_is_refused(tmp_path: Path, delimiter: str) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match=r"data\.sessions\.delimiter must be one character that separates cells"):
        read_table(tmp_path / "t.csv", source(delimiter=delimiter), "sessions", USED)


@pytest.mark.parametrize("encoding", ["rot13", "base64", "zlib", "utf\0", "", "klingon"])
def test_encoding_that_is_none_of_text_is_refused(tmp_path: Path, encoding: str) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match=r"data\.sessions\.encoding: .* is not an encoding. Use utf-8"):
        read_table(tmp_path / "t.csv", source(encoding=encoding), "sessions", USED)


def test_impossible_date_of_a_sheet_is_pointed_at_where_it_is_used(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "no", "score", "day"], ["a", 1, 3, 45000], ["b", 1, 4, 99999999]):
        book.worksheets[0].append(row)
    for cell in ("D2", "D3"):
        book.worksheets[0][cell].number_format = "yyyy-mm-dd"
    book.save(tmp_path / "t.xlsx")
    raw = read_table(tmp_path / "t.xlsx", source(), "sessions", USED)
    dates, bad = as_date(raw.frame["day"], None)
    assert bad.tolist() == [False, True]
    assert dates.iloc[0] == pd.Timestamp(2023, 3, 15)


def test_blank_cells_beyond_the_last_name_belong_to_no_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,no,score\na,1,3,\nb,1,4,,\n", encoding="utf-8")
    assert read_table(tmp_path / "t.csv", source(), "sessions", USED).frame["score"].tolist() == ["3", "4"]


def test_every_cut_and_every_changed_byte_of_a_workbook_is_said_or_harmless(tmp_path: Path) -> None:
    FRAME.to_excel(tmp_path / "whole.xlsx", index=False)
    whole = (tmp_path / "whole.xlsx").read_bytes()
    for place in range(50, len(whole), len(whole) // 25):
        for content in (whole[:place], whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]):
            (tmp_path / "t.xlsx").write_bytes(content)
            try:
                raw = read_table(tmp_path / "t.xlsx", source(), "sessions", USED)
            except DataError as error:
                assert "t.xlsx" in str(error)
            else:
                assert raw.frame["score"].tolist() == [3.0, 4.0]
