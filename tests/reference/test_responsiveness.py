"""Slopes that differ between therapists against lme4, on recorded values (see ``responsiveness/lme4.R``)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.errors import ModelError
from alliance.inference.restricted import Restricted
from alliance.models.container import rows_of
from alliance.models.design.arrays import make_design
from alliance.models.fitting import fit_declared
from alliance.models.path.maximum import PathMaximum, maximise, table_of
from alliance.models.path.slopes import compare_slopes
from alliance.models.rows import select_rows
from alliance.results.estimates import summarise_estimates

HERE = Path(__file__).parent / "responsiveness"
ROWS = pd.read_csv(HERE / "rows.csv")
LME4 = pd.read_csv(HERE / "lme4.csv").set_index("name")["value"]
FOUR_DIGITS = 5e-4  # half a unit of the fourth significant digit of a number that begins with 1
VARIABLES = {
    "x": Variable(label="x", column="x", measured="before"),
    "y": Variable(label="y", column="y", measured="after"),
}
BOTH = ["intercept", "x"]


def spec_of(**changes: Any) -> ModelSpec:
    declared = {
        "label": "slopes", "family": "multilevel_path", "depth": "ml", "missing": "drop", "trends": False,
        "equations": {"y": {"on": ["x"], "vary": {"patient": BOTH, "therapist": BOTH}}},
        "effects": {"from": "x", "to": "y"},
    }  # fmt: skip
    return ModelSpec.model_validate(declared | changes)


@pytest.fixture(scope="module")
def maximum() -> PathMaximum:
    rows, _ = select_rows(ROWS, "slopes", spec_of())
    return maximise(make_design("slopes", spec_of(), rows, VARIABLES))


def test_without_differences_between_therapists_the_likelihood_falls_as_in_lme4(maximum: PathMaximum) -> None:
    (row,) = compare_slopes(maximum)
    assert (row["path"], row["n_therapists"], row["effects"]) == ("x -> y", 20, 2)
    assert row["fall"] == pytest.approx(LME4["fall"], abs=1e-5)
    assert row["p_value"] == pytest.approx(LME4["p_value"], rel=1e-5)


def test_standard_deviations_of_slopes_are_those_of_lme4(maximum: PathMaximum) -> None:
    plain = table_of(maximum).set_index("parameter")["estimate"]
    quadratic = maximum.target.quadratic
    assert quadratic is not None
    restricted = maximum.target.natural(Restricted(maximum, quadratic).position[None])
    scale = maximum.target.design.equations["y"].scale("x")
    for unit in ("patient", "therapist"):
        assert plain[f"sd {unit} y: x"] == pytest.approx(LME4[f"sd_{unit}_ml"], rel=FOUR_DIGITS)
        sd = float(np.sqrt(restricted.covariances[unit][0, 1, 1])) * scale
        assert sd == pytest.approx(LME4[f"sd_{unit}_reml"], rel=FOUR_DIGITS)


SETTINGS = {
    "seed": 1, "lag": 1, "max_gap_days": None, "planned_sessions": None, "monte_carlo_draws": 2000, "reliability": {},
    "variables": {name: one.model_dump(mode="json") for name, one in VARIABLES.items()},
    "sampling": {"chains": 2, "draws": 100, "tune": 100, "target_accept": 0.8},
    "priors": {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": "uniform"},
    "predictive_draws": 10,
}  # fmt: skip


def test_fit_tells_the_share_of_therapists_in_the_variance_of_slopes_and_the_test() -> None:
    tree = fit_declared(ROWS, "slopes", spec_of(), SETTINGS).tree
    estimates = summarise_estimates(tree, [], 0.95)
    share = estimates[estimates["effect"] == "slope_share"].iloc[0]
    between, among = LME4["sd_therapist_reml"] ** 2, LME4["sd_patient_reml"] ** 2
    assert (share["level"], share["path"], share["n_therapists"]) == ("therapist", "x -> y", 20)
    assert share["estimate"] == pytest.approx(between / (between + among), rel=2 * FOUR_DIGITS)
    assert 0 < share["low"] < share["estimate"] < share["high"] < 1
    assert rows_of(tree["slopes"])["fall"].iloc[0] == pytest.approx(LME4["fall"], abs=1e-5)


def test_fewer_therapists_than_a_model_asks_for_are_refused_and_the_remedy_is_accepted() -> None:
    few = ROWS[ROWS["therapist"] < "T09"]
    with pytest.raises(
        ModelError, match=r"slopes\.fewest_therapists: 9 therapists .* it asks for 10.*lower the number"
    ):
        fit_declared(few, "slopes", spec_of(fewest_therapists=10), SETTINGS)
    assert "paths" in fit_declared(few, "slopes", spec_of(fewest_therapists=9), SETTINGS).tree.children
