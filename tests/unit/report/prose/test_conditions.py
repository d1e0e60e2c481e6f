"""Sentences on moderators, on what accumulates over sessions, and on differences between patients."""

import re

import numpy as np
import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.report.prose.conditions import describe_accumulated, describe_differences, describe_moderation
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs, of_design, said

CONFIG = builders.arms_config()
PATH = "technique -> alliance -> symptoms"
NO_GRID = pd.DataFrame(columns=ARTEFACTS["moderation"].header)


def moderated(moderator: str, values: tuple[float, float], **index: float) -> dict[str, pd.DataFrame]:
    rows = [
        estimate(effect="conditional", moderator=moderator, value=value, estimate=-0.1 * (i + 1))
        for i, value in enumerate(values)
    ]
    rows.append(estimate(effect="index", moderator=moderator, **index))
    return inputs(*rows) | {"moderation": NO_GRID}


def test_values_of_an_assigned_moderator_are_named_by_their_labels() -> None:
    passages = describe_moderation(moderated("arm", (0, 1), estimate=0.1, low=0.02, high=0.18), CONFIG)
    sentence = said(passages)

    assert (
        "−0.10 [−0.31, −0.12] at treatment arm: standard and −0.20 [−0.31, −0.12] at treatment arm: alliance focused"
        in sentence
    )
    assert "“alliance focused” minus “standard”: 0.10 [0.02, 0.18]." in sentence
    assert "random assignment" not in sentence


def test_moderator_that_nobody_was_assigned_to_and_open_change_are_said() -> None:
    sentence = said(describe_moderation(moderated("age", (35.2, 61), estimate=0.01, low=-0.02, high=0.04), CONFIG))

    assert "at age = 35.2 years" in sentence
    assert "it stays open whether there is any" in sentence
    assert "no random assignment of age" in sentence


@pytest.mark.parametrize(
    ("excludes", "words"),
    [
        ([True, True, False, False], "age at which the interval excludes zero: 20.0 to 30.0."),
        ([False] * 4, "excludes zero: none of the values from 20.00 to 50.00."),
        ([True] * 4, "excludes zero: all values from 20.00 to 50.00."),
    ],
)
def test_region_is_told_for_moderators_with_more_than_two_values(excludes: list[bool], words: str) -> None:
    grid = pd.DataFrame({"value": [20.0, 30.0, 40.0, 50.0], "excludes_zero": excludes}).assign(
        model="technique_by_steps", path=PATH, level="within", moderator="age"
    )
    found = said(describe_moderation(moderated("age", (30, 40)) | {"moderation": grid}, CONFIG))

    assert words.replace("20.0 to 30.0", "20.00 to 30.00") in found


def test_run_without_moderator_says_nothing_about_one() -> None:
    assert describe_moderation(inputs(estimate()) | {"moderation": NO_GRID}, CONFIG) == []
    assert describe_accumulated(inputs(estimate()), CONFIG) == []
    assert describe_differences({"shrinkage": pd.DataFrame(columns=ARTEFACTS["shrinkage"].header)}, CONFIG) == []


def test_first_and_last_session_of_what_accumulates_are_told() -> None:
    rows = [
        estimate(effect="accumulated", horizon=horizon, estimate=value, low=value - 0.1, high=value + 0.1, flag=flag)
        for horizon, value, flag in (
            ("after 1 session", -0.2, ""), ("after 2 sessions", -0.3, ""), ("after 3 sessions", -0.35, "near zero"),
        )
    ]  # fmt: skip
    sentence = said(describe_accumulated(inputs(*rows), CONFIG))

    assert (
        "−0.20 [−0.30, −0.10] after 1 session and −0.35 [−0.45, −0.25] [flagged: near zero] after 3 sessions"
        in sentence
    )
    assert "after 2 sessions" not in sentence


def test_what_accumulates_from_an_arm_is_a_contrast_of_arms() -> None:
    row = estimate(effect="accumulated", path="arm -> alliance -> symptoms", horizon="after 1 session")
    sentence = said(describe_accumulated(inputs(row), CONFIG))

    assert "Treatment arm “alliance focused” rather than “standard” predicts, by way of working alliance: " in sentence


def test_differences_are_quartiles_without_single_patients() -> None:
    table = pd.DataFrame(
        {
            "model": "technique_by_steps", "unit": "patient", "quantity": "a", "path": "technique -> alliance",
            "order": np.arange(1, 102), "estimate": np.arange(101) / 100, "low": 0.0, "high": 1.0, "alone": np.nan,
        }
    )  # fmt: skip
    sentence = said(describe_differences({"shrinkage": table}, CONFIG))

    assert "The middle half of 101 patients lies between 0.25 and 0.75, median 0.50" in sentence

    sample = table.assign(order=table["order"] * 30)
    sentence = said(describe_differences({"shrinkage": sample}, CONFIG))
    assert "The middle half of 3,030 patients lies between 0.25 and 0.75" in sentence
    assert "told by a random sample of 101)" in sentence


def test_single_group_claims_neither_effect_nor_mediation() -> None:
    config = of_design("single_group")
    shown = builders.artefacts(config)
    sentence = " ".join(
        said(describe(shown, config)) for describe in (describe_moderation, describe_accumulated, describe_differences)
    )

    assert "minus “standard”" in sentence and "after 10 sessions" in sentence and "middle half" in sentence
    assert not re.search(r"mediat\w*|\bcaus(?:es?|ed|al|ally)\b|\beffects?\b", sentence, re.IGNORECASE)
