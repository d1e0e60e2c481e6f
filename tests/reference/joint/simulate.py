"""Simulate the studies of this folder: ``python simulate.py`` writes the same CSV files again.

Sizes of the first follow the illustration of Bauer, Preacher & Gil (2006, doi 10.1037/1082-989X.11.2.142): a = b = .6, c' = .2, slopes that
vary with variances of .16 to .25 and cov(a, b) = .11, residual variances of .65 and .45.
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DIGITS = 3


def correlated(
    rng: np.random.Generator, sd: list[float], correlations: dict[tuple[int, int], float], size: int
) -> np.ndarray:
    """Draw effects of units with given standard deviations and correlations, all others zero: (unit, effect)."""
    matrix = np.eye(len(sd))
    for (i, j), value in correlations.items():
        matrix[i, j] = matrix[j, i] = value
    return rng.multivariate_normal(np.zeros(len(sd)), matrix * np.outer(sd, sd), size=size, method="cholesky")


def frame(patient: np.ndarray, therapist: np.ndarray, session: np.ndarray, **values: np.ndarray) -> pd.DataFrame:
    """Return sessions with ids as text and values with few digits, so that R and Python read the same numbers."""
    ids = {
        "patient": [f"P{number + 1:03d}" for number in patient],
        "therapist": [f"T{number + 1:02d}" for number in therapist],
        "session": session,
    }
    return pd.DataFrame(ids | {name: np.round(column, DIGITS) for name, column in values.items()})


def number_within(patient: np.ndarray) -> np.ndarray:
    """Number the rows of each patient from 1."""
    return pd.Series(patient).groupby(patient).cumcount().to_numpy() + 1


def mediation() -> pd.DataFrame:
    """100 patients with 4 to 12 sessions; both intercepts, a, b and c' vary and are correlated."""
    rng = np.random.default_rng(2006)
    count = rng.integers(4, 13, size=100)
    patient = np.repeat(np.arange(100), count)
    sd = [0.8, 0.65, 0.16**0.5, 0.25**0.5, 0.2**0.5]
    cov_ab = 0.11 / (sd[2] * sd[3])  # as a correlation of the slopes a and b
    correlations = {(0, 1): 0.3, (2, 3): cov_ab, (3, 4): -0.2, (0, 2): 0.2, (1, 3): -0.25}
    u = correlated(rng, sd, correlations, 100)[patient]
    x = rng.normal(size=100)[patient] * 0.6 + rng.normal(size=patient.size) + 2
    m = 3 + u[:, 0] + (0.6 + u[:, 2]) * (x - 2) + rng.normal(size=patient.size) * 0.65**0.5
    y = 5 + u[:, 1] + (0.6 + u[:, 3]) * (m - 3) + (0.2 + u[:, 4]) * (x - 2) + rng.normal(size=patient.size) * 0.45**0.5
    return frame(patient, patient % 10, number_within(patient), x=x, m=m, y=y)


def lagged() -> pd.DataFrame:
    """80 patients x 9 sessions; y of the session before predicts m and y, and y is missing at about one session in five.

    The value before the first session depends on the patients' intercepts. As a covariate (`y_baseline`) it keeps the likelihood from
    having two maxima, one for persistence and one for stable differences between patients.
    """
    rng = np.random.default_rng(7)
    patients, sessions = 80, 9
    u = correlated(rng, [1.1, 1.6, 0.6], {(0, 1): -0.5, (1, 2): 0.3}, patients)
    x = rng.normal(size=(patients, sessions)) + 4
    m, y, before = (np.empty((patients, sessions)) for _ in range(3))
    earlier = 12 + u[:, 1] + 2 * rng.normal(size=patients)
    for t in range(sessions):
        before[:, t] = earlier
        m[:, t] = 6 + u[:, 0] + 0.5 * x[:, t] - 0.12 * earlier + rng.normal(size=patients)
        y[:, t] = 8 + u[:, 1] + (-0.7 + u[:, 2]) * (m[:, t] - 6) + 0.35 * earlier + 1.6 * rng.normal(size=patients)
        earlier = y[:, t]
    y[rng.random(y.shape) < 0.2] = np.nan
    before[:, 1:] = y[:, :-1]
    baseline = np.repeat(before[:, :1], sessions, axis=1)
    patient, session = np.repeat(np.arange(patients), sessions), np.tile(np.arange(1, sessions + 1), patients)
    columns = {"x": x, "m": m, "y": y, "y_lag": before, "y_baseline": baseline}
    return frame(patient, patient % 8, session, **{name: values.reshape(-1) for name, values in columns.items()})


