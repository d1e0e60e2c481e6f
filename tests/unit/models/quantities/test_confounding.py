"""Residual correlations that are held, and the same from draws: equal where that is exact, right in simulations, refused elsewhere."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.stats import multivariate_normal

from alliance.errors import ModelError
from alliance.facts.columns import PATIENT
from alliance.models.container import marks_of
from alliance.models.design.arrays import Design
from alliance.models.design.held import hold_correlations
from alliance.models.fitting import fit_declared
from alliance.models.joint import Task, prepare_task
from alliance.models.path.maximum import PathMaximum, maximise
from alliance.models.path.target import make_target
from alliance.models.quantities.confounding import Mediation, mediation_between, mediation_within
from alliance.models.quantities.latent import LatentMeans, latent_means
from alliance.models.quantities.pairs import make_pairs
from alliance.models.quantities.population import Population, make_population
from alliance.models.quantities.unreliable import correct_within
from alliance.results.fits import tabulate_fit
from tests.unit.models.quantities.test_unreliable import INTERCEPT, LIMITS, declare, settings, simulate

SAMPLING = {"chains": 2, "draws": 60, "tune": 60, "target_accept": 0.8}
VARYING = {
    "m": {"on": ["x", "session"], "vary": {"patient": ["intercept", "x"]}},
    "y": {"on": ["m", "x", "session"], "vary": {"patient": ["intercept", "x", "m"]}},
}


def pose(panel: pd.DataFrame, **changes: Any) -> Task:
    return prepare_task(panel, "held", declare(**changes), settings({}))


def held(task: Task, rho: float) -> Design:
    return hold_correlations("held", {"y": {"m": rho}}, task.design)


def mediation_of(task: Task, population: Population) -> Mediation:
    return mediation_within(
        population, make_pairs(task.design, population, task.groups, task.variables, 1, None)[0], "m"
    )


def fitted(task: Task, design: Design) -> tuple[PathMaximum, Population]:
    maximum = maximise(design)
    return maximum, make_population(design, maximum.target.named(maximum.top.position[None]))


@pytest.mark.parametrize("rho", [-0.4, 0.2])
def test_closed_form_on_a_fit_without_correlation_is_the_fit_with_it_held(rho: float) -> None:
    task = pose(simulate(80, 6, seed=5), equations=VARYING)
    plain, population = fitted(task, task.design)
    other, held_population = fitted(task, held(task, rho))
    # The likelihood is the same for every rho: that is why the data cannot tell it.
    assert other.top.value == pytest.approx(plain.top.value, abs=1e-7)
    before = mediation_of(task, population)
    expected, found = before.confounded(rho), mediation_of(task, held_population)
    for name in ("a", "b", "direct", "covariance", "left_mediator", "left_outcome", "indirect", "total"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-6), name
    assert found.total == pytest.approx(before.total, abs=1e-6)
    means, held_means = (latent_means(task.design, each, None)["patient"] for each in (population, held_population))
    assert held_means.covariance == pytest.approx(means.covariance, abs=1e-6)


def test_indirect_effect_is_zero_at_the_tipping_point() -> None:
    ones = np.ones(2)
    law = Mediation(0.3 * ones, np.array([-0.4, 0.5]), 0.1 * ones, -0.02 * ones, 0.9 * ones, 1.1 * ones)
    assert law.confounded(law.tipping_point).indirect == pytest.approx([0.0, 0.0], abs=1e-15)
    k = (0.3 * -0.4 - 0.02) * 0.9 / (0.3 * 1.1)
    assert law.tipping_point[0] == pytest.approx(k / np.sqrt(1 + k**2))
    nothing = Mediation(0 * ones, ones, ones, ones, ones, ones)
    assert np.isnan(nothing.tipping_point).all()


def test_likelihood_with_a_held_correlation_is_the_dense_one_also_where_rows_are_missing() -> None:
    panel = simulate(7, 4, seed=2)
    panel.loc[[2, 9, 17], "y"] = np.nan
    task = pose(panel)
    target = make_target(held(task, 0.35))
    rng = np.random.default_rng(1)
    position = 0.3 * rng.standard_normal(target.layout.size)
    natural = target.natural(position[None])
    sd, factor = natural.residual[0], natural.factors["patient"][0]
    outcomes, total = list(task.design.equations), 0.0
    for patient in panel[PATIENT].unique():
        kept = [(k, np.flatnonzero(e.rows[PATIENT] == patient)) for k, e in enumerate(task.design.equations.values())]
        k_of = np.concatenate([np.full(len(rows), k) for k, rows in kept])
        session = np.concatenate(
            [task.design.equations[outcomes[k]].rows["session"].to_numpy()[rows] for k, rows in kept]
        )
        left = []
        for k, rows in kept:
            equation, beta = task.design.equations[outcomes[k]], position[target.layout.of(outcomes[k])]
            left.append(equation.y[rows] - beta[0] - equation.x[rows] @ beta[1:])
        correlation = np.eye(len(outcomes))
        i, j = outcomes.index("m"), outcomes.index("y")
        correlation[i, j] = correlation[j, i] = 0.35
        among = (correlation * np.outer(sd, sd))[np.ix_(k_of, k_of)] * (session[:, None] == session[None, :])
        place = {effect.outcome: number for number, effect in enumerate(task.design.varying["patient"])}
        chosen = [place[outcomes[k]] for k in k_of]
        among = among + (factor @ factor.T)[np.ix_(chosen, chosen)]
        total += multivariate_normal(np.zeros(len(k_of)), among).logpdf(np.concatenate(left))
    value, gradient = target.value(position)
    assert value == pytest.approx(total, abs=1e-9)
    steps = 1e-6 * np.eye(len(position))
    numeric = [(target.value(position + step)[0] - target.value(position - step)[0]) / 2e-6 for step in steps]
    assert gradient == pytest.approx(numeric, abs=1e-4)


def confounded_world(error: float = 0.0, patients: int = 400) -> pd.DataFrame:
    """Patients x 8 sessions: a .3, b -.25, c' .1; residuals of m and y go together by -.2, and m has error of this variance."""
    rng = np.random.default_rng(7)
    panel = simulate(patients, 8, seed=1).drop(columns=["m", "y"])
    shape = (patients, 8)
    x, level = panel["x"].to_numpy().reshape(shape), rng.normal(size=(2, patients, 1))
    e = rng.multivariate_normal([0, 0], [[1, -0.2], [-0.2, 1]], shape)
    m = 0.5 * level[0] + 0.3 * x + e[..., 0]
    y = 0.5 * level[1] - 0.25 * m + 0.1 * x + e[..., 1]
    m = m + np.sqrt(error) * rng.normal(size=shape)
    return panel.assign(m=m.ravel(), y=y.ravel())


