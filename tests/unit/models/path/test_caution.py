"""Cautions about a fit on parameters that are given, and the fits that are refused."""

import numpy as np
import pandas as pd
import pytest

from alliance.errors import ModelError
from alliance.facts.cautions import CAUTIONS
from alliance.facts.marks import Mark
from alliance.models.checking.units import mark_few_units
from alliance.models.design.arrays import Design
from alliance.models.path.caution import check_residuals, mark_parameters
from alliance.models.path.maximum import maximise, table_of
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, design_by, small_maximum

PANEL = simulate(80, 6, seed=1)
DESIGN = design_by(BY_PATIENT, PANEL)
EFFECTS = ["m: intercept", "y: intercept", "m: x", "y: m"]


def marks_of(
    sds: list[float], correlations: dict[tuple[str, str], float], design: Design = DESIGN
) -> dict[tuple[str, str], Mark]:
    """Return marks by diagnostic and effect, for one draw of covariances of patients."""
    matrix = np.eye(4)
    for (one, other), value in correlations.items():
        i, j = EFFECTS.index(one), EFFECTS.index(other)
        matrix[i, j] = matrix[j, i] = value
    marks = mark_parameters(design, {"patient": (matrix * np.outer(sds, sds))[None]})
    assert len({(mark.declared.title, mark.subject) for mark in marks}) == len(marks)
    return {(mark.declared.title, mark.subject.removesuffix(" between patients")): mark for mark in marks}


def test_effects_stand_in_the_order_of_this_test() -> None:
    assert [effect.text for effect in DESIGN.varying["patient"]] == EFFECTS


def test_parameters_away_from_the_boundary_pass() -> None:
    marks = marks_of([0.5, 0.4, 0.3, 0.2], {("m: x", "y: m"): -0.8})
    assert len(marks) == 8
    assert all(mark.passed for mark in marks.values())
    assert marks["boundary variance", "y: m"].value == pytest.approx(0.2)
    # Two effects that correlate with nothing else have a multiple correlation of the size of their plain one.
    assert marks["boundary correlation", "m: x"].value == pytest.approx(0.8, abs=1e-6)
    assert marks["boundary correlation", "m: intercept"].value == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(("sd", "passed"), [(0.0, False), (0.009, False), (0.011, True)])
def test_sd_below_a_hundredth_of_the_outcome_is_marked(sd: float, passed: bool) -> None:
    marks = marks_of([0.5, 0.4, sd, 0.2], {})
    assert marks["boundary variance", "m: x"].passed is passed
    assert marks["boundary variance", "y: m"].passed


def test_slope_carries_its_flag_to_covariances_and_intercept_to_effects_between() -> None:
    marks = marks_of([0.0, 0.4, 0.0, 0.2], {})
    slope, intercept = marks["boundary variance", "m: x"], marks["boundary variance", "m: intercept"]
    assert slope.outcomes == intercept.outcomes == ("m",)
    assert slope.levels == ("patient", "within")
    assert {"sd", "correlation", "cov_ab", "indirect", "total"} <= set(slope.effects)
    assert not {"a", "b", "c_prime", "indirect_product", "coefficient"} & set(slope.effects)
    assert intercept.levels == ("patient", "between_patient")
    assert {"b", "indirect", "total"} <= set(intercept.effects)


@pytest.mark.parametrize(("correlation", "passed"), [(0.98, True), (-0.98, True), (0.995, False), (-1.0, False)])
def test_correlation_beyond_99_hundredths_is_marked_on_both_effects(correlation: float, passed: bool) -> None:
    marks = marks_of([0.5, 0.4, 0.3, 0.2], {("m: x", "y: m"): correlation})
    for effect, partner in (("m: x", "y: m"), ("y: m", "m: x")):
        mark = marks["boundary correlation", effect]
        assert mark.passed is passed
        assert mark.value == pytest.approx(abs(correlation), abs=1e-6)
        assert mark.detail == f"most of all with {partner}"
    assert marks["boundary correlation", "m: intercept"].passed


def test_effect_that_several_others_determine_is_marked() -> None:
    # y: m is the sum of two independent effects, none of which has a correlation of more than .71 with it.
    correlations = {("m: intercept", "y: m"): 0.5**0.5, ("m: x", "y: m"): 0.5**0.5}
    marks = marks_of([0.5, 0.4, 0.3, 0.2], correlations)
    concerned = {effect for (kind, effect), mark in marks.items() if kind == "boundary correlation" and not mark.passed}
    assert concerned == {"m: intercept", "m: x", "y: m"}


def test_effect_without_variance_has_no_correlation_to_mark() -> None:
    marks = marks_of([0.5, 0.4, 0.0, 0.2], {})
    assert ("boundary correlation", "m: x") not in marks


def test_posterior_is_judged_by_its_middle() -> None:
    rng = np.random.default_rng(1)
    sds = np.abs(rng.normal(0, 0.3, (500, 4)))
    covariance = np.zeros((500, 4, 4))
    covariance[:, range(4), range(4)] = sds**2
    marks = mark_parameters(DESIGN, {"patient": covariance})
    assert sds.min() < 0.01
    assert all(mark.passed for mark in marks)


def test_both_levels_are_looked_at() -> None:
    maximum = small_maximum("therapist")
    covariances = {"patient": np.eye(4)[None], "therapist": np.zeros((1, 2, 2))}
    failed = [mark for mark in mark_parameters(maximum.target.design, covariances) if not mark.passed]
    assert {mark.subject for mark in failed} == {"m: intercept between therapists", "y: intercept between therapists"}
    assert {mark.levels for mark in failed} == {("therapist", "between_therapist")}


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (
            2 * PANEL["m"] + 1,
            r"the predictors \(m, x\) and differences between units determine 'y' in the 480 rows.*Remove the predictor",
        ),
        (
            PANEL["m"].groupby(PANEL["patient"]).transform("mean"),
            r"'y' is the same at all sessions of each patient in the 480 rows.*leave it out",
        ),
    ],
    ids=["computed from a predictor", "measured once"],
)
def test_outcome_without_a_residual_is_refused(y: pd.Series, said: str) -> None:
    # The likelihood has no maximum: estimates of the other equation are wherever the search stopped, with standard errors of zero.
    maximum = maximise(design_by(BY_PATIENT, PANEL.assign(y=y)))
    with pytest.raises(ModelError, match=rf"models\.specs\.study\.equations\.y: {said}"):
        check_residuals("study", maximum)


def test_outcome_with_a_small_residual_is_fitted() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, len(PANEL))
    maximum = maximise(design_by(BY_PATIENT, PANEL.assign(y=2 * PANEL["m"] + noise)))
    check_residuals("study", maximum)
    assert maximum.converged
    # What is left has 1 / 50 of the sd of y, so b is known to about .05 / (sqrt(480) x 1).
    table = table_of(maximum).set_index("parameter")
    assert table["estimate"]["y: m"] == pytest.approx(2.0, abs=3 * table["se"]["y: m"])
    assert table["se"]["y: m"] < 0.01


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
