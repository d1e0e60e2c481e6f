"""Effects corrected for unreliable scores: the algebra against regressions of known covariances, and where there is none."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.config.schema import Inference
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.models.checking.unreliable import find_obstacle
from alliance.models.design.arrays import Design, Varying
from alliance.models.fitting import fit_declared
from alliance.models.joint import prepare_task
from alliance.models.quantities.corrected import draw_reliability
from alliance.models.quantities.latent import latent_means
from alliance.models.quantities.population import Population
from alliance.models.quantities.unreliable import correct_between, correct_within, variance_within
from alliance.results.fits import tabulate_fit

LIMITS = Inference(interval=0.95, monte_carlo_draws=1000, rhat_max=1.01, ess_min=400, divergences_max=0)
INTERCEPT = {"patient": ["intercept"]}
X = {"on": ["session"], "vary": INTERCEPT}
VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in ("x", "m", "y", "w")}


def simulate(patients: int = 30, sessions: int = 6, seed: int = 1, error: float = 0.0) -> pd.DataFrame:
    """Simulate x -> m -> y with effects .3, -.25 and .1, and error of this variance in m."""
    rng = np.random.default_rng(seed)
    level, noise = rng.normal(size=(3, patients, 1)), rng.normal(size=(4, patients, sessions))
    x = 0.7 * level[0] + noise[0]
    m = 0.5 * level[1] + 0.3 * x + noise[1]
    y = 0.5 * level[2] - 0.25 * m + 0.1 * x + noise[2]
    m = m + np.sqrt(error) * noise[3]
    shape = {"x": x, "m": m, "y": y, "w": rng.normal(size=x.shape)}
    keys = {
        PATIENT: np.repeat([f"P{number:04d}" for number in range(patients)], sessions),
        THERAPIST: "T",
        SESSION: np.tile(np.arange(1, sessions + 1), patients),
    }
    panel = pd.DataFrame(keys | {name: values.ravel() for name, values in shape.items()})
    for name in shape:
        panel[f"{name}_lag"] = panel.groupby(PATIENT)[name].shift()
        panel[f"{name}_baseline"] = panel.groupby(PATIENT)[name].transform("first")
    return panel


def declare(**changes: Any) -> ModelSpec:
    equations = {
        "x": X,
        "m": {"on": ["x", "session"], "vary": INTERCEPT},
        "y": {"on": ["m", "x", "session"], "vary": INTERCEPT},
    } | changes.pop("equations", {})
    named = {name: equation for name, equation in equations.items() if equation is not None}
    declared = {"label": "errors", "family": "multilevel_path", "depth": "ml", "missing": "drop", "trends": False}
    return ModelSpec.model_validate(declared | {"equations": named, "effects": {"from": "x", "to": "y"}} | changes)


def settings(known: dict[str, tuple[float, float]], variables: dict[str, Variable] = VARIABLES) -> dict[str, Any]:
    return {
        "seed": 1, "lag": 1, "monte_carlo_draws": 400, "predictive_draws": 10, "priors": {}, "sampling": {},
        "variables": {name: variable.model_dump(mode="json") for name, variable in variables.items()},
        "reliability": {n: {"within": [w, 0.0], "between": [b, 0.0], "note": ""} for n, (w, b) in known.items()},
    }  # fmt: skip


def design_of(spec: ModelSpec, panel: pd.DataFrame | None = None) -> Design:
    return prepare_task(simulate() if panel is None else panel, "errors", spec, settings({})).design


def tables_of(spec: ModelSpec, panel: pd.DataFrame, known: dict[str, tuple[float, float]]) -> dict[str, pd.DataFrame]:
    return tabulate_fit(fit_declared(panel, "errors", spec, settings(known)).tree, LIMITS)


@cache
def known_law() -> tuple[Design, Population, dict[str, float], dict[str, float]]:
    """One draw of what a model finds in scores x and m with error: regressions in the covariance of x, m, y, w with error added.

    The true law: x ~ 1, m = .4 x + .2 w + e (variance .8), y = -.5 m + .3 x + .1 w + e (variance .6); w is free of error, x depends on it
    by .5; b varies with variance .04, and so does the slope of w in m (.09), with covariance -.03.
    """
    spec = declare(
        equations={
            "x": {"on": ["w"], "vary": INTERCEPT},
            "m": {"on": ["x", "w"], "vary": {"patient": ["intercept", "w"]}},
            "y": {"on": ["m", "x", "w"], "vary": {"patient": ["intercept", "m", "w"]}},
        }
    )
    design = design_of(spec)
    x, m = 1.0, 0.8
    errors = {"x": 0.3, "m": 0.5}
    # Covariances given w: x, m, y.
    among = np.array([[x, 0.4 * x], [0.4 * x, 0.16 * x + m]])
    with_y = among @ [0.3, -0.5]
    observed = among + np.diag([errors["x"], errors["m"]])
    a = among[0, 1] / observed[0, 0]
    c, b = np.linalg.solve(observed, with_y)
    left_m = observed[1, 1] - a**2 * observed[0, 0]
    share = errors["m"] / left_m
    x_w, m_w = 0.5, 0.2 + 0.4 * 0.5
    y_w = 0.1 + 0.3 * x_w - 0.5 * m_w - 0.03  # total, with the covariance of the two slopes along w -> m -> y
    covariance = np.zeros((6, 6))
    effects = design.varying["patient"]
    places = {effect: place for place, effect in enumerate(effects)}
    b_m, a_w = places[Varying("y", "m")], places[Varying("m", "w")]
    covariance[b_m, b_m], covariance[a_w, a_w] = (1 - share) ** 2 * 0.04, 0.09
    covariance[b_m, a_w] = covariance[a_w, b_m] = (1 - share) * -0.03
    left_y = 0.6 + np.array([0.3, -0.5]) @ among @ [0.3, -0.5] - np.array([c, b]) @ observed @ [c, b]
    left_y += 0.04 * errors["m"] * (1 - share)
    one = np.ones(1)
    slopes = {
        "x": {"w": x_w},
        "m": {"x": a, "w": m_w - a * x_w},
        "y": {"m": b, "x": c, "w": y_w - b * m_w - c * x_w - (1 - share) * -0.03},
    }
    population = Population(
        dict.fromkeys("xmy", 0.0 * one),
        {o: np.array([[slopes[o][term] for term in design.equations[o].terms]]) for o in design.equations},
        {"x": np.sqrt(observed[0, 0]) * one, "m": np.sqrt(left_m) * one, "y": np.sqrt(left_y) * one},
        {"patient": covariance[None]},
        design.varying,
    )
    truth = {"m: x": 0.4, "m: w": 0.2, "y: m": -0.5, "y: x": 0.3, "y: w": 0.1, "x: w": 0.5}
    return design, population, errors, truth


def test_parameters_without_error_are_those_of_the_law_that_error_was_added_to() -> None:
    design, population, errors, truth = known_law()
    omegas = {n: 1 - error / variance_within(design, population, n) for n, error in errors.items()}
    found = correct_within(design, population, omegas).population
    assert found is not None
    slopes = {f"{o}: {t}": found.slopes[o][0, k] for o, e in design.equations.items() for k, t in enumerate(e.terms)}
    assert slopes == pytest.approx(truth, abs=1e-12)
    left = {outcome: float(sd[0] ** 2) for outcome, sd in found.residuals.items()}
    assert left == pytest.approx({"x": 1.0, "m": 0.8, "y": 0.6}, abs=1e-12)
    slope = Varying("y", "m")
    assert found.covariance(slope, Varying("m", "w"))[0] == pytest.approx(-0.03, abs=1e-12)
    assert found.covariance(slope, slope)[0] == pytest.approx(0.04, abs=1e-12)


def test_latent_means_do_not_depend_on_error_of_single_sessions() -> None:
    """The corrected intercepts and slopes imply the covariance of means that the observed ones imply."""
    design, population, errors, _ = known_law()
    population.covariances["patient"][0, :3, :3] = [[0.5, 0.1, 0.0], [0.1, 0.4, -0.1], [0.0, -0.1, 0.3]]
    omegas = {n: 1 - error / variance_within(design, population, n) for n, error in errors.items()}
    found = correct_within(design, population, omegas).population
    assert found is not None
    before, after = (latent_means(design, each, None)["patient"].covariance for each in (population, found))
    assert after == pytest.approx(before, abs=1e-12)
    lasting = correct_between(design, population, latent_means(design, population, None), {"m": np.array([0.8])})
    place = lasting["patient"].outcomes.index("m")
    expected = before.copy()
    expected[:, place, place] *= 0.8
    assert lasting["patient"].covariance == pytest.approx(expected, abs=1e-12)


def test_correction_finds_the_true_effects_and_leaves_the_total_alone() -> None:
    panel = simulate(300, 8, seed=4, error=0.5)
    # Within patients m varies by 1 + .09, of which error makes 1.59.
    found = tables_of(declare(), panel, {"m": (1.09 / 1.59, 1.0)})["corrected"].set_index(["path", "effect"])
    truth = {("x -> m", "a"): 0.3, ("m -> y", "b"): -0.25, ("x -> y", "c_prime"): 0.1}
    for key, value in truth.items():
        row = found.loc[key]
        assert abs(row["estimate_corrected"] - value) < 3 * row["sd_corrected"]
        assert row["low_corrected"] < value < row["high_corrected"]
        assert row["n_patients"] == 300 and row["flag"] == ""
    assert found.loc[("m -> y", "b"), "estimate"] == pytest.approx(-0.25 * 1.0 / 1.5, abs=0.04)
    total = found.loc[("x -> y", "total")]
    assert total["estimate_corrected"] == pytest.approx(total["estimate"], abs=1e-12)
    assert found.loc[("m -> y", "b"), "high_corrected"] - found.loc[("m -> y", "b"), "low_corrected"] > (
        found.loc[("m -> y", "b"), "high"] - found.loc[("m -> y", "b"), "low"]
    )


def test_estimates_corrected_for_more_error_than_change_are_flagged_and_those_as_they_are_are_not() -> None:
    tables = tables_of(declare(), simulate(60), {"m": (0.45, 1.0)})
    corrected, own = (
        tables[name].set_index(["path", "effect", "level"])["flag"] for name in ("corrected", "estimates")
    )
    slope = ("m -> y", "b", "within")
    assert "little reliability" in corrected[slope] and "little reliability" not in own[slope]


def test_estimates_with_error_are_flagged_and_an_unreliable_outcome_leaves_effects_as_they_are() -> None:
    tables = tables_of(declare(), simulate(60), {"m": (0.8, 1.0), "y": (0.8, 1.0)})
    estimates = tables["estimates"].set_index(["path", "effect", "level"])["flag"]
    assert "measurement error" in estimates["m -> y", "b", "within"]
    assert "measurement error" not in estimates["x -> m", "a", "within"]
    marks = list(zip(tables["diagnostics"]["caution"], tables["diagnostics"]["subject"], strict=True))
    assert ("corrected_error", "m") in marks and ("unreliable_outcome", "y") in marks
    assert "little reliability" not in set(tables["corrected"]["flag"])
    only_outcome = tables_of(declare(), simulate(60), {"y": (0.8, 1.0)})["corrected"]
    effects = only_outcome[only_outcome["level"] == "within"]
    assert len(effects) and np.allclose(effects["estimate"], effects["estimate_corrected"], atol=1e-12)
    residual = only_outcome[only_outcome["effect"] == "sd"].iloc[0]
    assert residual["estimate_corrected"] < residual["estimate"]


def test_more_error_than_a_score_varies_by_gives_no_correction() -> None:
    tables = tables_of(declare(), simulate(60), {"m": (0.05, 1.0)})
    assert tables["corrected"].empty
    marks = tables["diagnostics"].set_index("caution")
    assert "unsettled_error" in marks.index and not {"corrected_error", "little_reliability"} & set(marks.index)
    assert "error may be all" in marks.loc["uncorrected_error", "detail"]
    flags = tables["estimates"].set_index(["path", "effect", "level"])["flag"]
    assert "measurement error" in flags["m -> y", "b", "within"]


PAST = {"on": ["x", "m_lag", "session"], "vary": INTERCEPT}
REFUSED = {
    "m_lag": ({"m": PAST}, {}),
    "has no equation of its own": ({"m": None, "y": {"on": ["m", "x", "session"], "vary": INTERCEPT}}, {}),
    "'w' predicts 'm' but not 'y'": ({"m": {"on": ["x", "w", "session"], "vary": INTERCEPT}}, {}),
    "the slope of 'x' varies between patients in the equation of 'm' but not in that of 'y'": (
        {"m": {"on": ["x", "session"], "vary": {"patient": ["intercept", "x"]}}},
        {},
    ),
    "a factor of the product 'by_time'": (
        {"y": {"on": ["m", "by_time", "x", "session"], "vary": INTERCEPT}},
        {"products": {"by_time": ["m", "session"]}},
    ),
}


@pytest.mark.parametrize(("reason", "changes"), REFUSED.items())
def test_what_stands_in_the_way_is_named(reason: str, changes: tuple[dict[str, Any], dict[str, Any]]) -> None:
    equations, others = changes
    effects = {"effects": {"from": "m", "to": "y"}} if equations.get("m", X) is None else {}
    design = design_of(declare(equations=equations, **others, **effects))
    assert reason in find_obstacle(design, "m", VARIABLES)


def test_remedies_are_followed() -> None:
    w = {"on": ["x", "w", "session"], "vary": {"patient": ["intercept", "x"]}}
    y = {"on": ["m", "x", "w", "session"], "vary": {"patient": ["intercept", "x", "m"]}}
    assert find_obstacle(design_of(declare(equations={"m": w, "y": y})), "m", VARIABLES) == ""


def test_slope_of_an_unreliable_cause_may_not_vary_beside_a_mediator() -> None:
    m = {"on": ["x", "session"], "vary": {"patient": ["intercept", "x"]}}
    y = {"on": ["m", "x", "session"], "vary": {"patient": ["intercept", "m"]}}
    assert "its slope varies in the equation of 'm' while 'y'" in find_obstacle(
        design_of(declare(equations={"m": m, "y": y})), "x", VARIABLES
    )
    assert find_obstacle(design_of(declare(equations={"y": y})), "x", VARIABLES) == ""


def test_scores_of_patients_who_differ_in_variability_have_no_correction() -> None:
    m = {"on": ["x", "session"], "vary": {"patient": ["intercept", "variability"]}}
    assert "take 'variability' out" in find_obstacle(design_of(declare(equations={"m": m})), "m", VARIABLES)


def test_censored_score_has_no_correction() -> None:
    censored = VARIABLES | {"m": VARIABLES["m"].model_copy(update={"censored": (0.0, None)})}
    assert "censored" in find_obstacle(design_of(declare()), "m", censored)


def test_model_in_which_one_score_is_in_the_way_gives_no_correction_and_says_why() -> None:
    spec = declare(equations={"m": PAST}, initial_values_signed_off="A test.")
    tables = tables_of(spec, simulate(60), {"m": (0.8, 1.0), "x": (0.9, 1.0)})
    assert tables["corrected"].empty
    marks = tables["diagnostics"].set_index(["caution", "subject"])
    assert "remove 'missing: drop'" in marks.loc[("uncorrected_error", "m"), "detail"]
    flags = tables["estimates"].set_index(["path", "effect", "level"])["flag"]
    assert "measurement error" in flags["m -> y", "b", "within"]


def test_drawn_reliability_has_the_error_of_its_logit_and_its_estimate_none() -> None:
    rng = np.random.default_rng(1)
    drawn = draw_reliability((0.7, 0.2), 20_000, rng)
    logits = np.log(drawn / (1 - drawn))
    # Errors of 20,000 draws: .0014 and .001.
    assert logits.mean() == pytest.approx(np.log(0.7 / 0.3), abs=0.006)
    assert logits.std() == pytest.approx(0.2, abs=0.004)
    assert (draw_reliability((0.7, 0.2), 3, None) == 0.7).all() and (draw_reliability((0.7, 0.0), 3, rng) == 0.7).all()
