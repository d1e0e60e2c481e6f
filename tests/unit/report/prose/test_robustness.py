"""Sentences on robustness: the method, the priors, and single patients and therapists."""

import re

import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.report.prose.robustness import (
    describe_autocorrelation,
    describe_influence,
    describe_methods,
    describe_sensitivity,
    describe_trends,
)
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs, said

CONFIG = builders.arms_config()
EMPTY = {
    "influence": pd.DataFrame(columns=ARTEFACTS["influence"].header),
    "sensitivity": pd.DataFrame(columns=ARTEFACTS["sensitivity"].header),
}


def joint(**changes):
    return estimate(model="technique_jointly", family="multilevel_path", **changes)


def sensitive(
    block: str, value: float, component: str = "prior", effect: str = "indirect", informed: bool = True
) -> dict:
    return {
        "model": "technique_jointly", "path": "technique -> alliance -> symptoms", "effect": effect, "level": "within",
        "block": block, "component": component, "value": value, "threshold": 0.05, "narrowed": 0.1, "informed": informed,
        "meaning": "As it says.",
    }  # fmt: skip


def left_out(unit: str, rank: int, without: float) -> dict:
    return {
        "model": "technique_jointly", "path": "technique -> alliance -> symptoms", "effect": "indirect", "level": "within",
        "unit": unit, "rank": rank, "estimate": -0.2, "without": without, "change": (without + 0.2) / 0.05,
    }  # fmt: skip


def test_methods_that_lie_apart_are_named_with_numbers_and_flags() -> None:
    rows = [estimate(flag="bias of centred lag"), joint(estimate=-0.4, low=-0.5, high=-0.3)]
    sentence = said(describe_methods(inputs(*rows), CONFIG))

    assert "1 of them lies more than two standard errors" in sentence
    assert "Separate −0.21 [−0.31, −0.12] [flagged: bias of centred lag]" in sentence
    assert "3.72 standard errors apart" in sentence  # 0.186 / 0.05
    assert "no test" in sentence


def test_methods_that_agree_are_said_to_and_without_a_pair_nothing_is_said() -> None:
    assert "none of them lies" in said(describe_methods(inputs(estimate(), joint(estimate=-0.25)), CONFIG))
    assert describe_methods(inputs(estimate()), CONFIG) == []
    assert describe_methods({}, CONFIG) == []


def test_prior_that_matters_and_data_that_say_little_stand_out() -> None:
    rows = [
        sensitive("effects", 0.08),
        sensitive("residuals", 0.01),
        sensitive("likelihood", 0.02, "likelihood", "a", informed=False),
        sensitive("likelihood", 0.2, "likelihood", "b"),
    ]
    (lead, points) = describe_sensitivity({"sensitivity": pd.DataFrame(rows)}, CONFIG)

    assert len(points.sentences) == 2
    assert "priors of slopes" in str(points.sentences[0]) and "0.080" in str(points.sentences[0])
    assert "the data: Sensitivity 0.020" in str(points.sentences[1])
    assert not re.search(r"\beffects?\b", said([lead, points]))


def test_estimate_that_neither_data_nor_priors_move_but_the_data_narrowed_is_no_finding() -> None:
    rows = [sensitive("effects", 0.03), sensitive("likelihood", 0.02, "likelihood")]
    sentence = said(describe_sensitivity({"sensitivity": pd.DataFrame(rows)}, CONFIG))

    assert "no step and no path follows any of them noticeably" in sentence


def test_estimates_that_follow_no_prior_are_said_to() -> None:
    rows = pd.DataFrame([sensitive("effects", 0.03), sensitive("likelihood", 0.2, "likelihood")])
    sentence = said(describe_sensitivity({"sensitivity": rows}, CONFIG))

    assert "no step and no path follows any of them noticeably (largest sensitivity 0.030, threshold 0.05)" in sentence
    assert describe_sensitivity(EMPTY, CONFIG) == []


def test_answers_that_priors_move_stand_beside_what_the_data_say_without_them() -> None:
    rows = builders.sensitivity(CONFIG).assign(value=0.03, component="prior")
    moved = (
        estimate(estimate=-0.21, sd=0.1, without_priors=-0.23),
        estimate(estimate=-0.21, sd=0.1, without_priors=-0.26),
    )
    assert "without" not in said(describe_sensitivity({"sensitivity": rows, **inputs(moved[0])}, CONFIG))
    (*_, lead, points) = describe_sensitivity({"sensitivity": rows, **inputs(moved[1])}, CONFIG)
    assert "The priors move 1 answer by more than 0.25 standard errors" in str(lead.sentences[0])
    assert "\N{MINUS SIGN}0.21 with priors, \N{MINUS SIGN}0.26 without" in str(points.sentences[0])


