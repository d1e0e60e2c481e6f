"""Codes for "missing": declared ones are missing everywhere, undeclared ones are suspected, and what the messages advise works."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from alliance.config import merge_configs
from alliance.config.schema import Cleaning, Variable
from alliance.data.checks import check_export
from alliance.data.checks.codes import looks_like_a_code, means_missing
from alliance.data.checks.finding import Finding
from alliance.data.cleaning.clean import clean_tables
from tests.unit.data.checks.study import CLEANING, VARIABLES, Frames, clean_frames, export_of

FREE = {**VARIABLES, "warmth": {"label": "w", "column": "warmth", "measured": "during"}}
VISUAL = {**VARIABLES, "warmth": {"label": "w", "column": "warmth", "range": [0, 100], "measured": "during"}}
RULES = ("code_is_answer", "code_suspected")
INHERITED = {**CLEANING, "missing_codes_inherited": True}


def put(frames: Frames, table: str, column: str, value: str, rows: range) -> Frames:
    frames[table].loc[list(rows), column] = value
    return frames


def hundred(seed: int = 3) -> Frames:
    """Return a study whose warmth is marked on a line from 0 to 100."""
    frames = clean_frames()
    frames["sessions"]["warmth"] = [
        str(v) for v in np.random.default_rng(seed).integers(0, 86, len(frames["sessions"]))
    ]
    return frames


def about_codes(frames: Frames, **settings: Any) -> list[Finding]:
    return [finding for finding in check_export(export_of(frames, **settings)) if finding.rule in RULES]


def follow(remedy: str, start: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return sections of a configuration as a user would have them who copies the setting that begins with `start`."""
    line = re.search(re.escape(start) + r": (\[.*?\])", remedy)
    assert line is not None, remedy
    *path, key = start.split(".")
    changed: dict[str, Any] = {name: dict(part) for name, part in settings.items()}
    place = changed
    for name in path:
        place[name] = dict(place[name])
        place = place[name]
    place[key] = yaml.safe_load(line.group(1))
    if start == "cleaning.missing_codes":
        place.pop("missing_codes_inherited", None)
    return changed


def test_declared_code_is_missing_inside_the_range_and_counted() -> None:
    frames = put(hundred(), "sessions", "warmth", "99", range(3, 8))
    export = export_of(frames, variables=VISUAL)
    assert export.tables["sessions"].values["warmth"].isna().sum() == 5
    report = clean_tables(export.tables, export.cleaning).report.set_index(["table", "rule"])
    assert report.loc[("sessions", "missing_codes"), "cells"] == 5
    [finding] = about_codes(frames, variables=VISUAL)
    assert (finding.severity, finding.count, finding.value) == ("warning", 5, "99")


@pytest.mark.parametrize("variables", [VISUAL, FREE], ids=["with a range", "without a range"])
def test_inherited_code_that_blanks_answers_stops_and_both_ways_out_work(variables: dict[str, Any]) -> None:
    frames = put(hundred(), "sessions", "warmth", "99", range(3, 8))
    frames["sessions"].loc[9, "warmth"] = "97"
    settings = {"cleaning": INHERITED, "variables": variables}
    [finding] = about_codes(frames, **settings)
    assert finding.severity == "error" and finding.count == 5 and "'warmth'" in finding.message
    missing = follow(finding.remedy, "cleaning.missing_codes", settings)
    assert [f.severity for f in about_codes(frames, **missing)] == ["warning"]
    assert export_of(frames, **missing).tables["sessions"].values["warmth"].isna().sum() == 5
    answer = follow(finding.remedy, "variables.warmth.missing_codes", settings)
    assert about_codes(frames, **answer) == []
    assert (export_of(frames, **answer).tables["sessions"].values["warmth"] == 99).sum() == 5


def test_inherited_codes_that_no_measure_can_take_are_no_finding() -> None:
    frames = put(put(clean_frames(), "sessions", "phq_3", "99", range(4)), "sessions", "warmth", "-9", range(4))
    assert about_codes(frames, cleaning=INHERITED) == []


@pytest.mark.parametrize("code", ["-77", "88", "777", "-9999"])
@pytest.mark.parametrize("start", ["variables.warmth.missing_codes", "cleaning.missing_codes"])
def test_code_apart_from_all_values_stops_and_what_is_advised_works(code: str, start: str) -> None:
    frames = put(clean_frames(), "sessions", "warmth", code, range(5, 7))
    settings = {"cleaning": CLEANING, "variables": FREE}
    [finding] = about_codes(frames, **settings)
    assert finding.severity == "error" and finding.count == 2 and finding.value == code
    followed = follow(finding.remedy, start, settings)
    assert about_codes(frames, **followed) == []
    assert export_of(frames, **followed).tables["sessions"].values["warmth"].isna().sum() == 2


