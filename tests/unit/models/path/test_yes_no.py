"""Yes/no outcomes: propensities, their own past, differences in probability, and what the report gets to know."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from alliance.config import Variable
from alliance.errors import ModelError
from alliance.inference.montecarlo import given_others
from alliance.models.container import FitResult, marks_of
from alliance.models.path import filled
from alliance.models.path.fit import fit
from tests.unit.models.filling.study import CROSS, OWN_Y, VARIABLES, B, make_spec, panel_of, simulate
from tests.unit.models.path.test_filled import settings

YES_NO = VARIABLES | {"y": Variable.model_validate(VARIABLES["y"].model_dump(mode="json") | {"yes_no": True})}
STATIC: dict[str, Any] = {"y": {"on": ["m"], "vary": {"patient": ["intercept"]}}}


@pytest.fixture
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw propensities less often than a study needs, where numbers are compared loosely or not at all."""
    monkeypatch.setattr(filled, "_OF_PROPENSITIES", filled.Schedule(rounds=80, settled=30, between=3, sets=6))


def declared(**changes: Any) -> dict[str, Any]:
    return settings(variables={key: variable.model_dump(mode="json") for key, variable in YES_NO.items()}, **changes)


def answers(patients: int, sessions: int, seed: int) -> pd.DataFrame:
    data = simulate(patients, sessions, seed)
    return data.assign(y=(data["y"] > 0).astype(float))


def draws_of(result: FitResult) -> pd.DataFrame:
    """Return the draws with path, effect and level as columns."""
    paths = result.tree["paths"].to_dataset()
    names = zip(*(paths[name].to_numpy() for name in ("path", "effect", "level")), strict=True)
    return pd.DataFrame(paths["draws"].to_numpy().reshape(-1, paths.sizes["quantity"]), columns=list(names))


def test_own_past_and_cross_lags_are_those_of_the_propensity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filled, "_OF_PROPENSITIES", filled.Schedule(rounds=120, settled=40, between=5, sets=20))
    draws = draws_of(fit(panel_of(answers(100, 6, 4)), "study", make_spec(), declared()))
    for path, truth in (("m -> y", B), ("y_lag -> y", OWN_Y), ("y_lag -> m", CROSS)):
        values = draws[path, "coefficient", "within"]
        assert abs(values.mean() - truth) < 2.5 * values.std()


@pytest.mark.usefixtures("few_rounds")
def test_unit_is_the_residual_and_the_share_of_yes_is_checked() -> None:
    result = fit(panel_of(answers(80, 6, 5)), "study", make_spec(STATIC), declared())
    draws = draws_of(result)
    assert ("residual -> y", "sd", "session") not in draws
    checks = result.tree["predictive"].to_dataset()
    found = {str(name) for name in checks["statistic"].to_numpy()}
    assert {"share of yes", "standard deviation of patients' shares of yes"} <= found and "skewness" not in found
    share = checks.isel(row=list(checks["statistic"].to_numpy()).index("share of yes"))
    assert abs(float(share["draws"].mean()) - float(share["observed"])) < 0.03
    (mark,) = [mark for mark in marks_of(result.tree) if mark.caution == "rare_answer"]
    assert mark.detail is not None and mark.detail.endswith("of 480 answers are yes")
    used = result.flow[result.flow["stage"] == "analysed"].set_index("outcome")["n_sessions"]
    assert dict(used) == {"y": 480}
    assert not set(result.flow["stage"]) & {"censored", "filled in"}


@pytest.mark.usefixtures("few_rounds")
def test_difference_in_probability_is_what_simulated_patients_show() -> None:
    """Every session of 80 patients, given to 500 new patients each, with m as it is and one unit more."""
    data = answers(80, 6, 5)
    spec = make_spec({"y": {"on": ["m"], "vary": {"patient": ["intercept", "m"]}}})
    draws = draws_of(fit(panel_of(data), "study", spec, declared()))
    means = draws.mean()
    rng, m = np.random.default_rng(1), data["m"].to_numpy()[:, None]
    centre, deviation = m.mean(), m - data.groupby("patient")["m"].transform("mean").to_numpy()[:, None]
    u, v = rng.standard_normal((2, len(m), 500))
    correlation = means["intercept, m -> y", "correlation", "patient"]
    v = correlation * u + np.sqrt(1 - correlation**2) * v
    u, v = u * means["intercept -> y", "sd", "patient"], v * means["m -> y", "sd", "patient"]
    slope = means["m -> y", "coefficient", "within"]
    propensity = means["intercept -> y", "coefficient", "overall"] + slope * (m - centre) + u + v * deviation
    simulated = (ndtr(propensity + slope + v) - ndtr(propensity)).mean()
    # The spread of draws, and of effects that hardly vary, is in one and not in the other.
    assert means["m -> y", "probability", "within"] == pytest.approx(simulated, abs=0.01)


