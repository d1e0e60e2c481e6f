"""Panels of simulated studies are those of an export, and their truth is that of the people in them."""

import numpy as np
import pandas as pd
import pytest

from alliance.certify.recovery import simulate_panel, variables_of
from alliance.worlds.study import run_study
from alliance.worlds.truth import true_quantities
from tests.unit.certify.settings_for_tests import settings

USED = settings()


def test_effects_between_patients_are_those_of_the_latent_means() -> None:
    size = USED.worlds["static"].size.model_copy(update={"patients": 4000, "therapists": 400})
    world = USED.worlds["static"].model_copy(update={"size": size})
    people, _ = run_study(world)
    technique, alliance, symptoms = (
        people.patients[f"intercept -> {name}"] for name in ("technique", "alliance", "symptoms")
    )
    alliance = 1.2 * technique + alliance
    symptoms = -0.2 * alliance - 0.5 * technique + symptoms
    truth = true_quantities(world, [("technique", "symptoms")]).set_index(["effect", "level"])["value"]
    ones = np.ones(len(technique))
    b, direct = np.linalg.lstsq(np.column_stack([alliance, technique, ones]), symptoms, rcond=None)[0][:2]
    # Standard errors are about .07, .009 and .06 with 4000 patients; three of them.
    assert np.polyfit(technique, alliance, 1)[0] == pytest.approx(truth["a", "between_patient"], abs=0.22)
    assert b == pytest.approx(truth["b", "between_patient"], abs=0.03)
    assert direct == pytest.approx(truth["c_prime", "between_patient"], abs=0.18)
    # The total effect between patients is the regression on technique alone.
    assert np.polyfit(technique, symptoms, 1)[0] == pytest.approx(truth["total", "between_patient"], abs=0.18)
    assert truth["b", "between_patient"] < 2 * truth["b", "within"], "between differs from within"


def test_lags_and_initial_values_are_those_of_the_same_patient() -> None:
    world = USED.world_of("dynamic_300_sessions_6")
    rows = simulate_panel(world)
    by_patient = rows.groupby("patient")
    for name in variables_of(world):
        pd.testing.assert_series_equal(rows[f"{name}_lag"], by_patient[name].shift(1), check_names=False)
        pd.testing.assert_series_equal(rows[f"{name}_baseline"], by_patient[name].transform("first"), check_names=False)
    assert (rows.groupby("therapist")["patient"].nunique() == 10).all()


@pytest.mark.parametrize("name", list(USED.designs))
def test_every_pair_that_a_design_asks_about_has_a_truth(name: str) -> None:
    asked = [(pair.source, pair.target) for pair in USED.spec_of(name, "ml").every_effects()]
    truth = true_quantities(USED.world_of(name), asked)
    assert truth["value"].notna().all()
    for source, target in asked:
        assert ((truth["path"] == f"{source} -> {target}") | (truth["path"] == f"{source}_lag -> {target}")).any()


def test_a_fifth_of_the_scores_lies_at_the_floor() -> None:
    world = USED.world_of("floor").model_copy(update={"seed": 5})
    symptoms = simulate_panel(world)["symptoms"]
    assert (symptoms == symptoms.min()).mean() == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("name", [name for name in USED.designs if USED.world_of(name).missing.dropout])
def test_three_in_ten_patients_leave_before_the_last_session(name: str) -> None:
    world = USED.world_of(name)
    size = world.size.model_copy(update={"patients": 4000})
    missing = world.missing.model_copy(update={"skipped": None})  # who skips the last session has not left
    last = (
        simulate_panel(world.model_copy(update={"size": size, "missing": missing})).groupby("patient")["session"].max()
    )
    # Binomial error .007, and as much again from the simulation that finds the chance of leaving.
    assert (last < world.size.sessions).mean() == pytest.approx(0.3, abs=0.035)
