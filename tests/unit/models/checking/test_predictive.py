import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance.models.checking import predictive
from alliance.models.checking.predictive import Statistic, check_predictive, mark_predictive, pack_predictive
from alliance.models.design.arrays import Varying, make_design
from alliance.models.diagram import edges_of
from alliance.models.generator import generate_outcomes
from alliance.models.quantities.population import Population
from alliance.models.rows import select_rows
from alliance.results.estimates import summarise_predictive
from tests.unit.models import joint_study as study

DRAWS = 200


def check(panel: pd.DataFrame, b: float, intercept_sd: float = study.INTERCEPT_SD) -> pd.DataFrame:
    """Predictive checks of a population that is the truth of the study, apart from `b` and `intercept_sd`."""
    spec = study.make_spec(
        equations={
            "m": {"on": ["x", "arm"], "vary": {"patient": ["intercept", "x"]}},
            "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"]}},
        }
    )
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, study.VARIABLES)
    sd = np.array([study.INTERCEPT_SD, study.SLOPE_SD, intercept_sd, study.SLOPE_SD])
    population = Population(
        intercepts={"m": np.full(DRAWS, 10 - 3 * study.A), "y": np.full(DRAWS, 20 - 10 * b - 3 * study.C_PRIME)},
        slopes={"m": np.tile([study.A, 0.5], (DRAWS, 1)), "y": np.tile([b, study.C_PRIME], (DRAWS, 1))},
        residuals={"m": np.ones(DRAWS), "y": np.ones(DRAWS)},
        covariances={"patient": np.tile(np.diag(sd**2), (DRAWS, 1, 1))},
        varying={
            "patient": [Varying("m", "intercept"), Varying("m", "x"), Varying("y", "intercept"), Varying("y", "m")]
        },
    )
    edges = [edge for edge in edges_of(spec, study.VARIABLES) if edge.source != "arm"]
    rng = np.random.default_rng(1)
    return summarised(check_predictive(panel, design, population, edges, study.VARIABLES, 1, rng))


def summarised(found: list[Statistic]) -> pd.DataFrame:
    table = summarise_predictive(xr.DataTree(pack_predictive({"posterior": found})), 0.95)
    return table.set_index(["statistic", "outcome"])


PANEL = study.simulate(60, 6, seed=2)


def test_observed_statistics_are_those_of_the_data():
    found = check(PANEL, study.B)["observed"]
    by_patient = PANEL.groupby("patient")
    deviations = PANEL[["x", "m", "y"]] - by_patient[["x", "m", "y"]].transform("mean")
    before = deviations["y"].groupby(PANEL["patient"]).shift(1)
    slope = (deviations["m"] * deviations["y"]).sum() / (deviations["m"] ** 2).sum()
    assert found["standard deviation within patients", "y"] == pytest.approx(deviations["y"].std(ddof=0))
    assert found["standard deviation of patients' means", "m"] == pytest.approx(by_patient["m"].mean().std(ddof=0))
    assert found["correlation of neighbouring sessions within patients", "y"] == pytest.approx(
        deviations["y"].corr(before)
    )
    assert found["slope within patients", "m -> y"] == pytest.approx(slope)
    trends = [np.polyfit(rows["session"], rows["m"], 1)[0] for _, rows in by_patient]
    assert found["standard deviation of patients' trends over sessions", "m"] == pytest.approx(np.std(trends))
    centred = PANEL["m"] - PANEL["m"].mean()
    assert found["skewness", "m"] == pytest.approx((centred**3).mean() / PANEL["m"].std(ddof=0) ** 3)


def test_data_of_the_true_population_look_like_the_data():
    found = check(PANEL, study.B)
    # 95 % intervals of 13 statistics: at most two may miss by chance (probability of three is below .03).
    assert (~found["observed"].between(found["low"], found["high"])).sum() <= 2


