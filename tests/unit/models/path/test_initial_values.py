"""A short series with a past: 60 patients, 5 sessions, simulated without the package."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.config.initial import with_initial_values
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import maximise, table_of
from alliance.models.rows import select_rows

A, B, OWN = 0.8, -0.5, 0.5  # x -> m in the session, m -> y at the next one, own past of y: the indirect effect is -.40
OWN_OF_M = 0.4
PATIENTS, SESSIONS, STUDIES = 60, 5, 16
VARIABLES = {
    name: Variable(label=name, column=name, measured=when)
    for name, when in {"y": "before", "x": "during", "m": "after"}.items()
}
DECLARED: dict[str, Any] = {
    "label": "short series",
    "family": "multilevel_path",
    "depth": "ml",
    "effects": {"from": "x", "to": "y"},
    "equations": {
        "x": {"on": []},
        "m": {"on": ["x", "m_lag"]},
        "y": {"on": ["m_lag", "x_lag", "y_lag"]},
    },
}


def simulate(seed: int) -> pd.DataFrame:
    """Series that have gone on for long, with lasting differences that go together."""
    rng = np.random.default_rng(seed)
    together = np.array([[1.0, 0.5, 0.3], [0.5, 2.0, 1.2], [0.3, 1.2, 2.0]])
    u = rng.multivariate_normal(np.zeros(3), together, PATIENTS)
    x, m, y = np.zeros((3, PATIENTS, 40 + SESSIONS))
    for t in range(1, 40 + SESSIONS):
        e = rng.standard_normal((3, PATIENTS))
        y[:, t] = u[:, 2] + B * m[:, t - 1] + OWN * y[:, t - 1] + e[2]
        x[:, t] = u[:, 0] + e[0]
        m[:, t] = u[:, 1] + A * x[:, t] + OWN_OF_M * m[:, t - 1] + e[1]
    data = pd.DataFrame(
        {
            "patient": np.repeat([f"P{i:02d}" for i in range(PATIENTS)], SESSIONS),
            "therapist": "T",
            "session": np.tile(np.arange(1, SESSIONS + 1), PATIENTS),
        }
    )
    for name, values in {"x": x, "m": m, "y": y}.items():
        data[name] = values[:, -SESSIONS:].ravel()
        data[f"{name}_lag"] = data.groupby("patient")[name].shift(1)
        data[f"{name}_baseline"] = np.repeat(values[:, -SESSIONS], SESSIONS)
    return data


def estimate_b(spec: ModelSpec, seed: int) -> tuple[float, float]:
    rows, _ = select_rows(simulate(seed), "study", spec)
    table = table_of(maximise(make_design("study", spec, rows, VARIABLES))).set_index("parameter")
    return float(table.loc["y: m_lag", "estimate"]), float(table.loc["y: m_lag", "se"])


def covered(spec: ModelSpec) -> int:
    found = [estimate_b(spec, seed) for seed in range(STUDIES)]
    return sum(abs(estimate - B) < 1.96 * error for estimate, error in found)


@pytest.mark.parametrize("signed_off", [False, True])
def test_b_of_a_short_series_is_found_with_initial_values_only(signed_off: bool) -> None:
    reason = {"initial_values_signed_off": "To see what happens."} if signed_off else {}
    found = covered(with_initial_values(ModelSpec.model_validate(DECLARED | reason)))
    # Of 16 intervals that hold at .95, 14 or more do so in 96 % of all cases. Found: 15 with, 1 without.
    assert found <= 6 if signed_off else found >= 14