@pytest.mark.parametrize("code", ["990", "500", "1e5"])
def test_number_beyond_all_others_that_comes_again_and_again_stops_whatever_it_looks_like(code: str) -> None:
    frames = put(hundred(), "sessions", "warmth", code, range(8, 20))
    settings = {"cleaning": {**CLEANING, "missing_codes": []}, "variables": FREE}
    [finding] = [one for one in about_codes(frames, **settings) if one.value == f"{float(code):g}"]
    assert finding.severity == "error" and finding.count == 12
    for start in ("variables.warmth.missing_codes", "cleaning.missing_codes"):
        assert not [
            one for one in about_codes(frames, **follow(finding.remedy, start, settings)) if one.severity == "error"
        ]
    answers = follow(finding.remedy.split("If it is an answer")[1], "variables.warmth.missing_codes", settings)
    assert about_codes(frames, **answers) == []


def test_suspected_code_that_is_an_answer_can_be_declared_as_one() -> None:
    frames = put(clean_frames(), "patients", "age", "99", range(1))
    variables = {**VARIABLES, "age": {"label": "age", "table": "patients", "column": "age"}}
    settings = {
        "cleaning": {**CLEANING, "missing_codes": [-9]},
        "variables": {**variables, "age": {**variables["age"], "missing_codes": None}},
    }
    [finding] = about_codes(frames, **settings)
    answers = finding.remedy.split("If it is an answer")[1]
    followed = follow(answers, "variables.age.missing_codes", settings)
    assert about_codes(frames, **followed) == []
    assert export_of(frames, **followed).tables["patients"].values["age"].max() == 99


@pytest.mark.parametrize("code", ["99", "88"])
def test_heap_at_the_end_of_a_line_is_suspected(code: str) -> None:
    frames = put(hundred(), "sessions", "warmth", code, range(10, 30))
    settings = {"cleaning": {**CLEANING, "missing_codes": []}, "variables": VISUAL}
    [finding] = about_codes(frames, **settings)
    assert finding.severity == "warning" and finding.count == 20 + (hundred()["sessions"]["warmth"][30:] == code).sum()
    followed = follow(finding.remedy, "variables.warmth.missing_codes", settings)
    assert [f.rule for f in about_codes(frames, **followed)] == ["code_is_answer"]


def test_many_undeclared_codes_are_no_wrong_version_and_no_wrong_range() -> None:
    frames = clean_frames()
    for column in [f"phq_{item}" for item in range(1, 10)] + ["warmth"]:
        put(frames, "sessions", column, "88", range(10, 30))
    found = check_export(export_of(frames))
    assert {f.rule for f in found} == {"code_suspected", "out_of_range"}
    assert {f.severity for f in found} == {"warning"}


def test_ordinary_answers_are_no_codes() -> None:
    assert about_codes(hundred(), variables=VISUAL, cleaning={**CLEANING, "missing_codes": []}) == []
    frames = clean_frames()
    frames["sessions"]["warmth"] = [
        str(v) for v in np.random.default_rng(1).integers(-12, 100, len(frames["sessions"]))
    ]
    assert about_codes(frames, variables=FREE, cleaning={**CLEANING, "missing_codes": []}) == []


@pytest.mark.parametrize("label", ["missing", "k.A.", "NA", "keine Angabe", "don't know"])
def test_label_for_missing_stops_and_both_ways_out_work(label: str) -> None:
    frames = put(clean_frames(), "sessions", "delivery", label, range(5, 9))
    settings = {"cleaning": CLEANING, "variables": VARIABLES}
    [finding] = about_codes(frames, **settings)
    followed = follow(finding.remedy, "cleaning.missing_codes", settings)
    assert about_codes(frames, **followed) == []
    assert export_of(frames, **followed).tables["sessions"].values["delivery"].isna().sum() == 4
    group = follow(finding.remedy.split("If it is a group")[1], "variables.delivery.missing_codes", settings)
    assert about_codes(frames, **group) == []
    assert (export_of(frames, **group).tables["sessions"].values["delivery"] == label).sum() == 4


def test_undeclared_label_that_means_missing_is_advised_to_be_a_code() -> None:
    frames = put(clean_frames(), "patients", "arm", "unknown", range(1))
    settings = {"cleaning": CLEANING, "variables": VARIABLES}
    [finding] = [f for f in check_export(export_of(frames)) if f.rule == "label_unknown"]
    followed = follow(finding.remedy, "variables.arm.missing_codes", settings)
    assert [f for f in check_export(export_of(frames, **followed)) if f.severity == "error"] == []


