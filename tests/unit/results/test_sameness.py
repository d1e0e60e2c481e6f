"""Two runs may print numbers under one name that are not of the same."""

import copy
from typing import Any

import numpy as np
import pytest

from alliance.results.comparison import compare_estimates
from alliance.results.sameness import what_differs
from tests.unit.report.prose.rows import estimate, inputs

SETTINGS: dict[str, Any] = {
    "variables": {
        "alliance": {"column": "wai", "range": [12, 60], "label": "alliance"},
        "symptoms": {"kind": "composite", "of": ["sleep", "mood"], "metric": "mean"},
        "sleep": {"column": "sleep", "range": [0, 3]},
        "mood": {"column": "mood", "range": [0, 3]},
        "age": {"column": "age", "range": [16, 100]},
    },
    "panel": {"lag": 1, "max_gap_days": 21},
    "cleaning": {"minimum_sessions": 1},
    "models": {
        "specs": {
            "joint": {
                "depth": "nuts",
                "label": "Joint",
                "equations": {"symptoms": {"on": ["alliance_lag"], "vary": {"patient": ["intercept"]}}},
            }
        }
    },
}
ROW = estimate(model="joint", path="alliance -> symptoms", outcome="symptoms", effect="effect")


def changed(place: str, value: Any) -> dict[str, Any]:
    settings = copy.deepcopy(SETTINGS)
    *above, last = place.split(".")
    part = settings
    for key in above:
        part = part[key]
    part[last] = value
    return settings


def compared(other: dict[str, Any], **this: Any) -> dict[Any, Any]:
    table = compare_estimates(
        inputs(ROW)["estimates"], inputs({**ROW, "estimate": -0.1, **this})["estimates"], (SETTINGS, other)
    )
    (row,) = table.to_dict("records")
    return dict(row)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("variables.alliance.range", [1, 5], "units (alliance)"),
        ("variables.mood.range", [1, 4], "units (symptoms)"),
        ("variables.symptoms.metric", "sum", "units (symptoms)"),
        ("panel.lag", 2, "distance"),
        ("models.specs.joint.equations.symptoms.on", ["alliance_lag", "age"], "predictors"),
        ("models.specs.joint.depth", "ml", "method"),
        ("cleaning.minimum_sessions", 4, "rows"),
        ("variables.alliance.label", "bond", ""),
        ("models.specs.joint.label", "Other", ""),
        ("variables.age.range", [0, 100], ""),
        ("variables.symptoms.higher_is", "worse", ""),
        ("variables.alliance.missing_codes", [99], "rows"),
    ],
)
def test_what_makes_an_estimate_another_one_is_named(place: str, value: Any, said: str) -> None:
    assert compared(changed(place, value))["differs"] == said


@pytest.mark.parametrize("this", [{"moderator": "age", "effect": "index"}, {"path": "alliance, age -> symptoms"}])
def test_units_are_also_those_of_a_moderator_and_of_what_is_looked_at_together(this: dict[str, Any]) -> None:
    row = ROW | {"horizon_base": "", "horizon_this": ""} | this
    assert what_differs(row, SETTINGS, changed("variables.age.range", [0, 10])) == ["units (age)"]


def test_numbers_in_other_units_are_not_subtracted() -> None:
    row = compared(changed("variables.alliance.range", [1, 5]))
    assert all(np.isnan(row[name]) for name in ("difference", "shift", "overlap"))
    assert row["change"] == "in other units: not compared"
    assert compared(SETTINGS)["shift"] != 0


def test_another_distance_is_another_question_but_of_the_same_unit() -> None:
    row = compared(changed("panel.lag", 2), horizon="2 sessions later")
    assert row["differs"] == "distance" and row["change"] == "same direction"
