"""Trends of patients beside a model: found where there are some, not asked for where there are none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alliance.models.container import marks_of, rows_of
from alliance.models.design.trends import add_trends
from alliance.models.path import trends
from alliance.models.path.maximum import PathMaximum, maximise
from alliance.models.path.trends import chance_of_gain, maximise_trends
from tests.unit.models.path.trending import MEASURED, PAST, declare, run, simulate
from tests.unit.models.populations import design_of


def test_own_past_is_found_with_trends_and_flagged_without() -> None:
    result = run(simulate(0.25, seed=1))
    rows = rows_of(result.tree["trends"]).set_index("path")
    own = rows.loc["y_lag -> y"]
    assert abs(own["with_trends"] - PAST) < 2 * own["sd_with_trends"]
    assert own["without"] > PAST + 3 * own["sd"]
    (mark,) = (mark for mark in marks_of(result.tree) if mark.caution == "person_trends")
    assert not mark.passed and mark.value < 1e-6
    paths, levels = (result.tree["paths"][name].to_numpy() for name in ("path", "level"))
    assert "y_lag -> y" in paths[list(mark.positions)]
    # Levels at which series settle mean nothing where series drift.
    between = np.flatnonzero(levels == "between_patient")
    assert len(between) > 0 and set(between) <= set(mark.positions)


def test_nobody_is_given_a_trend_that_the_data_do_not_ask_for() -> None:
    result = run(simulate(0.0, seed=2))
    (mark,) = (mark for mark in marks_of(result.tree) if mark.caution == "person_trends")
    assert mark.passed and mark.value > 0.01
    assert "trends" not in run(simulate(0.0, seed=2), trends=False).tree.children


def test_search_with_trends_that_does_not_arrive_gives_no_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*given: Any) -> PathMaximum:
        found = maximise_trends(*given)
        return replace(found, top=replace(found.top, promise=1.0))

    monkeypatch.setattr(trends, "maximise_trends", lost)
    result = run(simulate(0.25, seed=1))
    assert "trends" not in result.tree.children
    (mark,) = (mark for mark in marks_of(result.tree) if mark.caution == "person_trends")
    assert not mark.passed and np.isnan(mark.value) and "did not arrive" in mark.detail


# Tabulated critical values of 5 %, e.g. Fitzmaurice, Laird & Ware 2004, table C.1.
@pytest.mark.parametrize(("q", "critical"), [(0, 2.71), (1, 5.14), (2, 7.05), (3, 8.76)])
def test_gain_of_one_trend_follows_the_mixture_of_a_variance_and_its_covariances(q: int, critical: float) -> None:
    assert chance_of_gain(critical, 0, q, 1) == pytest.approx(0.05, abs=2e-4)


def test_gain_is_seldom_found_where_nobody_has_a_trend() -> None:
    chances = []
    for seed in range(100, 120):
        maximum = maximise(design_of(declare(), simulate(0.0, seed), MEASURED))
        trends = add_trends(maximum.target.design)
        assert trends is not None and trends.added == 2
        gain = 2 * (maximise_trends(trends, maximum).top.value - maximum.top.value)
        chances.append(chance_of_gain(gain, trends.added, 2, 2))
    # Of 20 studies more than 3 below .05, or more than 1 below .01, come up in one of 60 samples; 3 and 1 of 100 are.
    assert np.sum(np.array(chances) < 0.05) <= 3 and np.sum(np.array(chances) < 0.01) <= 1


@pytest.mark.parametrize("kind", ["natural_spline", "polynomial", "each"])
def test_smooth_of_time_keeps_its_shape_beside_trends(kind: str) -> None:
    basis = {"of": "session", "kind": kind} | ({} if kind == "each" else {"df": 3})
    equations = {"y": {"on": ["m_lag", "y_lag", "course", "m_baseline", "y_baseline"]}, "m": {"on": ["y"]}}
    design = design_of(declare(equations=equations, bases={"course": basis}), simulate(0.2, 3), MEASURED)
    trends = add_trends(design)
    assert trends is not None and trends.terms == {"y": "session"} and trends.added == 0
    before, after = design.equations["y"], trends.design.equations["y"]
    columns = [np.column_stack([np.ones(len(e.y)), e.x]) for e in (before, after)]
    assert np.linalg.matrix_rank(np.column_stack(columns)) == np.linalg.matrix_rank(columns[0]) == columns[1].shape[1]


def test_equation_without_past_or_with_trends_of_its_own_stays_as_it_is() -> None:
    equations = {
        "y": {"on": ["y_lag", "session", "y_baseline"], "vary": {"patient": ["intercept", "session"]}},
        "m": {"on": ["y"]},
    }
    spec = declare(equations=equations, effects={"from": "y", "to": "m"})
    assert add_trends(design_of(spec, simulate(0.2, 4), MEASURED)) is None


@pytest.mark.parametrize(("patients", "passed"), [(40, False), (200, True)])
def test_own_past_of_few_short_series_is_flagged_alone(patients: int, passed: bool) -> None:
    result = run(simulate(0.0, 5, patients), trends=False)
    marks = [mark for mark in marks_of(result.tree) if mark.caution == "short_series"]
    # Seven rows of each patient; the intercept and two initial values are constant within patients.
    assert [(mark.subject, mark.value, mark.passed) for mark in marks] == [
        (outcome, pytest.approx(7 * patients / 3), passed) for outcome in ("y", "m")
    ]
    paths = result.tree["paths"]["path"].to_numpy()
    assert [list(paths[list(mark.positions)]) for mark in marks] == [["y_lag -> y"], ["m_lag -> m"]]
