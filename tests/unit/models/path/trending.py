"""A study whose outcome has a past, and may have trends of its patients, simulated without the package."""

from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec
from alliance.models.container import FitResult
from alliance.models.path.fit import fit
from tests.unit.models.joint_study import VARIABLES, make_settings, make_spec

SESSIONS, PAST = 8, 0.4
MEASURED = VARIABLES | {
    name: VARIABLES[name].model_copy(update={"measured": when}) for name, when in (("m", "after"), ("y", "before"))
}


def simulate(trend: float, seed: int, patients: int = 200) -> pd.DataFrame:
    """Simulate y before and m after each session; y drifts by `trend` times a slope of the patient's own."""
    rng = np.random.default_rng(seed)
    level_m, level_y, slope, m, y = rng.normal(size=(5, patients))
    first = {"m_baseline": m, "y_baseline": y}
    rows = []
    for session in range(2, SESSIONS + 1):
        past = {"m_lag": m, "y_lag": y}
        y = level_y + trend * slope * session + PAST * y - 0.3 * m + rng.normal(size=patients)
        m = level_m - 0.2 * y + 0.3 * m + rng.normal(size=patients)
        names = [f"P{number:03d}" for number in range(patients)]
        rows.append(pd.DataFrame({"patient": names, "session": session, "m": m, "y": y} | past | first))
    return pd.concat(rows, ignore_index=True).assign(therapist="T", days=np.nan)


def declare(**changes: Any) -> ModelSpec:
    initial = ["m_baseline", "y_baseline"]
    equations = {"m": {"on": ["y", "m_lag", *initial]}, "y": {"on": ["m_lag", "y_lag", *initial]}}
    declared = {"family": "multilevel_path", "depth": "ml", "equations": equations, "effects": {"from": "m", "to": "y"}}
    return make_spec(**declared | {"missing": "drop"} | changes)


def run(panel: pd.DataFrame, **changes: Any) -> FitResult:
    variables = {key: variable.model_dump(mode="json") for key, variable in MEASURED.items()}
    return fit(
        panel, "study", declare(**changes), make_settings() | {"variables": variables, "planned_sessions": SESSIONS}
    )
