"""Studies with known truth for the benchmarks: technique -> alliance -> symptoms within sessions.

For session t of patient i with therapist j, d = u_i + w_j the sum of the patient's and the therapist's deviations:

    alliance = d_1 + (A + d_2) technique + e               sd of e: 1
    symptoms = d_3 + (B + d_4) alliance + C_PRIME technique + e

u and w are normal with the covariances below, so the effects of the two equations are correlated (`cov(a, b)`). Measures are centred, which
is where every engine searches best.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

A, B, C_PRIME = 0.3, -0.4, -0.1
PATIENT_SD = np.array([0.8, 0.3, 0.8, 0.3])
THERAPIST_SD = np.array([0.5, 0.25, 0.5, 0.25])
# Order: alliance intercept, a, symptoms intercept, b.
PATIENT_CORRELATION = np.array(
    [[1.0, 0.2, -0.4, 0.1], [0.2, 1.0, 0.1, 0.3], [-0.4, 0.1, 1.0, -0.2], [0.1, 0.3, -0.2, 1.0]]
)
THERAPIST_CORRELATION = np.array(
    [[1.0, 0.1, -0.3, 0.0], [0.1, 1.0, 0.0, 0.2], [-0.3, 0.0, 1.0, 0.1], [0.0, 0.2, 0.1, 1.0]]
)
MEASURES = ("technique", "alliance", "symptoms")


@dataclass(frozen=True)
class Study:
    """Size of a simulated study.

    Parameters
    ----------
    therapists
        Number of therapists with equally many patients; 0: patients have no therapists' effects.
    changing
        Share of patients who go on with another therapist half-way.
    """

    patients: int
    sessions: int
    therapists: int = 0
    seed: int = 1
    changing: float = 0.0

    @property
    def text(self) -> str:
        """Size in words, e.g. ``300 x 20``."""
        size = f"{self.patients:,} x {self.sessions}"
        size = f"{size}, {self.therapists:,} therapists" if self.therapists else size
        return f"{size}, {100 * self.changing:g} % change" if self.changing else size


def simulate(study: Study) -> pd.DataFrame:
    """Return one row per patient and session: patient, therapist, session, technique, alliance, symptoms."""
    rng = np.random.default_rng(study.seed)
    patient = np.repeat(np.arange(study.patients), study.sessions)
    owner = np.arange(study.patients) * max(study.therapists, 1) // study.patients
    deviations = _draw(rng, PATIENT_SD, PATIENT_CORRELATION, study.patients)
    owner = owner[patient]
    d = deviations[patient]
    if study.changing:
        late = np.tile(np.arange(study.sessions) >= study.sessions // 2, study.patients)
        moves = rng.random(study.patients) < study.changing
        owner = np.where(late & moves[patient], rng.integers(study.therapists, size=study.patients)[patient], owner)
    if study.therapists:
        d = d + _draw(rng, THERAPIST_SD, THERAPIST_CORRELATION, study.therapists)[owner]
    technique = rng.normal(0, 0.5, study.patients)[patient] + rng.normal(size=patient.size)
    alliance = d[:, 0] + (A + d[:, 1]) * technique + rng.normal(size=patient.size)
    symptoms = d[:, 2] + (B + d[:, 3]) * alliance + C_PRIME * technique + rng.normal(size=patient.size)
    names = np.array([f"P{number + 1:06d}" for number in range(study.patients)])
    therapists = np.array([f"T{number + 1:05d}" for number in range(max(study.therapists, 1))])
    return pd.DataFrame(
        {
            "patient": names[patient],
            "therapist": therapists[owner],
            "session": np.tile(np.arange(1, study.sessions + 1), study.patients),
            "technique": technique,
            "alliance": alliance,
            "symptoms": symptoms,
        }
    )


def standardise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the study with its measures in units of their standard deviations."""
    scaled = frame.copy()
    for measure in MEASURES:
        scaled[measure] = (frame[measure] - frame[measure].mean()) / frame[measure].std(ddof=1)
    return scaled


def _draw(rng: np.random.Generator, sd: np.ndarray, correlation: np.ndarray, size: int) -> np.ndarray:
    drawn: np.ndarray = rng.multivariate_normal(np.zeros(len(sd)), correlation * np.outer(sd, sd), size=size)
    return drawn
