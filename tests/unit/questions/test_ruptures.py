"""The question about ruptures: what it derives, poses and flags."""

from typing import Any

from alliance.facts.detectors import DETECTORS
from alliance.questions import cast_of
from alliance.questions.ruptures import QUESTION

VARIABLES: dict[str, Any] = {
    "alliance": {"label": "alliance", "role": "mediator", "column": "a", "measured": "after"},
    "symptoms": {"label": "symptoms", "role": "outcome", "column": "s", "measured": "before"},
}
CODE = {
    "label": "seen",
    "role": "rupture",
    "kind": "category",
    "column": "r",
    "labels": ["none", "withdrawal", "both"],
    "measured": "during",
}


def test_each_detector_has_two_marks_and_a_model() -> None:
    posed = QUESTION.pose(cast_of(VARIABLES, therapists=False))
    assert set(posed.specs) == {"ruptures_of_alliance", *(f"after_rupture_{name}" for name in DETECTORS)}
    assert set(posed.measures) == {f"{state}_by_{name}" for name in DETECTORS for state in ("open", "repaired")}
    assert posed.answer == "ruptures_of_alliance"
    spec = posed.specs["after_rupture_sd_drop"]
    held = spec["equations"]["symptoms"]["on"]
    # The level of the score is held equal: what drops rises by itself.
    assert held[:4] == ["open_by_sd_drop_lag", "repaired_by_sd_drop_lag", "alliance_lag", "symptoms_lag"]


def test_what_observers_coded_is_a_detector_beside_the_others() -> None:
    posed = QUESTION.pose(cast_of(VARIABLES | {"seen": CODE}, therapists=True))
    assert posed.measures["open_by_observer"]["of"] == ["alliance", "seen"]
    assert "after_rupture_observer" in posed.specs


def test_marks_that_are_there_already_change_nothing() -> None:
    cast = cast_of(VARIABLES, therapists=False)
    posed = QUESTION.pose(cast)
    again = QUESTION.pose(cast_of({**VARIABLES, **posed.measures}, therapists=False))
    assert again == posed
