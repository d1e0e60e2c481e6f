"""Parallel and serial mediators, several pairs of cause and outcome, and the share of the total effect."""

import numpy as np
import pytest

from alliance.config import ModelSpec, Variable
from alliance.models.quantities.pairs import Quantities
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate
from tests.unit.models.populations import design_of, population_of, quantities_of, values_of

MORE = VARIABLES | {"n": Variable(label="second mediator", column="n", measured="during")}
PANEL = simulate(12, 4, seed=6).assign(n=lambda table: np.random.default_rng(1).normal(size=len(table)))
PARALLEL = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept", "x"]}},
    "n": {"on": ["x"]},
    "y": {"on": ["m", "n", "x"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept", "m"]}},
}
SERIAL = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}},
    "n": {"on": ["m"], "vary": {"patient": ["intercept", "m"]}},
    "y": {"on": ["n"], "vary": {"patient": ["intercept", "n"]}},
}
SLOPES = {"m": {"x": 0.6}, "n": {"x": 0.5, "m": 0.4}, "y": {"m": -0.5, "n": 0.2, "x": 0.1}}
COVARIANCES = {
    "patient": {("m: x", "y: m"): -0.04},
    "therapist": {("m: x", "y: m"): 0.01},
}


def compute(spec: ModelSpec, slopes=SLOPES, covariances=COVARIANCES, size: int = 1) -> Quantities:
    design = design_of(spec, PANEL, MORE)
    return quantities_of(spec, design, population_of(design, slopes, covariances, size), MORE)


def test_parallel_mediators_are_added_and_compared() -> None:
    found = values_of(compute(make_spec(equations=PARALLEL)))
    through_m, through_n = 0.6 * -0.5 - 0.04 + 0.01, 0.5 * 0.2
    assert found["x -> m -> y", "indirect", "within"] == pytest.approx([through_m])
    assert found["x -> n -> y", "indirect", "within"] == pytest.approx([through_n])
    assert found["x -> y", "indirect_total", "within"] == pytest.approx([through_m + through_n])
    contrast = found["x -> m -> y minus x -> n -> y", "contrast", "within"]
    assert contrast == pytest.approx([through_m - through_n])
    assert found["x -> y", "total", "within"] == pytest.approx([through_m + through_n + 0.1])


def test_covariances_of_slopes_add_over_patients_and_therapists() -> None:
    found = values_of(compute(make_spec(equations=PARALLEL)))
    assert found["x -> m -> y", "cov_ab", "within"] == pytest.approx([-0.03])
    assert found["x -> m -> y", "indirect_product", "within"] == pytest.approx([-0.3])


def test_three_varying_slopes_in_a_row_have_three_covariances() -> None:
    covariances = {"patient": {("m: x", "n: m"): 0.05, ("m: x", "y: n"): -0.02, ("n: m", "y: n"): 0.03}}
    found = values_of(compute(make_spec(equations=SERIAL), covariances=covariances))
    a, b, c = 0.6, 0.4, 0.2
    expected = a * b * c + a * 0.03 + b * -0.02 + c * 0.05
    assert found["x -> m -> n -> y", "indirect", "within"] == pytest.approx([expected])
    assert found["x -> m -> n -> y", "indirect_product", "within"] == pytest.approx([a * b * c])
    assert not [key for key in found if key[1] in ("indirect_total", "contrast")]


def test_further_effects_add_their_paths_and_repeat_nothing() -> None:
    further = [{"from": "x", "to": "n"}, {"from": "arm", "to": "y"}, {"from": "m", "to": "y"}]
    equations = {
        "m": {"on": ["x", "arm"]},
        "n": {"on": ["x"]},
        "y": {"on": ["m", "n", "x"]},
    }
    of_intercepts = {("m: intercept", "m: intercept"): 1.0, ("n: intercept", "n: intercept"): 1.0}
    together = {("m: intercept", "n: intercept"): 0.5, ("n: intercept", "y: intercept"): 0.4}
    slopes = SLOPES | {"m": {"x": 0.6, "arm": 0.3}}
    found = compute(
        make_spec(equations=equations, further_effects=further), slopes, {"patient": of_intercepts | together}
    )
    table = found.table()
    assert not table.duplicated(["path", "effect", "level", "horizon"]).any()
    values = values_of(found)
    assert values["arm -> m -> y", "indirect", "within"] == pytest.approx([0.3 * -0.5])
    arrows = table[(table["effect"] != "coefficient") & table["path"].isin(["x -> n", "m -> y", "n -> y"])]
    assert sorted(zip(arrows["path"], arrows["effect"], arrows["level"], strict=True)) == [
        ("m -> y", "b", "between_patient"),
        ("m -> y", "b", "within"),
        ("m -> y", "effect", "between_patient"),
        ("n -> y", "b", "between_patient"),
        ("n -> y", "b", "within"),
        ("x -> n", "a", "within"),
    ]
    # Means of m by themselves, and beside those of n: two regressions, two slopes.
    b, effect = (values["m -> y", effect, "between_patient"] for effect in ("b", "effect"))
    assert effect != pytest.approx(b)


@pytest.mark.parametrize(
    ("direct", "sd", "reason"),
    [(0.4, 0.01, None), (0.4, 2.0, "too close to zero"), (-1.0, 0.01, "same sign")],
    ids=["clear total", "unclear total", "opposite signs"],
)
def test_share_of_the_total_is_reported_only_where_it_means_something(direct: float, sd: float, reason: str) -> None:
    equations = {"m": {"on": ["x"]}, "y": {"on": ["m", "x"]}}
    rng = np.random.default_rng(1)
    slopes = {"m": {"x": 0.5}, "y": {"m": 0.8, "x": rng.normal(direct, sd, 4000)}}
    found = compute(make_spec(equations=equations), slopes, {}, size=4000)
    share = values_of(found).get(("x -> m -> y", "proportion", "within"))
    marks = [mark for mark in found.marks if mark.declared.title == "share of the total"]
    if reason is None:
        # 0.4 of 0.8; the ratio's draws have a standard deviation of about 0.006.
        assert share is not None and share.mean() == pytest.approx(0.5, abs=0.001)
        assert not marks
    else:
        assert share is None
        assert reason in marks[0].detail and marks[0].passed


def test_effects_that_arrive_at_different_sessions_are_not_compared() -> None:
    panel = PANEL.assign(n_lag=PANEL.groupby("patient")["n"].shift(1))
    spec = make_spec(equations=PARALLEL | {"y": {"on": ["m", "n_lag", "x"]}})
    design = design_of(spec, panel, MORE)
    found = quantities_of(spec, design, population_of(design, {}, {}), MORE)
    assert not set(found.table()["effect"]) & {"indirect_total", "contrast", "total", "proportion"}
