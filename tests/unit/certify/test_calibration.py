"""Data sets of the calibration follow the parameters they were made of; ranks and their tests are put together rightly."""

import numpy as np
import pandas as pd
import pytest

from alliance.certify.calibration import (
    CALIBRATION_COLUMNS,
    RANK_COLUMNS,
    calibration_panel,
    compare_quantities,
    rank_data_sets,
    simulate_data_set,
    summarise_calibration,
)
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import make_target
from tests.unit.certify.settings_for_tests import INFERENCE, PRIORS, SAMPLING, settings

CALIBRATION = settings().calibration
PARAMETERS = (
    2 + 3 + 2 + 4 + 6 + 2 + 1
)  # of alliance, of symptoms, residuals; sds and correlations of patients and therapists


def truth_and_posterior(seed: int, **sizes: int) -> tuple[np.ndarray, PathPosterior]:
    calibration, priors = CALIBRATION.model_copy(update=sizes), PRIORS.model_dump()
    rng = np.random.default_rng(seed)
    truth, design = simulate_data_set(calibration, calibration_panel(calibration, 1), priors, rng)
    return truth, PathPosterior(make_target(design), priors)


def test_outcomes_follow_the_parameters() -> None:
    truth, posterior = truth_and_posterior(6, patients=4000, sessions=4, therapists=400)
    values = {name: float(value[0]) for name, value in compare_quantities(posterior, truth).items()}
    alliance, symptoms = posterior.target.design.equations["alliance"], posterior.target.design.equations["symptoms"]
    np.testing.assert_array_equal(symptoms.column("alliance"), alliance.y)  # what was simulated is the predictor
    x, m, y = alliance.column("technique"), alliance.y, symptoms.y
    owner = alliance.units["patient"]
    rows = pd.DataFrame({"patient": owner, "therapist": alliance.units["therapist"], "x": x, "m": m, "y": y})
    slope = np.polyfit(x, m, 1)
    spread = np.sqrt(m.var() / len(m)) * 6  # varying intercepts and slopes make errors several times larger
    assert slope[0] == pytest.approx(values["alliance: technique"], abs=spread)
    # Variance of the alliance at technique near zero: residual, patients' and therapists' intercepts.
    middle = rows[np.abs(x) < 0.2]
    total = sum(
        values[f"sd {name}"] ** 2
        for name in ("residual alliance", "patient alliance: intercept", "therapist alliance: intercept")
    )
    varying = values["sd patient alliance: technique"] ** 2 + values["alliance: technique"] ** 2
    assert middle["m"].var() == pytest.approx(total + 0.013 * varying, rel=0.15)
    # Means of therapists vary as their intercepts do, and a tenth of what varies between their ten patients.
    means = rows.groupby("therapist")["m"].mean()
    patients = values["sd patient alliance: intercept"] ** 2 + values["sd patient alliance: technique"] ** 2 / 4
    noise = patients / 10 + values["sd residual alliance"] ** 2 / 40 + values["alliance: technique"] ** 2 / 40
    assert means.var() == pytest.approx(values["sd therapist alliance: intercept"] ** 2 + noise, rel=0.35)


def test_the_log_likelihood_of_draws_is_that_of_the_maximum_s_coordinates() -> None:
    truth, posterior = truth_and_posterior(4)
    found, target = compare_quantities(posterior, truth)["log-likelihood"], posterior.target
    natural = posterior.natural(truth)
    factors = [np.linalg.cholesky(c[0])[np.tril_indices(c.shape[1])] for c in natural.covariances.values()]
    position = np.concatenate([truth[0, : target.layout.residuals.stop], *factors])
    assert found[0] == pytest.approx(target.value(position)[0], rel=1e-9)
    assert found[0] > posterior.log_likelihoods(truth + 0.7)[0]


def test_signs_of_standard_deviations_change_no_quantity() -> None:
    truth, posterior = truth_and_posterior(5)
    turned = truth.copy()
    first = posterior.target.layout.between("patient").start
    turned[0, first] *= -1  # the sd of the patients' first effect ...
    for number, (row, column) in enumerate(zip(*np.tril_indices(4, -1), strict=True)):
        if 0 in (row, column):
            turned[0, first + 4 + number] *= -1  # ... and its partial correlations
    before, after = compare_quantities(posterior, truth), compare_quantities(posterior, turned)
    assert len(before) == PARAMETERS + 3
    for name, value in before.items():
        assert after[name][0] == pytest.approx(value[0], rel=1e-9), name


def test_the_indirect_effect_holds_the_covariance_of_the_slopes() -> None:
    truth, posterior = truth_and_posterior(6)
    values = {name: float(value[0]) for name, value in compare_quantities(posterior, truth).items()}
    covariance = (
        values["correlation patient alliance: technique, symptoms: alliance"]
        * values["sd patient alliance: technique"]
        * values["sd patient symptoms: alliance"]
    )
    assert values["indirect"] - values["indirect_product"] == pytest.approx(covariance, rel=1e-9)
    assert values["indirect_product"] == pytest.approx(values["alliance: technique"] * values["symptoms: alliance"])


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["nuts", "laplace"])
def test_data_sets_are_ranked(engine: str) -> None:
    small = CALIBRATION.model_copy(update={"patients": 20, "sessions": 4, "therapists": 4, "draws": 19})
    table = rank_data_sets(small, engine, range(2), 1, PRIORS, SAMPLING, INFERENCE)
    assert list(table) == RANK_COLUMNS
    assert len(table) == 2 * (PARAMETERS + 3)
    assert table["rank"].between(0, 19).all()
    assert table.groupby("data_set")["rank"].nunique().min() > 3  # ranks of different quantities differ


def test_uniform_ranks_pass_and_one_bad_quantity_is_named() -> None:
    rng = np.random.default_rng(7)
    parts = []
    for quantity in ("a", "b", "log-likelihood"):
        ranks = rng.integers(0, 100, 200)
        if quantity == "log-likelihood":
            ranks = ranks // 2
        columns = {
            "engine": "nuts",
            "data_set": range(200),
            "quantity": quantity,
            "rank": ranks,
            "draws": 99,
            "flag": "",
        }
        parts.append(pd.DataFrame(columns)[RANK_COLUMNS])
    ranks_of_all = pd.concat(parts, ignore_index=True)
    ranks_of_all.loc[ranks_of_all["data_set"] < 10, "flag"] = "divergences"
    table = summarise_calibration(ranks_of_all, 0.95, 1)
    assert list(table) == CALIBRATION_COLUMNS
    assert table.set_index("quantity")["verdict"].to_dict() == {
        "a": "uniform",
        "b": "uniform",
        "log-likelihood": "not uniform",
    }
    assert (table["n_data_sets"] == 200).all() and (table["n_flagged"] == 10).all()
    assert (table["p_adjusted"] >= table["p_value"]).all()
