"""Residuals of one occasion in a fit: what a model of two measures finds, draws, generates and reports."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from alliance.errors import ModelError
from alliance.models.checking.predictive import check_predictive
from alliance.models.checking.priors import describe_priors
from alliance.models.design.arrays import Design
from alliance.models.design.names import RESIDUAL_CORRELATION
from alliance.models.design.occasions import Occasions
from alliance.models.diagram import every_path
from alliance.models.generator import generate_outcomes
from alliance.models.path.caution import check_residuals
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, population_of, table_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.precision import measure_precision
from alliance.models.path.target import make_target
from alliance.models.quantities.compute import compute_quantities
from alliance.models.quantities.population import make_population
from tests.unit.models.joint_study import make_settings
from tests.unit.models.path.cross_lagged import (
    CORRELATION,
    CROSS,
    OWN_PAST,
    VARIABLES,
    cross_lagged_design,
    make_cross_lagged,
    simulate_measures,
)

PRIORS = make_settings()["priors"]
TRUE = {
    "y: x_lag": CROSS["y"],
    "x: y_lag": CROSS["x"],
    "x: x_lag": OWN_PAST["x"],
    "y: y_lag": OWN_PAST["y"],
    "correlation residual y with x": CORRELATION,
}


@cache
def small_design() -> Design:
    return cross_lagged_design(simulate_measures(50, 6, 2, seen=0.8))


@cache
def large_maximum() -> PathMaximum:
    return maximise(cross_lagged_design(simulate_measures(600, 8, 1)))


def test_cross_lags_are_right_where_innovations_are_correlated() -> None:
    table = table_of(large_maximum()).set_index("parameter").loc[list(TRUE)]
    far = (table["estimate"] - list(TRUE.values())) / table["se"]
    # Five estimates: one beyond 3 standard errors would happen once in 75 studies.
    assert far.abs().max() < 3
    assert table["se"].max() < 0.03


def test_cross_lags_are_wrong_without_the_covariance() -> None:
    design = replace(large_maximum().target.design, occasions=Occasions())
    table = table_of(maximise(design)).set_index("parameter")
    assert table.loc["y: x_lag", "estimate"] < 0.08
    assert table.loc["x: y_lag", "estimate"] < -0.06


def test_covariance_is_an_effect_within_the_row_where_predictors_are_the_same() -> None:
    """Two equations with the same predictors: a covariance, or an effect of one outcome on the other, say the same about the data."""
    panel = simulate_measures(80, 6, 3)
    free = maximise(cross_lagged_design(panel))
    directed = maximise(cross_lagged_design(panel, also=("x",)))
    assert directed.target.design.occasions.pairs == ()
    # Maxima of searches that end within 1e-8 standard errors.
    assert log_likelihood_of(directed) == pytest.approx(log_likelihood_of(free), abs=1e-6)
    one, other = (table_of(found).set_index("parameter")["estimate"] for found in (free, directed))
    slope = one["correlation residual y with x"] * one["sd residual y"] / one["sd residual x"]
    assert other["y: x"] == pytest.approx(slope, abs=1e-5)
    assert other["y: x_lag"] == pytest.approx(one["y: x_lag"] - slope * one["x: x_lag"], abs=1e-5)


def test_outcome_computed_from_another_one_is_refused() -> None:
    panel = simulate_measures(50, 6, 3)
    panel["y"] = 2 * panel["x"] + 1
    with pytest.raises(ModelError, match="'x' and 'y' at the same session is the same"):
        check_residuals("study", maximise(cross_lagged_design(panel)))


def test_scores_of_patients_add_up_to_the_gradient() -> None:
    target = make_target(small_design())
    position = np.random.default_rng(1).normal(scale=0.3, size=target.layout.size)
    scores = target.scores(position, target.clusters("patient"))
    # The same sums in another order.
    np.testing.assert_allclose(scores.sum(axis=0), target.value(position)[1], rtol=1e-9, atol=1e-9)


def test_draws_from_the_prior_have_uniform_correlations() -> None:
    posterior = PathPosterior(make_target(small_design()), PRIORS)
    drawn = posterior.named(posterior.draw_prior(4000, np.random.default_rng(1)))[RESIDUAL_CORRELATION]
    assert drawn.shape == (4000, 1)
    # Standard errors of the quantiles of 4000 uniform draws are at most .016.
    np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), [-0.8, 0.0, 0.8], atol=0.06)


def test_posterior_starts_at_the_correlation_of_the_maximum() -> None:
    maximum = maximise(small_design())
    posterior = PathPosterior(maximum.target, PRIORS)
    start = posterior.start(maximum.top.position, maximum.covariance)
    place = maximum.target.layout.together
    np.testing.assert_array_equal(start.position[place], maximum.top.position[place])


def test_generated_residuals_of_one_session_are_correlated() -> None:
    design, panel = small_design(), simulate_measures(50, 6, 2, seen=0.8)
    draws = {
        "x_intercept": np.zeros(200),
        "y_intercept": np.zeros(200),
        "x_slopes": np.zeros((200, 4)),
        "y_slopes": np.zeros((200, 4)),
        "x_residual_sd": np.full(200, 2.0),
        "y_residual_sd": np.full(200, 0.5),
        "patient_sd": np.full((200, 2), 1e-9),
        "patient_correlation": np.zeros((200, 1)),
        RESIDUAL_CORRELATION: np.full((200, 1), -0.7),
    }
    population = make_population(design, draws)
    generated = generate_outcomes(panel, design, population, 1, np.random.default_rng(1))
    rows = panel["y"].notna().to_numpy() & panel["x_lag"].notna().to_numpy() & panel["y_lag"].notna().to_numpy()
    found = [np.corrcoef(x, y)[0, 1] for x, y in zip(generated["x"][rows].T, generated["y"][rows].T, strict=True)]
    # 200 data sets of about 200 rows: the mean has a standard error of .003.
    assert np.mean(found) == pytest.approx(-0.7, abs=0.015)
    assert generated["x"][rows].std() == pytest.approx(2.0 * design.equations["x"].y_sd, rel=0.02)


def test_correlation_is_reported_between_sessions() -> None:
    design = large_maximum().target.design
    spec = make_cross_lagged()
    found = compute_quantities(
        design, population_of(large_maximum()), every_path("study", spec, VARIABLES), VARIABLES, 1, None, range(1, 9)
    )
    keys = {
        (row["path"], row["effect"], row["level"]): values for row, values in zip(found.rows, found.draws, strict=True)
    }
    assert keys["residual -> x, residual -> y", "correlation", "session"] == pytest.approx(CORRELATION, abs=0.05)


def test_correlation_at_the_same_session_is_checked() -> None:
    maximum, panel = large_maximum(), simulate_measures(600, 8, 1)
    names = maximum.target.named(np.tile(maximum.top.position, (40, 1)))

    def outside(design: Design, draws: dict[str, np.ndarray]) -> bool:
        population = make_population(design, draws)
        statistics = check_predictive(panel, design, population, [], VARIABLES, 1, np.random.default_rng(1))
        (found,) = [one for one in statistics if one.name == "correlation at the same session within patients"]
        assert found.outcome == "x, y"
        return bool((found.generated < found.observed).all() or (found.generated > found.observed).all())

    assert not outside(maximum.target.design, names)
    names[RESIDUAL_CORRELATION] = np.zeros((40, 1))
    assert outside(maximum.target.design, names)


def test_table_of_priors_names_the_correlation() -> None:
    (row,) = [row for row in describe_priors(small_design(), PRIORS) if row["block"] == "correlations of residuals"]
    assert (row["kind"], row["centre"], row["scale"], row["shape"]) == ("beta", -1.0, 2.0, 1.0)


def test_precision_of_patients_is_that_of_the_covariance_of_all_their_rows() -> None:
    design = small_design()
    target = make_target(design)
    natural = target.natural(np.random.default_rng(1).normal(scale=0.4, size=(1, target.layout.size)))
    sds, correlation = natural.residual[0], natural.correlations[0, 0]
    residual = np.array([[1, correlation], [correlation, 1]]) * np.outer(sds, sds)
    between, each = natural.covariances["patient"][0], []
    equation = np.repeat([0, 1], [len(one.y) for one in design.equations.values()])
    patient = np.concatenate([one.units["patient"] for one in design.equations.values()])
    session = np.concatenate([one.rows["session"] for one in design.equations.values()])
    for unit in range(patient.max() + 1):
        mine = patient == unit
        z = np.eye(2)[equation[mine]]
        same = session[mine][:, None] == session[mine]
        covariance = z @ between @ z.T + residual[np.ix_(equation[mine], equation[mine])] * same
        each.append(z.T @ np.linalg.solve(covariance, z))
    known = np.array(each)
    own = np.diagonal(known, axis1=1, axis2=2)
    count = (own.sum(axis=0) ** 2 / (own**2).sum(axis=0)).mean()
    found = measure_precision(design, target.statistics, natural)["patient"]
    np.testing.assert_allclose(found.spread, count * np.linalg.inv(known.sum(axis=0)), rtol=1e-8)
