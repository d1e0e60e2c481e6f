"""A study in which sessions are skipped and answers left blank, simulated in plain numpy: x, then m, then y, each from the past."""

from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.data.panel import make_panel

VARIABLES = {
    "x": Variable(label="cause", column="x", measured="before"),
    "m": Variable(label="mediator", column="m", measured="during"),
    "y": Variable(label="outcome", column="y", measured="after"),
    "arm": Variable(label="arm", column="arm", table="patients"),
}
OWN_M, OWN_Y, B, CROSS = 0.3, 0.4, -0.4, -0.15
INTERCEPTS = ["m_baseline", "y_baseline"]
EQUATIONS: dict[str, Any] = {
    "m": {"on": ["m_lag", "y_lag", *INTERCEPTS, "arm"], "vary": {"patient": ["intercept"]}},
    "y": {"on": ["m", "y_lag", *INTERCEPTS, "arm"], "vary": {"patient": ["intercept"]}},
}


def simulate(patients: int, sessions: int, seed: int, slope_sd: float = 0.0) -> pd.DataFrame:
    """Simulate complete series that start at their own equilibrium: columns patient, therapist, session, days, weeks, x, m, y, arm."""
    rng = np.random.default_rng(seed)
    u = rng.multivariate_normal([0, 0], [[0.5, -0.2], [-0.2, 0.6]], patients)
    slope = slope_sd * rng.standard_normal(patients)
    arm = np.arange(patients) % 2.0
    mean = rng.standard_normal(patients)
    m, y, rows = np.zeros(patients), np.zeros(patients), []
    for session in range(-30, sessions + 1):
        x = mean + rng.standard_normal(patients)
        m_new = u[:, 0] + 0.3 * arm + OWN_M * m + CROSS * y + 0.3 * x + rng.standard_normal(patients)
        y_new = u[:, 1] + (B + slope) * m_new + OWN_Y * y + rng.standard_normal(patients)
        m, y = m_new, y_new
        if session >= 1:
            rows.append(
                pd.DataFrame({"patient": np.arange(patients), "session": session, "x": x, "m": m, "y": y, "arm": arm})
            )
    table = pd.concat(rows).sort_values(["patient", "session"], ignore_index=True)
    table["patient"] = [f"P{number + 1:04d}" for number in table["patient"]]
    return table.assign(therapist="T01", days=7.0 * table["session"], weeks=table["session"] - 1.0)


def panel_of(sessions: pd.DataFrame, max_gap_days: float | None = None) -> pd.DataFrame:
    """Return the panel of sessions that were held."""
    patients = sessions[["patient", "therapist", "arm"]].drop_duplicates("patient")
    scores = sessions.drop(columns="arm")
    therapists = pd.DataFrame({"therapist": ["T01"]})
    return make_panel(scores, patients, therapists, VARIABLES, 1, max_gap_days)


def skip(sessions: pd.DataFrame, share: float, seed: int, *, first: bool = False) -> pd.DataFrame:
    """Leave out sessions at random, the first ones only if told."""
    drawn = np.random.default_rng(seed).random(len(sessions)) < share
    return sessions[~(drawn & (first | (sessions["session"] > 1)))].reset_index(drop=True)


def blank(sessions: pd.DataFrame, column: str, share: float, seed: int) -> pd.DataFrame:
    """Leave a column blank at random."""
    drawn = np.random.default_rng(seed).random(len(sessions)) < share
    return sessions.assign(**{column: sessions[column].mask(drawn)})


def make_spec(equations: dict[str, Any] = EQUATIONS, **changes: Any) -> ModelSpec:
    """Declare m -> y with initial values."""
    declared: dict[str, Any] = {
        "label": "m to y",
        "family": "multilevel_path",
        "depth": "ml",
        "equations": equations,
        "effects": {"from": "m", "to": "y"},
    }
    return ModelSpec.model_validate(declared | changes)
