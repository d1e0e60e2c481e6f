"""Residuals that depend on the one before in a fit: what a model finds, draws, generates, reports and refuses."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import optimize, stats

from alliance.config import ModelSpec
from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.inference.mode import find_mode
from alliance.models.checking.priors import describe_priors
from alliance.models.container import FitResult, marks_of, rows_of
from alliance.models.design.arrays import Design
from alliance.models.design.names import AUTOCORRELATION
from alliance.models.design.series import add_series
from alliance.models.path.beside import Beside
from alliance.models.path.fit import fit
from alliance.models.path.lasting import chance_of_lasting, maximise_independent
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, table_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.precision import measure_precision
from alliance.models.path.target import make_target
from alliance.results.estimates import summarise_estimates
from tests.unit.models.joint_study import make_settings, make_spec
from tests.unit.models.populations import design_of

PHI, ARM = 0.5, 0.8
VARY = {"patient": ["intercept"]}


def simulate(patients: int, sessions: int, seed: int, *, phi: float = PHI, kept: float = 0.85) -> pd.DataFrame:
    """Simulate y of two arms, with residuals that last; sessions are skipped now and then, and lie five to nine days apart."""
    rng = np.random.default_rng(seed)
    arm, level = np.arange(patients) % 2, rng.normal(size=patients)
    days = np.cumsum(rng.integers(5, 10, size=(patients, sessions)), axis=1)
    e = rng.normal(size=patients)
    rows = []
    for session in range(1, sessions + 1):
        e = e if session == 1 else phi * e + np.sqrt(1 - phi**2) * rng.normal(size=patients)
        names = [f"P{number:03d}" for number in range(patients)]
        y = 10 + ARM * arm + level + 1.5 * e
        rows.append(
            pd.DataFrame({"patient": names, "session": session, "days": days[:, session - 1], "arm": arm, "y": y})
        )
    panel = pd.concat(rows, ignore_index=True).assign(therapist="T")
    return panel[rng.random(len(panel)) < kept].sort_values(["patient", "session"], ignore_index=True)


def declare(**changes: Any) -> ModelSpec:
    declared = {
        "family": "multilevel_path",
        "depth": "ml",
        "equations": {"y": {"on": ["arm", "session"], "vary": VARY}},
        "effects": {"from": "arm", "to": "y"},
        "autocorrelation": {"y": "sessions"},
    }
    return make_spec(**declared | changes)


@cache
def design(kind: str = "sessions") -> Design:
    plain = design_of(declare(autocorrelation={}), simulate(60, 8, 1))
    return add_series("study", {"y": kind}, plain)


@cache
def large_maximum() -> PathMaximum:
    plain = design_of(declare(autocorrelation={}), simulate(400, 10, 2))
    return maximise(add_series("study", {"y": "sessions"}, plain))


def run(panel: pd.DataFrame, **changes: Any) -> FitResult:
    return fit(panel, "study", declare(**changes), make_settings(draws=150) | {"planned_sessions": 8})


def estimates_of(result: FitResult) -> pd.DataFrame:
    return summarise_estimates(result.tree, marks_of(result.tree), 0.95)


def predictive_mark(result: FitResult) -> Mark:
    (mark,) = (mark for mark in marks_of(result.tree) if mark.caution == "predictive_check")
    return mark


def test_autocorrelation_is_found() -> None:
    table = table_of(large_maximum()).set_index("parameter")
    true = {"autocorrelation residual y": PHI, "sd residual y": 1.5, "y: arm": ARM, "sd patient y: intercept": 1.0}
    far = (table.loc[list(true), "estimate"] - list(true.values())) / table.loc[list(true), "se"]
    # Four estimates: one beyond 3 standard errors would happen once in 90 studies.
    assert far.abs().max() < 3
    assert table.loc["autocorrelation residual y", "se"] < 0.04


def test_whitened_rows_are_rows_of_independent_residuals() -> None:
    """With phi known, (y_t - r y_t-1) / sqrt(1 - r^2) and the same of all predictors are rows of a model without autocorrelation."""
    maximum = large_maximum()
    (equation,) = maximum.target.design.equations.values()
    phi = float(maximum.target.natural(maximum.top.position[None]).autocorrelations[0, 0])
    columns = np.column_stack([np.ones(len(equation.y)), equation.x, equation.y])
    white, logs = columns.copy(), 0.0
    patients, sessions = (equation.rows[name].to_numpy() for name in ("patient", "session"))
    for row in range(1, len(columns)):
        if patients[row] == patients[row - 1]:
            r = phi ** float(sessions[row] - sessions[row - 1])
            white[row] = (columns[row] - r * columns[row - 1]) / np.sqrt(1 - r * r)
            logs -= np.log(1 - r * r) / 2
    units = [white[patients == patient] for patient in np.unique(patients)]
    natural = maximum.target.natural(maximum.top.position[None])
    variance, sd, beta = natural.covariances["patient"][0, 0, 0], natural.residual[0, 0], natural.beta[0]
    total = logs
    for unit in units:
        left = unit[:, -1] - unit[:, :-1] @ beta
        covariance = variance * np.outer(unit[:, 0], unit[:, 0]) + sd**2 * np.eye(len(unit))
        total -= 0.5 * float(left @ np.linalg.solve(covariance, left))
        total -= 0.5 * float(np.linalg.slogdet(2 * np.pi * covariance)[1])
    assert maximum.top.value == pytest.approx(total, rel=1e-10)


def test_days_of_one_week_are_sessions_a_week_apart() -> None:
    panel = simulate(60, 8, 1)
    panel["days"] = 7 * panel["session"]
    plain = design_of(declare(autocorrelation={}), panel)
    one, other = (maximise(add_series("study", {"y": kind}, plain)) for kind in ("sessions", "days"))
    # Maxima of searches that end within 1e-8 standard errors.
    assert log_likelihood_of(one) == pytest.approx(log_likelihood_of(other), abs=1e-6)
    np.testing.assert_allclose(table_of(one)["estimate"], table_of(other)["estimate"], rtol=1e-5)
    np.testing.assert_allclose(table_of(one)["se"], table_of(other)["se"], rtol=1e-4)


@pytest.mark.parametrize("kind", ["sessions", "days"])
def test_scores_of_patients_add_up_to_the_gradient(kind: str) -> None:
    target = make_target(design(kind))
    position = np.random.default_rng(1).normal(scale=0.3, size=target.layout.size)
    scores = target.scores(position, target.clusters("patient"))
    # The same sums in another order.
    np.testing.assert_allclose(scores.sum(axis=0), target.value(position)[1], rtol=1e-9, atol=1e-9)


def test_precision_of_patients_is_that_of_the_dense_covariance() -> None:
    target = make_target(design())
    natural = target.natural(np.random.default_rng(1).normal(scale=0.3, size=target.layout.size)[None])
    (rows,) = target.statistics.equations
    assert rows.series is not None
    variance, sd, phi = natural.covariances["patient"][0, 0, 0], natural.residual[0, 0], natural.autocorrelations[0, 0]
    known = []
    for patient in range(len(target.patients)):
        time = rows.series.time[rows.patient == patient]
        inverse = np.linalg.inv(sd**2 * phi ** np.abs(time[:, None] - time).astype(float) + variance)
        known.append(inverse.sum())
    each = np.array(known)
    # A = sum D / sum D^2, see `measure_precision`; the coefficients do not enter it.
    spread = measure_precision(target.design, target.statistics, natural)["patient"].spread[0, 0]
    assert spread == pytest.approx(each.sum() / (each**2).sum(), rel=1e-9)


def test_draws_from_the_prior_are_uniform() -> None:
    for kind, low in (("sessions", -1.0), ("days", 0.0)):
        posterior = PathPosterior(make_target(design(kind)), make_settings()["priors"])
        drawn = posterior.named(posterior.draw_prior(4000, np.random.default_rng(1)))[AUTOCORRELATION]
        expected = low + (1 - low) * np.array([0.1, 0.5, 0.9])
        # Standard errors of the quantiles of 4000 uniform draws are at most .016.
        np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), expected, atol=0.06)
        (row,) = [row for row in describe_priors(design(kind), make_settings()["priors"]) if "last" in row["meaning"]]
        assert (row["centre"], row["centre"] + row["scale"]) == (low, 1.0)


@pytest.mark.parametrize("depth", ["ml", "laplace"])
def test_model_reports_it_and_makes_data_like_the_data(depth: str) -> None:
    panel = simulate(150, 8, 3)
    fitted = run(panel, depth=depth)
    row = estimates_of(fitted).query("effect == 'autocorrelation'").iloc[0]
    assert row["low"] < PHI < row["high"]
    assert row["high"] - row["low"] < 0.2
    assert (row["path"], row["level"], row["horizon"]) == ("residual -> y", "session", "one session apart")
    assert predictive_mark(fitted).passed


def test_model_with_independent_residuals_fails_the_check_of_neighbours() -> None:
    # Trends of patients take up what lasts long, but not what lasts from one session to the next.
    trending = {"y": {"on": ["arm", "session"], "vary": {"patient": ["intercept", "session"]}}}
    mark = predictive_mark(run(simulate(150, 8, 3), autocorrelation={}, equations=trending))
    assert not mark.passed
    assert "neighbouring sessions" in mark.detail


def test_independent_residuals_stand_beside_it() -> None:
    result = run(simulate(150, 8, 3))
    (row,) = rows_of(result.tree["autocorrelation"]).to_dict("records")
    table = table_of(maximise(design_of(declare(autocorrelation={}), simulate(150, 8, 3)))).set_index("parameter")
    assert row["path"] == "arm -> y" and row["effect"] == "intention_to_treat"
    # Two searches for the same maximum.
    assert row["independent"] == pytest.approx(table.loc["y: arm", "estimate"], rel=1e-6)
    assert row["sd_independent"] == pytest.approx(
        table.loc["y: arm", "se"], rel=0.1
    )  # of 1000 draws, 4 standard errors
    marks = {mark.caution: mark for mark in marks_of(result.tree)}
    assert marks["lasting_residuals"].value < 1e-6
    assert marks["boundary_autocorrelation"].passed
    assert "autocorrelation" not in run(simulate(150, 8, 3), autocorrelation={}).tree.children


@pytest.mark.parametrize(
    ("level", "effect", "other", "turns"),
    [
        ("overall", "intention_to_treat", 0.9, True),
        ("overall", "intention_to_treat", 0.3, False),
        ("within", "indirect", -0.9, True),
        ("within", "coefficient", 0.9, False),  # of a part of a curve, perhaps
        ("patient", "sd", 0.9, False),  # no sign
    ],
)
def test_effect_turns_where_one_model_alone_tells_it_from_zero(
    level: str, effect: str, other: float, turns: bool
) -> None:
    assert Beside(0, {"level": level, "effect": effect}, True, 0.2, 0.2, other, 0.2).turns == turns


def test_residuals_that_hardly_change_are_flagged() -> None:
    marks = {mark.caution: mark for mark in marks_of(run(simulate(80, 6, 4, phi=0.98)).tree)}
    assert not marks["boundary_autocorrelation"].passed
    assert "autocorrelation" in marks["boundary_autocorrelation"].effects


def test_residuals_that_do_not_last_are_flagged_where_they_are_counted_by_days() -> None:
    panel = simulate(80, 6, 4, phi=0.0).assign(days=lambda rows: 7.0 * rows["session"])
    marks = {mark.caution: mark for mark in marks_of(run(panel, autocorrelation={"y": "days"}).tree)}
    assert not marks["no_autocorrelation"].passed
    assert "no_autocorrelation" not in {mark.caution for mark in marks_of(run(panel).tree)}


def test_mode_is_found_from_a_maximum_at_the_edge() -> None:
    plain = design_of(declare(autocorrelation={}), simulate(80, 6, 4, phi=0.0))
    maximum = maximise(add_series("study", {"y": "days"}, plain))
    place = maximum.target.layout.autocorrelation("y")
    assert maximum.top.position[place] < -10, "this study is meant to end at the edge"
    posterior = PathPosterior(maximum.target, make_settings()["priors"])
    mode = find_mode(posterior, maximum)
    # The likelihood falls from zero on, so the mode of the logit lies less than two standard errors, of .07, above it.
    assert 0 < posterior.named(mode.position[None])[AUTOCORRELATION][0, 0] < 0.14
    assert np.abs(posterior.value(mode.position)[1]).max() < 1e-3


def test_limits_by_days_are_where_the_likelihood_has_fallen() -> None:
    plain = design_of(declare(autocorrelation={}), simulate(80, 6, 4, phi=0.0))
    maximum = maximise(add_series("study", {"y": "days"}, plain))
    target, place = maximum.target, maximum.target.layout.autocorrelation("y")
    drawn = target.draw_variances(maximum.top.position, maximum.covariance, 4000, np.random.default_rng(1))
    low, high = np.quantile(target.natural(drawn).autocorrelations[:, 0], [0.025, 0.975])
    assert low == 0

    def fall(others: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = target.value(np.insert(others, place, np.log(high / (1 - high))))
        return maximum.top.value - value, -np.delete(gradient, place)

    found = optimize.minimize(fall, np.delete(maximum.top.position, place), jac=True, method="BFGS")
    # A cubic between values of the profile, and the quantile of 4000 equal steps.
    assert 2 * found.fun == pytest.approx(stats.chi2.ppf(0.95, 1), rel=0.02)


def test_chance_of_a_gain_is_halved_where_zero_is_a_boundary() -> None:
    plain = design_of(declare(autocorrelation={}), simulate(60, 8, 5, phi=0.15))
    for kind, share in (("sessions", 1.0), ("days", 0.5)):
        maximum = maximise(add_series("study", {"y": kind}, plain))
        other = maximise_independent(maximum, ["y"])
        gain = 2 * (maximum.top.value - maximise(plain).top.value)
        assert 0.5 < gain < 20, "this study is meant to be undecided"
        # Two searches for the same maximum, each within 1e-8 standard errors.
        assert chance_of_lasting([maximum], [other]) == pytest.approx(share * stats.chi2.sf(gain, 1), rel=1e-6)
        assert chance_of_lasting([other], [other]) == 1.0


def test_each_outcome_by_days_is_held_against_its_own_independence() -> None:
    panel = simulate(60, 8, 5)
    panel["m"] = np.random.default_rng(1).normal(size=len(panel))
    equations = {"m": {"on": ["arm"], "vary": VARY}, "y": {"on": ["arm", "m"], "vary": VARY}}
    both, only_m = {"m": "days", "y": "days"}, {"m": "days"}
    marks = [
        mark
        for mark in marks_of(run(panel, equations=equations, autocorrelation=both).tree)
        if mark.caution == "no_autocorrelation"
    ]
    assert [(mark.subject, mark.passed) for mark in marks] == [("m", False), ("y", True)]
    plain = design_of(declare(autocorrelation={}, equations=equations), panel)
    tops = [maximise(add_series("study", declared, plain)).top.value for declared in (both, only_m)]
    assert marks[1].value == pytest.approx(stats.chi2.sf(2 * (tops[0] - tops[1]), 1) / 2, rel=1e-6)


def test_own_past_beside_it_is_refused() -> None:
    with pytest.raises(ValidationError, match="'y_lag' in the equation of 'y' are two accounts of the same thing"):
        declare(equations={"y": {"on": ["arm", "y_lag"], "vary": VARY}})


def test_outcome_without_an_equation_is_refused() -> None:
    with pytest.raises(ValidationError, match="'autocorrelation' names 'z', which has no equation"):
        declare(autocorrelation={"z": "sessions"})


def test_other_outcome_of_the_session_is_refused_unless_one_predicts_the_other() -> None:
    panel = simulate(60, 8, 1)
    panel["m"] = np.random.default_rng(1).normal(size=len(panel))
    both = {"m": {"on": ["arm", "m_lag"], "vary": VARY}, "y": {"on": ["arm", "m_lag"], "vary": VARY}}
    panel["m_lag"] = panel.groupby("patient")["m"].shift()
    changes = {"missing": "drop", "initial_values_signed_off": "for a test"}
    with pytest.raises(ModelError, match="residuals of 'y' and 'm' at the same session"):
        run(panel, equations=both, **changes)
    both["y"] = {"on": ["arm", "m"], "vary": VARY}
    assert not estimates_of(run(panel, equations=both, **changes)).empty


def test_missing_cells_are_filled_in_by_default() -> None:
    panel = simulate(60, 8, 1)
    panel["x"] = np.random.default_rng(1).normal(size=len(panel))
    panel.loc[panel.index % 9 == 4, "x"] = np.nan
    equations = {"y": {"on": ["arm", "x"], "vary": VARY}}
    filled = run(panel, equations=equations)
    dropped = run(panel, equations=equations, missing="drop")
    used = [one.flow.set_index("stage")["n_sessions"]["analysed"] for one in (filled, dropped)]
    assert used == [len(panel), int(panel["x"].notna().sum())]
    marks = {mark.caution: mark for mark in marks_of(filled.tree)}
    assert marks["lasting_residuals"].value < 1e-6
    assert not rows_of(filled.tree["autocorrelation"]).empty
    found, without = (estimates_of(one).set_index("effect")["estimate"]["autocorrelation"] for one in (filled, dropped))
    assert abs(found - without) < 0.1  # a ninth of the rows more, of 350; the standard error is .06


def test_patient_without_a_first_value_is_kept() -> None:
    panel = simulate(60, 8, 1, kept=1.0)
    panel["y_baseline"] = panel["patient"].map(panel[panel["session"] == 1].set_index("patient")["y"])
    without = panel["patient"] < "P005"
    panel.loc[without, "y_baseline"] = np.nan
    panel.loc[without & (panel["session"] == 1), "y"] = np.nan
    equations = {"y": {"on": ["arm", "y_baseline"], "vary": VARY}}
    kept, left = (run(panel, equations=equations, missing=missing).flow for missing in ("fill", "drop"))
    analysed = [flow.set_index("stage")["n_patients"]["analysed"] for flow in (kept, left)]
    assert analysed == [60, 55]


def test_skipped_sessions_on_the_day_of_another_one_are_refused_by_days() -> None:
    panel = simulate(60, 8, 1, kept=1.0)
    panel["m"] = np.random.default_rng(1).normal(size=len(panel))
    panel["days"] = 2 * panel["session"] - (panel["session"] > 4)
    panel = panel[(panel["session"] != 4) | (panel["patient"] > "P003")].reset_index(drop=True)
    panel.loc[(panel["session"] > 4) & (panel["patient"] <= "P003"), "days"] -= 2
    for name in ("m", "y"):
        panel[f"{name}_lag"] = panel.groupby("patient")[name].shift()
    equations = {"m": {"on": ["y_lag"], "vary": VARY}, "y": {"on": ["m"], "vary": VARY}}
    changes = {"equations": equations, "effects": {"from": "m", "to": "y"}, "autocorrelation": {"y": "days"}}
    changes["initial_values_signed_off"] = "for a test"
    with pytest.raises(ModelError, match=r"filled in\) lie on the same day .*'missing: drop'"):
        run(panel, **changes)
    assert not estimates_of(run(panel, missing="drop", **changes)).empty


def test_blank_outcomes_are_gaps() -> None:
    panel = simulate(60, 8, 1)
    blank = panel.copy()
    blank.loc[blank.index % 7 == 3, "y"] = np.nan
    kept = blank.dropna(subset=["y"]).reset_index(drop=True)
    one, other = (estimates_of(run(some))["estimate"].to_numpy() for some in (blank, kept))
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_days_without_dates_or_twice_are_refused() -> None:
    panel = simulate(60, 8, 1)
    missing, twice = panel.copy(), panel.copy()
    missing["days"] = missing["days"].where(missing.index % 10 != 5)
    with pytest.raises(ModelError, match="sessions with 'y' have no date"):
        run(missing, autocorrelation={"y": "days"})
    twice["days"] = (twice["days"] // 14) * 14
    with pytest.raises(ModelError, match="on the same day as another one"):
        run(twice, autocorrelation={"y": "days"})


def test_too_few_neighbours_are_refused() -> None:
    panel = simulate(60, 8, 1)
    few = panel[(panel["session"] == 1) | ((panel["session"] == 2) & (panel["patient"] < "P012"))]
    with pytest.raises(ModelError, match="rows have an earlier one of the same patient"):
        run(few.reset_index(drop=True))


def test_off_is_the_same_likelihood_as_before() -> None:
    plain = design_of(declare(autocorrelation={}), simulate(60, 8, 1))
    assert make_target(plain).statistics.patterns == ()
    assert make_target(replace(plain)).layout.together.stop == make_target(plain).layout.residuals.stop