def test_most_influential_of_each_kind_is_told_and_a_turned_direction_too() -> None:
    rows = [left_out("patient", 1, -0.17), left_out("patient", 2, -0.19), left_out("therapist", 1, -0.1)]
    allowed = builders.arms_config(privacy={"original_ids": False, "minimum_cell": 1, "single_patients": True})
    sentence = said(describe_influence({"influence": pd.DataFrame(rows)}, allowed))

    assert "Nobody turns the direction" in sentence
    assert "−0.20 with everybody, −0.17 without the most influential patient (0.60 standard errors)" in sentence
    assert "−0.10 without the most influential therapist (2.00 standard errors)" in sentence

    turned = pd.DataFrame([*rows, left_out("therapist", 2, 0.01)])
    assert "In 1 of 1 leaving out one of them turns the direction" in said(
        describe_influence({"influence": turned}, allowed)
    )
    assert describe_influence(EMPTY, CONFIG) == []


def test_of_single_units_that_may_not_be_shown_the_range_is_told() -> None:
    rows = [left_out(unit, 1 + i, -0.17 - 0.01 * i) for unit in ("patient", "therapist") for i in range(6)]
    sentence = said(describe_influence({"influence": pd.DataFrame(rows)}, CONFIG))

    assert "−0.20 with everybody, −0.22 to −0.17 without any one patient (at most 0.6 standard errors away)" in sentence
    assert "most influential" not in sentence
    assert describe_influence({"influence": pd.DataFrame(rows[:3])}, CONFIG) == []


def test_trends_are_told_with_what_the_data_say_of_them_and_the_estimate_that_moves_most() -> None:
    row = {
        "outcome": "symptoms", "path": "symptoms_lag -> symptoms", "effect": "coefficient", "level": "within", "horizon": "next session",
        "n_patients": 80, "n_sessions": 900, "sd": 0.05, "sd_with_trends": 0.06, "model": "technique_jointly", "without": 0.5,
    }  # fmt: skip
    moved = [row | {"with_trends": 0.5 - 0.05 * change, "change": -change} for change in (2, 3)]
    test = {"model": "technique_jointly", "caution": "person_trends", "threshold": 0.01}
    for value, claim in (
        (0.0001, "The data ask for trends (p < 0.001)."),
        (0.2, "The data do not ask for trends (p = 0.200)."),
    ):
        tables = {"trends": pd.DataFrame(moved), "diagnostics": pd.DataFrame([test | {"value": value}])}
        sentence = said(describe_trends(tables, CONFIG))
        assert claim in sentence
        assert re.search(r"0\.50 without trends, 0\.35 with them \(3\.00 standard errors\)", sentence), sentence
    assert describe_trends({}, CONFIG) == []


def test_lasting_residuals_are_told_with_the_answer_that_moves_most_without_them() -> None:
    name = "arm_overall"
    found = {
        "model": name, "outcome": "symptoms", "effect": "autocorrelation", "level": "session", "horizon": "one session apart",
        "estimate": 0.42, "low": 0.38, "high": 0.46, "flag": "",
    }  # fmt: skip
    row = {
        "model": name,
        "outcome": "symptoms",
        "path": "arm -> symptoms",
        "effect": "intention_to_treat",
        "level": "overall",
    }
    row |= {"horizon": "at session 15"}
    moved = [row | {"lasting": -1.78, "independent": -1.74, "sd": 0.39, "sd_independent": 0.35, "change": 0.1}]
    test = {"model": name, "caution": "lasting_residuals", "value": 1e-9, "threshold": float("nan")}
    tables = {
        "estimates": pd.DataFrame([found]),
        "autocorrelation": pd.DataFrame(moved),
        "diagnostics": pd.DataFrame([test]),
    }
    sentence = said(describe_autocorrelation(tables, CONFIG))
    assert "one session apart are correlated by 0.42 [0.38, 0.46]." in sentence
    assert "a probability of less than 0.001." in sentence
    assert re.search(
        r"1\.78 as the model has it, .1\.74 then \(0\.10 standard errors; these are 0\.39 and 0\.35\)", sentence
    ), sentence
    assert "No estimate is more than 1.96 standard errors from zero in one of the two accounts only." in sentence
    assert describe_autocorrelation({}, CONFIG) == []


@pytest.mark.parametrize(
    ("independent", "error", "claim"),
    [
        (-0.9, 0.3, r"at session 15, only then \(.0\.50 as the model has it, .0\.90 then\)\."),
        (-0.9, 0.5, None),
        (0.9, 0.3, r"at session 15, only then \(.0\.50 as the model has it, 0\.90 then\)\."),
    ],
)
def test_estimates_that_only_independent_residuals_tell_from_zero_are_named(
    independent: float, error: float, claim: str | None
) -> None:
    row = {"model": "arm_overall", "outcome": "symptoms", "path": "arm -> symptoms", "effect": "intention_to_treat"}
    row |= {"level": "overall", "horizon": "at session 15"}
    found = row | {"effect": "autocorrelation", "horizon": "one session apart", "level": "session"}
    change = {"lasting": -0.5, "sd": 0.39, "independent": independent, "sd_independent": error, "change": 1.0}
    tables = {
        "estimates": pd.DataFrame([found | {"estimate": 0.42, "low": 0.38, "high": 0.46, "flag": ""}]),
        "autocorrelation": pd.DataFrame([row | change]),
    }
    sentence = said(describe_autocorrelation(tables, CONFIG))
    matters = re.search(rf"The choice matters: more than 1\.96 standard errors from zero is .*{claim}", sentence)
    assert (matters is None) == (claim is None), sentence
