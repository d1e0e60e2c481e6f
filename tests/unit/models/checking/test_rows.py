"""Cautions about what the rows of a model can tell."""

import pytest

from alliance.facts.cautions import CAUTIONS
from alliance.models.checking.rows import mark_few_units

FEWEST_PATIENTS, FEWEST_THERAPISTS = (int(CAUTIONS[name].threshold) for name in ("few_patients", "few_therapists"))


@pytest.mark.parametrize(
    ("patients", "therapists", "by_therapist", "expected"),
    [
        (FEWEST_PATIENTS, FEWEST_THERAPISTS, True, set()),
        (FEWEST_PATIENTS - 1, FEWEST_THERAPISTS, True, {"few patients"}),
        (FEWEST_PATIENTS, FEWEST_THERAPISTS - 1, True, {"few therapists"}),
        (FEWEST_PATIENTS, 1, False, set()),
    ],
)
def test_few_units_are_marked(patients: int, therapists: int, by_therapist: bool, expected: set[str]) -> None:
    marks = mark_few_units("m", {"n_patients": patients, "n_therapists": therapists}, by_therapist)
    assert {mark.declared.title for mark in marks if not mark.passed} == expected
    assert {mark.outcomes for mark in marks} == {("m",)}


@pytest.mark.parametrize(("therapists", "passed"), [(5, True), (4, False)])
def test_fewer_therapists_are_enough_where_intervals_allow_for_them(therapists: int, passed: bool) -> None:
    counts = {"n_patients": FEWEST_PATIENTS, "n_therapists": therapists}
    assert [mark.passed for mark in mark_few_units("m", counts, True, allowed=True)] == [True, passed]
