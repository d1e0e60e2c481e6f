"""Settings of a simulated world."""

from typing import Any

import pytest
from pydantic import ValidationError

from alliance.errors import ConfigError
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.settings import read_settings

from .settings_for_tests import FILE, changed, world


def test_changes_replace_single_settings_and_keep_the_rest() -> None:
    changes = read_settings(FILE, ExampleStudy, {"seed": 7, "size": {"patients": 60}})
    default = read_settings(FILE, ExampleStudy)
    assert (changes.seed, changes.size.patients) == (7, 60)
    assert changes.variables == default.variables
    assert changes.size.therapists == default.size.therapists


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"variables": {"alliance": {"cause": {}}}}, "variables.alliance.cause"),
        (
            {"variables": {"alliance": {"causes": {"sympptoms": 1.0}}}},
            "'sympptoms' is unknown. Did you mean 'symptoms'",
        ),
        ({"variables": {"alliance": {"innovations": {"strain": 1.0}}}}, "'strain' is not a variable"),
        ({"variables": {"rupture": {"lasts": 0.5}}}, "what lasts is a number"),
        (
            {"variables": {"technique": {"lasts": 0.5}, "alliance": {"innovations": {"technique": 1.0}}}},
            "so it is not new",
        ),
        ({"variables": {"alliance": {"causes": {"arm_lag": 1.0}}}}, "'arm_lag' is unknown"),
        ({"variables": {"symptoms": {"causes": {"alliance": 1.0}}}}, "is a circle within one session"),
        ({"variables": {"technique": {"first": {"mean": 1, "sd": 1}}}}, "variables.technique.first"),
        ({"arms": False}, "'arm' is unknown"),
        ({"size": {"patients": 1}}, "size.patients"),
        ({"missing": {"planned": {"shares": {16: 0.9}}}}, "must add up to 1"),
        ({"missing": {"dropout": {"chance": 0}}}, "missing.dropout.chance"),
        ({"missing": {"dropout": {"share": 0.3}}}, "either the chance after a session or the share"),
        ({"missing": {"dropout": {"causes": {"symptom": 1.0}}}}, "missing.dropout: 'symptom' is not a variable"),
        ({"dirt": {"blanks": -1}}, "dirt.blanks"),
    ],
)
def test_an_unusable_setting_is_named(changes: dict[str, object], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(FILE, ExampleStudy, changes)
    assert place in str(caught.value)
    assert "example_study.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (changed("patients", "sd", **{"x_lag -> m": 1.0}), "'x_lag -> m' is no effect"),
        (changed("patients", "correlation", **{"x -> m, y -> m": 0.1}), "'x -> m, y -> m' is not a pair of effects"),
        (
            changed("patients", "correlation", **{"intercept -> x, intercept -> m": 0.9, "intercept -> x, intercept -> y": 0.9}),
            "contradict each other",
        ),
    ],
)  # fmt: skip
def test_differences_that_cannot_be_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        world(patients=changes)


def test_variables_come_about_after_what_acts_on_them_in_the_same_session() -> None:
    assert world().order() == ["x", "m", "y"]
