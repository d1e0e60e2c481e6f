"""Every check finds what it is for, says where and what to do, and is silent on a study without faults."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import norm

from alliance.data.checks import CHECKS, check_export, describe_errors, findings_table
from alliance.facts.artefacts import ARTEFACTS
from tests.unit.data.checks.study import CLEANING, DATA, STRICT, VARIABLES, Frames, clean_frames, export_of, findings


def put(table: str, row: int, column: str, value: str) -> Callable[[Frames], None]:
    """Change one cell; `row` counts as in the user's file, the header being row 1."""

    def change(frames: Frames) -> None:
        frames[table].loc[row - 2, column] = value

    return change


def fill(table: str, column: str, value: Callable[[pd.Series], Any]) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        frames[table][column] = value(frames[table].get(column, frames[table].iloc[:, 0]))

    return change


def recode(stem: str, code: Callable[[pd.Series], pd.Series], items: list[int]) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        for item in items:
            column = frames["sessions"][f"{stem}_{item}"].astype(int)
            frames["sessions"][f"{stem}_{item}"] = code(column).astype("str")

    return change


def again(table: str, row: int, **changes: str) -> Callable[[Frames], None]:
    """Add a copy of a row, changed in places."""

    def change(frames: Frames) -> None:
        copy = frames[table].iloc[[row - 2]].assign(**changes)
        frames[table] = pd.concat([frames[table], copy], ignore_index=True)

    return change


def rename(table: str, old: str, new: str) -> Callable[[Frames], None]:
    def change(frames: Frames) -> None:
        frames[table] = frames[table].rename(columns={old: new})

    return change


def other_columns(frames: Frames) -> None:
    """Move the items of the later half of the patients to columns of their own."""
    sessions = frames["sessions"]
    late = sessions["client"] > "C010"
    for item in range(1, 13):
        sessions[f"wai2_{item}"] = sessions[f"wai_{item}"].where(late, "")
        sessions[f"wai_{item}"] = sessions[f"wai_{item}"].where(~late, "")


def clinics(frames: Frames) -> None:
    frames["sessions"]["Clinic"] = [
        "north" if int(client[1:]) > 10 else "south" for client in frames["sessions"]["client"]
    ]


def course_again(frames: Frames) -> None:
    """Let the second patient come twice, with other values."""
    sessions = frames["sessions"]
    frames["sessions"] = pd.concat([sessions, sessions[4:8].assign(warmth="", phq_1="")], ignore_index=True)


@dataclass(frozen=True)
class Case:
    """A fault, and what must be said about it."""

    check: str
    spoil: Callable[[Frames], None]
    says: tuple[str, ...]
    severity: str = "error"
    row: int | None = None
    cleaning: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None


def grouped(*labels: str) -> dict[str, Any]:
    """Declare the labels of the delivery, the first as the reference."""
    delivery = {key: value for key, value in VARIABLES["delivery"].items() if key != "reference"}
    return {**VARIABLES, "delivery": delivery | {"labels": list(labels)}}


EXTRA = {**VARIABLES, "rupture": {"label": "r", "column": "ruptur", "measured": "during"}}

FREE = {**VARIABLES, "warmth": {"label": "w", "column": "warmth", "measured": "during"}}

