"""A predictor with a strong trend and a third of its answers blank: values that are filled in follow the trend."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.models.filling.grid import make_grid
from alliance.models.filling.trend import independent_columns, time_columns
from alliance.models.joint import prepare_task
from alliance.models.path.filled import complete, standardise_observed
from alliance.models.path.maximum import population_of
from tests.unit.models.filling.study import INTERCEPTS, VARIABLES, blank, make_spec, panel_of
from tests.unit.models.filling.test_likelihood import SETTINGS

PATIENTS, SESSIONS, SLOPE, OWN = 500, 6, 0.5, 0.3


def simulate(seed: int) -> pd.DataFrame:
    """Simulate x, which grows by 0.6 a session, and m from it, which falls by itself."""
    rng = np.random.default_rng(seed)
    mean, own = rng.standard_normal(PATIENTS), 0.7 * rng.standard_normal(PATIENTS)
    rows, m = [], own + rng.standard_normal(PATIENTS)
    for t in range(1, SESSIONS + 1):
        x = mean + 0.6 * t + rng.standard_normal(PATIENTS)
        if t > 1:
            m = own + SLOPE * x + OWN * m - 0.1 * t + rng.standard_normal(PATIENTS)
        rows.append(pd.DataFrame({"patient": np.arange(PATIENTS), "session": t, "x": x, "m": m, "y": 0.0, "arm": 0.0}))
    table = pd.concat(rows).sort_values(["patient", "session"], ignore_index=True)
    table["patient"] = [f"P{number:04d}" for number in table["patient"]]
    return table.assign(therapist="T01", days=7.0 * table["session"], weeks=table["session"] - 1.0)


@pytest.mark.parametrize("time", ["session", "course"])
def test_slope_of_a_predictor_with_a_trend_survives_its_blanks(time: str) -> None:
    equation = {"on": ["x", "m_lag", time, INTERCEPTS[0]], "vary": {"patient": ["intercept"]}}
    bases: dict[str, Any] = {"course": {"of": "session", "kind": "natural_spline", "df": 2}} if time == "course" else {}
    spec = make_spec({"m": equation}, bases=bases, effects={"from": "x", "to": "m"})
    panel = panel_of(blank(simulate(4), "x", 1 / 3, 5))
    grid = make_grid(panel, spec, VARIABLES, 1, None)
    assert grid is not None
    task = prepare_task(panel, "study", spec, SETTINGS, grid)
    found = complete(standardise_observed(task.design, grid), grid, 1, np.random.default_rng(3))
    slopes = population_of(found.sets[0].maximum, found.point[None]).slopes["m"][0]
    # The standard error is about .025; without a trend of x the slope came out as .42.
    assert slopes[0] == pytest.approx(SLOPE, abs=0.06)


def test_terms_of_time_are_those_of_the_equations() -> None:
    rows = pd.DataFrame({"session": [1, 2, 3, 1, 2, 3], "weeks": [0.0, 1.0, 2.0, 0.0, np.nan, 4.0]})
    plain = make_spec(
        {"m": {"on": ["x", "weeks"]}, "y": {"on": ["m", "x", "session"]}}, effects={"from": "x", "to": "y"}
    )
    np.testing.assert_array_equal(time_columns(rows, plain), [[0, 1], [1, 2], [2, 3], [0, 1], [1, 2], [4, 3]])
    assert time_columns(rows, make_spec({"m": {"on": ["x"]}}, effects={"from": "x", "to": "m"})).shape == (6, 0)


def test_columns_that_repeat_others_are_left_out() -> None:
    time = np.arange(6.0)
    columns = np.column_stack([time, 3 - 2 * time, time**2, np.ones(6), time + time**2])
    found = independent_columns(columns)
    assert found.shape == (6, 2)
    np.testing.assert_allclose(np.cov(found.T, bias=True), np.eye(2), atol=1e-12)
    assert np.linalg.matrix_rank(np.column_stack([np.ones(6), found, columns])) == 3
