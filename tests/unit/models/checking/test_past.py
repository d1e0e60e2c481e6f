"""Cautions about outcomes that are predicted by their own past."""

from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from alliance.likelihood.patterns import Series
from alliance.models.checking.past import count_restarts, mark_restarts, mark_skipped, mark_varying_past
from alliance.models.design.arrays import Design
from tests.unit.models.joint_study import make_spec
from tests.unit.models.populations import design_of

INTERCEPT = {"patient": ["intercept"]}


def panel_of(patients: int = 20, sessions: int = 12, step: int = 1) -> pd.DataFrame:
    """Return one row per patient and session, numbered in steps, with earlier and first values."""
    patient, session = np.repeat(np.arange(patients), sessions), np.tile(np.arange(sessions), patients)
    x, y = np.random.default_rng(3).standard_normal((2, len(patient)))
    codes = {"patient": [f"P{i:03d}" for i in patient], "therapist": "T", "session": 1 + step * session}
    panel = pd.DataFrame({**codes, "x": x, "y": y})
    by_patient = panel.groupby("patient")["y"]
    return panel.assign(y_lag=by_patient.shift(), y_baseline=by_patient.transform("first"))


def design_without(panel: pd.DataFrame, left_out: pd.Series, vary: dict[str, list[str]] = INTERCEPT) -> Design:
    """Return the design of the rows that have a past and are not left out."""
    equations = {"y": {"on": ["x", "y_lag", "y_baseline"], "vary": vary}}
    spec = make_spec(equations=equations, effects={"from": "x", "to": "y"})
    return design_of(spec, panel[panel["y_lag"].notna() & ~left_out].reset_index(drop=True))


@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.parametrize(
    ("places", "count", "passed"),
    [
        ([], 0, True),
        # The sixth session was skipped, so it and the next one go, and the one after follows a gap.
        ([5, 6], 15, False),
        ([1, 2], 15, False),  # series whose first sessions go do not start from the initial value either
        ([11], 0, True),  # nothing follows
    ],
)
def test_series_that_start_again_are_flagged(step: int, places: list[int], count: int, passed: bool) -> None:
    panel = panel_of(step=step)
    left_out = panel["session"].isin([1 + step * place for place in places]) & (panel["patient"] < "P015")
    design = design_without(panel, left_out)
    assert count_restarts(design.equations["y"], panel, step) == count
    (mark,) = mark_restarts(design, panel, step)
    assert mark.passed == passed
    assert mark.value == pytest.approx(count / len(design.equations["y"].rows))


def test_series_start_again_from_what_is_known_where_patients_have_no_levels_of_their_own() -> None:
    panel = panel_of()
    design = design_without(panel, panel["session"] == 6, {})
    assert mark_restarts(design, panel, 1) == []


def test_own_pasts_that_vary_are_flagged_and_other_slopes_are_not() -> None:
    panel = panel_of()
    none = pd.Series(False, index=panel.index)
    (mark,) = mark_varying_past(design_without(panel, none, {"patient": ["intercept", "x", "y_lag"]}))
    assert (mark.passed, mark.varying, mark.levels) == (False, "y_lag -> y", ("patient",))
    assert mark_varying_past(design_without(panel, none, {"patient": ["intercept", "x"]})) == []


@pytest.mark.parametrize(("skipped", "passed"), [(0.0, True), (0.1, True), (0.3, False)])
def test_skipped_sessions_are_flagged_where_residuals_last_and_a_predictor_may_follow(
    skipped: float, passed: bool
) -> None:
    panel = panel_of(patients=30)
    inside = panel["session"].between(2, 11)
    left_out = inside & pd.Series(np.random.default_rng(1).random(len(panel)) < skipped)
    spec = make_spec(equations={"y": {"on": ["x"], "vary": INTERCEPT}}, effects={"from": "x", "to": "y"})
    plain = design_of(spec, panel[~left_out].assign(filled=False).reset_index(drop=True))
    assert mark_skipped(plain, panel, 1) == []
    design = replace(plain, series={"y": cast("Series", None)})  # what lies between residuals does not matter here
    (mark,) = mark_skipped(design, panel, 1)
    assert (mark.passed, mark.subject, mark.outcomes) == (passed, "x -> y", ("y",))
