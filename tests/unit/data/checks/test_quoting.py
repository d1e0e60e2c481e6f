"""Names, ids and notes that stand in a wrong place are never quoted: whatever is wrong with them, they are found by row and column."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alliance.config.cleaning import Cleaning
from alliance.config.schema import Data, Variable
from alliance.data.checks import check_export, findings_table
from alliance.data.export.tables import Export, read_tables
from alliance.errors import AllianceError
from tests.unit.data.checks.study import CLEANING, DATA, STRICT, VARIABLES, clean_frames, export_of

PLANTED = [
    "Anna Meierhofer",
    "meierhofer",
    "ruft wegen Suizidgedanken nachts an",
    "12.03.1985",
    "0176/555 0199",
    "C-4711-x",
]
COLUMNS = {
    "sessions": ["client", "leader", "no", "day", "warmth", "delivery", "phq_3", "wai_12"],
    "patients": ["client", "leader", "arm", "age"],
    "therapists": ["leader", "years"],
}


def said(export: Export) -> str:
    """Everything the checks write down."""
    findings = check_export(export)
    return findings_table(findings).to_csv() + "".join(repr(vars(finding)) for finding in findings)


def assert_no_traces(text: str, planted: list[str] = PLANTED) -> None:
    folded = text.casefold()
    assert [word for word in planted if word.casefold() in folded] == []


@pytest.mark.parametrize("rules", [CLEANING, STRICT], ids=["lenient", "strict"])
@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in COLUMNS.items() for column in columns]
)
def test_what_stands_in_a_wrong_column_is_not_quoted(table: str, column: str, rules: dict[str, Any]) -> None:
    few, all_of_them, mixed = clean_frames(), clean_frames(), clean_frames()
    few[table].loc[[1, 2], column] = PLANTED[:2]
    all_of_them[table][column] = [PLANTED[row % len(PLANTED)] for row in range(len(all_of_them[table]))]
    mixed[table].loc[1, column] = PLANTED[2]
    mixed[table].loc[3, column] = PLANTED[3].upper()
    for frames in (few, all_of_them, mixed):
        text = said(export_of(frames, cleaning=rules))
        assert_no_traces(text)
    assert f"column {column}" in text or column in ("client", "leader", "delivery"), "where it stands is said"


def test_declared_labels_numbers_and_words_for_missing_are_quoted() -> None:
    frames = clean_frames()
    frames["sessions"].loc[0, ["warmth", "phq_1", "phq_2"]] = ["keine Angabe", "1.250", "17"]
    frames["patients"].loc[0, "arm"] = " A "
    text = said(export_of(frames, cleaning=STRICT))
    assert all(word in text for word in ("'keine Angabe'", "'1.250'", "(17)", "'A'"))


def test_ids_are_not_quoted_even_where_their_column_is_taken_for_a_number() -> None:
    frames = clean_frames()
    for name in ("sessions", "patients"):
        frames[name]["client"] = frames[name]["client"].str.replace("C", "9")
    variables = {**VARIABLES, "age": {**VARIABLES["age"], "column": "client"}}
    ids = sorted(frames["patients"]["client"])
    assert_no_traces(said(export_of(frames, variables=variables)), ids[1:-1])
    assert_no_traces(said(export_of(frames, variables=variables, cleaning=STRICT)), ids[1:-1])


def test_a_first_row_that_is_no_header_is_not_listed(tmp_path: Path) -> None:
    frames = clean_frames()
    frames["sessions"].insert(0, "name", "Anna Meierhofer")
    path = tmp_path / "sessions.csv"
    frames["sessions"].to_csv(path, index=False, header=False)
    first = list(frames["sessions"].iloc[0])
    text = read_and_checked(path)
    assert_no_traces(text, [PLANTED[0], first[1], first[2], first[4]])
    assert "their names are not shown" in text


def test_sheets_are_counted_not_named(tmp_path: Path) -> None:
    frames = clean_frames()
    path = tmp_path / "sessions.xlsx"
    with pd.ExcelWriter(path) as book:
        for patient in ("Anna Meierhofer", "Jonas Brandstetter"):
            frames["sessions"].to_excel(book, sheet_name=patient, index=False)
    sheets = ["Meierhofer", "Brandstetter"]
    assert_no_traces(read_and_checked(path), sheets)
    for sheet in ("Anna", 3, "anna  meierhofe"):
        text = read_and_checked(path, sheet=sheet)
        assert "It has 2 sheets" in text
        assert_no_traces(text, ["Meierhofer", "Brandstetter"])


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_names_that_a_file_gives_to_codes_are_not_listed(tmp_path: Path, ending: str) -> None:
    import pyreadstat

    frame = clean_frames()["sessions"].astype({"warmth": float})
    path = tmp_path / f"sessions.{ending}"
    labels = {"warmth": {float(code): f"Dr. Meierhofer {code}" for code in range(7)}}
    if ending == "sav":
        pyreadstat.write_sav(frame, path, variable_value_labels=labels, variable_measure={"warmth": "nominal"})
    else:
        pyreadstat.write_dta(
            frame, path, variable_value_labels={"warmth": {int(k): v for k, v in labels["warmth"].items()}}
        )
    assert_no_traces(read_and_checked(path))


def test_damage_is_told_without_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text('client,no,day\nC1,1,"Anna Meierhofer\nC2,2,x\n', encoding="utf-8")
    assert_no_traces(read_and_checked(path))
    path.write_text("client,no,day\nC1,1,2024-01-01\nC2,2,x,Anna Meierhofer\n", encoding="utf-8")
    assert_no_traces(read_and_checked(path))


def read_and_checked(path: Path, **source: object) -> str:
    """Read one file as the sessions of the study, and return everything that is said."""
    data = Data.model_validate({"sessions": {**DATA["sessions"], "path": str(path), **source}})
    names = ("warmth", "delivery")
    variables = {name: Variable.model_validate(VARIABLES[name]) for name in names}
    try:
        export = read_tables({"sessions": str(path)}, data, variables, Cleaning.model_validate(CLEANING), {})
    except AllianceError as error:
        return str(error)
    return said(export)
