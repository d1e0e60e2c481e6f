"""A rule that would touch more than its share stops the run, says what the rows look like, and the way out it names works."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config.schema import Data
from alliance.data.checks import check_export
from alliance.data.cleaning.clean import CleanStudy, clean_tables
from alliance.data.export.raw import RawTable
from alliance.data.export.rows import chosen_rows
from alliance.data.export.tables import Export
from alliance.errors import DataError
from tests.unit.data.checks.study import CLEANING, export_of

PATIENTS, SESSIONS = 20, 6
VARIABLES = {
    name: {"label": name, "column": name, "measured": when} for name, when in (("mood", "before"), ("bond", "after"))
}


def course(
    patient: str, start: str, *, seed: int, therapist: str = "T1", sessions: int = SESSIONS, **more: str
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = pd.Timestamp(start) + pd.to_timedelta(7 * np.arange(sessions), unit="D")
    return pd.DataFrame(
        {
            "id": patient, "therapist": therapist, "no": [str(n) for n in range(1, sessions + 1)],
            "day": days.strftime("%Y-%m-%d"), "mood": rng.normal(size=sessions).round(3).astype(str),
            "bond": rng.normal(size=sessions).round(3).astype(str), **more,
        }
    )  # fmt: skip


def people(**more: str) -> list[pd.DataFrame]:
    return [course(f"P{n}", f"2022-0{1 + n % 9}-03", seed=n, **more) for n in range(1, PATIENTS + 1)]


def read(
    frame: pd.DataFrame,
    keys: dict[str, Any] | None = None,
    where: dict[str, Any] | None = None,
    dated: bool = True,
    number: str | None = None,
    **rules: Any,
) -> Export:
    declared = {"patient": "id", "therapist": "therapist", "session": "no", "date": "day"} | (keys or {})
    if not dated:
        del declared["date"]
    data = {"sessions": {"path": "sessions.csv", "keys": declared, "where": where or {}, "number_sessions": number}}
    raw = RawTable("sessions", "sessions.csv", frame.reset_index(drop=True))
    chosen = chosen_rows(raw, Data.model_validate(data).sessions).frame
    return export_of({"sessions": chosen}, data=data, variables=VARIABLES, cleaning={**CLEANING, **rules})


def stops(export: Export) -> list[str]:
    return [f"{f.message} {f.remedy}" for f in check_export(export) if f.severity == "error"]


def clean(export: Export) -> CleanStudy:
    assert stops(export) == []
    return clean_tables(export.tables, export.cleaning)


def episodes(column: bool) -> pd.DataFrame:
    first, again = people(), [course(f"P{n}", "2024-11-04", seed=100 + n) for n in range(1, 9)]
    if column:
        first = [part.assign(episode="1") for part in first]
        again = [part.assign(episode="2") for part in again]
    return pd.concat(first + again)


def clinics() -> pd.DataFrame:
    south = [
        course(f"P{n}", "2022-05-02", seed=50 + n, therapist="T2", clinic="south", sessions=SESSIONS - n % 3)
        for n in range(1, 15)
    ]
    return pd.concat(people(clinic="north") + south)


def raters(dated: bool = True) -> pd.DataFrame:
    patient = pd.concat(people()).assign(rater="patient")
    return pd.concat([patient, patient.assign(rater="therapist", bond="0.5")])


def test_two_episodes_without_a_column_are_told_apart_by_the_pause_the_message_names() -> None:
    (message,) = stops(read(episodes(column=False)))
    assert (
        "48 of 168 rows" in message and "29%" in message and "two or more treatment episodes of 8 patients" in message
    )
    pause = re.search(r"cleaning\.new_episode_after_days: (\d+)", message)
    assert pause is not None
    study = clean(read(episodes(column=False), new_episode_after_days=int(pause[1])))
    pd.testing.assert_frame_equal(study.sessions, clean(read(pd.concat(people()))).sessions)
    assert study.flow.set_index("stage").loc["Later episodes", "removed_sessions"] == 48


def test_two_episodes_with_a_column_are_the_first_of_each_or_courses_of_their_own() -> None:
    frame = episodes(column=True)
    (message,) = stops(read(frame))
    assert "keys.episode: episode" in message and "keys.patient: [id, episode]" in message
    first = clean(read(frame, {"episode": "episode"}))
    pd.testing.assert_frame_equal(first.sessions, clean(read(pd.concat(people()))).sessions)
    assert clean(read(frame, {"patient": ["id", "episode"]})).patients.shape[0] == PATIENTS + 8


def test_the_first_episode_is_the_earlier_one_whatever_its_name() -> None:
    frame = episodes(column=True)
    renamed = frame.assign(episode=frame["episode"].map({"1": "b", "2": "a"}))
    pd.testing.assert_frame_equal(
        clean(read(renamed, {"episode": "episode"})).sessions, clean(read(frame, {"episode": "episode"})).sessions
    )


@pytest.mark.parametrize("dated", [True, False])
def test_ids_of_two_clinics_are_made_of_two_columns(dated: bool) -> None:
    (message,) = stops(read(clinics(), dated=dated))
    assert "ids given out by two clinics" in message and "column 'clinic'" in message
    assert "keys.patient: [clinic, id]" in message
    study = clean(read(clinics(), {"patient": ["clinic", "id"]}, dated=dated))
    assert len(study.patients) == PATIENTS + 14
    assert len(study.sessions) == len(clinics())


@pytest.mark.parametrize("dated", [True, False])
def test_two_raters_as_rows_are_chosen_by_a_filter(dated: bool) -> None:
    (message,) = stops(read(raters(), dated=dated))
    assert "two raters" in message and "data.sessions.where: {rater: ...}" in message
    study = clean(read(raters(), where={"rater": "patient"}, dated=dated))
    pd.testing.assert_frame_equal(study.sessions, clean(read(pd.concat(people()), dated=dated)).sessions)


def test_a_wrong_key_is_named_with_the_column_that_fits() -> None:
    frame = pd.concat(people()).assign(clinic=lambda f: np.where(f["id"].str.len() > 2, "north", "south"))
    (message,) = stops(read(frame, {"patient": "clinic"}))
    assert "wrong key" in message and "keys.patient (column 'id' would do)" in message
    (message,) = stops(read(frame.assign(wave="1"), {"session": "wave"}))
    assert "wrong key" in message and "keys.session (column 'no' would do)" in message


def test_a_share_that_is_raised_lets_the_rule_work() -> None:
    frame = pd.concat([*people(), *[part.iloc[:1].assign(mood="") for part in people()[:12]]])
    (message,) = stops(read(frame))
    share = raised(message, "duplicates_conflicting")
    assert len(clean(read(frame, largest_share=share)).sessions) == PATIENTS * SESSIONS


def raised(message: str, rule: str) -> dict[str, float]:
    """Return the share that a message offers."""
    share = re.search(rf"cleaning\.largest_share\.{rule}: (\d\.?\d*)", message)
    assert share is not None, message
    return {rule: float(share[1])}


def test_ids_that_differ_on_purpose_are_made_of_two_columns_and_other_spellings_are_let_pass() -> None:
    others = [
        course(f"p{n}", "2022-05-02", seed=50 + n, therapist="T2", clinic="south", sessions=3) for n in range(1, 15)
    ]
    frame = pd.concat(people(clinic="north") + others)
    spelled = next(message for message in stops(read(frame)) if "spelled otherwise" in message)
    assert "42 of 162 ids" in spelled and "patient: [CLINIC, ID]" in spelled
    assert len(clean(read(frame, {"patient": ["clinic", "id"]})).patients) == PATIENTS + 14
    same = pd.concat(people()).reset_index(drop=True)
    same["id"] = same["id"].where(same.index % 2 == 1, same["id"].str.lower())
    (message,) = stops(read(same))
    assert "60 of 120 ids" in message
    assert len(clean(read(same, largest_share=raised(message, "ids"))).patients) == PATIENTS


def with_patients(known: list[str], **rules: Any) -> Export:
    frames = {"sessions": pd.concat(people()).reset_index(drop=True), "patients": pd.DataFrame({"id": known})}
    keys = {"sessions": {"patient": "id", "session": "no", "date": "day"}, "patients": {"patient": "id"}}
    data = {name: {"path": f"{name}.csv", "keys": columns} for name, columns in keys.items()}
    return export_of(frames, data=data, variables=VARIABLES, cleaning={**CLEANING, **rules})


def test_many_orphans_are_dropped_only_by_a_raised_share_and_ids_of_two_spellings_are_joined() -> None:
    ids = [f"P{n}" for n in range(1, PATIENTS + 1)]
    (message,) = stops(with_patients(ids[4:]))
    assert "24 of 120 rows" in message and "would be dropped" in message
    study = clean(with_patients(ids[4:], largest_share=raised(message, "orphans")))
    assert len(study.patients) == PATIENTS - 4
    lower = [name.lower() for name in ids[:4]] + ids[4:]
    apart = {"strip": True, "fold_case": False, "strip_leading_zeros": True}
    assert any(
        "cleaning.ids" in message and "would be dropped" in message
        for message in stops(with_patients(lower, ids=apart))
    )
    assert len(clean(with_patients(lower, largest_share={"ids": 0.2})).patients) == PATIENTS


def test_two_therapists_at_a_time_are_settled_by_another_column_or_a_raised_share() -> None:
    parts = [part.assign(main="T1") for part in people()]
    frame = pd.concat([part.assign(therapist=["T1", "T2"] * 3) if n < 8 else part for n, part in enumerate(parts)])
    (message,) = stops(read(frame))
    assert "24 of 120 rows" in message and "data.sessions.keys.therapist" in message
    assert len(clean(read(frame, {"therapist": "main"})).sessions) == PATIENTS * SESSIONS
    study = clean(read(frame, largest_share=raised(message, "therapist_change")))
    assert study.sessions.groupby("patient")["therapist"].nunique().eq(1).all()
    assert "set cleaning.therapist_change: keep" in message
    kept = clean(read(frame, therapist_change="keep"))
    assert kept.sessions.groupby("patient")["therapist"].nunique().gt(1).sum() == 8


def test_a_minimum_that_most_patients_miss_is_lowered_or_its_share_raised() -> None:
    frame = pd.concat([part.iloc[:2] if n < 12 else part for n, part in enumerate(people())])
    (message,) = stops(read(frame, minimum_sessions=3))
    assert "12 of 20 patients" in message and "Lower cleaning.minimum_sessions" in message
    assert len(clean(read(frame, minimum_sessions=2)).patients) == PATIENTS
    study = clean(read(frame, minimum_sessions=3, largest_share=raised(message, "minimum_sessions")))
    assert len(study.patients) == 8


def test_rows_that_were_exported_twice_are_dropped_by_a_raised_share_or_chosen_by_a_column() -> None:
    twice = pd.concat(
        [part.assign(export="first") for part in people()] + [part.assign(export="second") for part in people()[:5]]
    )
    once = clean(read(pd.concat(people()))).sessions
    (message,) = stops(read(twice.drop(columns="export")))
    assert "30 of 150 rows" in message
    study = clean(read(twice.drop(columns="export"), largest_share=raised(message, "duplicates_identical")))
    pd.testing.assert_frame_equal(study.sessions, once)
    (message,) = stops(read(twice))
    assert "data.sessions.where: {export: ...}" in message
    pd.testing.assert_frame_equal(clean(read(twice, where={"export": "first"})).sessions, once)


def test_a_range_that_blanks_many_answers_of_one_measure_stops() -> None:
    narrow = {**VARIABLES, "mood": {**VARIABLES["mood"], "range": [-1, 1]}}
    export = read(pd.concat(people()))
    export = export_of(
        {"sessions": export.tables["sessions"].raw.frame.reset_index(drop=True)},
        data={"sessions": export.tables["sessions"].source.model_dump()}, variables=narrow, cleaning=CLEANING,
    )  # fmt: skip
    assert any("in column mood" in message and "largest_share.out_of_range" in message for message in stops(export))


def test_one_patient_who_came_back_is_found_by_dates_after_cleaning() -> None:
    frame = pd.concat([*people(), course("P3", "2024-11-04", seed=300, sessions=2)])
    frame.loc[(frame["id"] == "P3") & (frame["day"] < "2024") & (frame["no"] == "2"), "mood"] = ""
    (message,) = stops(read(frame))
    assert "dated before an earlier session" in message and "new_episode_after_days" in message
    assert len(clean(read(frame, new_episode_after_days=200)).sessions) == PATIENTS * SESSIONS


@pytest.mark.parametrize("dated", [True, False])
def test_a_course_that_comes_twice_in_one_patient_stops_the_run_however_many_others_there_are(dated: bool) -> None:
    again = course("P3", "2024-11-04", seed=300, sessions=4)
    (message,) = stops(read(pd.concat([*people(), again]), dated=dated))
    assert "4 rows" in message and "1 patient of whom most sessions come twice" in message
    ways: list[dict[str, Any]] = [{"exclude": {"patients": ["P3"]}}, {"largest_share": {"duplicates_conflicting": 0.4}}]
    if dated:
        ways.append({"new_episode_after_days": 200})
        study = clean(read(pd.concat([*people(), again]), **ways[-1]))
        pd.testing.assert_frame_equal(study.sessions, clean(read(pd.concat(people()))).sessions)
    assert "duplicates_conflicting: 0.4." in message
    for way in ways[: 1 if dated else 2]:
        assert stops(read(pd.concat([*people(), again]), dated=dated, **way)) == []


def questionnaires() -> pd.DataFrame:
    """One row for each questionnaire of a session, as repeating instruments are exported."""
    frame = pd.concat(people())
    return pd.concat([frame.assign(bond="", form="mood"), frame.assign(mood="", form="bond")])


def test_rows_that_complete_one_another_are_joined_where_that_is_said() -> None:
    (message,) = stops(read(questionnaires()))
    assert "rows that complete one another" in message and "cleaning.duplicates.conflicting: join" in message
    rule = {"duplicates": {"identical": "drop", "conflicting": "join"}}
    study = clean(read(questionnaires(), **rule))
    pd.testing.assert_frame_equal(study.sessions, clean(read(pd.concat(people()))).sessions)
    assert study.report.set_index("rule").loc["duplicates_joined", "rows"] == PATIENTS * SESSIONS
    assert study.flow.set_index("stage").loc["Joined rows", "removed_sessions"] == PATIENTS * SESSIONS


def test_joined_rows_that_disagree_stop_the_run() -> None:
    frame = questionnaires()
    more = frame.iloc[[4]].assign(mood="1.5")
    (message,) = stops(read(pd.concat([frame, more]), duplicates={"identical": "drop", "conflicting": "join"}))
    assert "3 rows" in message and "keep_most_complete or drop_all" in message


def test_unfinished_attempts_are_no_episodes() -> None:
    frame = pd.concat(people(Progress="100"))
    attempts = frame.iloc[::5].assign(Progress="40", bond="")
    (message,) = stops(read(pd.concat([frame, attempts])))
    assert "attempts" in message and "data.sessions.where: {Progress: ...}" in message
    study = clean(read(pd.concat([frame, attempts]), where={"Progress": 100}))
    pd.testing.assert_frame_equal(study.sessions, clean(read(pd.concat(people()))).sessions)


def test_a_second_course_whose_numbers_go_on_is_suspected_and_left_out_when_declared() -> None:
    again = course("P3", "2024-11-04", seed=300, sessions=4)
    again["no"] = [str(SESSIONS + int(number)) for number in again["no"]]
    frame = pd.concat([*people(), again])
    (pause,) = [finding for finding in check_export(read(frame)) if finding.rule == "long_pause"]
    assert (pause.severity, pause.count) == ("warning", 1)
    assert len(clean(read(frame, new_episode_after_days=365)).sessions) == PATIENTS * SESSIONS


def test_numbers_that_count_on_are_sessions_and_others_of_the_same_value_are_codes() -> None:
    long = course("P1", "2020-01-01", seed=1, sessions=101)
    study = clean(read(pd.concat([long, *people()[1:]]), largest_session=101))
    assert study.sessions["session"].max() == 101
    typed = course("P1", "2020-01-01", seed=1)
    typed.iloc[3, typed.columns.get_loc("no")] = "99"
    frame = pd.concat([typed, *people()[1:]])
    (message,) = stops(read(frame))
    assert "has no session number but 99, which counts as missing (cleaning.missing_codes)" in message
    assert "take it out of cleaning.missing_codes" in message
    study = clean(read(frame, missing_codes=[-9, "n/a"], largest_session=99, dated=False))
    assert len(study.sessions) == PATIENTS * SESSIONS


def test_an_id_that_is_a_declared_code_is_told_and_is_an_id_without_the_code() -> None:
    frame = pd.concat([*people(), course("n/a", "2022-05-02", seed=99), course("", "2022-05-02", seed=98)])
    blank, coded = stops(read(frame))
    assert f"{SESSIONS} rows of sessions.csv" in blank and "have no patient id." in blank
    assert "have no patient id but a code that counts as missing (cleaning.missing_codes)" in coded
    study = clean(read(frame[frame["id"] != ""], missing_codes=[99, -9]))
    assert len(study.patients) == PATIENTS + 1


@pytest.mark.parametrize("number", ["99", "10000"])
@pytest.mark.parametrize("dated", [True, False])
def test_a_session_number_out_of_line_stops_and_the_remedies_work(number: str, dated: bool) -> None:
    parts = people()
    parts[2].iloc[-1, parts[2].columns.get_loc("no")] = number
    frame = pd.concat(parts)
    (message,) = stops(read(frame, missing_codes=[], dated=dated))
    assert f"'{number}'" in message and f"largest_session: {number}" in message
    clean(read(frame, missing_codes=[], largest_session=int(number), dated=dated))
    if dated:
        assert "data.sessions.number_sessions: by_date" in message
        counted = clean(read(frame, number="by_date", missing_codes=[]))
        pd.testing.assert_frame_equal(counted.sessions, clean(read(pd.concat(people()))).sessions)
    assert any("no session number" in line for line in stops(read(frame, missing_codes=[float(number)], dated=dated)))


def test_rows_with_nothing_but_an_id_and_a_number_are_no_sessions() -> None:
    frame = pd.concat([*people(), course("P21", "2022-01-03", seed=1).assign(mood="", bond="", day="")])
    study = clean(read(frame, minimum_sessions=3))
    assert len(study.sessions) == PATIENTS * SESSIONS
    assert study.report.set_index("rule").loc["empty_rows", "rows"] == SESSIONS


def test_a_filter_names_what_it_cannot_find() -> None:
    with pytest.raises(DataError, match=r"has no column 'ratr'. Did you mean 'rater'"):
        read(raters(), where={"ratr": "patient"})
    with pytest.raises(DataError, match=r"holds 'client' in column 'rater' \(it has 2 different values\)"):
        read(raters(), where={"rater": "client"})


def test_ids_of_two_columns_join_tables_and_name_who_is_left_out() -> None:
    sessions = clinics()
    patients = sessions[["clinic", "id"]].drop_duplicates().assign(age="40")
    data = {
        "sessions": {"path": "s.csv", "keys": {"patient": ["clinic", "id"], "session": "no", "date": "day"}},
        "patients": {"path": "p.csv", "keys": {"patient": ["clinic", "id"]}},
    }
    measures = {**VARIABLES, "age": {"label": "age", "table": "patients", "column": "age"}}
    frames = {"sessions": sessions.reset_index(drop=True), "patients": patients.reset_index(drop=True)}
    export = export_of(
        frames, data=data, variables=measures, cleaning={**CLEANING, "exclude": {"patients": ["South | p01"]}}
    )
    assert len(clean(export).patients) == PATIENTS + 14 - 1


def test_an_id_of_two_columns_is_missing_where_one_of_them_is() -> None:
    frame = clinics()
    frame.iloc[0, frame.columns.get_loc("clinic")] = ""
    (message,) = stops(read(frame, {"patient": ["clinic", "id"]}))
    assert "no patient id" in message and "clinic + id" in message


def test_a_filter_knows_labels_codes_and_lists() -> None:
    frame = pd.DataFrame({"rater": [1.0, 2.0, 3.0, 1.0], "x": range(4)})
    raw = RawTable("sessions", "s.sav", frame, labels={"rater": {1.0: "patient", 2.0: "therapist", 3.0: "observer"}})
    for where, rows in (
        ({"rater": "patient"}, [0, 3]),
        ({"rater": 1}, [0, 3]),
        ({"rater": ["patient", "observer"]}, [0, 2, 3]),
    ):
        data = {"sessions": {"path": "s.sav", "keys": {"patient": "x", "session": "x"}, "where": where}}
        chosen = chosen_rows(raw, Data.model_validate(data).sessions)
        assert list(chosen.frame["x"]) == rows
        assert "left out by data.sessions.where" in chosen.notes[-1]


def test_truth_values_and_lists_stand_only_where_they_mean_something() -> None:
    source = {"path": "s.csv", "keys": {"patient": "id", "session": "no"}}
    for change, says in (
        ({"where": {"rater": True}}, "put quotes around"),
        ({"keys": {"patient": "id", "session": ["no", "wave"]}}, "'keys.session' is one column"),
        ({"keys": {"patient": ["id", "id"], "session": "no"}}, "names a column twice"),
    ):
        with pytest.raises(ValueError, match=says):
            Data.model_validate({"sessions": {**source, **change}})