CASES = {
    "value beyond all others": Case(
        "magnitude", put("sessions", 6, "warmth", "5e8"), ("row 6, column warmth", "variables.warmth.range"), row=6, variables=FREE
    ),
    "therapist in the first row of each patient": Case(
        "grouped", fill("sessions", "leader", lambda column: column.where(column.index % 4 == 0, "")), ("fill_down: [\"leader\"]",)
    ),
    "truth value": Case("number", put("sessions", 6, "warmth", "TRUE"), ("row 6", "truth value", "kind: category"), row=6),
    "missing column": Case("column_missing", rename("sessions", "warmth", "warmht"), ("'warmth'", "Did you mean 'warmht'?")),
    "missing key": Case("column_missing", rename("sessions", "client", "clients"), ("data.sessions.keys.patient",)),
    "missing item": Case("column_missing", rename("sessions", "phq_3", "phq3"), ("'phq_3'", "variables.symptoms.items")),
    "unmapped column": Case(
        "column_unmapped", lambda f: f["sessions"].insert(0, "rupture", "1"), ("rupture", "Did you mean 'ruptur'?"),
        severity="warning", variables=EXTRA,
    ),
    "empty column": Case("empty_column", fill("sessions", "warmth", lambda _: ""), ("warmth", "no value")),
    "no date": Case("empty_column", fill("sessions", "day", lambda _: ""), ("day", "no date at all", "data.sessions.keys.date")),
    "dates mostly missing": Case(
        "many_missing", fill("sessions", "day", lambda c: c.where(c.index >= 70, "")), ("88%", "day"), severity="warning",
    ),
    "constant column": Case("constant_column", fill("sessions", "warmth", lambda _: "3"), ("warmth",), severity="warning"),
    "mostly missing": Case(
        "many_missing", fill("sessions", "warmth", lambda c: c.where(c.index >= 70, "")),
        ("88%", "warmth"), severity="warning",
    ),
    "text in a number": Case("number", put("sessions", 5, "warmth", "high"), ("(text of 4 characters)", "row 5", "warmth"), row=5),
    "decimal comma": Case("number", put("sessions", 5, "warmth", "3,5"), ("data.sessions.decimal",), row=5),
    "infinite number": Case("number", put("sessions", 5, "warmth", "inf"), ("'inf'",), row=5),
    "out of range, blanked": Case(
        "out_of_range", put("sessions", 9, "phq_2", "7"), ("0 to 3", "(7)", "set to missing"), severity="warning", row=9
    ),
    "out of range, stop": Case("out_of_range", put("sessions", 9, "warmth", "8"), ("0 to 6",), row=9, cleaning=STRICT),
    "range one step too low": Case(
        "out_of_range", fill("sessions", "warmth", lambda c: (c.astype(int) + 1).astype("str")), ("0 to 6", "range: [1, 7]")
    ),
    "declared code that is an answer": Case(
        "code_is_answer", put("patients", 4, "age", "99"), ("'age'", "16 to 100", "variables.age.missing_codes: [-9, 'n/a']"), "warning", 4
    ),
    "inherited code that is an answer": Case(
        "code_is_answer", put("patients", 4, "age", "99"), ("inherited", "cleaning.missing_codes: [99, -9, 'n/a']"), row=4,
        cleaning={**CLEANING, "missing_codes_inherited": True},
    ),
    "undeclared code beyond a range": Case(
        "code_suspected", put("sessions", 7, "phq_2", "88"), ("88", "variables.symptoms.missing_codes: [99, -9, 'n/a', 88]"), "warning", 7
    ),
    "undeclared code without a range": Case(
        "code_suspected", put("sessions", 7, "warmth", "-77"), ("-77", "variables.warmth.missing_codes: [99, -9, 'n/a', -77]"), row=7,
        variables=FREE,
    ),
    "label for missing": Case(
        "code_suspected", put("sessions", 7, "delivery", "k.A."), ("'k.A.'", "variables.delivery.missing_codes"), row=7
    ),
    "unknown level": Case("label_unknown", put("patients", 4, "arm", "c"), ("text of 1 character", "variables.arm.levels"), row=4),
    "unknown reference": Case(
        "label_unknown", fill("sessions", "delivery", lambda c: c.replace("in person", "in-person")), ("Did you mean 'in-person'?",)
    ),
    "label beside those declared": Case(
        "label_unknown", put("sessions", 5, "delivery", "letter"), ("text of 6 characters", "variables.delivery.labels"), row=5,
        variables=grouped("in person", "video"),
    ),
    "group of few": Case(
        "group_small", put("sessions", 5, "delivery", "text"), ("fewer than 5 patients have 'text'", "text: other"),
        variables=grouped("in person", "video", "text"),
    ),
    "group of nobody": Case(
        "group_small", put("sessions", 5, "delivery", "video"), ("none of the patients has 'text'", "until somebody has it"),
        variables=grouped("in person", "video", "text"),
    ),
    "spelled labels": Case("label_spelling", put("sessions", 3, "delivery", "IN person"), ("'IN person'", "'in person'")),
    "no patient id": Case("id_missing", put("sessions", 6, "client", ""), ("no patient id",), row=6),
    "blank patient id": Case("id_missing", put("sessions", 6, "client", "  "), ("no patient id",), row=6),
    "no therapist id": Case("id_missing", put("sessions", 6, "leader", ""), ("therapist",), severity="warning", row=6),
    "id with a blank": Case("id_spelling", put("sessions", 7, "client", "C002 "), ("same id",), severity="warning", row=7),
    "id in small letters": Case("id_spelling", put("sessions", 7, "client", "c002"), ("same id",), severity="warning"),
    "id without zeros": Case("id_spelling", put("sessions", 7, "client", "C2"), ("same id",), severity="warning"),
    "id spelling not handled": Case("id_spelling", put("sessions", 7, "client", "c002"), ("fold_case",), cleaning=STRICT),
    "id that says there is none": Case(
        "id_says_missing", put("sessions", 7, "leader", "unknown"), ("therapist id", "[99, -9, 'n/a', 'unknown']"), "warning", 7
    ),
    "id with a hyphen": Case("id_alike", put("sessions", 7, "client", "C-002"), ("fold_marks: true", "false"), row=7),
    "shortened id": Case("id_shortened", put("sessions", 7, "client", "1.04E+16"), ("spreadsheet", "data.sessions.keys.patient"), row=7),
    "item copied over another": Case(
        "doubled_column", lambda f: f["sessions"].update(f["sessions"][["phq_3"]].set_axis(["phq_5"], axis="columns")),
        ("phq_5 holds the same as column phq_3", "variables.symptoms"), "warning",
    ),
    "course that comes twice": Case(
        "largest_share", course_again,
        ("4 rows", "1 patient of whom most sessions", "duplicates_conflicting: 0.5"), row=82,
    ),
    "weeks as sessions": Case(
        "session_steps", fill("sessions", "no", lambda c: (4 * c.astype(int)).astype("str")),
        ("4, 8, 12, 16", '{"4": 1, "8": 2', "panel.lag: 4"), "warning",
    ),
    "date of intake": Case(
        "date_constant", fill("sessions", "day", lambda c: c.where(c.index % 4 == 0).ffill()),
        ("20 of 20 patients", "data.sessions.keys.date"),
    ),
    "repeated row": Case("repeated_rows", again("sessions", 8), ("dropped",), severity="warning", row=82),
    "repeated row, stop": Case("repeated_rows", again("sessions", 8), ("Delete",), row=82, cleaning=STRICT),
    "contradicting row": Case(
        "contradicting_rows", again("sessions", 8, warmth="", phq_1=""), ("keep_most_complete",), severity="warning", row=8
    ),
    "contradicting row, stop": Case("contradicting_rows", again("sessions", 8, warmth=""), ("drop_all",), cleaning=STRICT),
    "contradicting patient": Case("contradicting_rows", again("patients", 3, age="77"), ("one row per patient",), row=3),
    "no session number": Case("session_number", put("sessions", 4, "no", ""), ("no session number",), row=4),
    "word as session": Case("session_number", put("sessions", 4, "no", "two"), ("not a number",), row=4),
    "half session": Case("session_number", put("sessions", 4, "no", "2.5"), ("not whole",), row=4),
    "negative session": Case("session_number", put("sessions", 4, "no", "-1"), ("negative", "cleaning.exclude"), row=4),
    "date that does not exist": Case("date", put("sessions", 4, "day", "31.02.2024"), ("99.99.9999", "row 4"), row=4),
    "dates of another format": Case(
        "date", fill("sessions", "day", lambda c: pd.to_datetime(c, format="%d.%m.%Y").dt.strftime("%Y-%m-%d")),
        ("year-month-day", '"%Y-%m-%d"'),
    ),
    "date in another century": Case("date_implausible", put("sessions", 4, "day", "15.01.1924"), ("far from the others",), row=4),
    "session number of a code": Case("session_number", put("sessions", 4, "no", "99"), ("no session number",), row=4),
    "implausible session": Case(
        "session_implausible", put("sessions", 5, "no", "77"), ("'77'", "number_sessions: by_date", "largest_session"), row=5,
    ),
    "many orphans": Case(
        "largest_share", fill("sessions", "client", lambda c: c.where(c.index >= 8, "X" + c)),
        ("8 of 80 rows", "wrong key", "orphans: 0.11"),
    ),
    "therapist code": Case("id_missing", put("sessions", 6, "leader", "99"), ("therapist",), severity="warning", row=6),
    "back after years": Case("long_pause", put("sessions", 5, "day", "15.02.2026"), ("new_episode_after_days: 365",), "warning", 5),
    "date against the order": Case("date_order", put("sessions", 5, "day", "01.01.2024"), ("before an earlier session",), row=5),
    "no patient in common": Case(
        "no_overlap", fill("sessions", "client", lambda c: "X" + c), ("sessions.csv and patients.csv", "keys.patient")
    ),
    "unknown patient": Case("patient_unknown", put("sessions", 2, "client", "C900"), ("patients.csv",), "warning", 2),
    "unknown patient, stop": Case("patient_unknown", put("sessions", 2, "client", "C900"), ("Add the patient",), cleaning=STRICT),
    "unknown therapist": Case("therapist_unknown", put("patients", 2, "leader", "T90"), ("therapists.csv",), "warning", 2),
    "therapists numbered by each clinic": Case(
        "therapist_places", clinics,
        ("4 of 4 ids", "data.sessions.keys.therapist: [Clinic, leader]"), "warning",
    ),
    "lost decimal mark": Case(
        "far_out", put("sessions", 6, "warmth", "60"), ("(60)", "variables.warmth.range"), "warning", 6, variables=FREE
    ),
    "two therapists": Case("therapist_change", put("sessions", 5, "leader", "T02"), ("most_sessions",), "warning", 2),
    "two therapists, kept": Case(
        "therapist_change", put("sessions", 5, "leader", "T02"), ("stays with",), "warning", 2,
        cleaning={**CLEANING, "therapist_change": "keep"},
    ),
    "two therapists, stop": Case("therapist_change", put("sessions", 5, "leader", "T02"), ("Correct",), cleaning=STRICT),
    "patient without sessions": Case("without_sessions", again("patients", 2, client="C500"), ("without any session",), "warning", 22),
    "excluded nobody": Case(
        "excluded_unknown", lambda _: None, ("entry 2",), "warning", cleaning={**CLEANING, "exclude": {"patients": ["C001", "C777"]}}
    ),
    "left out by a label of nobody": Case(
        "conditions_of_nobody", lambda _: None, ("cleaning.exclude.where.arm", "no row"), "warning",
        cleaning={**CLEANING, "exclude": {"where": {"arm": ["c"]}}},
    ),
    "only sessions that nobody had": Case(
        "conditions_of_nobody", lambda _: None, ("cleaning.only.session", "limits"),
        cleaning={**CLEANING, "only": {"session": {"above": 40}}},
    ),
    "yes is 1 and no is 2": Case(
        "yes_no", fill("sessions", "done", lambda column: ["1", "2"] * (len(column) // 2)), ("40 rows", "row 3", '{"1": 1, "2": 0}'),
        row=3, variables={**VARIABLES, "done": {"label": "homework", "column": "done", "measured": "before", "yes_no": True}},
    ),
    "key of another form": Case(
        "instrument_use", lambda _: None, ("variables.bond.rater", "not verified", "variables.bond.instrument_confirmed: true"),
        variables={**VARIABLES, "bond": {**VARIABLES["bond"], "rater": "therapist"}},
    ),
    "direction that contradicts the key": Case(
        "instrument_use", lambda _: None, ("variables.bond.higher_is: 'worse' contradicts WAI-S", "Correct or remove it"),
        variables={**VARIABLES, "bond": {**VARIABLES["bond"], "higher_is": "worse"}},
    ),
    "items of half of the patients in other columns": Case(
        "two_versions", other_columns, ("40 rows", "row 42", "12 columns", "wai2_1 to wai2_12", "variable of its own"), "warning", 42
    ),
    "a column that says which version": Case(
        "two_versions", fill("sessions", "WAI_Version", lambda column: ["A", "B"] * (len(column) // 2)),
        ("2 kinds", "'bond'", "data.sessions.where: {WAI_Version: ...}"), "warning", 2,
    ),
    "seven steps in a five-step key": Case(
        "instrument_version", recode("phq", lambda c: c * 2, list(range(1, 10))), ("PHQ-9", "0 to 3", "0 to 6")
    ),
    "steps counted from one": Case(
        "instrument_version", recode("phq", lambda c: c + 1, list(range(1, 10))), ("one step higher", "0 to 3")
    ),
    "steps counted from zero": Case(
        "instrument_version", recode("wai", lambda c: c - 1, list(range(1, 13))), ("one step lower", "1 to 7")
    ),
    "fewer steps than the key": Case(
        "instrument_version", recode("wai", lambda c: c.clip(2, 5), list(range(1, 13))), ("never exceed 5",), "warning"
    ),
    "one item reversed twice": Case("against_scale", recode("phq", lambda c: 3 - c, [5]), ("phq_5", "reversed")),
    "export already reversed": Case("against_scale", recode("wai", lambda c: 8 - c, [4, 10]), ("wai_4, wai_10", "stored_reversed: true")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_fault_is_found_with_place_and_remedy(name: str) -> None:
    case = CASES[name]
    frames = clean_frames()
    case.spoil(frames)
    settings = {key: value for key in ("cleaning", "variables") if (value := getattr(case, key)) is not None}
    found = findings(case.check, frames, **settings)
    assert [finding.severity for finding in found].count(case.severity) >= 1, found
    matching = [f for f in found if all(part in f"{f.message} {f.remedy}" for part in case.says)]
    assert matching, [f"{f.message} {f.remedy}" for f in found]
    assert matching[0].severity == case.severity
    assert matching[0].remedy
    if case.row is not None:
        assert matching[0].row == case.row


def test_small_group_that_is_joined_as_its_remedy_says_is_found_no_more() -> None:
    frames = clean_frames()
    put("sessions", 5, "delivery", "text")(frames)
    (found,) = findings("group_small", frames, variables=grouped("in person", "video", "text"))
    remedy = next(way for way in found.remedy.split("; or ") if "labels: {" in way)
    labels = yaml.safe_load(remedy.split("labels: ")[1])
    joined = grouped("in person", "video") | {"delivery": VARIABLES["delivery"] | {"labels": labels}}
    assert labels == {"in person": "in person", "video": "other", "text": "other"}
    assert not [f for check in ("group_small", "label_unknown") for f in findings(check, frames, variables=joined)]


def test_group_of_one_patient_is_allowed_where_the_study_shows_single_patients() -> None:
    frames = clean_frames()
    put("sessions", 5, "delivery", "text")(frames)
    assert not findings("group_small", frames, variables=grouped("in person", "video", "text"), smallest_group=1)


@pytest.mark.parametrize("check", CHECKS)
def test_check_is_silent_on_a_study_without_faults(check: str) -> None:
    assert findings(check, clean_frames()) == []


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_a_fault_that_it_finds(check: str) -> None:
    assert check in ("read_as", "measure_level", "date_swapped", "labels_against_key") or any(
        case.check == check for case in CASES.values()
    )


def test_what_the_reader_found_out_is_passed_on() -> None:
    export = export_of(clean_frames())
    table = export.tables["sessions"]
    raw = replace(table.raw, notes=("The delimiter was found to be a semicolon.",))
    found = CHECKS["read_as"](replace(export, tables={"sessions": replace(table, raw=raw)}))
    assert [(f.severity, f.rule) for f in found] == [("warning", "read_as")]
    assert "semicolon" in found[0].message


def test_ids_are_never_shown() -> None:
    frames = clean_frames()
    for case in CASES.values():
        if case.check in ("id_spelling", "id_missing", "patient_unknown", "therapist_unknown", "therapist_change"):
            case.spoil(frames)
    found = check_export(export_of(frames, cleaning=STRICT))
    shown = " ".join(f"{f.message} {f.remedy} {f.value}" for f in found)
    ids = {*frames["sessions"]["client"], *frames["sessions"]["leader"], *frames["patients"]["leader"]} - {""}
    assert found
    assert not [name for name in ids if name.strip() and name.strip() in shown]


def test_patients_left_out_on_purpose_cause_no_error() -> None:
    frames = clean_frames()
    put("sessions", 2, "no", "first")(frames)
    put("sessions", 3, "warmth", "high")(frames)
    assert [f.rule for f in check_export(export_of(frames)) if f.severity == "error"] == ["number", "session_number"]
    left_out = {**CLEANING, "exclude": {"patients": [" c1"]}}
    assert [f for f in check_export(export_of(frames, cleaning=left_out)) if f.severity == "error"] == []


def test_a_word_that_means_missing_is_no_wrong_type() -> None:
    frames = clean_frames()
    put("sessions", 2, "warmth", "N/A")(frames)
    assert findings("number", frames) == []


def test_rows_of_one_version_are_chosen_by_its_column() -> None:
    frames = clean_frames()
    CASES["a column that says which version"].spoil(frames)
    data = {**DATA, "sessions": {**DATA["sessions"], "where": {"WAI_Version": "A"}}}
    assert findings("two_versions", frames, data=data) == []


def test_items_of_a_second_version_are_a_variable_of_their_own() -> None:
    frames = clean_frames()
    other_columns(frames)
    second = {**VARIABLES["bond"], "label": "bond, second version", "items": "wai2_{item}"}
    export = export_of(frames, variables={**VARIABLES, "bond_second": second})
    assert [finding for finding in check_export(export) if finding.severity == "error"] == []
    assert CHECKS["two_versions"](export) == []


def test_another_questionnaire_beside_the_items_is_no_second_version() -> None:
    frames = clean_frames()
    for item in range(1, 13):
        frames["sessions"][f"wai_t_{item}"] = "3"
    assert findings("two_versions", frames) == []


def test_few_slips_are_no_wrong_version() -> None:
    frames = clean_frames()
    for row in (3, 9, 20):
        put("sessions", row, f"phq_{row % 9 + 1}", "4")(frames)
    assert findings("instrument_version", frames) == []


def test_a_study_may_declare_more_slips_but_no_shift_of_the_steps() -> None:
    many = {**CLEANING, "largest_share": {"out_of_range": 0.6}}
    for name, still in (("seven steps in a five-step key", False), ("steps counted from one", True)):
        frames = clean_frames()
        CASES[name].spoil(frames)
        assert bool(findings("instrument_version", frames)) is True
        assert bool(findings("instrument_version", frames, cleaning=many)) is still, name


def test_all_errors_are_listed_in_one_message() -> None:
    frames = clean_frames()
    put("sessions", 4, "no", "two")(frames)
    put("sessions", 5, "warmth", "high")(frames)
    put("patients", 4, "arm", "c")(frames)
    table = findings_table(check_export(export_of(frames)))
    assert list(table.columns) == ARTEFACTS["checks"].header
    message = describe_errors(table) or ""
    assert message.startswith("3 errors in the data stop the run:")
    assert all(part in message for part in ("row 4", "text of 4 characters", "text of 1 character"))
    assert describe_errors(table[table["severity"] == "warning"]) is None


def test_labels_in_two_spellings_are_read_where_both_are_declared() -> None:
    frames = clean_frames()
    put("patients", 4, "arm", "B")(frames)
    levels = {"a": 0, "b": 1, "B": 1}
    arm = {**VARIABLES["arm"], "levels": levels}
    assert findings("label_spelling", frames)
    for check in ("label_spelling", "label_unknown"):
        assert not findings(check, frames, variables={**VARIABLES, "arm": arm})


def test_a_code_in_quotes_is_a_number_too() -> None:
    frames = clean_frames()
    put("sessions", 5, "warmth", "-9.0")(frames)
    assert not findings("out_of_range", frames, cleaning={**CLEANING, "missing_codes": ["-9"]})


def test_infinite_values_outside_a_range_are_told_by_the_finite_ones() -> None:
    frames = clean_frames()
    for row in range(2, 12):
        put("sessions", row, "warmth", "1e999")(frames)
    (found,) = findings("out_of_range", frames)
    assert "inf" not in found.remedy
    assert not findings("far_out", frames, variables=FREE)


@pytest.mark.parametrize("column", ["placebo", "hospital_days", "school_years", "clinical_interview"])
def test_columns_named_like_a_place_that_name_none_are_nothing_to_tell(column: str) -> None:
    frames = clean_frames()
    clinics(frames)
    frames["sessions"] = frames["sessions"].rename(columns={"Clinic": column})
    assert not findings("therapist_places", frames)


@pytest.mark.parametrize("column", ["site", "SITE_ID", "Study centre", "Klinik-Nr.", "hospital code 2", "wards"])
def test_places_are_known_by_what_their_column_is_called(column: str) -> None:
    frames = clean_frames()
    clinics(frames)
    frames["sessions"] = frames["sessions"].rename(columns={"Clinic": column})
    assert findings("therapist_places", frames)


def test_the_largest_values_of_a_skewed_measure_are_not_far_out() -> None:
    frames = clean_frames()
    rows = len(frames["sessions"])
    skewed = np.exp(1.3 * norm.ppf((np.arange(rows) + 0.5) / rows))  # the quantiles of a log-normal distribution
    frames["sessions"]["warmth"] = [f"{value:.3f}" for value in skewed]
    assert not findings("far_out", frames, variables=FREE)
    put("sessions", 6, "warmth", "250")(frames)
    assert findings("far_out", frames, variables=FREE)


def test_the_same_column_for_two_measures_does_not_count_twice_in_one() -> None:
    frames = clean_frames()
    frames["sessions"]["phq_5"] = frames["sessions"]["wai_2"]
    (found,) = findings("doubled_column", frames)
    assert "are two measures, variables.symptoms and variables.bond" in found.remedy
