"""Drifts of indicators: found where they were put, counted from the composite, and the same whatever units and orders are."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.facts.cautions import CAUTIONS
from alliance.models.checking.drifting import (
    DRIFTING,
    DRIFTS,
    HARDLY,
    OPEN,
    Construct,
    check_constructs,
    take_off,
    verdict_of,
)
from alliance.models.checking.invariance import FEWEST_PATIENTS, INTERCEPT, LOADING, Course, Drift, find_drifts

LOADINGS = np.array([1.1, 1.0, 0.9])
THIRDS = np.full(3, 1 / 3)
SESSIONS = 10


def simulate(
    patients: int,
    seed: int,
    drift: tuple[float, ...] = (0.0, 0.0, 0.0),
    growth: tuple[float, ...] | float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate indicators of a construct with levels, a trend and an own past; drifts are over the whole course."""
    rng = np.random.default_rng(seed)
    tau = (np.arange(SESSIONS) - (SESSIONS - 1) / 2) / (SESSIONS - 1)
    z = np.zeros((patients, SESSIONS))
    z[:, 0] = rng.standard_normal(patients)
    for step in range(1, SESSIONS):
        z[:, step] = 0.4 * z[:, step - 1] + np.sqrt(1 - 0.4**2) * rng.standard_normal(patients)
    z += rng.standard_normal(patients)[:, None] + tau
    loading = LOADINGS[: len(drift)] * (1 + np.outer(tau, np.broadcast_to(growth, len(drift))))
    values = z[:, :, None] * loading + np.outer(tau, drift) + 0.5 * rng.standard_normal((patients, 1, len(drift)))
    values += rng.standard_normal(values.shape)
    patient, session = np.divmod(np.arange(patients * SESSIONS), SESSIONS)
    return values.reshape(-1, len(drift)), patient, session + 1


def numbers(course: Course, part: str) -> pd.DataFrame:
    return pd.DataFrame([vars(drift) for drift in course.drifts if drift.part == part])


def test_drifts_are_what_was_put_there() -> None:
    """5000 patients: within 4 standard errors, and a loading that grows is seen a ninth too small where the construct has a past."""
    course = find_drifts(*simulate(5000, 1, drift=(0.4, -0.3, -0.1)), THIRDS)
    intercepts, loadings = numbers(course, INTERCEPT), numbers(course, LOADING)
    np.testing.assert_allclose(intercepts["loading"], LOADINGS, atol=0.02)
    assert (abs(intercepts["change"] - [0.4, -0.3, -0.1]) < 4 * intercepts["error"]).all()
    assert (abs(loadings["change"]) < 4 * loadings["error"]).all()
    # Changes of the construct within patients: its own, with a variance less .14 for the means of 10 that depend on each other.
    np.testing.assert_allclose(intercepts["change"] / intercepts["size"] / LOADINGS, 1.0, atol=0.1)
    assert (course.patients, course.sessions, course.length) == (5000, 50000, 9.0)
    grown = numbers(find_drifts(*simulate(5000, 2, growth=(0.4, -0.2, -0.2)), THIRDS), LOADING)
    np.testing.assert_allclose(grown["change"], [0.36, -0.18, -0.18], atol=0.05)
    assert grown["probability"].max() < 0.01


def test_standard_errors_are_the_spread_over_studies() -> None:
    """60 studies of 40 patients: their standard deviation has an error of 9 %."""
    found = [find_drifts(*simulate(40, seed), THIRDS) for seed in range(60)]
    for part in (INTERCEPT, LOADING):
        tables = [numbers(course, part) for course in found]
        spread = np.std([table["change"] for table in tables], axis=0)
        np.testing.assert_allclose(np.mean([table["error"] for table in tables], axis=0), spread, rtol=0.3)


def test_units_orders_and_times_do_not_matter() -> None:
    values, patient, session = simulate(40, 3, drift=(0.5, -0.5, 0.0))
    plain = find_drifts(values, patient, session, THIRDS)
    order = np.random.default_rng(1).permutation(len(values))
    units, moved = np.array([10.0, 1.0, 0.1]), np.array([3.0, 0.0, -2.0])
    other = find_drifts((values * units + moved)[order], (39 - patient)[order], 2.0 * session[order], THIRDS / units)
    assert other.length == 2 * plain.length
    for one, same in zip(plain.drifts, other.drifts, strict=True):
        of_points = units[one.indicator] if one.part == INTERCEPT else 1.0
        assert same.change == pytest.approx(of_points * one.change, rel=1e-8, abs=1e-9)
        assert same.size == pytest.approx(one.size, rel=1e-8, abs=1e-9)
        assert same.probability == pytest.approx(one.probability, rel=1e-6)


def test_two_indicators_drift_from_each_other_by_one_amount() -> None:
    course = find_drifts(*simulate(60, 4, drift=(0.6, -0.6)), np.full(2, 0.5))
    one, other = course.drifts
    assert {one.part, other.part} == {INTERCEPT}
    assert one.change == pytest.approx(-other.change) and one.probability == other.probability < 0.05


def test_what_cannot_be_tested_says_why() -> None:
    values, patient, session = simulate(FEWEST_PATIENTS, 5)
    assert find_drifts(values, patient, session, THIRDS).reason == ""
    few = find_drifts(np.where(patient[:, None] > 0, values, np.nan), patient, session, THIRDS)
    assert few.reason.startswith(f"{FEWEST_PATIENTS - 1} patients have all its indicators")
    assert "too little in common" in find_drifts(values * [1, 1, -1], patient, session, THIRDS).reason
    assert "never changes" in find_drifts(values * [1, 1, 0], patient, session, THIRDS).reason


@pytest.mark.parametrize(
    ("size", "largest", "probability", "verdict"),
    [
        (0.3, 0.5, 0.01, DRIFTS),
        (-0.3, 0.5, 0.01, DRIFTS),
        (0.3, 0.7, 0.2, OPEN),
        (0.1, 0.19, 0.01, HARDLY),
        (0.1, 0.3, 0.01, OPEN),
    ],
)
def test_a_drift_must_be_large_and_told_from_chance(
    size: float, largest: float, probability: float, verdict: str
) -> None:
    assert CAUTIONS[DRIFTING].threshold == 0.2
    assert verdict_of(Drift(0, INTERCEPT, 1.0, size, 0.1, size, largest, probability)) == verdict


def test_what_drifts_is_taken_off_and_leaves_the_composite_as_it_was() -> None:
    values, patient, session = simulate(60, 6, drift=(1.0, -0.5, -0.5))
    parts = ["bond", "goal", "task"]
    panel = pd.DataFrame(values, columns=parts).assign(patient=patient, session=session)
    declared: dict[str, Any] = {"kind": "composite", "of": parts, "metric": "mean", "latent": True}
    variables = {"m": Variable(label="m", measured="during", **declared)}
    constructs = check_constructs(panel, ["m"], variables)
    assert [row["verdict"] for row in constructs[0].rows() if row["part"] == INTERCEPT] == [DRIFTS] * 3
    without = take_off(panel, constructs)
    np.testing.assert_allclose(without[parts].mean(axis=1), panel[parts].mean(axis=1), atol=1e-12)
    again = check_constructs(without, ["m"], variables)[0]
    assert isinstance(again, Construct) and not again.drifting(INTERCEPT)
    assert max(abs(drift.change) for drift in again.course.drifts if drift.part == INTERCEPT) < 1e-9
