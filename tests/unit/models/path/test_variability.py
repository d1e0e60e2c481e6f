"""Patients who differ in variability in a fit: what a model finds, draws, generates and reports, and what is refused."""

import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from alliance.config import ModelSpec
from alliance.config.declared import spec_class
from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.models.checking.past import mark_varying_past
from alliance.models.checking.priors import describe_priors
from alliance.models.checking.variable import mark_variability
from alliance.models.container import FitResult, marks_of, rows_of
from alliance.models.design.arrays import Design
from alliance.models.generator import generate_outcomes
from alliance.models.path.alike import maximise_alike
from alliance.models.path.caution import _residuals
from alliance.models.path.fit import fit
from alliance.models.path.maximum import PathMaximum, maximise, population_of, table_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import make_target
from tests.unit.models.joint_study import make_settings, make_spec
from tests.unit.models.populations import design_of

SD, TOGETHER = 0.9, 0.5
VARY = {"patient": ["intercept", "variability"]}


@cache
def simulate(patients: int = 50, sessions: int = 12, seed: int = 4) -> pd.DataFrame:
    """Simulate y on x, in patients whose levels and log residual variances differ and go together."""
    rng = np.random.default_rng(seed)
    level, v = (rng.standard_normal((patients, 2)) @ np.linalg.cholesky([[1, TOGETHER], [TOGETHER, 1]]).T).T
    patient = np.repeat(np.arange(patients), sessions)
    x, e, other = rng.standard_normal((3, len(patient)))
    codes = {
        "patient": [f"P{i:03d}" for i in patient],
        "therapist": "T",
        "session": np.tile(range(1, sessions + 1), patients),
    }
    y = 10 + 3 * (level[patient] - 0.4 * x + np.exp(SD * v[patient] / 2) * e)
    return pd.DataFrame({**codes, "x": x, "y": y, "m": x + other})


def declare(**changes: Any) -> ModelSpec:
    declared = {
        "family": "multilevel_path",
        "depth": "ml",
        "equations": {"y": {"on": ["x"], "vary": VARY}},
        "effects": {"from": "x", "to": "y"},
    }
    return make_spec(**declared | changes)


def with_equations(**equations: Any) -> dict[str, Any]:
    return {"equations": {"y": {"on": ["x"], "vary": VARY}} | equations}


@cache
def design() -> Design:
    return design_of(declare(), simulate())


@cache
def maximum() -> PathMaximum:
    return maximise(design())


def values_of(result: FitResult) -> dict[tuple[str, str], float]:
    paths = result.tree["paths"].to_dataset()
    means = paths["draws"].to_numpy().reshape(-1, paths.sizes["quantity"]).mean(axis=0)
    return dict(
        zip(zip(paths["effect"].to_numpy(), paths["path"].to_numpy(), strict=True), means.tolist(), strict=True)
    )


def mark_of(result: FitResult, caution: str) -> Mark:
    return next(mark for mark in marks_of(result.tree) if mark.caution == caution)


def test_variability_is_found_in_raw_units() -> None:
    table = table_of(maximum()).set_index("parameter")
    for name, truth in {
        "sd patient y: variability": SD,
        "sd residual y": 3.0,
        "sd patient y: intercept": 3.0,
        "correlation patient y: intercept with y: variability": TOGETHER,
        "y: x": -1.2,
    }.items():
        assert abs(table["estimate"][name] - truth) < 3 * table["se"][name]
    # Logarithms have no unit: a score in other units differs by a constant.
    other = maximise(design_of(declare(), simulate().assign(y=lambda panel: 0.01 * panel["y"])))
    changed = table_of(other).set_index("parameter")["estimate"]
    name = "sd patient y: variability"
    assert changed[name] == pytest.approx(table["estimate"][name], rel=1e-6)
    assert changed["sd residual y"] == pytest.approx(0.01 * table["estimate"]["sd residual y"], rel=1e-6)


def test_differences_improve_on_patients_who_vary_alike() -> None:
    alike = declare(equations={"y": {"on": ["x"], "vary": {"patient": ["intercept"]}}})
    assert maximum().top.value > maximise(design_of(alike, simulate())).top.value + 20


def test_scores_of_patients_add_up_to_the_gradient_and_weights_count() -> None:
    target, rng = maximum().target, np.random.default_rng(0)
    position = maximum().top.position + 0.05 * rng.standard_normal(target.layout.size)
    clusters = target.clusters("patient")
    np.testing.assert_allclose(target.scores(position, clusters).sum(axis=0), target.value(position)[1], atol=1e-9)
    weights = rng.integers(0, 3, clusters.count).astype(float)
    weighed = target.weigh(clusters, weights)
    expected = weights @ target.scores(position, clusters)
    np.testing.assert_allclose(weighed.value(position)[1], expected, atol=1e-9)
    np.testing.assert_allclose(weighed.scores(position, clusters).sum(axis=0), expected, atol=1e-9)


