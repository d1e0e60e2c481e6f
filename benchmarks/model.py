"""The model all engines fit, declared as a team would declare it, and priors in standard units."""

from typing import Any

import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.models.design.arrays import Design, make_design
from alliance.models.rows import select_rows

NAME = "alliance_mediates_technique"
VARIABLES = {
    "technique": Variable(label="technique", column="technique", measured="before"),
    "alliance": Variable(label="alliance", column="alliance", measured="during"),
    "symptoms": Variable(label="symptoms", column="symptoms", measured="after"),
}
PREDICTORS = {"alliance": ["technique"], "symptoms": ["alliance", "technique"]}
SLOPE = {"alliance": "technique", "symptoms": "alliance"}
PRIORS = {"slope_sd": 0.5, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": 2.0}


def make_spec(*, therapists: bool, outcomes: tuple[str, ...] = tuple(PREDICTORS)) -> ModelSpec:
    """Declare the equations: intercept and one slope vary between patients, and between therapists where there are any.

    Parameters
    ----------
    outcomes
        Equations that are fitted jointly; a single one is what lme4, nlme and statsmodels fit.
    """
    levels = ("patient", "therapist") if therapists else ("patient",)
    equations = {
        outcome: {"on": PREDICTORS[outcome], "vary": {level: ["intercept", SLOPE[outcome]] for level in levels}}
        for outcome in outcomes
    }
    declared: dict[str, Any] = {
        "label": "alliance mediates technique",
        "family": "multilevel_path",
        "equations": equations,
        "effects": {"from": PREDICTORS[outcomes[-1]][-1], "to": outcomes[-1]},
    }
    return ModelSpec.model_validate(declared)


def read_design(panel: pd.DataFrame, spec: ModelSpec) -> Design:
    """Select the rows of each equation and turn them into arrays."""
    return make_design(NAME, spec, select_rows(panel, NAME, spec)[0], VARIABLES)


def make_settings(*, chains: int, tune: int, draws: int, seed: int) -> dict[str, Any]:
    """Return the settings of a fit, see `alliance.models.fitting.settings_for`."""
    return {
        "seed": seed,
        "lag": 1,
        "monte_carlo_draws": 1000,
        "variables": {key: variable.model_dump(mode="json") for key, variable in VARIABLES.items()},
        "sampling": {"chains": chains, "draws": draws, "tune": tune, "target_accept": 0.8},
        "priors": PRIORS,
    }
