"""The family from panel to container, and what it says of data that allow less than was asked for."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.inference.restricted import Restricted
from alliance.models.container import FitResult, marks_of, quantities_of
from alliance.models.path.fit import fit
from alliance.models.path.maximum import maximise, table_at
from alliance.results.estimates import summarise_estimates
from tests.unit.models.joint_study import make_settings, make_spec, simulate
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by

PANEL = simulate(80, 6, seed=1)


def run(panel: pd.DataFrame, equations: dict[str, Any] = BY_PATIENT, **changes: Any) -> FitResult:
    spec = make_spec(family="multilevel_path", equations=equations, **({"depth": "ml"} | changes))
    return fit(panel, "study", spec, make_settings())


def estimates_of(result: FitResult) -> pd.DataFrame:
    return summarise_estimates(result.tree, marks_of(result.tree), 0.95)


def failed(result: FitResult, diagnostic: str) -> dict[str, Mark]:
    """Return the failed marks of a kind by their subjects."""
    return {m.subject: m for m in marks_of(result.tree) if m.declared.title == diagnostic and not m.passed}


def flagged(table: pd.DataFrame, diagnostic: str) -> set[tuple[str, str, str]]:
    """Return (path, effect, level) of the estimates that carry a flag."""
    carry = table[[diagnostic in flag.split("; ") for flag in table["flag"]]]
    return set(carry[["path", "effect", "level"]].itertuples(index=False, name=None))


def assert_finite(table: pd.DataFrame) -> None:
    assert np.isfinite(table[["estimate", "sd", "low", "high"]].to_numpy()).all()


@pytest.mark.parametrize("standard_errors", ["information", "robust"])
def test_estimates_are_those_of_the_restricted_maximum_or_of_the_plain_one(standard_errors: str) -> None:
    result = run(PANEL, standard_errors=standard_errors)
    table = estimates_of(result).set_index(["path", "effect", "level"])["estimate"]
    maximum = maximise(design_by(BY_PATIENT, PANEL))
    restricted = standard_errors == "information"
    assert result.tree.attrs["engine"] == ("restricted maximum likelihood" if restricted else "maximum likelihood")
    position = Restricted(maximum, maximum.target.quadratic).position if restricted else maximum.top.position
    names, values = table_at(maximum, position[None])
    expected = pd.Series(values[0], names)
    a, b = expected["m: x"], expected["y: m"]
    covariance = (
        expected["correlation patient y: m with m: x"] * expected["sd patient m: x"] * expected["sd patient y: m"]
    )
    # At one point the effects are functions of each other: rounding only.
    assert table["x -> m", "a", "within"] == pytest.approx(a, rel=1e-12)
    assert table["x -> m -> y", "indirect_product", "within"] == pytest.approx(a * b, rel=1e-12)
    assert table["x -> m -> y", "cov_ab", "within"] == pytest.approx(covariance, rel=1e-10)
    assert table["x -> m -> y", "indirect", "within"] == pytest.approx(a * b + covariance, rel=1e-10)
    assert table["residual -> y", "sd", "session"] == pytest.approx(expected["sd residual y"], rel=1e-12)


def test_one_study_gives_one_answer() -> None:
    one = run(PANEL)
    other = run(PANEL.sample(frac=1, random_state=1).assign(patient="X" + PANEL["patient"]))
    pd.testing.assert_frame_equal(quantities_of(one.tree["paths"]), quantities_of(other.tree["paths"]))
    # Sums in another order; the draws have the same random numbers.
    np.testing.assert_allclose(other.tree["paths"]["point"], one.tree["paths"]["point"], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(other.tree["paths"]["draws"], one.tree["paths"]["draws"], rtol=1e-8, atol=1e-8)


def test_study_without_difficulties_has_no_flags() -> None:
    result = run(simulate(120, 6, seed=1))
    found = {mark.declared.title for mark in marks_of(result.tree) if not mark.passed}
    # x has neither an equation nor its means in the model, but patients do not differ in it.
    assert found == set()
    looked_at = {mark.declared.title for mark in marks_of(result.tree)}
    assert {
        "convergence",
        "few patients",
        "boundary variance",
        "boundary correlation",
        "collinear predictors",
        "little variation within",
        "outlier",
    } <= looked_at


def test_zero_variance_is_flagged_where_it_is_used() -> None:
    named = ["x", "m", "y"]
    means = PANEL.groupby("patient")[named].transform("mean")
    result = run(PANEL.assign(**(PANEL[named] - 0.99 * means)))
    table = estimates_of(result)
    assert_finite(table)
    assert "m: intercept between patients" in failed(result, "boundary variance")
    found = flagged(table, "boundary variance")
    assert ("intercept -> m", "sd", "patient") in found
    # Means that do not differ are not compared at all, and why is said.
    assert ("m -> y", "b", "between_patient") not in set(
        table[["path", "effect", "level"]].itertuples(index=False, name=None)
    )
    assert "m -> y (between patients)" in {m.subject for m in marks_of(result.tree) if m.caution == "withheld"}
    # What is estimated within patients does not need differences between them.
    assert (
        not {("x -> m", "a", "within"), ("x -> m -> y", "indirect", "within"), ("x -> m", "coefficient", "within")}
        & found
    )


def test_slope_that_does_not_vary_is_flagged_on_its_covariance_and_indirect_effect() -> None:
    rng = np.random.default_rng(1)
    x, residual = rng.normal(size=(2, 80, 6))
    away = x - x.mean(axis=1, keepdims=True)
    # Residuals without any slope on x within a patient: slopes differ less than chance would have it.
    residual -= away * (residual * away).sum(axis=1, keepdims=True) / (away**2).sum(axis=1, keepdims=True)
    level = np.repeat(rng.normal(size=80), 6)
    panel = PANEL.assign(x=x.ravel(), m=level + 0.5 * x.ravel() + residual.ravel())
    panel["y"] = 0.4 * panel["m"] + np.repeat(rng.normal(size=80), 6) + rng.normal(size=len(panel))
    result = run(panel)
    table = estimates_of(result)
    assert_finite(table)
    singular = set(failed(result, "boundary variance")) | set(failed(result, "boundary correlation"))
    assert "m: x between patients" in singular
    found = flagged(table, "boundary variance") | flagged(table, "boundary correlation")
    assert {("x -> m -> y", "cov_ab", "within"), ("x -> m -> y", "indirect", "within")} <= found
    assert (
        not {("x -> m", "a", "within"), ("m -> y", "b", "within"), ("x -> m -> y", "indirect_product", "within")}
        & found
    )


def test_perfect_correlation_is_flagged_where_it_is_used() -> None:
    rng = np.random.default_rng(2)
    u = np.repeat(rng.normal(0, 0.6, 80), 6)
    levels, x = np.repeat(rng.normal(size=(80, 2)), 6, axis=0), PANEL["x"] - 3
    m = levels[:, 0] + (0.5 + u) * x + 0.5 * rng.normal(size=len(u))
    y = levels[:, 1] + (-0.4 - u) * m + 0.5 * rng.normal(size=len(u))
    result = run(PANEL.assign(m=m, y=y))
    table = estimates_of(result)
    assert_finite(table)
    marks = failed(result, "boundary correlation")
    assert "with y: m" in marks["m: x between patients"].detail.replace("most of all ", "")
    assert marks["m: x between patients"].value > 0.99
    found = flagged(table, "boundary correlation")
    assert {("x -> m -> y", "cov_ab", "within"), ("x -> m, m -> y", "correlation", "patient")} <= found
    assert not {("x -> m", "a", "within"), ("m -> y", "b", "within")} & found


def test_one_session_for_most_patients_is_flagged() -> None:
    result = run(PANEL[(PANEL["session"] == 1) | (PANEL["patient"] < "P0021")])
    assert_finite(estimates_of(result))
    assert set(failed(result, "single sessions")) == {"m", "y"}
    assert failed(result, "single sessions")["m"].value == pytest.approx(60 / 80)
    assert ("m -> y", "b", "between_patient") in flagged(estimates_of(result), "single sessions")


def test_four_therapists_are_flagged() -> None:
    number = PANEL["patient"].str[1:].astype(int) % 4
    result = run(PANEL.assign(therapist="T" + number.astype(str)), BY_THERAPIST)
    table = estimates_of(result)
    assert_finite(table)
    assert failed(result, "few therapists")["y"].value == 4
    assert ("intercept -> m", "sd", "therapist") in flagged(table, "few therapists")
    # Four therapists do not tell how much their averages differ, so nothing is divided by that.
    assert "m -> y (between therapists)" in {m.subject for m in marks_of(result.tree) if m.caution == "withheld"}
    assert not failed(result, "few patients")


def test_ten_patients_are_flagged() -> None:
    result = run(simulate(10, 6, seed=1))
    table = estimates_of(result)
    assert_finite(table)
    assert failed(result, "few patients")["m"].value == 10
    assert ("x -> m -> y", "indirect", "within") in flagged(table, "few patients")


def test_predictor_that_never_changes_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"models\.specs\.study: 'x' has the same value in all 480 rows .*Remove it from the equation"
    ):
        run(PANEL.assign(x=2.0))


def test_slope_of_a_predictor_that_never_changes_within_patients_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"equations\.m\.vary\.patient: 'x' never changes within a patient.*Remove it from"
    ):
        run(PANEL.assign(x=PANEL["x_between"]))


def test_slope_of_a_predictor_that_hardly_changes_within_patients_is_flagged() -> None:
    still = PANEL["x_between"] + 0.01 * (PANEL["x"] - PANEL["x_between"])
    result = run(PANEL.assign(x=still))
    table = estimates_of(result)
    assert_finite(table)
    mark = failed(result, "little variation within")["m: x between patients"]
    assert mark.value < 0.01
    found = flagged(table, "little variation within")
    assert {("x -> m", "sd", "patient"), ("x -> m -> y", "cov_ab", "within")} <= found
    assert ("m -> y", "b", "within") not in found


COLLINEAR = {"m": {"on": ["x", "arm"]}, "y": {"on": ["m", "x"]}}


def test_predictors_that_determine_each_other_are_refused() -> None:
    with pytest.raises(
        ModelError, match=r"equations\.m\.on: '\w+' is determined by the other predictors.*Remove one of them"
    ):
        run(PANEL.assign(arm=2 * PANEL["x"] - 5), COLLINEAR)


def test_predictors_that_nearly_determine_each_other_are_flagged() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, len(PANEL))
    result = run(PANEL.assign(arm=PANEL["x"] + noise), COLLINEAR)
    table = estimates_of(result)
    assert_finite(table)
    (mark,) = failed(result, "collinear predictors").values()
    # Correlation r of two predictors inflates by 1 / (1 - r^2), here 1 + var(x) / .01, whichever of the two it is.
    expected = 1 + PANEL["x"].var() / noise.var(ddof=1)
    assert mark.value == pytest.approx(expected, rel=0.1)  # x and the noise are not exactly uncorrelated
    assert "x" in mark.subject
    assert "arm" in mark.detail
    found = flagged(table, "collinear predictors")
    assert {("x -> m", "a", "within"), ("x -> m -> y", "indirect", "within")} <= found
    assert not {("m -> y", "b", "within"), ("intercept -> m", "sd", "patient")} & found


def test_equations_without_varying_effects_are_fitted() -> None:
    fixed = {outcome: {**told, "vary": {"patient": []}} for outcome, told in BY_PATIENT.items()}
    table = estimates_of(run(PANEL, fixed)).set_index(["path", "effect", "level"])["estimate"]
    x = np.column_stack([np.ones(len(PANEL)), PANEL["m"], PANEL["x"]])
    expected = np.linalg.lstsq(x, PANEL["y"].to_numpy(), rcond=None)[0]
    # Without random effects maximum likelihood is least squares; the search stops within 5e-4 standard errors of about .05.
    assert table["m -> y", "b", "overall"] == pytest.approx(expected[1], abs=1e-4)


@pytest.mark.parametrize("variable", ["x", "m", "y"])
def test_outlier_of_fifty_standard_deviations_is_flagged_and_counted(variable: str) -> None:
    panel = PANEL.copy()
    size = 50 * panel[variable].std()
    panel.loc[100, variable] += size
    result = run(panel)
    table = estimates_of(result)
    assert_finite(table)
    marks = failed(result, "outlier")
    expected = {"x": {"x -> m", "x -> y"}, "m": {"m"}, "y": {"y"}}[variable]
    assert set(marks) == expected
    mark = marks[min(expected)]
    assert mark.value > 10
    assert "1 session is beyond" in mark.detail
    assert "data/panel.parquet" in mark.declared.meaning
    assert panel["patient"][100] not in mark.declared.meaning + mark.detail
    found = flagged(table, "outlier")
    assert ("m -> y", "b", "within") in found
    assert (("x -> m", "a", "within") in found) == (variable != "y")


def test_size_of_an_outlier_is_told_in_raw_units() -> None:
    panel = PANEL.copy()
    panel["y"] *= 1000
    panel.loc[100, "y"] += 50_000
    mark = failed(run(panel), "outlier")["y"]
    told = float(mark.detail.split("it is ")[1].split(" in units of y")[0])
    # A part of it is taken for a difference of the patient.
    assert 30_000 < told < 55_000


def test_search_that_did_not_converge_flags_every_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alliance.inference.search._ROUNDS", 1)
    monkeypatch.setattr("alliance.inference.search._MOST_STEPS", 0)
    result = run(PANEL)
    table = estimates_of(result)
    assert len(flagged(table, "convergence")) == len(table)


def test_approximation_gives_draws_of_every_quantity() -> None:
    result = run(PANEL, depth="laplace")
    table = estimates_of(result)
    assert_finite(table)
    assert result.tree.attrs["interval_kind"] == "credible"
    assert set(table["effect"]) >= {"a", "b", "indirect", "cov_ab"}
    exact = estimates_of(run(PANEL)).set_index(["path", "effect", "level"])
    found = table.set_index(["path", "effect", "level"])
    # Beside the posterior stands what depth ml reports.
    np.testing.assert_allclose(found["without_priors"], exact["estimate"][found.index], rtol=1e-9)
    assert exact["without_priors"].isna().all()
    for key in (("x -> m", "a", "within"), ("m -> y", "b", "within")):
        # 480 rows outweigh the priors: the two differ by a part of a standard error.
        assert abs(found.loc[key, "estimate"] - exact.loc[key, "estimate"]) < 0.5 * exact.loc[key, "sd"]


@pytest.mark.slow
def test_posterior_has_chains_and_a_boundary_inside() -> None:
    means = PANEL.groupby("patient")[["m", "y"]].transform("mean")
    result = run(PANEL.assign(m=PANEL["m"] - means["m"], y=PANEL["y"] - means["y"]), depth="nuts")
    assert result.tree["paths"]["draws"].sizes["chain"] == 2
    table = estimates_of(result)
    assert_finite(table)
    # The family's own mark looks at the posterior median, which is never exactly zero; what is withheld looks at its lower end.
    assert "m -> y (between patients)" in {m.subject for m in marks_of(result.tree) if m.caution == "withheld"}
