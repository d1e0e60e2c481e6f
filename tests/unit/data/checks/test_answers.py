"""Answers stored as labels are scored like their numbers once they are declared in order."""

from typing import Any

import pandas as pd
import pytest

from alliance.config.schema import Variable
from alliance.data.checks import check_export
from alliance.data.export.mapping import measures_of
from alliance.errors import ConfigError
from tests.unit.data.checks.study import VARIABLES, Frames, clean_frames, export_of

WORDS = ["not at all", "several days", "More than half the days", "nearly every day"]
ITEMS = [f"phq_{item}" for item in range(1, 10)]


def labelled(words: list[str] = WORDS, rows: slice = slice(None)) -> Frames:
    frames = clean_frames()
    for column in ITEMS:
        cells = frames["sessions"][column]
        frames["sessions"].loc[cells.index[rows], column] = cells[rows].astype(int).map(dict(enumerate(words)))
    return frames


def declared(answers: Any, variable: str = "symptoms", **more: Any) -> dict[str, Any]:
    return {**VARIABLES, variable: {**VARIABLES[variable], "answers": answers, **more}}


def values(frames: Frames, variables: dict[str, Any]) -> pd.DataFrame:
    return export_of(frames, variables=variables).tables["sessions"].values


@pytest.mark.parametrize(
    "spelled", [str, str.upper, lambda word: f" {word.replace(' ', '  ')} "], ids=["as declared", "capitals", "blanks"]
)
def test_labels_give_the_numbers_of_their_places(spelled: Any) -> None:
    frames = labelled([spelled(word) for word in WORDS])
    assert check_export(export_of(frames, variables=declared(WORDS))) == []
    pd.testing.assert_frame_equal(values(frames, declared(WORDS)), values(clean_frames(), VARIABLES))


def test_two_languages_and_numbers_may_stand_in_one_file() -> None:
    german = ["überhaupt nicht", "an einzelnen Tagen", "an mehr als der Hälfte der Tage", "beinahe jeden Tag"]
    frames = labelled(rows=slice(0, 30))
    for column, cells in labelled(german, slice(30, 60))["sessions"][ITEMS].items():
        frames["sessions"].loc[30:59, column] = cells[30:60]
    both = [list(pair) for pair in zip(WORDS, german, strict=True)]
    assert check_export(export_of(frames, variables=declared(both))) == []
    pd.testing.assert_frame_equal(values(frames, declared(both)), values(clean_frames(), VARIABLES))


def test_a_single_item_is_declared_with_its_range() -> None:
    frames = clean_frames()
    words = ["never", "rarely", "now and then", "sometimes", "often", "mostly", "always"]
    frames["sessions"]["warmth"] = frames["sessions"]["warmth"].astype(int).map(dict(enumerate(words)))
    pd.testing.assert_frame_equal(values(frames, declared(words, "warmth")), values(clean_frames(), VARIABLES))


def test_labels_nobody_declared_stop_and_what_is_advised_works() -> None:
    found = check_export(export_of(labelled()))
    assert {finding.rule for finding in found} >= {"number"}
    advice = next(finding.remedy for finding in found if finding.rule == "number")
    assert "all 4 of them from 0 to 3" in advice and "variables.symptoms.answers:" in advice
    assert check_export(export_of(labelled(), variables=declared(WORDS))) == []


def test_a_label_that_is_not_among_the_answers_stops() -> None:
    frames = labelled()
    frames["sessions"].loc[3, "phq_2"] = "often"
    [finding] = check_export(export_of(frames, variables=declared(WORDS)))
    assert finding.severity == "error" and finding.row == 5 and "variables.symptoms.answers" in finding.remedy
    added = [*WORDS[:2], [WORDS[2], "often"], WORDS[3]]
    assert check_export(export_of(frames, variables=declared(added))) == []


@pytest.mark.parametrize(
    ("variable", "changes", "says"),
    [
        ("warmth", {"answers": ["low", "high"]}, "one answer for each number from 0 to 6"),
        ("warmth", {"answers": ["low", "high"], "range": None}, "need a 'range'"),
        ("symptoms", {"answers": ["a", "b", ["c", "A"], "d"]}, "'A' is named twice"),
        ("symptoms", {"answers": [False, "b", "c", "d"]}, "quotes"),
        ("delivery", {"answers": ["a", "b"]}, "levels"),
    ],
)
def test_lists_that_cannot_be_meant_are_refused(variable: str, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Variable.model_validate({**VARIABLES[variable], **changes})


def test_a_list_of_another_length_than_the_instrument_s_range_is_refused() -> None:
    export = export_of(clean_frames())
    variable = Variable.model_validate({**VARIABLES["symptoms"], "answers": WORDS[:3]})
    with pytest.raises(ConfigError, match="from 0 to 3, which is 4, but lists 3"):
        measures_of("sessions", {"symptoms": variable}, export.instruments)


def test_answers_of_an_instrument_hold_for_its_variables() -> None:
    export = export_of(clean_frames())
    instruments = {**export.instruments, "phq_9": export.instruments["phq_9"].model_copy(update={"answers": WORDS})}
    measure = measures_of("sessions", dict(export.variables), instruments)[0]
    assert measure.answers["nearly every day"] == 3
