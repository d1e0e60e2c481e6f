"""What the literature derived about multilevel mediation: textbook estimates have the bias that was derived, joint ones have none.

Each study is simulated here in a few lines and is so large that chance hardly matters; the formula stands beside it.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from alliance.config import ModelSpec, Variable
from alliance.data.panel import make_panel
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS
from alliance.models.fitting import fit_declared
from alliance.results.estimates import summarise_estimates

VARIABLES = {
    name: Variable(label=name, column=name, measured=measured)
    for name, measured in {"x": "before", "m": "during", "y": "after"}.items()
}
SETTINGS: dict[str, Any] = {
    "seed": 1, "lag": 1, "monte_carlo_draws": 400, "predictive_draws": 10, "priors": {}, "sampling": {},
    "variables": {name: variable.model_dump(mode="json") for name, variable in VARIABLES.items()},
}  # fmt: skip


def fit(values: dict[str, np.ndarray], family: str, source: str, **equations: dict[str, Any]) -> pd.Series:
    """Fit arrays (patient, session) of each variable; estimates by path, effect and level."""
    patients, sessions = next(iter(values.values())).shape
    keys = {
        PATIENT: np.repeat([f"P{number:05d}" for number in range(patients)], sessions),
        THERAPIST: np.repeat([f"T{number // 10:04d}" for number in range(patients)], sessions),
        SESSION: np.tile(np.arange(1, sessions + 1), patients),
        DAYS: np.nan,
        WEEKS: np.nan,
    }
    scores = pd.DataFrame(keys | {name: column.ravel() for name, column in values.items()})
    units = scores.drop_duplicates(PATIENT)[[PATIENT, THERAPIST]]
    therapists = units.drop_duplicates(THERAPIST)[[THERAPIST]]
    panel = make_panel(scores, units, therapists, VARIABLES, lag=1, max_gap_days=None)
    depth = {"depth": "ml"} if family == "multilevel_path" else {}
    declared = {
        "label": "closed form",
        "family": family,
        "equations": equations,
        "effects": {"from": source, "to": "y"},
    }
    tree = fit_declared(panel, "closed_form", ModelSpec.model_validate(declared | depth), SETTINGS).tree
    table = summarise_estimates(tree, [], 0.95)
    return table.set_index(["path", "effect", "level"])["estimate"].sort_index()


@cache
def lasting_and_momentary(confounding: float) -> dict[str, np.ndarray]:
    """m and y of 1,500 patients x 5 sessions: effect -.3 within patients, whose lasting parts go together beyond it."""
    rng = np.random.default_rng(2008)
    lasting = rng.normal(0, 0.7, (1500, 1))
    m = lasting + rng.normal(size=(1500, 5))
    y = -0.3 * m + confounding * lasting + rng.normal(0, 0.5, (1500, 1)) + rng.normal(size=(1500, 5))
    return {"m": m, "y": y}


def test_effect_of_observed_means_is_too_near_the_effect_within_by_their_unreliability() -> None:
    values, tau2, contextual = lasting_and_momentary(-0.6), 0.49, -0.6
    reliability = tau2 / (tau2 + 1 / 5)  # Lüdtke et al. 2008, doi 10.1037/a0012869
    textbook = fit(values, "textbook", "m", y={"on": ["m"]})
    joint = fit(values, "multilevel_path", "m", m={"on": []}, y={"on": ["m"]})
    # Standard errors are about .013 within and .03 between.
    assert textbook["m -> y", "effect", "between_patient"] == pytest.approx(-0.3 + contextual * reliability, abs=0.08)
    assert joint["m -> y", "effect", "between_patient"] == pytest.approx(-0.3 + contextual, abs=0.1)
    assert textbook["m -> y", "effect", "within"] == pytest.approx(-0.3, abs=0.03)
    assert joint["m -> y", "effect", "within"] == pytest.approx(-0.3, abs=0.03)


def test_own_past_of_a_centred_lag_is_too_small_by_the_bias_of_short_series() -> None:
    rng, rho, transitions = np.random.default_rng(1981), 0.4, 5
    level = rng.normal(0, 0.8, 2000)
    series = [level + rng.normal(0, 1 / np.sqrt(1 - rho**2), 2000)]
    for _ in range(transitions):
        series.append(level + rho * (series[-1] - level) + rng.normal(size=2000))
    y = np.stack(series, axis=1)
    # Nickell 1981, doi 10.2307/1911408, equation 18.
    left = 1 - (1 - rho**transitions) / (transitions * (1 - rho))
    bias = -(1 + rho) / (transitions - 1) * left / (1 - 2 * rho * left / ((1 - rho) * (transitions - 1)))
    values = {"y": y, "m": rng.normal(size=y.shape)}
    textbook = fit(values, "textbook", "m", y={"on": ["m", "y_lag"]})
    joint = fit(values, "multilevel_path", "m", m={"on": []}, y={"on": ["m", "y_lag", "y_baseline"]})
    # Standard errors are about .01 and .017; the bias is -.30.
    assert textbook["y_lag -> y", "coefficient", "within"] == pytest.approx(rho + bias, abs=0.04)
    assert joint["y_lag -> y", "coefficient", "within"] == pytest.approx(rho, abs=0.06)


def test_expected_product_of_slopes_is_their_product_and_their_covariance() -> None:
    rng = np.random.default_rng(2003)
    slopes = rng.multivariate_normal([0.5, 0.4], [[0.09, 0.05], [0.05, 0.09]], 1500)
    x = rng.normal(size=(1500, 8))
    m = slopes[:, :1] * x + rng.normal(0, 0.5, (1500, 1)) + rng.normal(size=x.shape)
    y = slopes[:, 1:] * m + 0.1 * x + rng.normal(0, 0.5, (1500, 1)) + rng.normal(size=x.shape)
    found = fit(
        {"x": x, "m": m, "y": y}, "multilevel_path", "x", x={"on": []},
        m={"on": ["x"], "vary": {"patient": ["intercept", "x"]}},
        y={"on": ["m", "x"], "vary": {"patient": ["intercept", "m"]}},
    )  # fmt: skip
    path = "x -> m -> y"
    # Kenny, Korchmaros & Bolger 2003, doi 10.1037/1082-989X.8.2.115; standard errors are about .01.
    assert found[path, "indirect", "within"] == pytest.approx(0.5 * 0.4 + 0.05, abs=0.03)
    assert found[path, "indirect_product", "within"] == pytest.approx(0.5 * 0.4, abs=0.03)


def test_differences_between_patients_that_nobody_measured_bias_a_slope_whose_cause_has_no_equation() -> None:
    values, sessions = lasting_and_momentary(-0.6), 5
    # Generalised least squares weighs the slopes within and between patients (Talloen et al. 2016, doi 10.3102/1076998616636855). Given
    # observed means, the slope between is -.3 - .6 x reliability, with what the means leave open of the lasting part as further variance.
    reliability = 0.49 / (0.49 + 1 / sessions)
    between = -0.3 - 0.6 * reliability
    lasting = 0.25 + 0.36 * 0.49 * (1 - reliability)
    within_weight, between_weight = (sessions - 1) * 1.0, (0.49 + 1 / sessions) * sessions / (1 + sessions * lasting)
    mixed = (within_weight * -0.3 + between_weight * between) / (within_weight + between_weight)
    alone = fit(values, "multilevel_path", "m", y={"on": ["m"]})
    joint = fit(values, "multilevel_path", "m", m={"on": []}, y={"on": ["m"]})
    # The variance of the intercepts is estimated along with a slope that is wrong for it, so the weights hold to about a tenth.
    assert alone["m -> y", "effect", "within"] == pytest.approx(mixed, abs=0.02)
    assert abs(mixed + 0.3) > 0.05
    assert joint["m -> y", "effect", "within"] == pytest.approx(-0.3, abs=0.03)


@pytest.mark.parametrize("vary", [["intercept"], ["intercept", "m"]], ids=["fixed slopes", "slopes that vary"])
def test_raw_and_centred_scores_are_one_model_unless_slopes_multiply_raw_ones(vary: list[str]) -> None:
    rng = np.random.default_rng(1995)
    m = rng.normal(0, 1.0, (300, 1)) + rng.normal(size=(300, 5))
    slope = -0.3 + (0.4 * rng.normal(size=(300, 1)) if "m" in vary else 0.0)
    y = slope * m - 0.6 * m.mean(axis=1, keepdims=True) + rng.normal(0, 0.5, (300, 1)) + rng.normal(size=(300, 5))
    means = np.broadcast_to(m.mean(axis=1, keepdims=True), m.shape)
    equation = {"on": ["m", "x"], "vary": {"patient": vary}}
    raw = fit({"x": means, "m": m, "y": y}, "multilevel_path", "m", y=equation)
    centred = fit({"x": means, "m": m - means, "y": y}, "multilevel_path", "m", y=equation)
    within, of_mean = ("m -> y", "effect", "within"), ("x -> y", "coefficient")
    # With means put back, raw scores have the contextual effect where centred ones have that between, and all else is the same (Kreft, de
    # Leeuw & Aiken 1995, doi 10.1207/s15327906mbr3001_1). Both are the same maximum, found from two starts.
    assert raw[within] == pytest.approx(centred[within], abs=1e-4)
    assert raw[of_mean].item() == pytest.approx((centred[of_mean] - centred[within]).item(), abs=1e-4)
    # Slopes that vary end that for models in which they multiply raw scores. Here they multiply deviations from the patient's own mean in
    # both, so it holds on; the oracle says that the two models would differ.
    fits = {
        name: MixedLM(
            y.ravel(), np.column_stack([np.ones(y.size), of.ravel(), means.ravel()]), np.repeat(np.arange(300), 5),
            exog_re=np.column_stack([np.ones(y.size), of.ravel()][: len(vary)]),
        ).fit(reml=True)
        for name, of in (("raw", m), ("centred", m - means))
    }  # fmt: skip
    assert raw[within] == pytest.approx(fits["centred"].params[1], abs=2e-3)
    assert (abs(fits["raw"].llf - fits["centred"].llf) < 1e-3) == ("m" not in vary)
