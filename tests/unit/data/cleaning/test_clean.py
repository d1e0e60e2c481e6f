"""Each declared rule does what it says, is counted, and the patient flow adds up."""

from typing import Any

import pandas as pd
import pytest

from alliance.data.cleaning.clean import CleanStudy, clean_tables
from alliance.errors import DataError
from alliance.facts.artefacts import ARTEFACTS
from tests.unit.data.checks.study import CLEANING, DATA, PATIENTS, SESSIONS, Frames, clean_frames, export_of, findings


def cleaned(frames: Frames, data: dict[str, Any] | None = None, **rules: Any) -> CleanStudy:
    export = export_of(frames, cleaning={**CLEANING, **rules}, data=data)
    return clean_tables(export.tables, export.cleaning)


def touched(study: CleanStudy, rule: str, table: str = "sessions") -> tuple[int, int]:
    row = study.report[(study.report["rule"] == rule) & (study.report["table"] == table)].iloc[0]
    return int(row["rows"]), int(row["cells"])


def person(study: CleanStudy, patient: str) -> pd.DataFrame:
    """Sessions of one patient by the comparable id."""
    codes = study.ids[study.ids["table"] == "patients"].set_index("id")["code"]
    return study.sessions[study.sessions["patient"] == codes[patient]].reset_index(drop=True)


def test_a_study_without_faults_keeps_every_row() -> None:
    study = cleaned(clean_frames())
    assert len(study.sessions) == PATIENTS * SESSIONS
    assert list(study.report.columns) == ARTEFACTS["cleaning"].header
    assert study.report[["rows", "cells"]].to_numpy().sum() == 0
    assert list(study.patients.columns) == ["patient", "therapist", "arm", "age"]
    assert list(study.therapists.columns) == ["therapist", "years"]
    assert {"symptoms__1", "bond__12", "warmth", "delivery"} <= set(study.sessions.columns)


def test_flow_adds_up_from_stage_to_stage() -> None:
    frames = clean_frames()
    sessions = frames["sessions"]
    sessions.loc[0, "client"] = "C900"  # an orphan
    frames["sessions"] = pd.concat(
        [sessions, sessions.iloc[[4]], sessions.iloc[[9]].assign(warmth="")], ignore_index=True
    )
    study = cleaned(frames, minimum_sessions=4, exclude={"patients": ["c20"]})
    flow = study.flow
    assert list(flow.columns) == ARTEFACTS["flow"].header
    for kind in ("patients", "sessions"):
        assert list(flow[f"n_{kind}"]) == list(flow[f"n_{kind}"].iloc[0] - flow[f"removed_{kind}"].cumsum())
    assert flow["n_sessions"].iloc[0] == PATIENTS * SESSIONS + 2
    removed = flow.set_index("stage")["removed_sessions"]
    assert removed["Left out on purpose"] == SESSIONS
    assert removed["Without a patient or therapist record"] == 1
    assert removed["Identical rows"] == 1
    assert removed["Contradicting rows"] == 1
    assert removed["Too few sessions"] == SESSIONS - 1
    assert flow["n_sessions"].iloc[-1] == len(study.sessions)
    assert flow["n_patients"].iloc[-1] == study.sessions["patient"].nunique() == len(study.patients)


def test_missing_codes_and_impossible_values_are_blanked_and_counted() -> None:
    frames = clean_frames()
    frames["sessions"].loc[0, ["phq_1", "phq_2", "warmth"]] = ["99", "-9", "7"]
    study = cleaned(frames)
    first = person(study, "c1").iloc[0]
    assert first[["symptoms__1", "symptoms__2", "warmth"]].isna().all()
    assert touched(study, "missing_codes") == (0, 2)
    assert touched(study, "out_of_range") == (0, 1)


def test_of_contradicting_rows_the_most_complete_is_kept_wherever_it_stands() -> None:
    for reverse in (False, True):
        frames = clean_frames()
        poorer = frames["sessions"].iloc[[0]].assign(phq_1="", phq_2="", warmth="6")
        frames["sessions"].loc[0, "warmth"] = "2"
        parts = [poorer, frames["sessions"]] if reverse else [frames["sessions"], poorer]
        frames["sessions"] = pd.concat(parts, ignore_index=True)
        study = cleaned(frames)
        assert person(study, "c1")["warmth"].iloc[0] == 2
        assert touched(study, "duplicates_conflicting") == (1, 0)