def test_of_large_studies_whole_patients_are_looked_at_and_tell_the_same(monkeypatch: pytest.MonkeyPatch):
    panel = study.simulate(400, 6, seed=5)
    whole = check(panel, study.B)
    assert whole["n_sampled"].isna().all()
    monkeypatch.setattr(predictive, "_MOST_ROWS", 1000)
    part = check(panel, study.B)
    assert (part["n_sampled"] == 1000 // 6).all()
    assert [*part.index] == [*whole.index]
    # Of a population, so medians are those of the whole but for the chance of 166 patients of 400.
    spread = (part["high"] - part["low"]) / 4
    assert ((part["median"] - whole["median"]).abs() <= 1.5 * spread).all()
    assert (part["high"] - part["low"] >= whole["high"] - whole["low"]).all()
    assert (~part["observed"].between(part["low"], part["high"])).sum() <= 2


def test_wrong_slope_is_seen_in_the_slope():
    found = check(PANEL, study.B + 0.6).loc[("slope within patients", "m -> y")]
    assert found["observed"] < found["low"]
    assert found["p_value"] > 0.99


def test_missing_spread_between_patients_is_seen():
    found = check(PANEL, study.B, intercept_sd=0.01).loc[("standard deviation of patients' means", "y")]
    assert found["observed"] > found["high"]


def test_trends_that_the_model_leaves_out_are_seen():
    rng = np.random.default_rng(1)
    trend = pd.Series(rng.normal(scale=0.5, size=PANEL["patient"].nunique()), PANEL["patient"].unique())
    drifting = PANEL.assign(y=PANEL["y"] + PANEL["patient"].map(trend) * (PANEL["session"] - PANEL["session"].mean()))
    found = check(drifting, study.B).loc[("standard deviation of patients' trends over sessions", "y")]
    assert found["observed"] > found["high"]


def test_share_outside_the_range_is_checked_where_a_range_is_declared():
    found = check(PANEL, study.B).index
    assert ("share outside the possible range", "y") in found
    assert ("share outside the possible range", "m") not in found


def test_lagged_outcomes_follow_the_generated_values():
    panel = PANEL.assign(m_lag=PANEL.groupby("patient")["m"].shift(1))
    spec = study.make_spec(
        equations={"m": {"on": ["m_lag"], "vary": {"patient": []}}}, effects={"from": "x", "to": "m"}
    )
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, study.VARIABLES)
    population = Population(
        {"m": np.zeros(DRAWS)}, {"m": np.full((DRAWS, 1), 0.9)}, {"m": np.full(DRAWS, 1e-9)}, {}, {}
    )
    rng = np.random.default_rng(1)
    found = check_predictive(panel, design, population, [], study.VARIABLES, 1, rng)
    # Without noise m shrinks by the factor 0.9 from session to session, from the observed first value on.
    first = panel.groupby("patient")["m"].first()
    expected = np.outer(first, 0.9 ** np.arange(1, 6)).mean(axis=1).std()
    assert summarised(found)["median"]["standard deviation of patients' means", "m"] == pytest.approx(
        expected, rel=1e-6
    )


def test_series_that_explode_under_wide_priors_leave_finite_statistics():
    centred = PANEL.assign(m=PANEL["m"] - PANEL["m"].mean())
    panel = centred.assign(m_lag=centred.groupby("patient")["m"].shift(1))
    spec = study.make_spec(
        equations={"m": {"on": ["m_lag"], "vary": {"patient": []}}}, effects={"from": "x", "to": "m"}
    )
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, study.VARIABLES)
    ones = np.ones(DRAWS)
    population = Population({"m": 0 * ones}, {"m": 1e25 * ones[:, None]}, {"m": ones}, {}, {})
    found = check_predictive(panel, design, population, [], study.VARIABLES, 1, np.random.default_rng(1))
    assert all(np.isfinite(statistic.generated).all() for statistic in found)


def test_varying_slopes_multiply_deviations_from_own_means_of_generated_values():
    spec = study.make_spec(
        equations={"m": {"on": ["x"]}, "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"]}}}
    )
    rows, _ = select_rows(PANEL, "study", spec)
    design = make_design("study", spec, rows, study.VARIABLES)
    varying = {"patient": np.tile(np.diag([0.0, 0.0, 9.0]), (DRAWS, 1, 1))}
    assert [effect.text for effect in design.varying["patient"]] == ["m: intercept", "y: intercept", "y: m"]
    population = Population(
        {"m": np.zeros(DRAWS), "y": np.zeros(DRAWS)},
        {"m": np.full((DRAWS, 1), 2.0), "y": np.tile([0.5, 0.0], (DRAWS, 1))},
        {"m": np.full(DRAWS, 1e-9), "y": np.full(DRAWS, 1e-9)},
        varying,
        design.varying,
    )
    found = check_predictive(PANEL, design, population, [], study.VARIABLES, 1, np.random.default_rng(1))
    # Slopes move single sessions a lot, patients' means of y = 0.5 m = x not at all.
    expected = PANEL.groupby("patient")["x"].mean().std(ddof=0)
    rows_of = summarised(found)["median"]
    assert rows_of["standard deviation of patients' means", "y"] == pytest.approx(expected, rel=1e-6)
    assert (
        rows_of["standard deviation within patients", "y"] > 4 * rows_of["standard deviation within patients", "m"] / 2
    )


