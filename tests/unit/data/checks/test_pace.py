"""Session numbers go on one by one, dates change within a patient, and no spreadsheet has exchanged days and months."""

import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from alliance.config.instruments import read_instruments
from alliance.config.schema import Cleaning, Data, Variable
from alliance.data.checks import CHECKS
from alliance.data.checks.finding import Finding
from alliance.data.cleaning.clean import clean_tables
from alliance.data.export.tables import Export, read_tables
from tests.unit.data.checks.study import CLEANING, INSTRUMENTS
from tests.unit.data.export.small import MOOD

PATIENTS, SESSIONS = 14, 5


def rows(step: int = 1, first: int = 0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": f"P{patient}",
            "no": first + step * place,
            "day": pd.Timestamp(2024, 1, 9) + pd.Timedelta(days=17 * patient + 7 * place),
            "mood": (3 * patient + 5 * place) % 11,
        }
        for patient in range(PATIENTS)
        for place in range(SESSIONS)
    )


def read(path: Path, **settings: Any) -> Export:
    keys = {"patient": "id", "session": "no", "date": "day"}
    data = Data.model_validate({"sessions": {"path": str(path), "keys": keys, **settings}})
    declared = {name: Variable.model_validate(content) for name, content in MOOD.items()}
    return read_tables(
        {"sessions": str(path)}, data, declared, Cleaning.model_validate(CLEANING), read_instruments(INSTRUMENTS)
    )


def export_of(tmp_path: Path, frame: pd.DataFrame, **settings: Any) -> Export:
    path = tmp_path / "export.csv"
    frame.to_csv(path, index=False)
    return read(path, **settings)


def named(export: Export, check: str) -> list[Finding]:
    return CHECKS[check](export)


@pytest.mark.parametrize(("step", "first"), [(4, 0), (2, 1), (7, 7)])
def test_numbers_that_do_not_go_on_one_by_one_are_told_and_the_remedies_number_them(
    tmp_path: Path, step: int, first: int
) -> None:
    (found,) = named(export_of(tmp_path, rows(step, first)), "session_steps")
    assert f"panel.lag: {step}" in found.remedy
    names = json.loads(re.search(r"session_names: (\{.*?\})", found.remedy)[1])
    for settings in ({"session_names": names}, {"number_sessions": "by_date"}):
        export = export_of(tmp_path, rows(step, first), **settings)
        assert not named(export, "session_steps")
        held = clean_tables(export.tables, export.cleaning).sessions.groupby("patient")["session"].diff().dropna()
        assert (held == 1).all()


def test_numbers_one_by_one_with_skipped_sessions_are_nothing_to_tell(tmp_path: Path) -> None:
    assert not named(export_of(tmp_path, rows().drop(index=range(2, 60, 4))), "session_steps")


def test_sessions_of_a_wide_file_can_be_given_other_numbers(tmp_path: Path) -> None:
    wide = rows(4).pivot(index="id", columns="no", values="mood").add_prefix("mood_w").reset_index()
    settings = {
        "wide": {"columns": {"mood": "mood_w{session}"}, "sessions": [0, 4, 8, 12, 16]},
        "keys": {"patient": "id"},
    }
    path = tmp_path / "wide.csv"
    wide.to_csv(path, index=False)
    (found,) = named(read(path, **settings), "session_steps")
    names = json.loads(re.search(r"session_names: (\{.*?\})", found.remedy)[1])
    export = read(path, **settings, session_names=names)
    assert not named(export, "session_steps")
    assert sorted(export.tables["sessions"].keys["session"].unique()) == [0, 1, 2, 3, 4]
    assert export.tables["sessions"].raw.patterns["mood"][4] == "mood_w16"


def test_the_same_date_at_all_sessions_stops_the_run_and_without_it_the_run_goes_on(tmp_path: Path) -> None:
    frame = rows()
    frame["day"] = frame.groupby("id")["day"].transform("min")
    (found,) = named(export_of(tmp_path, frame), "date_constant")
    assert found.severity == "error"
    assert not named(export_of(tmp_path, frame, keys={"patient": "id", "session": "no"}), "date_constant")


WRITTEN = {
    "without marks": lambda day, row: day.strftime("%Y%m%d"),
    "day numbers": lambda day, row: str((day - pd.Timestamp(1899, 12, 30)).days),
    "two styles": lambda day, row: day.strftime("%Y-%m-%d" if row % 3 else "%d.%m.%Y"),
    "two digits": lambda day, row: day.strftime("%d.%m.%y"),
    "three styles": lambda day, row: day.strftime(["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%Y"][row % 3]),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_the_remedy_for_dates_reads_them_all(tmp_path: Path, write: Any) -> None:
    frame = rows()
    frame["day"] = [write(day, row) for row, day in enumerate(frame["day"])]
    (found,) = named(export_of(tmp_path, frame), "date")
    said = json.loads(re.search(r"date_format: (\[.*?\]|\".*?\")", found.remedy)[1])
    export = export_of(tmp_path, frame, date_format=said)
    assert not named(export, "date")
    pd.testing.assert_series_equal(
        export.tables["sessions"].keys["date"], rows()["day"], check_names=False, check_dtype=False
    )


def test_dates_that_can_be_read_in_two_ways_are_not_guessed(tmp_path: Path) -> None:
    frame = rows()
    frame["day"] = [f"{1 + row % 9:02d}/{1 + row % 5:02d}/2024" for row in range(len(frame))]
    (found,) = named(export_of(tmp_path, frame), "date")
    assert '"%d/%m/%Y"' in found.remedy
    assert '"%m/%d/%Y"' in found.remedy
    both = named(export_of(tmp_path, frame, date_format=["%d/%m/%Y", "%m/%d/%Y"]), "date")
    assert both[0].count == sum(1 + row % 9 != 1 + row % 5 for row in range(len(frame)))


def test_days_that_a_spreadsheet_took_for_months_stop_the_run(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "no", "day", "mood"])
    for one in rows().itertuples(index=False):
        day = one.day
        cell = day.strftime("%d/%m/%Y") if day.day > 12 else pd.Timestamp(day.year, day.day, day.month).to_pydatetime()
        sheet.append([one.id, one.no, cell, one.mood])
    book.save(tmp_path / "export.xlsx")
    (found,) = named(read(tmp_path / "export.xlsx", date_format="%d/%m/%Y"), "date_swapped")
    assert found.severity == "error"
    assert found.count == int((rows()["day"].dt.day <= 12).sum())
