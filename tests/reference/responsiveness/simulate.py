"""Write the rows that lme4 is given: slopes that differ between patients and, beyond that, between therapists.

python -m tests.reference.responsiveness.simulate
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
THERAPISTS, PATIENTS, SESSIONS = 20, 6, 8
SEED = 3


def simulate() -> pd.DataFrame:
    """Return one row per patient and session."""
    rng = np.random.default_rng(SEED)
    patient = np.repeat(np.arange(THERAPISTS * PATIENTS), SESSIONS)
    therapist = patient // PATIENTS
    of_patients = rng.normal(0, [0.6, 0.25], (THERAPISTS * PATIENTS, 2))[patient]
    of_therapists = rng.normal(0, [0.3, 0.25], (THERAPISTS, 2))[therapist]
    x, residual = rng.standard_normal((2, len(patient)))
    x += 0.5 * rng.standard_normal(THERAPISTS * PATIENTS)[patient]
    deviation = x - pd.Series(x).groupby(patient).transform("mean").to_numpy()
    u = of_patients + of_therapists
    return pd.DataFrame(
        {
            "patient": [f"P{i:03d}" for i in patient],
            "therapist": [f"T{i:02d}" for i in therapist],
            "session": np.tile(np.arange(1, SESSIONS + 1), THERAPISTS * PATIENTS),
            "x": x,
            "y": 0.3 * x + u[:, 0] + u[:, 1] * deviation + residual,
        }
    ).round(4)


if __name__ == "__main__":
    simulate().to_csv(HERE / "rows.csv", index=False)
