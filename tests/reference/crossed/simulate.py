"""Simulate the study of this folder: a third of the patients change therapist, some of them twice, and some return.

Run from the folder of the project: python tests/reference/crossed/simulate.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS, THERAPISTS = 70, 14


def simulate(seed: int = 20) -> pd.DataFrame:
    """Return one row per patient and session: x within and between patients, y with effects of patients and of the session's therapist."""
    rng = np.random.default_rng(seed)
    sessions = rng.integers(3, 12, PATIENTS)
    patient = np.repeat(np.arange(PATIENTS), sessions)
    number = np.concatenate([np.arange(count) for count in sessions])
    therapist = rng.integers(0, THERAPISTS, PATIENTS)[patient]
    for one in rng.choice(PATIENTS, PATIENTS // 3, replace=False):
        rows = np.flatnonzero(patient == one)
        first, last = np.sort(rng.integers(1, len(rows), 2))
        therapist[rows[first:]] = rng.integers(THERAPISTS)
        if rng.random() < 0.5:
            therapist[rows[last:]] = therapist[rows[0]] if rng.random() < 0.5 else rng.integers(THERAPISTS)
    u = rng.multivariate_normal([0, 0], [[0.64, -0.1], [-0.1, 0.09]], PATIENTS)
    w = rng.multivariate_normal([0, 0], [[0.36, 0.06], [0.06, 0.06]], THERAPISTS)
    x = rng.normal(size=PATIENTS)[patient] + rng.normal(size=len(patient))
    deviation = x - pd.Series(x).groupby(patient).transform("mean").to_numpy()
    y = 20 + 0.4 * x + u[patient, 0] + w[therapist, 0] + (u[patient, 1] + w[therapist, 1]) * deviation
    y += rng.normal(size=len(patient))
    ids = [f"P{one + 1:03d}" for one in patient], [f"T{one + 1:02d}" for one in therapist]
    return pd.DataFrame({"patient": ids[0], "therapist": ids[1], "session": number + 1, "x": x, "y": y})


if __name__ == "__main__":
    simulate().to_csv(Path(__file__).parent / "changes.csv", index=False, float_format="%.6f")
