"""A small study with known effects for the tests of the family `direct`: x -> m -> y within sessions, patient arms."""

from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable

VARIABLES = {
    "x": Variable(label="cause", column="x", measured="before"),
    "m": Variable(label="mediator", column="m", measured="during"),
    "y": Variable(label="outcome", column="y", measured="after", range=(-100, 100)),
    "arm": Variable(label="arm", column="arm", table="patients"),
}
A, B, C_PRIME = 0.6, -0.5, -0.2
INTERCEPT_SD, SLOPE_SD = 1.0, 0.3
SLOPES_CORRELATION = -0.5
INTERCEPTS_CORRELATION = 0.4


def simulate(
    patients: int, sessions: int, seed: int, *, slope_sd: float = SLOPE_SD, raw_scale: float = 1.0
) -> pd.DataFrame:
    """Simulate one row per patient and session; effects of varying patients are correlated across the equations.

    Parameters
    ----------
    raw_scale
        Number that y is multiplied by, so that its units differ from those of m.
    """
    rng = np.random.default_rng(seed)
    sd = np.array([INTERCEPT_SD, slope_sd, INTERCEPT_SD, slope_sd])
    correlation = np.eye(4)
    correlation[0, 2] = correlation[2, 0] = INTERCEPTS_CORRELATION
    correlation[1, 3] = correlation[3, 1] = SLOPES_CORRELATION
    u = rng.multivariate_normal(np.zeros(4), correlation * np.outer(sd, sd), size=patients)
    patient = np.repeat(np.arange(patients), sessions)
    arm = (np.arange(patients) % 2).astype(float)[patient]
    x = 3 + rng.normal(size=patient.size)
    m = 10 + u[patient, 0] + (A + u[patient, 1]) * (x - 3) + 0.5 * arm + rng.normal(size=patient.size)
    y = 20 + u[patient, 2] + (B + u[patient, 3]) * (m - 10) + C_PRIME * (x - 3) + rng.normal(size=patient.size)
    return pd.DataFrame(
        {
            "patient": [f"P{number + 1:04d}" for number in patient],
            "therapist": [f"T{number % 8 + 1:02d}" for number in patient],
            "session": np.tile(np.arange(1, sessions + 1), patients),
            "x": x,
            "m": m,
            "y": raw_scale * y,
            "arm": arm,
            "x_between": pd.Series(x).groupby(patient).transform("mean").to_numpy(),
        }
    )


def make_spec(**changes: Any) -> ModelSpec:
    """Declare x -> m -> y with slopes that vary between patients."""
    declared: dict[str, Any] = {
        "label": "x through m",
        "family": "direct",
        "equations": {
            "m": {"on": ["x", "x_between", "arm"], "vary": {"patient": ["intercept", "x"]}},
            "y": {"on": ["m", "x", "x_between", "arm"], "vary": {"patient": ["intercept", "m"]}},
        },
        "effects": {"from": "x", "to": "y"},
    }
    return ModelSpec.model_validate(declared | changes)


def make_settings(**sampling: Any) -> dict[str, Any]:
    """Return the settings of a fit; sampling is tiny unless told otherwise."""
    return {
        "seed": 1,
        "lag": 1,
        "monte_carlo_draws": 1000,
        "variables": {key: variable.model_dump(mode="json") for key, variable in VARIABLES.items()},
        "sampling": {"chains": 2, "draws": 60, "tune": 100, "target_accept": 0.8} | sampling,
        "priors": {"slope_sd": 0.5, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": 2.0},
    }
