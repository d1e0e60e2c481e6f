"""The simulated studies hold what the truth says of them, and leaving depends on what was seen."""

import numpy as np
import pandas as pd
import pytest

from alliance.certify.generator import OUTCOMES, find_leaving, simulate_study
from alliance.certify.settings import Design
from alliance.certify.truth import true_effects
from tests.unit.certify.settings_for_tests import settings

USED = settings()
POPULATION = USED.population
MANY = 4000


def truth_of(design: Design) -> pd.Series:
    table = true_effects(POPULATION, design)
    return table.set_index(["path", "effect", "level"])["truth"]


def slopes(y: np.ndarray, *x: np.ndarray) -> np.ndarray:
    """Return the coefficients of least squares, without the intercept."""
    return np.linalg.lstsq(np.column_stack([np.ones(len(y)), *x]), y, rcond=None)[0][1:]


def large(model: str, sessions: int) -> Design:
    return Design(label="large", patients=MANY, sessions=sessions, model=model)  # type: ignore[arg-type]


def test_effects_between_patients_are_those_of_the_latent_means() -> None:
    design = large("static", 3)
    u = simulate_study(POPULATION, design, 10, None, np.random.default_rng(1)).people.patients
    technique = u[:, 0]
    alliance = POPULATION.alliance.technique * technique + u[:, 1]
    symptoms = POPULATION.symptoms.alliance * alliance + POPULATION.symptoms.technique * technique + u[:, 2]
    (a,) = slopes(alliance, technique)
    b, direct = slopes(symptoms, alliance, technique)
    truth = truth_of(design)
    # Standard errors are about .07, .009 and .06 with 4000 patients; three of them.
    assert a == pytest.approx(truth["technique -> alliance", "a", "between_patient"], abs=0.22)
    assert b == pytest.approx(truth["alliance -> symptoms", "b", "between_patient"], abs=0.03)
    assert direct == pytest.approx(truth["technique -> symptoms", "c_prime", "between_patient"], abs=0.18)
    assert truth["alliance -> symptoms", "b", "between_patient"] < 2 * POPULATION.symptoms.alliance, (
        "between differs from within"
    )
    product = truth["technique -> alliance -> symptoms", "indirect", "between_patient"]
    assert a * b == pytest.approx(product, rel=0.12)
    # The total effect between patients is the regression on technique alone.
    assert slopes(symptoms, technique)[0] == pytest.approx(
        truth["technique -> symptoms", "total", "between_patient"], abs=0.18
    )


@pytest.mark.parametrize(("model", "sessions"), [("static", 5), ("dynamic", 8)])
def test_effects_within_patients_are_those_of_the_sessions(model: str, sessions: int) -> None:
    design = large(model, sessions)
    study = simulate_study(POPULATION, design, 10, None, np.random.default_rng(2))
    rows, owner = study.panel, np.repeat(np.arange(MANY), sessions)
    means = {name: getattr(POPULATION, name).mean for name in OUTCOMES}
    # What is left of an outcome once the people's own intercepts are taken off is explained by its predictors alone.
    left = {name: rows[name] - means[name] - study.people.intercepts[owner, i] for i, name in enumerate(OUTCOMES)}
    rows = rows.assign(**{f"left_{name}": values for name, values in left.items()}).dropna()
    truth = truth_of(design)
    later = "_lag" if model == "dynamic" else ""
    predictors = ["technique", *(["symptoms", "alliance_lag"] if later else [])]
    found = slopes(rows["left_alliance"].to_numpy(), *(rows[name].to_numpy() for name in predictors))
    assert found[0] == pytest.approx(truth["technique -> alliance", "a", "within"], abs=0.1)
    predictors = [f"alliance{later}", f"technique{later}", *(["symptoms_lag"] if later else [])]
    found = slopes(rows["left_symptoms"].to_numpy(), *(rows[name].to_numpy() for name in predictors))
    # Slopes that vary make the residuals heteroscedastic; errors stay below .01 and .04.
    assert found[0] == pytest.approx(truth["alliance -> symptoms", "b", "within"], abs=0.03)
    assert found[1] == pytest.approx(truth["technique -> symptoms", "c_prime", "within"], abs=0.12)
    if later:
        past = truth["symptoms_lag -> symptoms", "coefficient", "within"]
        assert found[2] == pytest.approx(past, abs=0.03)


def test_the_indirect_effect_is_the_mean_of_the_patients_own_products() -> None:
    people = simulate_study(POPULATION, large("static", 3), 10, None, np.random.default_rng(3)).people
    a, b = (np.array([POPULATION.alliance.technique, POPULATION.symptoms.alliance]) + people.slopes).T
    truth = truth_of(large("static", 3))
    own = truth["technique -> alliance -> symptoms", "indirect", "within"]
    assert np.mean(a * b) == pytest.approx(own, abs=0.015)  # its standard error is about .003
    assert own < truth["technique -> alliance -> symptoms", "indirect_product", "within"] - 0.02


@pytest.mark.parametrize("name", list(USED.designs))
def test_the_wanted_share_leaves_and_those_with_more_symptoms_sooner(name: str) -> None:
    design = USED.designs[name]
    rng = np.random.default_rng(4)
    leaving = find_leaving(POPULATION, design, USED.dropout, USED.patients_per_therapist, rng)
    study = simulate_study(POPULATION, design.model_copy(update={"patients": MANY}), 10, leaving, rng).panel
    last = study.groupby("patient").last()
    left = last["session"] < design.sessions
    # Binomial error .007, and as much again from the simulation that finds the chance of leaving.
    assert left.mean() == pytest.approx(USED.dropout.share, abs=0.035)
    assert last.loc[left, "symptoms"].mean() > last.loc[~left, "symptoms"].mean() + 1
    assert (study.groupby("patient")["session"].agg(lambda s: (s.diff().dropna() == 1).all())).all(), (
        "nobody comes back"
    )


def test_lags_and_initial_values_are_those_of_the_same_patient() -> None:
    rows = simulate_study(POPULATION, USED.designs["dynamic_300_sessions_6"], 10, None, np.random.default_rng(5)).panel
    by_patient = rows.groupby("patient")
    for name in OUTCOMES:
        pd.testing.assert_series_equal(rows[f"{name}_lag"], by_patient[name].shift(1), check_names=False)
        pd.testing.assert_series_equal(rows[f"{name}_baseline"], by_patient[name].transform("first"), check_names=False)
    assert (rows.groupby("therapist")["patient"].nunique() == 10).all()
