"""Series of patients side by side, and how they vary where nothing ruptures."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION

_BLOCK: Final = 2000  # patients whose lines are fitted at a time


@dataclass(frozen=True)
class Usual:
    """How a score varies where nothing ruptures: a level and a trend of each patient's own, and an autoregressive series around them.

    ``x_it = start + slope t + u_i + v_i (t - middle) + s_i e_it``, ``e_it = ar e_i,t-1 + innovation``, t from 0, recorded on the scale.
    All that differs between patients is normal, and s_i log-normal with a mean square of `within` squared.

    Parameters
    ----------
    start, slope
        Mean at the first session, and its change per session.
    between, trends
        Standard deviations of u and v.
    within
        Standard deviation within patients, about their own trends.
    uneven
        How much it differs between patients: standard deviation of the logarithm of s.
    ar
        Autoregression of e from one session to the next.
    low, high, step
        Ends of the scale and its steps; infinite ends where none is known, step 0 where scores lie on no grid.
    error
        Standard error of measurement; NaN where the reliability is not known.
    """

    start: float
    slope: float
    between: float
    within: float
    ar: float
    trends: float = 0.0
    uneven: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    step: float = 0.0
    error: float = np.nan

    def course(self, sessions: int) -> np.ndarray:
        """Return the mean at each session: (sessions,)."""
        course: np.ndarray = self.start + self.slope * np.arange(sessions)
        return course

    def covariance(self, sessions: int) -> np.ndarray:
        """Return the covariance of one patient's recorded scores, apart from the ends of the scale: (sessions, sessions)."""
        time = np.arange(sessions)
        apart, own = np.abs(np.subtract.outer(time, time)), time - (sessions - 1) / 2
        matrix: np.ndarray = (
            self.between**2
            + self.trends**2 * np.multiply.outer(own, own)
            + self.within**2 * self.ar**apart
            + np.eye(sessions) * self.step**2 / 12
        )
        return matrix

    def simulate(self, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Simulate series without ruptures, recorded where `seen` is true: (patients, sessions), NaN elsewhere."""
        patients, sessions = seen.shape
        noise = rng.standard_normal((sessions, patients))
        noise[1:] *= np.sqrt(1 - self.ar**2)
        for t in range(1, sessions):
            noise[t] += self.ar * noise[t - 1]
        level, trend, spread = rng.standard_normal((3, patients))
        noise *= self.within * np.exp(self.uneven * spread - self.uneven**2)
        noise += self.between * level + np.multiply.outer(np.arange(sessions) - (sessions - 1) / 2, self.trends * trend)
        values = noise.T
        values += self.course(sessions)
        if self.step:
            values /= self.step
            np.rint(values, out=values)
            values *= self.step
        return np.where(seen, np.clip(values, self.low, self.high, out=values), np.nan)


def series_of(rows: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay rows of sessions out as series.

    Parameters
    ----------
    rows
        ``patient, session`` and the score, each session of a patient once.

    Returns
    -------
    values
        (patients, sessions); NaN where nothing was recorded. The first column is the lowest session number.
    patients, sessions
        Where each row stands: indices into `values`.
    """
    codes, _ = pd.factorize(rows[PATIENT], sort=True)
    number = rows[SESSION].to_numpy(dtype=int)
    place = number - (number.min() if len(number) else 0)
    values = np.full((codes.max(initial=-1) + 1, place.max(initial=-1) + 1), np.nan)
    values[codes, place] = rows[column].to_numpy(dtype=float)
    return values, codes, place


def lines_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit each patient's least-squares line.

    Returns
    -------
    line
        Its values at all sessions: (patients, sessions).
    leverage
        Of each session: (patients, sessions).
    """
    count, total, time, spread, slope = _fitted(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return total / count + time * slope, 1 / count + time**2 / spread


def slopes_of(values: np.ndarray) -> np.ndarray:
    """Return the slope of each patient's line times the root of the sum of squares of time: without a trend it has the variance of a score.

    Some patients are fitted after the other, so that what is computed on the way stays in the processor's cache.
    """
    slopes = []
    for part in np.array_split(values, max(len(values) // _BLOCK, 1)):
        *_, spread, slope = _fitted(part)
        with np.errstate(invalid="ignore"):
            slopes.append((slope * np.sqrt(spread))[:, 0])
    return np.concatenate(slopes)


def _fitted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return number and sum of each patient's scores, time from its mean (patients, sessions), its sum of squares, and the slope."""
    seen = np.isfinite(values)
    count, x = seen.sum(axis=1, keepdims=True).astype(float), np.where(seen, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.arange(values.shape[1]) - (seen * np.arange(values.shape[1])).sum(axis=1, keepdims=True) / count
        spread = (seen * time**2).sum(axis=1, keepdims=True)
        slope = (x * time).sum(axis=1, keepdims=True) / spread
    return count, x.sum(axis=1, keepdims=True), time, spread, slope