def test_true_effects_are_found_from_confounded_and_unreliable_scores() -> None:
    """Standard errors of b are .02 to .03; without the correction it is off by .2 (confounding) or .08 (error)."""
    task = pose(confounded_world())
    before = mediation_of(task, fitted(task, task.design)[1])
    assert before.b[0] == pytest.approx(-0.25 - 0.2 / np.sqrt(1 - 0.04) * np.sqrt(1 - 0.04), abs=0.06)
    after = before.confounded(-0.2)
    assert after.b[0] == pytest.approx(-0.25, abs=0.06) and after.direct[0] == pytest.approx(0.1, abs=0.06)
    task = pose(confounded_world(error=0.5))
    found = correct_within(task.design, fitted(task, task.design)[1], {"m": np.array([1.09 / 1.59])}).population
    assert found is not None
    both = mediation_of(task, found).confounded(-0.2)
    assert both.b[0] == pytest.approx(-0.25, abs=0.08) and both.direct[0] == pytest.approx(0.1, abs=0.08)


def test_means_between_patients_obey_the_same_algebra() -> None:
    """x ~ .5, m = .6 x + e (.3), y = -.5 m + .2 x + e (.4), residuals correlated by .25."""
    root = np.array([[1, 0, 0], [0.6, 1, 0], [0.2 - 0.3, -0.5, 1]])
    shared = 0.25 * np.sqrt(0.3 * 0.4)
    covariance = root @ np.array([[0.5, 0, 0], [0, 0.3, shared], [0, shared, 0.4]]) @ root.T
    means = LatentMeans(["x", "m", "y"], {"x", "m", "y"}, covariance[None], 0.0)
    plain = mediation_between(means, "x", "m", "y")
    found = plain.confounded(0.25)
    assert [found.a[0], found.b[0], found.direct[0]] == pytest.approx([0.6, -0.5, 0.2])
    assert [found.left_mediator[0], found.left_outcome[0]] == pytest.approx(np.sqrt([0.3, 0.4]))
    assert found.total[0] == pytest.approx(plain.total[0]) == pytest.approx(covariance[2, 0] / 0.5)


