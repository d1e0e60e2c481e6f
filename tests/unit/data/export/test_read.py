"""The same table comes back from every format, with ids as text, labels kept and rows numbered as the user sees them."""

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from alliance.config.cleaning import Cleaning
from alliance.config.schema import Source
from alliance.data.export.cells import as_date, as_number, as_text
from alliance.data.export.mapping import Measure, type_table
from alliance.data.export.read import read_table
from alliance.errors import DataError
from tests.unit.data.checks.study import CLEANING

KEYS = {"patient": "id", "session": "no", "date": "day"}
TABLE = pd.DataFrame(
    {
        "id": ["007", " p8", "010"],
        "no": [1, 2, 3],
        "score": [2.5, None, 4.0],
        "note": ["Müller; with, comma", None, "two\nlines"],
        "day": pd.to_datetime(["2024-03-01", None, "2024-03-15"]),
    }
)


def source(**changes: object) -> Source:
    return Source.model_validate({"path": "table", "keys": KEYS, **changes})


def write(path: Path) -> Path:
    if path.suffix == ".xlsx":
        TABLE.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        TABLE.to_parquet(path, index=False)
    elif path.suffix in (".sav", ".zsav"):
        pyreadstat.write_sav(TABLE, str(path), compress=path.suffix == ".zsav")
    elif path.suffix == ".dta":
        TABLE.to_stata(path, write_index=False, convert_dates={"day": "td"}, version=118)
    else:
        TABLE.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".sav", ".zsav", ".dta"])
def test_every_format_gives_the_same_table(tmp_path: Path, ending: str) -> None:
    raw = read_table(write(tmp_path / f"sessions{ending}"), source(), "sessions")
    frame = raw.frame
    assert list(frame.columns) == list(TABLE.columns)
    assert list(as_text(frame["id"])) == ["007", " p8", "010"]
    assert list(as_text(frame["no"])) == ["1", "2", "3"]
    numbers, bad = as_number(frame["score"])
    assert numbers.fillna(-1).tolist() == [2.5, -1, 4.0]
    assert not bad.any()
    dates, bad = as_date(frame["day"], None)
    assert dates.dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2024-03-01", "", "2024-03-15"]
    assert not bad.any()
    assert frame["note"].isna().tolist() == [False, True, False]
    assert frame["note"].iloc[0] == "Müller; with, comma"
    # Spreadsheets and text files have a header row, the others begin with the first case.
    assert list(frame.index) == ([2, 3, 4] if ending in (".csv", ".tsv", ".txt", ".xlsx") else [1, 2, 3])


def test_value_labels_of_spss_and_stata_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "no": [1.0, 2.0, 3.0], "arm": [1.0, 2.0, None]})
    labels = {"arm": {1: "usual", 2: "new "}}
    pyreadstat.write_sav(frame, str(tmp_path / "t.sav"), variable_value_labels=labels)
    pyreadstat.write_dta(frame, str(tmp_path / "t.dta"), variable_value_labels=labels)
    rules = Cleaning.model_validate(CLEANING)
    declared = Source.model_validate({"path": "t", "keys": {"patient": "id", "session": "no"}})
    for ending in (".sav", ".dta"):
        raw = read_table(tmp_path / f"t{ending}", declared, "sessions")
        for config_labels, expected in ((("usual", "new"), ["usual", "new"]), (("1", "2"), ["1", "2"])):
            measure = Measure("arm", "arm", "arm", "category", labels=config_labels, closed=True)
            values = type_table(raw, declared, [measure], rules).values["arm"]
            assert values.dropna().tolist() == expected