def test_varying_slopes_multiply_what_observed_initial_values_do_not_lead_one_to_expect():
    by_patient = PANEL.groupby("patient")
    panel = PANEL.assign(m_lag=by_patient["m"].shift(1), m_baseline=by_patient["m"].transform("first"))
    spec = study.make_spec(
        equations={"m": {"on": ["m_lag", "m_baseline"], "vary": {"patient": ["intercept", "m_lag"]}}},
        effects={"from": "x", "to": "m"},
    )
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, study.VARIABLES)
    population = Population(
        {"m": np.zeros(DRAWS)},
        {"m": np.zeros((DRAWS, 2))},
        {"m": np.full(DRAWS, 1e-9)},
        {"patient": np.tile(np.diag([0.0, 0.25]), (DRAWS, 1, 1))},
        design.varying,
    )
    generated = generate_outcomes(panel, design, population, 1, np.random.default_rng(1))["m"]
    used = panel["session"] > 1
    level = np.polyval(np.polyfit(panel["m_baseline"][used], panel["m_lag"][used], 1), panel["m_baseline"])
    before = panel.groupby("patient").cumcount().to_numpy() == 2
    third, second = generated[before], generated[np.flatnonzero(before) - 1]
    # All that is left is u (m_lag - level), with the same u at the second and at the third session.
    first = panel["m_baseline"].to_numpy()[before, None]
    at = level[before, None]
    np.testing.assert_allclose(third * (first - at), second * (second - at), rtol=1e-6, atol=1e-6)
    assert (second / (first - at)).std() == pytest.approx(0.5, rel=0.05)


def test_products_follow_the_generated_values_and_their_own_means():
    spec = study.make_spec(
        equations={"m": {"on": ["x"]}, "y": {"on": ["m", "x", "m_by_x"]}}, products={"m_by_x": ["m", "x"]}
    )
    rows, _ = select_rows(PANEL, "study", spec)
    design = make_design("study", spec, rows, study.VARIABLES)
    none = {level: np.zeros((DRAWS, len(effects), len(effects))) for level, effects in design.varying.items()}
    population = Population(
        {"m": np.zeros(DRAWS), "y": np.zeros(DRAWS)},
        {"m": np.full((DRAWS, 1), 2.0), "y": np.tile([0.0, 0.0, 1.0], (DRAWS, 1))},
        {"m": np.full(DRAWS, 1e-9), "y": np.full(DRAWS, 1e-9)},
        none,
        design.varying,
    )
    rng = np.random.default_rng(1)
    found = check_predictive(PANEL, design, population, [], study.VARIABLES, 1, rng)
    # Without noise m is 2 x, whatever the observed m: y is 2 (x - mean of x)^2.
    deviation = PANEL["x"] - PANEL.groupby("patient")["x"].transform("mean")
    expected = (2 * deviation**2).groupby(PANEL["patient"]).mean().std(ddof=0)
    rows_of = summarised(found)["median"]
    assert rows_of["standard deviation of patients' means", "y"] == pytest.approx(expected, rel=1e-6)


def test_smooths_of_time_and_equations_without_predictors_are_simulated():
    bases = {"course": {"of": "session", "kind": "each"}}
    spec = study.make_spec(equations={"m": {"on": []}, "y": {"on": ["m", "course"]}}, bases=bases)
    rows, _ = select_rows(PANEL, "study", spec)
    design = make_design("study", spec, rows, study.VARIABLES)
    none = {level: np.zeros((DRAWS, len(effects), len(effects))) for level, effects in design.varying.items()}
    slopes = {"m": np.empty((DRAWS, 0)), "y": np.tile([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (DRAWS, 1))}
    noise = {"m": np.ones(DRAWS), "y": np.full(DRAWS, 1e-9)}
    population = Population({"m": np.zeros(DRAWS), "y": np.zeros(DRAWS)}, slopes, noise, none, design.varying)
    rng = np.random.default_rng(1)
    found = check_predictive(PANEL, design, population, [], study.VARIABLES, 1, rng)
    rows_of = summarised(found)["median"]
    # y is the number of the session, less one: 0 to 5.
    assert rows_of["standard deviation within patients", "y"] == pytest.approx(np.arange(6).std(), rel=1e-6)
    # 360 draws of a standard normal, of which each patient's mean takes a sixth.
    assert rows_of["standard deviation within patients", "m"] == pytest.approx(np.sqrt(5 / 6), abs=0.03)


def generated(name: str, about: str, observed: float, draws: int = 300) -> Statistic:
    return Statistic(name, about, observed, np.random.default_rng(1).normal(size=draws))


def test_statistic_that_generated_data_never_have_is_marked_for_its_outcome_only() -> None:
    found = [
        generated("skewness", "m", 0.3),
        generated("skewness", "y", 9.0),
        generated("slope within patients", "x -> m", 1.0),
    ]
    marks = {mark.subject: mark for mark in mark_predictive(found, ("m", "y"))}

    assert marks["m"].passed and not marks["y"].passed
    assert (marks["y"].value, marks["y"].detail, marks["y"].outcomes) == (0.0, "skewness", ("y",))


def test_checks_of_few_data_sets_and_of_the_possible_range_mark_nothing() -> None:
    outside = generated("share outside the possible range", "y", 9.0)

    assert mark_predictive([generated("skewness", "y", 9.0, draws=10), outside], ("y",)) == []
