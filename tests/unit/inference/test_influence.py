"""Influence of single patients and therapists: an outlier is found, and the approximation picks what full refits rank first."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from alliance.inference import influence
from alliance.inference.influence import find_influence
from alliance.inference.maximum import find_maximum
from alliance.models.path.maximum import PathMaximum, maximise, population_of, table_of
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists, small_maximum

QUANTITIES = pd.DataFrame(
    {"path": ["x -> m -> y", "x -> m"], "effect": ["indirect", "a"], "level": "within"}, index=pd.Index([4, 1])
)


def effects_of(maximum: PathMaximum) -> Callable[[np.ndarray], np.ndarray]:
    def effects(positions: np.ndarray) -> np.ndarray:
        slopes = population_of(maximum, positions).slopes
        a = slopes["m"][:, 0]
        return np.column_stack([a * slopes["y"][:, 0], a])

    return effects


def sd_of(maximum: PathMaximum) -> np.ndarray:
    draws = np.random.default_rng(1).multivariate_normal(maximum.top.position, maximum.covariance, 2000)
    return np.asarray(effects_of(maximum)(draws).std(axis=0))


def influences(maximum: PathMaximum) -> pd.DataFrame:
    return pd.DataFrame(find_influence(maximum, effects_of(maximum), QUANTITIES, sd_of(maximum))[0])


def test_most_influential_units_are_those_of_full_refits() -> None:
    maximum = small_maximum("therapist")
    effects, sd = effects_of(maximum), sd_of(maximum)
    rows = influences(maximum)
    for level in ("patient", "therapist"):
        clusters = maximum.target.clusters(level)
        fits = [find_maximum(maximum.target.weigh(clusters, w)) for w in 1 - np.eye(clusters.count)]
        without = effects(np.array([fit.top.position for fit in fits]))[:, 0]
        estimate = effects(maximum.top.position[None])[0, 0]
        order = np.argsort(-np.abs(without - estimate))[:20]
        shown = rows[(rows["unit"] == level) & (rows["effect"] == "indirect")]
        assert shown["rank"].tolist() == list(range(1, len(order) + 1))
        # A refit stops where the gradient per standard error is below 1e-4.
        assert shown["without"].to_numpy() == pytest.approx(without[order], abs=1e-3 * sd[0])
        assert shown["change"].to_numpy() == pytest.approx((without[order] - estimate) / sd[0], abs=1e-3)


def test_rows_hold_no_codes() -> None:
    rows = influences(small_maximum("patient"))
    assert rows.columns.tolist() == ["path", "effect", "level", "unit", "rank", "estimate", "without", "change"]
    assert rows.groupby(["effect", "unit"]).size().to_dict() == {
        ("a", "patient"): 20,
        ("a", "therapist"): 12,
        ("indirect", "patient"): 20,
        ("indirect", "therapist"): 12,
    }


@pytest.mark.parametrize("varying", ["patient", "therapist"])
def test_one_newton_step_picks_the_same_units_in_large_studies(varying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    maximum = small_maximum(varying)
    every = influences(maximum)
    monkeypatch.setattr(influence, "_ALL", 5)
    monkeypatch.setattr(influence, "_CANDIDATES", 10)
    monkeypatch.setattr(influence, "_AT_ONCE", 7)  # a part of the units
    picked = influences(maximum)
    for keys, rows in every[every["rank"] <= 3].groupby(["effect", "unit"]):
        found = picked.set_index(["effect", "unit"]).loc[keys]
        assert found["without"].to_numpy()[:3] == pytest.approx(rows["without"].to_numpy(), abs=1e-12)


def test_fits_that_begin_where_the_step_ends_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    maximum = small_maximum("patient")
    every = influences(maximum).set_index(["effect", "unit", "rank"])
    for limit in ("_ALL", "_MANY"):
        monkeypatch.setattr(influence, limit, 5)
    picked = influences(maximum).set_index(["effect", "unit", "rank"])
    assert len(picked) == len(every)
    assert picked["change"].to_numpy() == pytest.approx(every["change"].to_numpy(), abs=2e-3)  # standard errors


def test_patient_who_makes_the_effect_is_found_and_marked() -> None:
    panel = panel_with_therapists()
    odd = panel["patient"] == "P0007"
    panel.loc[odd, "x"] = 3 + 12 * (np.arange(odd.sum()) % 2 - 0.5)
    panel.loc[odd, "m"] = 10 - 12 * (panel.loc[odd, "x"] - 3)
    maximum = maximise(design_by(BY_PATIENT | {"m": {"on": ["x"], "vary": {"patient": ["intercept"]}}}, panel))
    rows, marks = find_influence(maximum, effects_of(maximum), QUANTITIES, sd_of(maximum))
    first = next(row for row in rows if row["effect"] == "a" and row["unit"] == "patient")
    without = maximise(design_by(BY_PATIENT | {"m": {"on": ["x"], "vary": {"patient": ["intercept"]}}}, panel[~odd]))
    # Leaving the patient out of the data is the same model in other standard units.
    assert first["without"] == pytest.approx(table_of(without).set_index("parameter").loc["m: x", "estimate"], rel=1e-4)
    assert first["estimate"] < 0 < first["without"]
    mark = next(mark for mark in marks if mark.subject == "x -> m (a, within): patients")
    assert not mark.passed
    assert mark.value == pytest.approx(abs(first["change"]))
    assert mark.value > 1
    assert "changes its sign" in mark.detail
    assert mark.positions == (1,)


def test_units_of_an_ordinary_study_pass() -> None:
    maximum = small_maximum("patient")
    marks = find_influence(maximum, effects_of(maximum), QUANTITIES, sd_of(maximum))[1]
    assert [mark.positions for mark in marks] == [(4,), (1,), (4,), (1,)]
    assert all(mark.passed and mark.value < 1 for mark in marks if "patients" in mark.subject)


def test_therapists_are_left_out_only_where_each_patient_has_one() -> None:
    panel = panel_with_therapists()
    panel.loc[panel.index[0], "therapist"] = "T099"
    assert set(influences(maximise(design_by(BY_PATIENT, panel)))["unit"]) == {"patient"}


def test_unit_without_whom_there_is_no_estimate_is_marked() -> None:
    panel = panel_with_therapists()
    panel["arm"] = (panel["patient"] == "P0007").astype(float)
    equations = BY_THERAPIST | {"m": {"on": ["x", "arm"], "vary": {"patient": ["intercept"]}}}
    maximum = maximise(design_by(equations, panel))
    marks = find_influence(maximum, effects_of(maximum), QUANTITIES, sd_of(maximum))[1]
    assert all("without 1 of them, one at a time, the model has no clear estimate" in mark.detail for mark in marks)
    assert not any(mark.passed for mark in marks)