def test_user_missing_values_of_spss_are_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "no": [1.0, 2.0], "score": [5.0, 999.0]})
    ranges = {"score": [{"lo": 999, "hi": 999}]}
    pyreadstat.write_sav(frame, str(tmp_path / "t.sav"), missing_ranges=ranges)
    assert read_table(tmp_path / "t.sav", source(), "sessions").frame["score"].isna().tolist() == [False, True]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["id", "no", "Größe"], ["007", "1", "groß, sehr"], ["008", "2", "klein"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    raw = read_table(tmp_path / "t.csv", source(), "sessions")
    assert list(raw.frame.columns) == ["id", "no", "Größe"]
    assert raw.frame["Größe"].tolist() == ["groß, sehr", "klein"]
    assert any("cp1252" in note for note in raw.notes) == (encoding == "cp1252")
    assert any("delimiter" in note for note in raw.notes) == (delimiter != ",")


def test_decimal_comma_is_found_out_and_reported(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id;no;score\na;1;2,5\nb;2;3\n", encoding="utf-8")
    raw = read_table(tmp_path / "t.csv", source(), "sessions")
    assert raw.decimal == ","
    assert any("decimal comma" in note for note in raw.notes)
    assert read_table(tmp_path / "t.csv", source(decimal="."), "sessions").decimal == "."


def test_rows_keep_their_numbers_when_blank_rows_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,no\na,1\n,\n\nb,2\n", encoding="utf-8")
    raw = read_table(tmp_path / "t.csv", source(), "sessions")
    assert list(raw.frame.index) == [2, 5]
    assert raw.notes == ("2 rows are entirely blank and were not read.",)


def test_sheet_is_found_by_name_and_by_number(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame({"nothing": ["x"]}).to_excel(book, sheet_name="Info", index=False)
        TABLE.to_excel(book, sheet_name="Data", index=False)
    for sheet in ("Data", 2):
        raw = read_table(tmp_path / "t.xlsx", source(sheet=sheet), "sessions")
        assert list(raw.frame.columns) == list(TABLE.columns)
        assert raw.notes == ()
    first = read_table(tmp_path / "t.xlsx", source(), "sessions")
    assert first.notes == ("The first of 2 sheets was read.",)


def test_large_ids_stay_exact(tmp_path: Path) -> None:
    pd.DataFrame({"id": [9007199254740993, 9007199254740995], "no": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    raw = read_table(tmp_path / "t.parquet", source(), "sessions")
    assert list(as_text(raw.frame["id"])) == ["9007199254740993", "9007199254740995"]


def test_wide_file_becomes_one_row_per_session(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,sex,bdi_s0,bdi_s1,rq_s0,rq_s1\na,f,9,8,,7\nb,m,,,5,\n", encoding="utf-8")
    wide = {"columns": {"bdi": "bdi_s{session}", "rq": "rq_s{session}"}, "sessions": [0, 1]}
    raw = read_table(tmp_path / "t.csv", source(keys={"patient": "id"}, wide=wide), "sessions")
    long = raw.frame[["id", "session", "bdi", "rq", "sex"]].fillna("-")
    assert long.to_numpy().tolist() == [["a", 0, "9", "-", "f"], ["a", 1, "8", "7", "f"], ["b", 0, "-", "5", "m"]]
    assert list(raw.frame.index) == [2, 2, 3]
    assert raw.notes == ("1 sessions of the wide file hold no value at all and count as not held.",)


def test_wide_columns_keep_their_names_in_messages(tmp_path: Path) -> None:
    from alliance.data.checks.place import found

    (tmp_path / "t.csv").write_text("id,bdi_s0,bdi_s1\na,9,8\nb,7,high\n", encoding="utf-8")
    declared = source(keys={"patient": "id"}, wide={"columns": {"bdi": "bdi_s{session}"}, "sessions": [0, 1]})
    raw = read_table(tmp_path / "t.csv", declared, "sessions")
    measure = Measure("depression", "bdi", "depression", "number")
    table = type_table(raw, declared, [measure], Cleaning.model_validate(CLEANING))
    finding = found(table, "number", table.bad["bdi"], "bdi", "hold text", "Correct it.")[0]
    assert (finding.row, finding.column) == (3, "bdi_s1")


def test_reading_is_refused_for_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is a folder.*data\.patients\.path"):
        read_table(tmp_path, source(), "patients")


def test_months_quarters_weeks_and_years_of_stata_are_dated_by_their_first_day(tmp_path: Path) -> None:
    kinds = {"tm": 771.0, "tq": 257.0, "th": 128.0, "tw": 3345.0, "ty": 2024.0}
    frame = pd.DataFrame({"id": ["a"], "no": [1.0], **{kind: [value] for kind, value in kinds.items()}})
    pyreadstat.write_dta(frame, str(tmp_path / "t.dta"), variable_format={kind: f"%{kind}" for kind in kinds})
    source = Source(path="t.dta", keys={"patient": "id", "session": "no"})
    read = read_table(tmp_path / "t.dta", source, "sessions").frame
    days = {kind: str(read[kind].iloc[0].date()) for kind in kinds}
    assert days == {"tm": "2024-04-01", "tq": "2024-04-01", "th": "2024-01-01", "tw": "2024-04-29", "ty": "2024-01-01"}