@pytest.mark.parametrize("missing", ["drop", "fill"])
def test_fit_with_a_held_correlation_says_so_and_finds_the_effect(missing: str) -> None:
    panel = confounded_world(patients=150)
    panel.loc[np.random.default_rng(3).random(len(panel)) < 0.15, "m"] = np.nan
    spec = declare(residual_correlations={"m": {"y": -0.2}}, missing=missing)
    result = fit_declared(panel, "held", spec, settings({}) | {"max_gap_days": None, "sampling": SAMPLING})
    rows = tabulate_fit(result.tree, LIMITS)["estimates"].set_index(["path", "effect", "level"])
    found = rows.loc[("m -> y", "b", "within")]
    assert abs(found["estimate"] + 0.25) < 3 * found["sd"] and "residual correlation held" in found["flag"]
    assert "residual correlation held" not in rows.loc[("residual -> x", "sd", "session"), "flag"]
    assert not rows.index.get_level_values("effect").isin(["correlation"]).all()
    assert "held_correlation" in {mark.caution for mark in marks_of(result.tree)}


@pytest.mark.parametrize("depth", ["laplace", "nuts"])
def test_posterior_holds_the_correlation(depth: str) -> None:
    priors = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": "uniform"}
    spec = declare(residual_correlations={"m": {"y": -0.2}}, depth=depth)
    chosen = settings({}) | {"sampling": SAMPLING, "priors": priors}
    rows = tabulate_fit(fit_declared(confounded_world(patients=60), "held", spec, chosen).tree, LIMITS)["estimates"]
    found = rows.set_index(["path", "effect", "level"]).loc[("m -> y", "b", "within")]
    assert abs(found["estimate"] + 0.25) < 4 * found["sd"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"residual_correlations": {"m": {"z": 0.2}}}, "names 'z', which has no equation"),
        ({"residual_correlations": {"m": {"m": 0.2}}}, "with itself"),
        ({"residual_correlations": {"m": {"y": 0.2}, "y": {"m": 0.2}}}, "twice"),
        ({"residual_correlations": {"m": {"y": 1.0}}}, "less than 1"),
        (
            {"residual_correlations": {"m": {"y": 0.2}}, "autocorrelation": {"y": "sessions"}},
            "cannot depend on the one before",
        ),
    ],
)
def test_correlation_that_cannot_be_held_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        declare(**changes)


def test_pair_beside_another_pair_is_refused_and_the_remedy_is_taken() -> None:
    w = {"on": ["x", "session"], "vary": INTERCEPT}
    y = {"on": ["m", "w", "x", "session"], "vary": INTERCEPT}
    panel = simulate()
    with pytest.raises(ModelError, match="what is left of 'm' and 'y' cannot be held beside 'w'"):
        held(pose(panel, equations={"w": w, "y": y}), 0.2)
    ordered = {"on": ["m", "x", "session"], "vary": INTERCEPT}
    assert held(pose(panel, equations={"w": ordered, "y": y}), 0.2).occasions.held
