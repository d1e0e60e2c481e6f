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
SLOPES = ("technique", "alliance")  # vary between patients
EFFECT, INERTIA, SD_LOG_VARIANCE = 0.5, 0.4, 0.8
THRESHOLDS = (-0.7, 0.3, 1.2)  # between answers in order
INDICATORS = {"i1": 0.8, "i2": 1.0, "i3": 1.2}  # and loadings


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
    """Return one row per patient and session: patient, therapist, session, the measures, and what varying slopes multiply."""
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
    return _with_own(
        pd.DataFrame(
            {
                "patient": names[patient],
                "therapist": therapists[owner],
                "session": np.tile(np.arange(1, study.sessions + 1), study.patients),
                "technique": technique,
                "alliance": alliance,
                "symptoms": symptoms,
            }
        )
    )


def simulate_newer(frame: pd.DataFrame, seed: int = 2) -> pd.DataFrame:
    """Return a study with days, and with outcomes of technique that have what the newer parts of a model are for.

    With d the level of a patient, sd .8, and x = d + EFFECT technique:

    lasting    x + e, e by sessions an AR(1) with INERTIA; a session a week
    answer     whether x + e is above zero, yes 1 and no 0
    steps      how many of the THRESHOLDS are below x + e
    uneven     x + e, the log variance of e normal between patients with sd SD_LOG_VARIANCE
    i1 .. i3   loading (x + e) + what is the indicator's own in a patient, sd .3, and at a session, sd .7
    following  d_2 + B (x + e) + C_PRIME technique + e_2
    """
    rng = np.random.default_rng(seed)
    patient = pd.factorize(frame["patient"])[0]
    count, sessions = patient.max() + 1, len(frame) // (patient.max() + 1)
    x = rng.normal(0, PATIENT_SD[0], count)[patient] + EFFECT * frame["technique"].to_numpy()
    noise = rng.normal(size=(count, sessions))
    lasting = noise.copy()
    for session in range(1, sessions):
        lasting[:, session] = INERTIA * lasting[:, session - 1] + np.sqrt(1 - INERTIA**2) * noise[:, session]
    scale = np.exp(rng.normal(0, SD_LOG_VARIANCE, count) / 2)[patient]
    construct = x + rng.normal(size=len(x))
    indicators = {
        name: loading * construct + rng.normal(0, 0.3, count)[patient] + rng.normal(0, 0.7, len(x))
        for name, loading in INDICATORS.items()
    }
    own, propensity = rng.normal(0, PATIENT_SD[2], count)[patient], x + rng.normal(size=len(x))
    following = own + B * construct + C_PRIME * frame["technique"] + rng.normal(size=len(x))
    return frame.assign(
        days=7.0 * frame["session"],
        lasting=x + lasting.ravel(),
        answer=(propensity > 0).astype(float),
        steps=np.searchsorted(THRESHOLDS, propensity).astype(float),
        uneven=x + scale * rng.normal(size=len(x)),
        **indicators,
        construct=pd.DataFrame(indicators).mean(axis=1),
        following=following,
    )


def standardise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the study with its measures in units of their standard deviations."""
    scaled = frame.copy()
    for measure in MEASURES:
        scaled[measure] = (frame[measure] - frame[measure].mean()) / frame[measure].std(ddof=1)
    return _with_own(scaled)


def _with_own(frame: pd.DataFrame) -> pd.DataFrame:
    """Add what varying slopes multiply: deviations from the patient's own mean. Ours makes them itself, peers find them as columns."""
    means = frame.groupby("patient")[list(SLOPES)].transform("mean")
    return frame.assign(**{f"{name}_own": frame[name] - means[name] for name in SLOPES})


def _draw(rng: np.random.Generator, sd: np.ndarray, correlation: np.ndarray, size: int) -> np.ndarray:
    drawn: np.ndarray = rng.multivariate_normal(np.zeros(len(sd)), correlation * np.outer(sd, sd), size=size)
    return drawn