def nested() -> pd.DataFrame:
    """150 patients of 30 therapists, 4 to 8 sessions; slopes vary between patients, intercepts between both."""
    rng = np.random.default_rng(30)
    therapist_of = np.repeat(np.arange(30), rng.integers(3, 8, size=30))
    patients = len(therapist_of)
    patient = np.repeat(np.arange(patients), rng.integers(4, 9, size=patients))
    u = correlated(rng, [1.0, 1.2, 0.4], {(0, 1): 0.4, (1, 2): -0.3}, patients)[patient]
    w = correlated(rng, [0.7, 0.8], {(0, 1): 0.5}, 30)[therapist_of[patient]]
    x = rng.normal(size=patient.size) + 1
    m = 5 + u[:, 0] + w[:, 0] + 0.5 * x + rng.normal(size=patient.size)
    y = 10 + u[:, 1] + w[:, 1] + (-0.6 + u[:, 2]) * (m - 5) + 0.2 * x + 1.4 * rng.normal(size=patient.size)
    return frame(patient, therapist_of[patient], number_within(patient), x=x, m=m, y=y)


def bayes() -> pd.DataFrame:
    """60 patients x 8 sessions; intercepts of both equations and the slopes a and b vary."""
    rng = np.random.default_rng(60)
    patients, sessions = 60, 8
    patient = np.repeat(np.arange(patients), sessions)
    u = correlated(rng, [0.8, 0.9, 0.45, 0.45], {(0, 1): 0.4, (2, 3): -0.5}, patients)[patient]
    x = rng.normal(size=patient.size) + 3
    m = 4 + u[:, 0] + (0.5 + u[:, 2]) * (x - 3) + rng.normal(size=patient.size)
    y = 9 + u[:, 1] + (-0.4 + u[:, 3]) * (m - 4) - 0.15 * (x - 3) + rng.normal(size=patient.size)
    return frame(patient, patient % 6, number_within(patient), x=x, m=m, y=y)


def series() -> pd.DataFrame:
    """100 patients of 20 therapists, up to 12 sessions of which one in eight is skipped; residuals last, and so does x."""
    rng = np.random.default_rng(12)
    patients, sessions = 100, 12
    u = correlated(rng, [1.0, 0.4], {(0, 1): -0.3}, patients)
    w = correlated(rng, [0.6], {}, 20)[np.arange(patients) % 20, 0]
    days = np.cumsum(rng.integers(4, 12, size=(patients, sessions)), axis=1)
    x, m, e = (np.empty((patients, sessions)) for _ in range(3))
    for t in range(sessions):
        for last, noise in ((x, 0.7), (e, 0.5)):
            before = rng.normal(size=patients) if t == 0 else last[:, t - 1]
            share = 0.0 if t == 0 else noise
            last[:, t] = share * before + np.sqrt(1 - share**2) * rng.normal(size=patients)
    m[:] = 2 + rng.normal(size=(patients, sessions))
    y = 8 + u[:, :1] + w[:, None] + (0.3 + u[:, 1:]) * x - 0.2 * m + 1.5 * e
    kept = (rng.random(x.shape) > 1 / 8) & (np.arange(sessions) < rng.integers(4, sessions + 1, size=(patients, 1)))
    patient, session = np.nonzero(kept)
    made = frame(patient, patient % 20, session + 1, x=x[kept], m=m[kept], y=y[kept])
    return made.assign(days=days[kept])


if __name__ == "__main__":
    for make in (mediation, lagged, nested, bayes, series):
        make().to_csv(HERE / f"{make.__name__}.csv", index=False, lineterminator="\n")
