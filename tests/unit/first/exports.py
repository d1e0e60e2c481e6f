"""Small exports as programs write them, simulated here: alliance and symptoms of some patients, each at some sessions."""

from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS = 40
LONGEST = 9


def sessions(patients: int = PATIENTS, seed: int = 1) -> pd.DataFrame:
    """Simulate sessions: patient and session from 1, date, the two scores on their latent scales, therapist and arm."""
    random = np.random.default_rng(seed)
    rows = []
    for patient in range(1, patients + 1):
        alliance, level = random.normal(0, 0.6), random.normal(0, 0.8)
        symptoms = level
        start = pd.Timestamp("2023-01-09") + pd.Timedelta(days=int(random.integers(0, 300)))
        for session in range(1, int(random.integers(5, LONGEST + 1)) + 1):
            symptoms = level + 0.4 * (symptoms - level) - 0.1 * alliance + random.normal(0, 0.4)
            rows.append(
                {
                    "patient": patient, "session": session, "date": start + pd.Timedelta(days=7 * (session - 1)),
                    "alliance": alliance + random.normal(0, 0.4), "symptoms": symptoms,
                    "therapist": patient % 8 + 1, "arm": "active" if patient % 2 else "control",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def items(latent: pd.Series, count: int, low: int, high: int, seed: int = 2) -> np.ndarray:
    """Turn a latent score into answers to so many items, shape (n_rows, count); each end of the range occurs."""
    random = np.random.default_rng(seed)
    middle, width = (low + high) / 2, (high - low) / 4
    raw = middle + width * latent.to_numpy()[:, None] + random.normal(0, width, (len(latent), count))
    return np.clip(np.rint(raw), low, high).astype(int)


def project(folder: Path) -> Path:
    """Make a folder that counts as a project: settings and instruments of this one."""
    root = Path(__file__).parents[3]
    (folder / "config").mkdir(parents=True)
    (folder / "data/raw").mkdir(parents=True)
    (folder / "config/config.yaml").write_text(
        (root / "config/config.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (folder / "config/instruments").symlink_to(root / "config/instruments")
    return folder