def test_posterior_is_likelihood_times_prior() -> None:
    target = maximum().target
    posterior = PathPosterior(target, make_settings()["priors"])
    positions = posterior.draw_prior(20, np.random.default_rng(1))
    blocks = posterior.prior_blocks(positions)
    assert {"differences between patients", "correlations between patients"} <= set(blocks)
    whole = posterior.values(positions)
    # Blocks leave out the constant of the half-normal distributions, and the Jacobian of the residual's logarithm.
    rest = (
        whole
        - posterior.log_likelihoods(positions)
        - sum(blocks.values())
        - np.log(posterior.named(positions)["y_residual_sd"])
    )
    turned = rest - np.log1p(-(np.tanh(positions[:, -1]) ** 2))  # that of the correlation's inverse hyperbolic tangent
    np.testing.assert_allclose(turned, turned[0], atol=1e-8)
    assert whole[0] == pytest.approx(posterior.value(positions[0])[0], rel=1e-12)


def test_model_reports_it() -> None:
    result = fit(simulate(), "m", declare(), make_settings() | {"monte_carlo_draws": 400})
    found = values_of(result)
    assert found["sd", "variability -> y"] == pytest.approx(SD, abs=0.3)
    assert found["correlation", "variability, intercept -> y"] == pytest.approx(TOGETHER, abs=0.35)
    assert not [mark for mark in marks_of(result.tree) if mark.caution == "convergence" and not mark.passed]
    assert mark_of(result, "outlying_session").passed


@pytest.mark.parametrize("depth", ["laplace", "nuts"])
def test_posteriors_hold_it(depth: str) -> None:
    settings = make_settings() | {"sampling": {"chains": 2, "draws": 100, "tune": 200, "target_accept": 0.8}}
    result = fit(simulate(12, 8), "m", declare(depth=depth), settings)
    assert 0.2 < values_of(result)["sd", "variability -> y"] < 2.0
    assert "y: variability" in set(rows_of(result.tree["priors"].to_dataset())["parameter"])


def test_generated_patients_differ_as_much() -> None:
    population = population_of(maximum(), np.tile(maximum().top.position, (200, 1)))
    generated = generate_outcomes(simulate(), design(), population, 1, np.random.default_rng(2))["y"]
    left = pd.DataFrame(generated + 1.2 * simulate()[["x"]].to_numpy())
    logs = np.log(left.groupby(simulate()["patient"]).var().to_numpy())
    # A variance of 12 values scatters too: by the trigamma function of 11 / 2 on the scale of logarithms.
    expected = np.sqrt(
        table_of(maximum()).set_index("parameter")["estimate"]["sd patient y: variability"] ** 2 + 0.1992
    )
    assert logs.std(axis=0).mean() == pytest.approx(expected, rel=0.05)


def test_a_session_is_judged_by_what_is_common_for_its_patient() -> None:
    residuals, sds = _residuals(maximum())
    spread = pd.Series(residuals["y"] / sds["y"]).groupby(simulate()["patient"].to_numpy()).std()
    assert spread.max() < 1.5
    assert spread.min() > 0.5
    alike = declare(equations={"y": {"on": ["x"], "vary": {"patient": ["intercept"]}}})
    other, sds = _residuals(maximise(design_of(alike, simulate())))
    assert pd.Series(other["y"] / sds["y"]).groupby(simulate()["patient"].to_numpy()).std().max() > 2


def test_priors_are_described() -> None:
    rows = describe_priors(design(), make_settings()["priors"])
    own = [row for row in rows if row["parameter"] == "y: variability"]
    assert [row["unit"] for row in own] == ["logarithms of the residual variance"]
    assert any(row["parameter"] == "y: intercept with y: variability" for row in rows)


BY_THERAPIST = {"m": {"on": ["x"], "vary": {"patient": ["intercept"], "therapist": ["intercept"]}}}
ALIKE = {"on": ["x"], "vary": {"patient": ["intercept"]}}


