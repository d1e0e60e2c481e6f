"""How much each session looks like a rupture: one function for each detector of `alliance.facts.detectors`.

A function takes series (patients, sessions), NaN where nothing was recorded, and how such series vary without ruptures. It returns an array
of the same shape, the larger the more of a rupture; NaN where nothing can be said.
"""

from collections.abc import Callable

import numpy as np

from alliance.data.ruptures.series import Usual, lines_of
from alliance.facts.detectors import DETECTORS

_RECENT = 3  # sessions whose mean a reliable drop starts from, and within which a return counts
_PER_RANGE = 1.128  # expected range of two draws from a normal distribution, in standard deviations (d2)
_TIE = 1e-3  # of two equal drops, the one that ends further below all sessions before is the larger, then the one that ends lower


def judge(name: str, values: np.ndarray, usual: Usual) -> np.ndarray:
    """Return how much each session looks like a rupture to a detector; NaN at first sessions, and of patients with too few."""
    function: Callable[[np.ndarray, Usual], np.ndarray] = globals()[name]
    found = function(values, usual)
    # Scores are whole numbers, so many drops are equally large: without an order among them no limit has the declared rate.
    below = (_mean_of_all_before(values) - values) / usual.within
    below += _TIE * (usual.course(values.shape[1]) - values)
    enough = np.isfinite(values).sum(axis=1, keepdims=True) >= DETECTORS[name].fewest
    fell = np.isfinite(values) & (_counted_before(values) > 0)
    return np.where(enough & fell, found + _TIE * np.nan_to_num(below), np.nan)


def sd_drop(values: np.ndarray, usual: Usual) -> np.ndarray:
    """Drop from the last session that was recorded, in standard deviations within patients."""
    drop: np.ndarray = (mean_before(values, 1) - values) / usual.within
    return drop


def reliable_change(values: np.ndarray, usual: Usual) -> np.ndarray:
    """Drop from the mean m of the k <= 3 sessions recorded last: (m - x) / (SEM sqrt(1 + 1 / k)); without SEM in standard deviations."""
    count = np.minimum(_counted_before(values), _RECENT)
    error = usual.error if np.isfinite(usual.error) and usual.error > 0 else usual.within
    with np.errstate(divide="ignore"):
        drop: np.ndarray = (mean_before(values, _RECENT) - values) / (error * np.sqrt(1 + 1 / count))
    return drop


def drop_and_return(values: np.ndarray, usual: Usual) -> np.ndarray:
    """The smaller one of the drop and of what the best of the next three sessions regains, in standard deviations within patients."""
    padded = np.pad(values, ((0, 0), (0, _RECENT)), constant_values=np.nan)
    later = np.stack([padded[:, k : k + values.shape[1]] for k in range(1, _RECENT + 1)])
    best = np.where(np.isfinite(later), later, -np.inf).max(axis=0)
    regained = np.where(np.isfinite(best), best, np.nan) - values
    smaller: np.ndarray = np.minimum(mean_before(values, 1) - values, regained) / usual.within
    return smaller


def own_trend(values: np.ndarray, usual: Usual) -> np.ndarray:
    """Distance below the patient's own least-squares line, e / (s sqrt(1 - h)) with h the leverage of the session."""
    line, leverage = lines_of(values)
    left = 1 - leverage
    with np.errstate(divide="ignore", invalid="ignore"):
        below: np.ndarray = (line - values) / (usual.within * np.sqrt(np.where(left > 0, left, np.nan)))
    return below


def control_chart(values: np.ndarray, usual: Usual) -> np.ndarray:
    """Distance below the patient's own mean, in mean moving ranges / 1.128: the individuals chart. `usual` plays no part."""
    seen = np.isfinite(values)
    ranges = np.abs(values - mean_before(values, 1))
    count, steps = seen.sum(axis=1, keepdims=True), np.isfinite(ranges).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.nansum(ranges, axis=1, keepdims=True) / steps / _PER_RANGE
        mean = np.nansum(values, axis=1, keepdims=True) / count
        below: np.ndarray = (mean - values) / np.where(sigma > 0, sigma, np.nan)
    return below


def prediction(values: np.ndarray, usual: Usual) -> np.ndarray:
    """Distance below E[x_t | all sessions before], in standard deviations of x_t given them; a first session has no sessions before.

    With L L' the covariance of what was recorded, these are the elements of -L^-1 (x - mean).
    """
    found = np.full(values.shape, np.nan)
    deviations, covariance = values - usual.course(values.shape[1]), usual.covariance(values.shape[1])
    packed, first, which = np.unique(
        np.packbits(np.isfinite(values), axis=1), axis=0, return_index=True, return_inverse=True
    )
    order = np.argsort(which, kind="stable")
    ends = np.searchsorted(which[order], np.arange(len(packed) + 1))
    for number, one in enumerate(first):
        seen, rows = np.flatnonzero(np.isfinite(values[one])), order[ends[number] : ends[number + 1]]
        if len(seen) > 1:
            whitened = np.linalg.inv(np.linalg.cholesky(covariance[np.ix_(seen, seen)]))
            found[np.ix_(rows, seen[1:])] = -(deviations[np.ix_(rows, seen)] @ whitened.T)[:, 1:]
    return found


def mean_before(values: np.ndarray, most: int) -> np.ndarray:
    """Return the mean of the sessions recorded last before each one, at most so many; NaN where none was."""
    found, recent = np.empty(values.T.shape), np.full((most, len(values)), np.nan)
    for t, now in enumerate(np.ascontiguousarray(values.T)):
        known = np.isfinite(recent)
        count = known.sum(axis=0)
        found[t] = np.where(count > 0, np.where(known, recent, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
        seen = np.isfinite(now)
        for place in range(most - 1, 0, -1):
            recent[place] = np.where(seen, recent[place - 1], recent[place])
        recent[0] = np.where(seen, now, recent[0])
    return found.T


def _mean_of_all_before(values: np.ndarray) -> np.ndarray:
    filled, count = np.nan_to_num(values), _counted_before(values)
    mean: np.ndarray = np.where(count > 0, (np.cumsum(filled, axis=1) - filled) / np.maximum(count, 1), np.nan)
    return mean


def _counted_before(values: np.ndarray) -> np.ndarray:
    seen = np.isfinite(values)
    counted: np.ndarray = np.cumsum(seen, axis=1) - seen
    return counted
