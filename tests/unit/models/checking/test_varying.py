"""Cautions about effects that vary between units, on covariances that are given."""

import numpy as np
import pytest

from alliance.facts.marks import Mark
from alliance.models.checking.varying import mark_covariances
from alliance.models.design.arrays import Design
from alliance.results.estimates import flag_of
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists

DESIGN = design_by(BY_PATIENT, simulate(80, 6, seed=1))
EFFECTS = ["m: intercept", "y: intercept", "m: x", "y: m"]


def marks_of(
    sds: list[float], correlations: dict[tuple[str, str], float], design: Design = DESIGN
) -> dict[tuple[str, str], Mark]:
    """Return marks by diagnostic and effect, for one draw of covariances of patients."""
    matrix = np.eye(4)
    for (one, other), value in correlations.items():
        i, j = EFFECTS.index(one), EFFECTS.index(other)
        matrix[i, j] = matrix[j, i] = value
    marks = mark_covariances(design, {"patient": (matrix * np.outer(sds, sds))[None]})
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
def test_correlation_beyond_99_hundredths_is_marked_on_the_effect_that_varies_less(
    correlation: float, passed: bool
) -> None:
    marks = marks_of([0.5, 0.4, 0.3, 0.2], {("m: x", "y: m"): correlation})
    mark = marks["boundary correlation", "y: m"]
    assert mark.passed is passed
    assert mark.value == pytest.approx(abs(correlation), abs=1e-6)
    assert mark.detail == "most of all with m: x"
    assert marks["boundary correlation", "m: intercept"].passed
    other = marks["boundary correlation", "m: x"]
    assert other.passed
    assert other.value == pytest.approx(abs(correlation) if passed else 0.0, abs=1e-3)


def test_of_effects_that_are_tied_together_the_one_that_varies_least_is_marked() -> None:
    # y: m is the sum of two independent effects, none of which has a correlation of more than .71 with it.
    correlations = {("m: intercept", "y: m"): 0.5**0.5, ("m: x", "y: m"): 0.5**0.5}
    for sds, named in (([0.5, 0.4, 0.3, 0.2], "y: m"), ([0.5, 0.4, 0.2, 0.3], "m: x")):
        marks = marks_of(sds, correlations)
        assert {effect for (_, effect), mark in marks.items() if not mark.passed} == {named}


def test_each_tie_is_marked_once() -> None:
    tied = {("m: intercept", "y: intercept"): 1.0, ("m: x", "y: m"): -1.0}
    marks = marks_of([0.5, 0.4, 0.3, 0.2], tied)
    assert {effect for (_, effect), mark in marks.items() if not mark.passed} == {"y: intercept", "y: m"}


def test_standard_deviations_and_correlations_carry_the_flags_of_their_own_effects_only() -> None:
    mark = marks_of([0.5, 0.4, 0.3, 0.0], {})["boundary variance", "y: m"]
    of_y = {"outcome": "y", "level": "patient"}
    flagged = {
        path
        for effect, path in [
            ("sd", "m -> y"), ("sd", "intercept -> y"), ("correlation", "x -> m, intercept -> y"),
            ("correlation", "x -> m, m -> y"), ("correlation", "intercept, m -> y"),
        ]
        if flag_of({**of_y, "effect": effect, "path": path}, 0, [mark])
    }  # fmt: skip
    assert flagged == {"m -> y", "x -> m, m -> y", "intercept, m -> y"}


def test_effect_without_variance_has_no_correlation_to_mark() -> None:
    marks = marks_of([0.5, 0.4, 0.0, 0.2], {})
    assert ("boundary correlation", "m: x") not in marks


def test_posterior_is_judged_by_its_middle() -> None:
    rng = np.random.default_rng(1)
    sds = np.abs(rng.normal(0, 0.3, (500, 4)))
    covariance = np.zeros((500, 4, 4))
    covariance[:, range(4), range(4)] = sds**2
    marks = mark_covariances(DESIGN, {"patient": covariance})
    assert sds.min() < 0.01
    assert all(mark.passed for mark in marks)


def test_both_levels_are_looked_at() -> None:
    design = design_by(BY_THERAPIST, panel_with_therapists())
    covariances = {"patient": np.eye(4)[None], "therapist": np.zeros((1, 2, 2))}
    failed = [mark for mark in mark_covariances(design, covariances) if not mark.passed]
    assert {mark.subject for mark in failed} == {"m: intercept between therapists", "y: intercept between therapists"}
    assert {mark.levels for mark in failed} == {("therapist", "between_therapist")}
