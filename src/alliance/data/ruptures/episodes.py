"""What became of what was marked: how deep, how long, and whether the score returned."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from alliance.data.ruptures.detectors import mean_before
from alliance.data.ruptures.series import Usual

RECENT: Final = 3  # sessions before, whose mean is the level that a score returns to
WITHIN: Final = 3  # sessions after the one in which a rupture begins, in which a return repairs it
BAND: Final = 0.5  # standard deviations within patients below that level from which on the score has returned


@dataclass(frozen=True)
class Episodes:
    """Ruptures one by one, each from its first session on; arrays (ruptures,) unless said.

    Parameters
    ----------
    patient, session
        Where each begins, as indices.
    depth
        The level before minus the score in the first session.
    length
        Sessions from the first one to that of the return; NaN where the score did not return in time, or nobody knows.
    repaired
        1 where it returned, 0 where it did not within three sessions, NaN where too little was recorded to say.
    open, returned
        (patients, sessions): 1 where a rupture has begun and the score has not returned; 1 at the session of the return, 0 elsewhere, NaN
        where the detector says nothing.
    """

    patient: np.ndarray
    session: np.ndarray
    depth: np.ndarray
    length: np.ndarray
    repaired: np.ndarray
    open: np.ndarray
    returned: np.ndarray


def follow(values: np.ndarray, marks: np.ndarray, usual: Usual) -> Episodes:
    """Follow each marked score until it returns, for at most three sessions; what is marked meanwhile is the same rupture.

    A score has returned where it is at most half a standard deviation within patients below the level before, the mean of up to three
    sessions. After three sessions without a return the lower level is the patient's own: the rupture is over and was not repaired.

    Parameters
    ----------
    values
        (patients, sessions), see `alliance.data.ruptures.series.series_of`.
    marks
        The same shape: 1 marked, 0 not, NaN unknown.
    """
    seen = np.isfinite(values)
    # At a first session nothing can have dropped yet.
    told = seen & (
        np.isfinite(marks) | (np.isfinite(marks).any(axis=1, keepdims=True) & (np.cumsum(seen, axis=1) == 1))
    )
    band = BAND * usual.within
    return _walk(values, told, marks == 1, lambda t, level: values[:, t] >= level - band)


def retrace(values: np.ndarray, open_now: np.ndarray, returned: np.ndarray) -> Episodes:
    """Return the ruptures that the states of sessions tell, see `Episodes`: what `follow` found to give them."""
    begins = (open_now == 1) | (returned == 1)
    return _walk(values, np.isfinite(open_now), begins, lambda t, _: returned[:, t] == 1)


def _walk(
    values: np.ndarray, told: np.ndarray, begins: np.ndarray, is_back: Callable[[int, np.ndarray], np.ndarray]
) -> Episodes:
    """Walk through the sessions.

    Parameters
    ----------
    told
        (patients, sessions): whether anything is said of a session.
    begins
        Whether a rupture begins where none is under way.
    is_back
        Session and the levels that scores return to -> whether they have returned.
    """
    patients, sessions = values.shape
    before, seen = mean_before(values, RECENT), np.isfinite(values)
    open_now, returned = np.where(told, 0.0, np.nan), np.where(told, 0.0, np.nan)
    began, level = np.full(patients, -1), np.full(patients, np.nan)
    who, when = [np.zeros(0, dtype=int)], [np.zeros(0, dtype=int)]
    ends: dict[tuple[int, int], tuple[int, float]] = {}
    for t in range(sessions):
        for i in np.flatnonzero((began >= 0) & (t > began + WITHIN)):
            ends[int(i), int(began[i])], began[i] = (0, np.nan), -1
        new = np.flatnonzero(begins[:, t] & (began < 0) & np.isfinite(before[:, t]))
        who.append(new)
        when.append(np.full(len(new), t))
        began[new], level[new] = t, before[new, t]
        under_way = (began >= 0) & seen[:, t]
        back = under_way & is_back(t, level)
        open_now[under_way, t], returned[under_way, t] = ~back[under_way], back[under_way]
        for i in np.flatnonzero(back):
            ends[int(i), int(began[i])], began[i] = (1, t - began[i]), -1
    last = np.where(seen.any(axis=1), sessions - 1 - seen[:, ::-1].argmax(axis=1), -1)
    for i in np.flatnonzero((began >= 0) & (last >= began + WITHIN)):
        ends[int(i), int(began[i])] = (0, np.nan)
    patient, session = np.concatenate(who), np.concatenate(when)
    outcome = [ends.get((int(i), int(t)), (np.nan, np.nan)) for i, t in zip(patient, session, strict=True)]
    repaired, length = np.array(outcome, dtype=float).reshape(-1, 2).T
    depth = before[patient, session] - values[patient, session]
    return Episodes(patient, session, depth, length, repaired, open_now, returned)
