"""Two measures of one occasion that predict each other at the next session, with correlated innovations."""

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.models.design.arrays import Design, make_design
from alliance.models.rows import select_rows

VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in ("x", "y")}
OWN_PAST = {"x": 0.4, "y": 0.3}
CROSS = {"y": 0.15, "x": 0.0}  # outcome -> effect of the other at the previous session
CORRELATION = 0.4
_BEFORE = 40  # sessions that nobody sees, after which series are stationary


def simulate_measures(patients: int, sessions: int, seed: int, *, seen: float = 1.0) -> pd.DataFrame:
    """Simulate one row per patient and session after the first one; y is missing in a share of rows."""
    rng = np.random.default_rng(seed)
    lasting = rng.multivariate_normal([0, 0], [[0.5, 0.2], [0.2, 0.5]], size=patients)
    effects = np.array([[OWN_PAST["x"], CROSS["x"]], [CROSS["y"], OWN_PAST["y"]]])
    values = np.zeros((sessions, patients, 2))
    now = np.zeros((patients, 2))
    for session in range(-_BEFORE, sessions):
        now = (
            lasting
            + now @ effects.T
            + rng.multivariate_normal([0, 0], [[1, CORRELATION], [CORRELATION, 1]], size=patients)
        )
        if session >= 0:
            values[session] = now
    panel = pd.DataFrame(
        {
            "patient": np.tile([f"P{number:04d}" for number in range(patients)], sessions),
            "therapist": "T1",
            "session": np.repeat(np.arange(1, sessions + 1), patients),
            "x": values[:, :, 0].reshape(-1),
            "y": values[:, :, 1].reshape(-1),
        }
    )
    panel = panel.sort_values(["patient", "session"]).reset_index(drop=True)
    panel["y"] = panel["y"].where(rng.random(len(panel)) < seen)
    by_patient = panel.groupby("patient")
    for name in VARIABLES:
        panel[f"{name}_lag"] = by_patient[name].shift(1)
        panel[f"{name}_baseline"] = by_patient[name].transform("first")
    return panel[panel["session"] > 1].reset_index(drop=True)


def make_cross_lagged() -> ModelSpec:
    """Declare the model."""
    on = ["x_lag", "y_lag", "x_baseline", "y_baseline"]
    equations = {name: {"on": on, "vary": {"patient": ["intercept"]}} for name in VARIABLES}
    declared = {"label": "cross-lagged", "family": "multilevel_path", "equations": equations}
    return ModelSpec.model_validate(declared | {"effects": {"from": "x", "to": "y"}})


def cross_lagged_design(panel: pd.DataFrame, also: tuple[str, ...] = ()) -> Design:
    """Return the design of the model, y with further predictors."""
    spec = make_cross_lagged()
    spec.equations["y"].on.extend(also)
    rows, _ = select_rows(panel, "study", spec)
    return make_design("study", spec, rows, VARIABLES)
