"""Correlations pair by pair equal the matrices of mean products, their intervals what leaving units out gives, and they hold the truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.models.descriptive.correlations import Moments, correlation
from alliance.models.descriptive.pairs import correlate_pairs

WITHIN, BETWEEN = 0.3, -0.5


def study(rng: np.random.Generator, patients: int = 40, therapists: int = 10, sessions: int = 8) -> pd.DataFrame:
    """Two measures with known correlations within patients and of their levels; therapists differ in neither."""
    level = rng.multivariate_normal([0, 0], [[1, BETWEEN], [BETWEEN, 1]], patients)
    passing = rng.multivariate_normal([0, 0], [[1, WITHIN], [WITHIN, 1]], (patients, sessions))
    values = (level[:, None] + passing).reshape(-1, 2)
    who = np.repeat(np.arange(patients), sessions)
    return pd.DataFrame({"patient": who, "therapist": who % therapists, "x": values[:, 0], "y": 3 * values[:, 1] + 7})


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    found = study(np.random.default_rng(5))
    found.loc[::7, "x"] = np.nan
    found["z"] = found["x"] - found["y"] / 3
    return found


def _dense(rows: pd.DataFrame, one: str, other: str) -> list[float]:
    rows = rows.dropna(subset=[one, other])
    patients = np.unique(rows["patient"], return_inverse=True)[1]
    matrices = Moments(rows[[one, other]].to_numpy(), patients).of(np.ones(patients.max() + 1))
    return [correlation(matrix, 0, 1) for matrix in matrices]


def test_each_pair_equals_its_matrices_in_the_sessions_of_both(panel: pd.DataFrame) -> None:
    found = correlate_pairs(panel, ["x", "y", "z"], 0.95)
    assert [(one.one, one.other, one.level) for one in found[:2]] == [("x", "y", "session"), ("x", "y", "patient")]
    assert len(found) == 6
    for place in range(0, 6, 2):
        pair = found[place : place + 2]
        assert [one.estimate for one in pair] == pytest.approx(_dense(panel, pair[0].one, pair[0].other), abs=1e-12)
    assert (found[0].n_patients, found[0].n_sessions) == (40, int(panel["x"].notna().sum()))


def test_interval_is_that_of_leaving_out_one_therapist_at_a_time(panel: pd.DataFrame) -> None:
    within = correlate_pairs(panel, ["x", "y"], 0.9)[0]
    without = np.arctanh([_dense(panel[panel["therapist"] != one], "x", "y")[0] for one in range(10)])
    error = np.sqrt(0.9 * ((without - without.mean()) ** 2).sum())
    ends = np.tanh(np.arctanh(within.estimate) + stats.t.ppf([0.05, 0.95], 9) * error)
    assert [within.low, within.high] == pytest.approx(ends, abs=1e-10)


def test_patients_are_left_out_where_no_therapist_is_known(panel: pd.DataFrame) -> None:
    alone = correlate_pairs(panel.assign(therapist=np.nan), ["x", "y"], 0.95)
    without = np.arctanh([_dense(panel[panel["patient"] != one], "x", "y")[0] for one in range(40)])
    error = np.sqrt(39 / 40 * ((without - without.mean()) ** 2).sum())
    assert alone[0].high == pytest.approx(np.tanh(np.arctanh(alone[0].estimate) + stats.t.ppf(0.975, 39) * error))


def test_units_and_order_change_nothing(panel: pd.DataFrame) -> None:
    changed = panel.sample(frac=1, random_state=1).assign(x=lambda rows: 1e6 - 40 * rows["x"])
    for before, after in zip(
        correlate_pairs(panel, ["x", "y"], 0.95), correlate_pairs(changed, ["x", "y"], 0.95), strict=True
    ):
        assert [after.estimate, after.low, after.high] == pytest.approx([-before.estimate, -before.high, -before.low])


def test_what_cannot_be_told_is_missing(panel: pd.DataFrame) -> None:
    once = panel.drop_duplicates("patient")
    assert all(np.isnan([one.estimate, one.low]).all() for one in correlate_pairs(once, ["x", "y"], 0.95))
    alike = panel.assign(y=panel["y"] - panel.groupby("patient")["y"].transform("mean"))
    within, between = correlate_pairs(alike, ["y", "x"], 0.95)
    assert np.isfinite(within.high) and np.isnan(between.estimate)
    nobody = correlate_pairs(panel.assign(x=np.nan), ["x", "y"], 0.95)
    assert {(one.n_patients, one.n_sessions) for one in nobody} == {(0, 0)}


def test_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(20)
    found = [correlate_pairs(study(rng), ["x", "y"], 0.95) for _ in range(200)]
    for place, truth in enumerate((WITHIN, BETWEEN)):
        ends = np.array([(one[place].estimate, one[place].low, one[place].high) for one in found])
        held = (ends[:, 1] <= truth) & (truth <= ends[:, 2])
        assert held.mean() == pytest.approx(0.95, abs=0.045)  # three standard errors of 200 studies
        assert ends[:, 0].mean() == pytest.approx(truth, abs=4 * ends[:, 0].std() / np.sqrt(200))