@pytest.mark.parametrize(
    ("changes", "said", "remedy"),
    [
        (with_equations(**BY_THERAPIST), "vary by therapist in that of 'm'.* Remove 'therapist'", with_equations(m=ALIKE)),
        (with_equations(**BY_THERAPIST), "take 'variability' out", {"equations": {"y": ALIKE, **BY_THERAPIST}}),
        ({"autocorrelation": {"y": "sessions"}}, "Remove 'autocorrelation'", {}),
        (
            with_equations(m={"on": ["x", "y"], "vary": {"patient": ["intercept"]}}) | {"residual_correlations": {"y": {"m": 0.2}}},
            "Remove 'residual_correlations'",
            with_equations(m={"on": ["x", "y"], "vary": {"patient": ["intercept"]}}),
        ),
        ({"missing": "fill"}, "Write 'missing: drop'", {"missing": "drop"}),
        ({"random_effects": True}, "Remove 'random_effects'", {}),
        (
            with_equations(**{name: {"on": ["x"], "vary": VARY} for name in ("m", "k")}),
            r"varies in 3 equations \(y, m, k\)",
            with_equations(m={"on": ["x"], "vary": VARY}, k=ALIKE),
        ),
        (with_equations(m={"on": ["x"], "vary": {"therapist": ["intercept", "variability"]}}), "between patients only", {}),
        (with_equations(m={"on": ["x"], "vary": {"patient": ["variability"]}}), "add 'intercept'", with_equations(m=ALIKE)),
        (with_equations(m={"on": ["x"], "vary": {"patient": ["intercept", *["variability"] * 2]}}), "named twice", {}),
    ],
)  # fmt: skip
def test_what_it_cannot_stand_beside_is_refused(changes: dict[str, Any], said: str, remedy: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=said):
        declare(**{key: value for key, value in changes.items() if value is not None})
    assert declare(**remedy).equations


@pytest.mark.parametrize("family", ["direct", "textbook"])
def test_other_families_refuse_it(family: str) -> None:
    declared = {"label": "m", "family": family, "equations": {"y": {"on": ["x"], "vary": VARY}}}
    with pytest.raises(ValidationError, match=f"family '{family}' cannot do.* use family multilevel_path"):
        ModelSpec.model_validate(declared | {"effects": {"from": "x", "to": "y"}})


def test_rows_with_something_missing_are_left_out_by_default() -> None:
    assert declare().model_dump()["missing"] == "drop"
    assert spec_class("multilevel_path").model_validate(declare().model_dump()) == declare()


def test_another_outcome_of_the_session_is_refused_unless_one_predicts_the_other() -> None:
    panel = simulate()
    with pytest.raises(ModelError, match=r"equations\.y\.vary\.patient.* Let one of them predict the other"):
        design_of(declare(**with_equations(m=ALIKE)), panel)
    chained = {"y": {"on": ["x", "m"], "vary": VARY}, "m": ALIKE}
    assert make_target(design_of(declare(equations=chained), panel)).variability is not None
    assert make_target(design_of(declare(equations={"y": ALIKE, "m": ALIKE}), panel)).variability is None


def test_as_many_differences_as_patients_are_refused() -> None:
    few = simulate()[simulate()["patient"] < "P005"]
    vary = {"patient": ["intercept", "x", "variability"]}
    with pytest.raises(ModelError, match=r"5 effects vary by patient .* y: variability\)"):
        design_of(
            declare(
                equations={
                    "y": {"on": ["x", "m"], "vary": vary},
                    "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}},
                }
            ),
            few,
        )


def test_patients_taken_as_alike_stand_beside() -> None:
    alike = maximise_alike(maximum())
    plain = declare(equations={"y": {"on": ["x"], "vary": {"patient": ["intercept"]}}})
    assert alike.top.value == pytest.approx(maximise(design_of(plain, simulate())).top.value, abs=1e-6)
    found = mark_of(
        fit(simulate(), "m", declare(), make_settings() | {"monte_carlo_draws": 400}), "differing_variability"
    )
    assert found.value < 1e-6
    assert re.search(
        r"with patients who vary alike x -> y \(effect, within\) moves most, from .1\.\d+ to .1\.\d+", found.detail
    )


def test_few_sessions_to_see_variability_in_are_flagged() -> None:
    few, enough = (mark_variability(design_of(declare(), simulate(20, sessions)))[0] for sessions in (7, 8))
    assert (few.value, few.passed, enough.passed) == (7, False, True)
    assert few.varying == "variability -> y"


