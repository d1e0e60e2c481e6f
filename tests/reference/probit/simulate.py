"""Write answers.csv, rupture yes or no at sessions of patients who differ, by technique and arm; and ordered.csv, homework in four steps.

Run: python tests/reference/probit/simulate.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS, SESSIONS = 140, 8
ENDS = (0.0, 0.8, 1.3)  # of the propensity behind the ordered answers 0 to 3


def simulate() -> pd.DataFrame:
    """Return P(y = 1) = Phi(-.6 - .4 m + .3 arm + u), u ~ N(0, .7^2)."""
    data, propensity = _propensities(20, -0.6)
    return data.assign(y=(propensity > 0).astype(int))


def simulate_ordered() -> pd.DataFrame:
    """Return answers 0 to 3 from a propensity N(.5 - .4 m + .3 arm + u, 1), u ~ N(0, .7^2)."""
    data, propensity = _propensities(21, 0.5)
    return data.assign(y=np.searchsorted(ENDS, propensity))


def _propensities(seed: int, intercept: float) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(PATIENTS), SESSIONS)
    arm = patient % 2
    m = (rng.standard_normal(PATIENTS)[patient] + rng.standard_normal(len(patient))).round(3)
    u = 0.7 * rng.standard_normal(PATIENTS)
    propensity = intercept - 0.4 * m + 0.3 * arm + u[patient] + rng.standard_normal(len(patient))
    session = np.tile(np.arange(1, SESSIONS + 1), PATIENTS)
    return pd.DataFrame({"patient": patient + 1, "session": session, "m": m, "arm": arm}), propensity


if __name__ == "__main__":
    simulate().to_csv(Path(__file__).parent / "answers.csv", index=False)
    simulate_ordered().to_csv(Path(__file__).parent / "ordered.csv", index=False)
