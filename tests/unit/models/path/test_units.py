"""Random effects of single units against the dense posterior, and the rows of the shrinkage plot."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance.likelihood.layout import Statistics, make_statistics
from alliance.likelihood.patterns import EquationRows
from alliance.likelihood.units import draw_effects
from alliance.models.joint import Task, prepare_task
from alliance.models.path import units
from alliance.models.path.maximum import PathMaximum, maximise, population_of
from alliance.models.path.units import UNIT_DRAWS, draw_units
from alliance.results.estimates import summarise_units
from tests.unit.models import joint_study as study

PATIENTS, THERAPISTS = 11, 3
BY_PATIENT, BY_THERAPIST = [(0, 0), (1, 0), (0, 1)], [(0, 0), (1, 1)]
BETA, RESIDUAL = np.array([0.2, -0.4, 0.1, 0.5]), np.array([0.8, 1.3])
L = np.array([[0.7, 0, 0], [0.2, -0.5, 0], [-0.3, 0.1, 0.0]])
P = np.array([[0.6, 0], [-0.4, 0.3]])


def make_data() -> tuple[Statistics, np.ndarray]:
    """Return two equations of different rows; the last patient has none in the second, and therapists have unequal numbers."""
    rng = np.random.default_rng(1)
    equations = []
    for count in (50, 40):
        patient = rng.integers(0, PATIENTS - (count == 40), count)
        x = np.column_stack([np.ones(count), rng.normal(size=count)])
        equations.append(EquationRows(x, rng.normal(size=count), patient, x))
    owner = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    return make_statistics(equations, BY_PATIENT, BY_THERAPIST, owner, PATIENTS), owner


def dense_posterior(statistics: Statistics, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of all effects, those of the patients first."""
    q, e = len(BY_PATIENT), len(BY_THERAPIST)
    size = PATIENTS * q + THERAPISTS * e
    prior = np.zeros((size, size))
    for patient in range(PATIENTS):
        prior[patient * q : (patient + 1) * q, patient * q : (patient + 1) * q] = L @ L.T
    for start in range(PATIENTS * q, size, e):
        prior[start : start + e, start : start + e] = P @ P.T
    columns, left, noise = [], [], []
    for number, rows in enumerate(statistics.equations):
        design = np.zeros((len(rows.y), size))
        for row, patient in enumerate(rows.patient):
            for place, (equation, column) in enumerate(BY_PATIENT):
                if equation == number:
                    design[row, patient * q + place] = rows.z[row, column]
            for place, (equation, column) in enumerate(BY_THERAPIST):
                if equation == number:
                    design[row, PATIENTS * q + owner[patient] * e + place] = rows.z[row, column]
        columns.append(design)
        left.append(rows.y - rows.x @ BETA[2 * number : 2 * number + 2])
        noise.append(np.full(len(rows.y), RESIDUAL[number] ** 2))
    z = np.concatenate(columns)
    gain = prior @ z.T @ np.linalg.inv(z @ prior @ z.T + np.diag(np.concatenate(noise)))
    return gain @ np.concatenate(left), prior - gain @ z @ prior


def test_conditional_means_are_those_of_the_dense_posterior():
    statistics, owner = make_data()
    u, w = draw_effects(statistics, BETA, RESIDUAL, np.empty(0), L, P, None)
    mean, _ = dense_posterior(statistics, owner)
    assert np.concatenate([u.ravel(), w.ravel()]) == pytest.approx(mean, abs=1e-12)


def test_draws_have_the_covariance_of_the_dense_posterior_across_patients_and_therapists():
    statistics, owner = make_data()
    rng, size = np.random.default_rng(2), 20_000
    draws = np.array(
        [
            np.concatenate([part.ravel() for part in draw_effects(statistics, BETA, RESIDUAL, np.empty(0), L, P, rng)])
            for _ in range(size)
        ]
    )
    mean, covariance = dense_posterior(statistics, owner)
    sd = np.sqrt(np.diag(covariance))
    # 39 means and 780 covariances: the largest of so many normal errors lies below 4.5 standard errors.
    assert np.abs((draws.mean(axis=0) - mean) / sd).max() < 4.5 / np.sqrt(size)
    scaled = (np.cov(draws.T) - covariance) / np.outer(sd, sd)
    assert np.abs(scaled).max() < 4.5 * np.sqrt(2 / size)


def fit(panel: pd.DataFrame, **changes) -> tuple[Task, PathMaximum]:
    task = prepare_task(panel, "study", study.make_spec(**changes), study.make_settings())
    return task, maximise(task.design)


def describe(task: Task, maximum: PathMaximum) -> pd.DataFrame:
    natural = maximum.target.natural(np.tile(maximum.top.position, (UNIT_DRAWS, 1)))
    groups = draw_units(task, maximum.target, natural)
    return summarise_units(xr.DataTree(groups["shrinkage"]), 0.95)


@pytest.fixture(scope="module")
def patients() -> tuple[Task, PathMaximum, pd.DataFrame]:
    panel = study.simulate(40, 8, seed=4, raw_scale=3.0)
    task, maximum = fit(panel[(panel["patient"] != "P0001") | (panel["session"] <= 2)])
    return task, maximum, describe(task, maximum)