@cache
def moving(patients: int = 40, sessions: int = 16) -> pd.DataFrame:
    """Simulate y that follows its own past around the level of each patient, by .3 on average, .2 more or less."""
    rng = np.random.default_rng(8)
    level, past, v = rng.standard_normal((3, patients)) * np.array([[1.0], [0.2], [0.5]])
    y, rows = level, []
    for session in range(-20, sessions + 1):
        before, y = y, level + (0.3 + past) * (y - level) + np.exp(v / 2) * rng.standard_normal(patients)
        codes = {"patient": [f"P{i:03d}" for i in range(patients)], "therapist": "T", "session": session}
        rows.append(pd.DataFrame({**codes, "x": rng.standard_normal(patients), "y": y, "y_lag": before}))
    panel = pd.concat([each for each in rows if each["session"].iloc[0] >= 1])
    panel["y_baseline"] = panel["patient"].map(panel[panel["session"] == 1].set_index("patient")["y"])
    return panel[panel["session"] > 1].sort_values(["patient", "session"], ignore_index=True)


@cache
def of_moving() -> PathMaximum:
    vary = {"patient": ["intercept", "y_lag", "variability"]}
    return maximise(design_of(declare(equations={"y": {"on": ["x", "y_lag", "y_baseline"], "vary": vary}}), moving()))


def test_an_own_past_varies_beside_the_level_of_the_patient() -> None:
    maximum = of_moving()
    assert [effect.term for effect in maximum.target.design.differing["patient"]] == [
        "variability",
        "y_lag",
        "intercept",
    ]
    assert maximum.converged
    assert [mark.effects for mark in mark_varying_past(maximum.target.design)] == [("correlation",)]
    table = table_of(maximum).set_index("parameter")
    for name, truth in {"sd patient y: y_lag": 0.2, "y: y_lag": 0.3, "sd patient y: variability": 0.5}.items():
        assert abs(table["estimate"][name] - truth) < 3 * table["se"][name]


def test_own_pasts_of_two_outcomes_are_left_apart() -> None:
    vary = {"patient": ["intercept", "y_lag", "variability"]}
    equations = {"y": {"on": ["m", "y_lag", "y_baseline"], "vary": vary}, "m": {"on": ["x"], "vary": VARY}}
    design = design_of(declare(equations=equations), moving().assign(m=lambda panel: panel["x"] + panel["session"] % 3))
    assert design.pasts == ()
    assert [(mark.varying, mark.effects) for mark in mark_varying_past(design)] == [
        ("y_lag -> y", ("sd", "correlation"))
    ]


def test_patients_taken_as_alike_keep_their_levels() -> None:
    known, alike = of_moving(), maximise_alike(of_moving())
    assert alike.converged
    position = np.zeros(known.target.layout.size)
    position[: alike.target.layout.together.stop] = alike.top.position[: alike.target.layout.together.stop]
    factor = alike.target.natural(alike.top.position[None]).factors["patient"][0]
    whole = np.zeros((3, 3))
    whole[1:, 1:] = factor
    position[known.target.layout.between("patient")] = whole[np.tril_indices(3)]
    # One dimension with 15 nodes and two with 11 each of the same integral.
    assert known.target.value(position)[0] == pytest.approx(alike.top.value, abs=0.01)
    assert known.top.value > alike.top.value


def test_generated_intercepts_and_residuals_follow_the_level() -> None:
    maximum = of_moving()
    design, positions = maximum.target.design, np.tile(maximum.top.position, (300, 1))
    population = population_of(maximum, positions)
    # With all of it in the intercepts, what is generated first is y at (1 - phi - d) / (1 - phi) times the intercept.
    covariance = np.zeros_like(population.joint["patient"])
    covariance[:, 1:, 1:] = np.array([[0.04, 0.0], [0.0, 1.0]])
    silent = replace(
        population,
        joint={"patient": covariance},
        covariances={"patient": covariance[:, 1:, 1:]},
        residuals={"y": np.full(300, 1e-9)},
    )
    generated = generate_outcomes(moving(), design, silent, 1, np.random.default_rng(2))["y"]
    phi, level = population.slopes["y"][0, 1], design.equations["y"].levels["y_lag"].at(moving())
    first = (moving()["session"] == 2).to_numpy()
    mean = population.intercepts["y"][0] + moving()[["x", "y_lag", "y_baseline"]].to_numpy() @ population.slopes["y"][0]
    deviation = (moving()["y_lag"].to_numpy() - level)[first, None]
    left = generated[first] - mean[first, None]
    # E(g u + d (y_lag - level))^2 with independent d and u: 1 + .04 / (1 - phi)^2 + .04 deviation^2
    expected = 1 + 0.04 / (1 - phi) ** 2 + 0.04 * deviation**2
    assert (left**2 / expected).mean() == pytest.approx(1, abs=0.05)
    assert ((left**2).mean() - (0.04 * deviation**2).mean()) > 1 + 0.02 / (1 - phi) ** 2
    residuals, _ = _residuals(maximum)
    assert np.corrcoef(residuals["y"], moving()["y_lag"])[0, 1] == pytest.approx(0, abs=0.1)
