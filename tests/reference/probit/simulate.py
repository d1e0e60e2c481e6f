"""Write answers.csv: rupture yes or no at sessions of patients who differ, by technique and arm.

Run: python tests/reference/probit/simulate.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS, SESSIONS = 140, 8


def simulate() -> pd.DataFrame:
    """Return P(y = 1) = Phi(-.6 - .4 m + .3 arm + u), u ~ N(0, .7^2)."""
    rng = np.random.default_rng(20)
    patient = np.repeat(np.arange(PATIENTS), SESSIONS)
    arm = patient % 2
    m = (rng.standard_normal(PATIENTS)[patient] + rng.standard_normal(len(patient))).round(3)
    u = 0.7 * rng.standard_normal(PATIENTS)
    y = (-0.6 - 0.4 * m + 0.3 * arm + u[patient] + rng.standard_normal(len(patient)) > 0).astype(int)
    session = np.tile(np.arange(1, SESSIONS + 1), PATIENTS)
    return pd.DataFrame({"patient": patient + 1, "session": session, "m": m, "arm": arm, "y": y})


if __name__ == "__main__":
    simulate().to_csv(Path(__file__).parent / "answers.csv", index=False)