def test_every_patient_has_a_row_for_each_slope_and_their_product_and_none_has_an_id(patients):
    found = patients[2]
    assert found.groupby(["unit", "quantity", "path"]).size().to_dict() == {
        ("patient", "a", "x -> m"): 40,
        ("patient", "b", "m -> y"): 40,
        ("patient", "indirect", "x -> m -> y"): 40,
    }
    assert sorted(found) == sorted(["unit", "quantity", "path", "order", "estimate", "low", "high", "alone"])
    for _, rows in found.groupby("quantity"):
        assert rows["estimate"].is_monotonic_increasing
        assert rows["order"].tolist() == list(range(1, 41))


def test_of_many_patients_a_random_sample_says_what_each_of_them_says_among_all(patients, monkeypatch):
    task, maximum, found = patients
    monkeypatch.setattr(units, "_MOST_UNITS", 10)
    sampled = describe(task, maximum)
    for quantity, rows in sampled.groupby("quantity"):
        every = found[found["quantity"] == quantity].set_index("estimate")
        assert rows["order"].tolist() == list(range(4, 41, 4))
        assert rows["estimate"].is_monotonic_increasing and rows["estimate"].isin(every.index).all()
        same = every.loc[rows["estimate"]]
        for name in ("low", "high", "alone"):
            np.testing.assert_array_equal(same[name], rows[name])


def test_slopes_alone_are_least_squares_of_the_patients_own_sessions(patients):
    task, maximum, found = patients
    population = population_of(maximum)
    rows = task.design.equations["y"].rows
    terms = task.design.equations["y"].terms
    slopes = []
    for _, own in rows.groupby("patient"):
        others = sum(own[term] * population.slopes["y"][0, terms.index(term)] for term in terms if term != "m")
        slopes.append(np.polyfit(own["m"], own["y"] - others, 1)[0] if len(own) > 2 else np.nan)
    b = found[found["quantity"] == "b"]
    # The patient with two sessions has none.
    assert b["alone"].isna().sum() == 1
    assert np.sort(b["alone"]) == pytest.approx(np.sort(slopes), nan_ok=True)


def test_estimates_lie_between_the_average_and_what_a_patients_own_sessions_say(patients):
    _, maximum, found = patients
    b = found[(found["quantity"] == "b") & found["alone"].notna()]
    average = population_of(maximum).slopes["y"][0, 0]
    assert b["estimate"].std() < 0.9 * b["alone"].std()
    assert np.corrcoef(b["estimate"], b["alone"])[0, 1] > 0.6
    # Shrunken deviations average out: the ML estimate is nearly their mean.
    assert b["estimate"].mean() == pytest.approx(average, abs=3 * b["estimate"].std() / np.sqrt(len(b)))
    assert (b["low"] < b["estimate"]).all()
    assert (b["estimate"] < b["high"]).all()


def test_intervals_hold_the_true_slopes_of_patients():
    task, maximum = fit(study.simulate(200, 10, seed=6))
    # The study draws random effects first, so they can be drawn again.
    sd = np.array([study.INTERCEPT_SD, study.SLOPE_SD, study.INTERCEPT_SD, study.SLOPE_SD])
    correlation = np.eye(4)
    correlation[0, 2] = correlation[2, 0] = study.INTERCEPTS_CORRELATION
    correlation[1, 3] = correlation[3, 1] = study.SLOPES_CORRELATION
    u = np.random.default_rng(6).multivariate_normal(np.zeros(4), correlation * np.outer(sd, sd), size=200)
    natural = maximum.target.natural(maximum.top.position[None])
    rng = np.random.default_rng(7)
    residuals = natural.residual[0], natural.together[0]
    parts = natural.beta[0], *residuals, natural.factors["patient"][0], natural.factors["therapist"][0]
    draws = np.array([draw_effects(maximum.target.statistics, *parts, rng)[0] for _ in range(UNIT_DRAWS)])
    place = [effect.text for effect in task.design.varying["patient"]].index("m: x")
    raw = study.A + u[:, 1] - population_of(maximum).slopes["m"][0, 0]
    low, high = np.quantile(draws[:, :, place] * task.design.scales("patient")[place], [0.025, 0.975], axis=0)
    # 95 % of 200 patients, give or take three binomial standard errors.
    assert np.mean((low < raw) & (raw < high)) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 200))


def test_slopes_of_therapists_are_averages_over_their_patients():
    panel = study.simulate(60, 8, seed=5)
    equations = {
        "m": {"on": ["x", "x_between", "arm"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
        "y": {"on": ["m", "x", "x_between"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept", "m"]}},
    }
    task, maximum = fit(panel, equations=equations)
    found = describe(task, maximum)
    assert set(found.groupby(["unit", "quantity"]).groups) == {
        ("patient", "a"), ("patient", "b"), ("patient", "indirect"), ("therapist", "b"), ("therapist", "indirect"),
    }  # fmt: skip
    therapists = found[found["unit"] == "therapist"]
    assert (therapists.groupby("quantity").size() == 8).all()
    # a is the same for all therapists, so a therapist's indirect effect is a b + cov(a, b) of the patients.
    population = population_of(maximum)
    names = [effect.text for effect in population.varying["patient"]]
    covariance = population.covariances["patient"][0, names.index("m: x"), names.index("y: m")]
    a = population.slopes["m"][0, 0]
    by_quantity = therapists.set_index("quantity")["estimate"]
    expected = np.sort(a * by_quantity["b"] + covariance)
    assert by_quantity["indirect"].to_numpy() == pytest.approx(expected, abs=1e-10)