@pytest.mark.usefixtures("few_rounds")
def test_arm_is_compared_between_its_two_values() -> None:
    data = answers(80, 6, 5)
    equations = {"y": {"on": ["arm"], "vary": {"patient": ["intercept"]}}}
    spec = make_spec(equations, effects={"from": "arm", "to": "y"})
    draws = draws_of(fit(panel_of(data), "study", spec, declared()))
    shares = data.groupby("arm")["y"].mean()
    names = [name for name in draws if name[1] == "probability"]
    assert len(names) == 1 and names[0][0] == "arm -> y"
    assert draws[names[0]].mean() == pytest.approx(shares[1.0] - shares[0.0], abs=0.02)


@pytest.mark.usefixtures("few_rounds")
def test_cause_with_two_values_is_compared_between_them_at_the_session_it_leads_from() -> None:
    data, rng = simulate(50, 5, 5), np.random.default_rng(2)
    x = rng.integers(0, 2, len(data)).astype(float)
    before = np.where(data["session"] > 1, np.roll(x, 1), 0.0)
    data = data.assign(x=x, y=(1.5 * before - 0.5 + rng.standard_normal(len(data)) > 0).astype(float))
    spec = make_spec({"y": {"on": ["x_lag"], "vary": {"patient": ["intercept"]}}}, effects={"from": "x", "to": "y"})
    means = draws_of(fit(panel_of(data), "study", spec, declared())).mean()
    later = data[data["session"] > 1].assign(before=before[data["session"] > 1])
    shares = later.groupby("before")["y"].mean()
    assert means["x -> y", "probability", "within"] == pytest.approx(shares[1.0] - shares[0.0], abs=0.03)


def test_answers_that_are_not_0_and_1_are_refused_with_what_to_write() -> None:
    data = answers(20, 5, 1)
    with pytest.raises(ModelError, match=r"variables.y.yes_no: the column holds 2, .*kind: category"):
        fit(panel_of(data.assign(y=data["y"] + 1)), "study", make_spec(STATIC), declared())


@pytest.mark.usefixtures("few_rounds")
def test_answers_that_a_predictor_tells_without_error_are_flagged() -> None:
    data = answers(40, 5, 5)
    told = {}
    for name, y in (("told", (data["m"] > 0).astype(float)), ("open", data["y"])):
        result = fit(panel_of(data.assign(y=y)), "study", make_spec(STATIC), declared())
        (told[name],) = [mark.passed for mark in marks_of(result.tree) if mark.caution == "told_answers"]
    assert told == {"told": False, "open": True}


@pytest.mark.usefixtures("few_rounds")
def test_posterior_under_wide_priors_says_what_maximum_likelihood_says() -> None:
    panel, wide = (
        panel_of(answers(60, 6, 8)),
        {"slope_sd": 5.0, "intercept_sd": 5.0, "residual_sd": 5.0, "varying_sd": 2.0},
    )
    priors = settings()["priors"] | wide
    one, other = (
        draws_of(fit(panel, "study", make_spec(STATIC, depth=depth), declared(priors=priors)))[
            "m -> y", "coefficient", "within"
        ]
        for depth in ("ml", "laplace")
    )
    assert other.mean() == pytest.approx(one.mean(), abs=0.7 * one.std())
    assert 0.7 < other.std() / one.std() < 1.4


def test_what_is_left_of_effects_adds_up_to_their_covariance() -> None:
    rng = np.random.default_rng(2)
    factor, integrated = np.tril(rng.standard_normal((3, 3))), np.array([True, False, True])
    others = rng.standard_normal((200_000, 3)) @ factor.T
    given, root = given_others(factor, others, integrated)
    # Both parts together vary and covary as the effects do; 200,000 draws have standard errors of .003 of the variances.
    np.testing.assert_allclose(np.cov(given.T) + root @ root.T, factor @ factor.T, atol=0.05)


@pytest.mark.usefixtures("few_rounds")
def test_the_same_seed_gives_the_same_numbers() -> None:
    panel = panel_of(answers(30, 5, 7))
    one, other = (draws_of(fit(panel, "study", make_spec(STATIC), declared())) for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