def test_all_contradicting_rows_can_be_dropped() -> None:
    frames = clean_frames()
    frames["sessions"] = pd.concat(
        [frames["sessions"], frames["sessions"].iloc[[0]].assign(warmth="")], ignore_index=True
    )
    study = cleaned(frames, duplicates={"identical": "drop", "conflicting": "drop_all"})
    assert list(person(study, "c1")["session"]) == [2, 3, 4]


@pytest.mark.parametrize(("rule", "therapist"), [("most_sessions", "t2"), ("first", "t1")])
def test_patient_with_two_therapists_gets_the_declared_one(rule: str, therapist: str) -> None:
    frames = clean_frames()
    frames["sessions"].loc[1:3, "leader"] = "T02"  # patient C001 began with T01
    study = cleaned(frames, therapist_change=rule)
    code = study.ids[study.ids["table"] == "therapists"].set_index("id")["code"][therapist]
    assert set(person(study, "c1")["therapist"]) == {code}
    patient = person(study, "c1")["patient"].iloc[0]
    assert study.patients.set_index("patient")["therapist"][patient] == code
    assert touched(study, "therapist_change") == (0, 1 if rule == "most_sessions" else 3)


def test_patient_with_two_therapists_can_keep_both() -> None:
    frames = clean_frames()
    frames["sessions"].loc[1:3, "leader"] = "T02"
    study = cleaned(frames, therapist_change="keep")
    codes = study.ids[study.ids["table"] == "therapists"].set_index("id")["code"]
    assert list(person(study, "c1")["therapist"]) == [codes["t1"], codes["t2"], codes["t2"], codes["t2"]]
    patient = person(study, "c1")["patient"].iloc[0]
    assert study.patients.set_index("patient")["therapist"][patient] == codes["t2"]
    assert touched(study, "therapist_change") == (0, 0)
    row = study.report[study.report["rule"] == "therapist_change"].iloc[0]
    assert (row["setting"], "stay with the therapist" in row["meaning"]) == ("keep", True)


def test_session_between_two_therapists_has_neither_if_both_are_kept() -> None:
    frames = clean_frames()
    frames["sessions"].loc[0:3, "leader"] = ["T01", "", "T02", ""]
    frames["sessions"].loc[4:7, "leader"] = ["", "T02", "", "T02"]
    study = cleaned(frames, therapist_change="keep")
    codes = study.ids[study.ids["table"] == "therapists"].set_index("id")["code"]
    first, second = person(study, "c1")["therapist"], person(study, "c2")["therapist"]
    assert list(first.fillna("")) == [codes["t1"], "", codes["t2"], codes["t2"]]
    assert list(second) == [codes["t2"]] * 4


def test_sessions_without_a_therapist_take_the_one_of_the_patient() -> None:
    frames = clean_frames()
    frames["sessions"].loc[0:3, "leader"] = ""
    study = cleaned(frames)
    assert person(study, "c1")["therapist"].notna().all()
    assert touched(study, "therapist_change") == (0, 0)


def test_patients_of_an_unknown_therapist_are_dropped_with_their_sessions() -> None:
    frames = clean_frames()
    frames["therapists"] = frames["therapists"].iloc[1:]
    study = cleaned(frames)
    assert len(study.patients) == PATIENTS - 5
    assert touched(study, "orphans") == (5 * SESSIONS, 0)


def test_days_count_from_the_first_analysed_session() -> None:
    frames = clean_frames()
    study = cleaned(frames)
    assert list(person(study, "c1")["days"]) == [0, 7, 14, 21]
    assert list(person(study, "c1")["weeks"]) == [0, 1, 2, 3]


def test_weeks_are_taken_from_a_week_column() -> None:
    frames = clean_frames()
    frames["sessions"]["day"] = [str(2 * (row % SESSIONS) + 1) for row in range(len(frames["sessions"]))]
    keys = {"patient": "client", "session": "no", "week": "day"}
    study = cleaned(frames, data={**DATA, "sessions": {"path": "sessions.csv", "keys": keys}})
    assert list(person(study, "c1")["weeks"]) == [1, 3, 5, 7]
    assert list(person(study, "c1")["days"]) == [0, 14, 28, 42]
    assert "therapist" not in study.sessions


