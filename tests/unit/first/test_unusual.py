"""Exports that are unusual in one respect: what can be recognised is, as an assumption, and what cannot is left to do."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from alliance.config.instruments import read_instruments
from alliance.first.draft import Draft
from alliance.first.recognise import recognise
from alliance.first.table import look_at
from tests.unit.first.exports import ids, items, sessions

INSTRUMENTS = read_instruments(sorted((Path(__file__).parents[3] / "config/instruments").glob("*.yaml")))


def rows() -> pd.DataFrame:
    frame = sessions(12)
    scores = {"alliance": (50 + 10 * frame["alliance"]).round(), "symptoms": (14 + 5 * frame["symptoms"]).round()}
    return frame.assign(patient=ids(frame["patient"]), therapist="T" + frame["therapist"].astype(str), **scores)


def drafted(path: Path, frame: pd.DataFrame | None = None) -> Draft:
    if frame is not None and path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif frame is not None:
        frame.to_excel(path, index=False, startrow=2)
    return recognise(Draft({"sessions": look_at(path)}, INSTRUMENTS))


def said(draft: Draft, start: str) -> tuple[str, str]:
    (guess,) = [one for one in draft.guesses if one.what.startswith(start)]
    return guess.sureness, guess.evidence


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda day, _: (day - pd.Timestamp(1899, 12, 30)).days, "excel"),
        (lambda day, row: day.strftime("%Y-%m-%d" if row % 3 else "%d.%m.%Y"), ["%Y-%m-%d", "%d.%m.%Y"]),
    ],
    ids=["day numbers", "two ways"],
)
def test_dates_in_unusual_writings_are_assumed(
    tmp_path: Path, write: Callable[[pd.Timestamp, int], object], expected: object
) -> None:
    frame = rows()
    frame["date"] = [write(day, row) for row, day in enumerate(frame["date"])]
    draft = drafted(tmp_path / "t.csv", frame)
    assert draft.settings["sessions"]["date_format"] == expected
    assert said(draft, "date:")[0] == "assumed"


def test_dates_that_cannot_be_read_are_left_to_do(tmp_path: Path) -> None:
    frame = rows()
    frame["date"] = frame["date"].dt.strftime("%A %d %B")
    draft = drafted(tmp_path / "t.csv", frame)
    assert "date" not in draft.keys["sessions"]
    assert any("`date` is named like a date" in one for one in draft.to_do)


def test_ids_in_the_first_row_of_a_block_below_blank_rows_are_filled_down(tmp_path: Path) -> None:
    frame = rows()
    frame.loc[frame.duplicated("patient"), ["patient", "therapist"]] = None
    draft = drafted(tmp_path / "t.xlsx", frame)
    assert draft.settings["sessions"] == {"header_row": 3, "fill_down": ["patient", "therapist"]}
    assert draft.settings["patients"]["fill_down"] == ["patient", "therapist"]
    assert draft.patient.distinct == 12


def wide(frame: pd.DataFrame, mark: str, step: int = 1) -> pd.DataFrame:
    turned = frame.pivot(index="patient", columns="session", values=["alliance", "symptoms"])
    turned.columns = [f"{measure}_{mark}{step * (int(session) - 1)}" for measure, session in turned.columns]
    return turned.reset_index()


def test_a_wide_file_in_which_some_patients_came_back_is_wide(tmp_path: Path) -> None:
    turned = wide(rows(), "s")
    draft = drafted(tmp_path / "t.csv", pd.concat([turned, turned.iloc[:4]]))
    assert draft.settings["sessions"]["wide"]["columns"]["alliance"] == "alliance_s{session}"
    assert said(draft, "sessions:")[0] == "fairly sure"


def test_weeks_of_a_wide_file_are_counted_and_that_is_said(tmp_path: Path) -> None:
    frame = rows()
    draft = drafted(tmp_path / "t.csv", wide(frame[frame["session"] <= 3], "w", step=4))
    assert draft.settings["sessions"]["session_names"] == {"0": 0, "4": 1, "8": 2}
    assert sorted(draft.sessions.columns["session"].numbers.unique()) == [0, 1, 2]
    assert said(draft, "sessions:")[0] == "assumed"


def test_a_baseline_and_weeks_are_counted(tmp_path: Path) -> None:
    frame = rows()
    names = {1: "Baseline", 2: "Week 4", 3: "Week 8"}
    frame = frame[frame["session"] <= 3].drop(columns="date")
    draft = drafted(tmp_path / "t.csv", frame.assign(session=frame["session"].map(names)))
    assert draft.settings["sessions"]["session_names"] == {"Baseline": 0, "Week 4": 1, "Week 8": 2}
    assert said(draft, "session:")[0] == "assumed"


def test_codes_of_answers_are_assumed_to_rise(tmp_path: Path) -> None:
    frame = rows()
    answers = items(frame["alliance"] / 20 - 2.5, 12, 1, 5)
    coded = pd.DataFrame({f"WAI[SQ{item + 1:03d}]": [f"A{one}" for one in answers[:, item]] for item in range(12)})
    draft = drafted(tmp_path / "t.csv", pd.concat([frame.drop(columns="alliance"), coded], axis="columns"))
    sureness, evidence = said(draft, "alliance:")
    assert sureness == "assumed" and "A1 taken for the lowest answer" in evidence


def test_items_are_known_by_what_their_file_calls_them(tmp_path: Path) -> None:
    frame = rows().drop(columns=["alliance", "date"])
    answers = items(frame["symptoms"] / 10 - 1, 12, 1, 5)
    named = pd.DataFrame({f"hf{item + 1:02d}": answers[:, item].astype(float) for item in range(12)})
    path = tmp_path / "t.sav"
    titles = {f"hf{item + 1:02d}": f"WAI-SR, item {item + 1}" for item in range(12)}
    pyreadstat.write_sav(pd.concat([frame, named], axis="columns"), str(path), column_labels=titles)
    variable = drafted(path).variables["alliance"]
    assert (variable["instrument"], variable["items"]) == ("wai_sr", "hf{item:02d}")