def test_word_among_numbers_is_advised_with_the_codes_that_hold_already() -> None:
    frames = put(put(clean_frames(), "sessions", "warmth", "#NULL!", range(2)), "sessions", "warmth", "99", range(2, 4))
    settings = {"cleaning": CLEANING, "variables": VARIABLES}
    [finding] = [f for f in check_export(export_of(frames)) if f.severity == "error"]
    followed = follow(finding.remedy, "cleaning.missing_codes", settings)
    assert check_export(export_of(frames, **followed)) == []
    assert export_of(frames, **followed).tables["sessions"].values["warmth"].isna().sum() == 4


def test_label_that_is_also_a_code_stops_and_can_be_kept() -> None:
    frames = clean_frames()
    frames["patients"]["arm"] = frames["patients"]["arm"].replace("b", "99")
    variables = {**VARIABLES, "arm": {**VARIABLES["arm"], "levels": {"a": 0, "99": 1}}}
    settings = {"cleaning": CLEANING, "variables": variables}
    [finding] = about_codes(frames, **settings)
    assert finding.severity == "error"
    kept = follow(finding.remedy, "variables.arm.missing_codes", settings)
    assert about_codes(frames, **kept) == []
    assert (export_of(frames, **kept).tables["patients"].values["arm"] == "99").sum() == 10


def test_range_that_blanks_many_values_stops_and_the_advised_range_works() -> None:
    frames = clean_frames()
    frames["sessions"]["warmth"] = [str(v) for v in np.random.default_rng(1).integers(1, 6, len(frames["sessions"]))]
    variables = {**VARIABLES, "warmth": {**VARIABLES["warmth"], "range": [0, 4]}}
    [finding] = [f for f in check_export(export_of(frames, variables=variables)) if f.severity == "error"]
    assert finding.rule == "out_of_range" and "too many for slips" in finding.message
    advised = yaml.safe_load(re.search(r"variables\.warmth\.range: (\[.*?\])", finding.remedy).group(1))  # type: ignore[union-attr]
    variables["warmth"]["range"] = advised
    assert check_export(export_of(frames, variables=variables)) == []


@pytest.mark.parametrize(
    ("overlay", "inherited"),
    [
        ({"data": {"sessions": {"path": "mine.csv"}}}, True),
        ({"data": {"sessions": {"path": "mine.csv"}}, "cleaning": {"minimum_sessions": 2}}, True),
        ({"data": {"sessions": {"path": "mine.csv"}}, "cleaning": {"missing_codes": [99]}}, False),
        ({"panel": {"lag": 2}}, False),
    ],
)
def test_codes_are_inherited_where_an_overlay_names_data_and_no_codes(overlay: dict[str, Any], inherited: bool) -> None:
    base = {"data": {"sessions": {"path": "example.csv"}}, "cleaning": CLEANING, "panel": {"lag": 1}}
    merged = merge_configs(base, overlay)
    assert Cleaning.model_validate(merged["cleaning"]).missing_codes_inherited is inherited
    later = merge_configs(merged, {"cleaning": {"missing_codes": [99]}})
    assert Cleaning.model_validate(later["cleaning"]).missing_codes_inherited is False


@pytest.mark.parametrize("codes", [[False], [True, 99]])
def test_truth_values_are_no_codes(codes: list[Any]) -> None:
    with pytest.raises(ValueError, match="quotes"):
        Cleaning.model_validate({**CLEANING, "missing_codes": codes})
    with pytest.raises(ValueError, match="quotes"):
        Variable.model_validate({**VARIABLES["warmth"], "missing_codes": codes})


def test_what_looks_like_a_code() -> None:
    assert all(looks_like_a_code(value) for value in (-9, -77, 66, 88, 99, 999, 998, 9999, -99))
    assert not any(looks_like_a_code(value) for value in (0, 1, 9, 10, 44, 55, 98.5, -1, 100, 89))
    assert all(means_missing(label) for label in ("N/A", "n.a.", "Missing", "unbekannt", "-", "#NULL!", " k. A. "))
    assert not any(means_missing(label) for label in ("north", "Nadine", "video", "1", "in person", "none of these"))


def test_number_that_the_file_labels_as_missing_stops() -> None:
    frames = put(clean_frames(), "sessions", "warmth", "5", range(5, 7))
    export = export_of(frames)
    export.tables["sessions"].raw.labels["warmth"] = {5.0: "keine Angabe", 1.0: "wenig"}
    found = [f for f in check_export(export) if f.rule == "code_suspected"]
    assert [(f.severity, f.value) for f in found] == [("error", "5")]
    assert found[0].count == int((pd.to_numeric(frames["sessions"]["warmth"]) == 5).sum())