def test_without_other_tables_patients_come_from_the_sessions() -> None:
    frames = {"sessions": clean_frames()["sessions"]}
    keys = {"patient": "client", "session": "no"}
    study = cleaned(frames, data={"sessions": {"path": "sessions.csv", "keys": keys}})
    assert len(study.patients) == PATIENTS
    assert study.patients["therapist"].isna().all()
    assert study.sessions["days"].isna().all()
    assert len(study.therapists) == 0


def test_no_original_id_is_left_in_the_clean_tables() -> None:
    frames = clean_frames()
    study = cleaned(frames)
    ids = {*frames["sessions"]["client"], *frames["sessions"]["leader"]} | set(study.ids["id"])
    for table in (study.sessions, study.patients):
        assert not ids & {str(value) for column in table for value in table[column]} - {"T01", "T02", "T03", "T04"}
    assert set(study.sessions["patient"]) == {f"P{number:03d}" for number in range(1, PATIENTS + 1)}


def test_minimum_that_leaves_nobody_says_so_and_its_remedy_keeps_somebody() -> None:
    with pytest.raises(DataError, match=r"cleaning\.minimum_sessions: 99 leaves nobody") as caught:
        cleaned(clean_frames(), minimum_sessions=99)
    remedy = int(str(caught.value).rpartition("Set it to ")[2].split()[0])
    assert remedy == SESSIONS
    assert len(cleaned(clean_frames(), minimum_sessions=remedy).patients) == PATIENTS


def test_leaving_out_everybody_names_the_rule() -> None:
    frames = clean_frames()
    with pytest.raises(DataError, match="no session is left after 'Left out on purpose'"):
        cleaned(frames, exclude={"patients": list(frames["sessions"]["client"].unique())})


def test_rows_are_left_out_where_any_condition_holds_and_kept_where_all_do() -> None:
    frames = clean_frames()
    study = cleaned(frames, exclude={"where": {"arm": ["a"], "session": {"above": 3}}})
    assert len(study.sessions) == PATIENTS // 2 * 3
    assert set(study.sessions["session"]) == {1, 2, 3} and set(study.patients["arm"]) == {"b"}
    assert touched(study, "exclude")[0] == PATIENTS * SESSIONS - PATIENTS // 2 * 3
    assert "conditions on arm, session" in study.flow.set_index("stage").loc["Left out on purpose", "reason"]
    kept = cleaned(frames, only={"arm": ["b"], "age": {"above": 29, "below": 36}})
    assert sorted(kept.patients["age"]) == [31, 33, 35]
    assert len(kept.sessions) == 3 * SESSIONS


def test_condition_on_therapists_is_one_on_all_their_patients() -> None:
    frames = clean_frames()
    own = cleaned(frames, only={"years": [0, 3]})
    assert len(own.sessions) == PATIENTS // 2 * SESSIONS and len(own.therapists) == 2
    # The sessions need not name the therapist: the patients do.
    sources = {**DATA, "sessions": {**DATA["sessions"], "keys": {"patient": "client", "session": "no", "date": "day"}}}
    unnamed = cleaned(frames, data=sources, exclude={"where": {"years": {"above": 3.5}}})
    assert len(unnamed.sessions) == PATIENTS // 2 * SESSIONS


def test_unknown_values_are_not_left_out_and_not_kept_by_a_condition() -> None:
    frames = clean_frames()
    frames["patients"].loc[[0, 2], "age"] = ""
    assert len(cleaned(frames, exclude={"where": {"age": {"below": 25}}}).patients) == PATIENTS - 3
    assert len(cleaned(frames, only={"age": {"below": 25}}).patients) == 3


def test_nothing_in_rows_that_are_left_out_stops_the_run() -> None:
    frames = clean_frames()
    frames["sessions"].loc[frames["sessions"]["client"] == "C002", "warmth"] = "high"
    assert findings("number", frames)
    assert not findings("number", frames, cleaning={**CLEANING, "only": {"arm": ["a"]}})
