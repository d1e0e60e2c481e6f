"""What single patients' series say: where they begin, how they start, where they end, and whether they fall and return."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION

_FEWEST_OF_V: Final = 5  # sessions for a parabola and something left beside it


@dataclass(frozen=True)
class Ends:
    """First and last observed values, one row per patient with any.

    Parameters
    ----------
    patients
        Codes, (patient,).
    first, last
        Values, (patient,).
    last_session
        Number of the session of the last one, (patient,).
    sessions
        How many were observed, (patient,).
    """

    patients: np.ndarray
    first: np.ndarray
    last: np.ndarray
    last_session: np.ndarray
    sessions: np.ndarray


def find_ends(rows: pd.DataFrame, variable: str) -> Ends:
    """Return the ends of patients' series.

    Parameters
    ----------
    rows
        Sessions at which the variable was observed.
    """
    grouped = rows.sort_values([PATIENT, SESSION]).groupby(PATIENT)
    found = grouped.agg(
        first=(variable, "first"), last=(variable, "last"), end=(SESSION, "last"), sessions=(variable, "size")
    )
    return Ends(
        found.index.to_numpy(),
        found["first"].to_numpy(dtype=float),
        found["last"].to_numpy(dtype=float),
        found["end"].to_numpy(dtype=float),
        found["sessions"].to_numpy(),
    )


def start_of(rows: pd.DataFrame, variable: str, sessions: int) -> pd.DataFrame:
    """Return level and slope of each patient over the first sessions.

    Parameters
    ----------
    rows
        Sessions at which the variable was observed.
    sessions
        How many numbers of sessions count as the start, from the patient's first one on.

    Returns
    -------
    pandas.DataFrame
        By patient: level (mean of those observed), slope per session (least squares; missing with fewer than two), change (from the
        first value to the last one of the start; missing with fewer than two), until (the last number of a session of the start).
    """
    first = rows.groupby(PATIENT)[SESSION].transform("min")
    early = rows[rows[SESSION] < first + sessions].sort_values([PATIENT, SESSION])
    grouped = early.groupby(PATIENT)
    time = early[SESSION] - grouped[SESSION].transform("mean")
    sums = pd.DataFrame({PATIENT: early[PATIENT], "xy": time * early[variable], "xx": time**2}).groupby(PATIENT).sum()
    several = grouped.size() > 1
    return pd.DataFrame(
        {
            "level": grouped[variable].mean(),
            "slope": (sums["xy"] / sums["xx"]).where(several),
            "change": (grouped[variable].last() - grouped[variable].first()).where(several),
            "until": grouped[SESSION].min() + sessions - 1,
        }
    )


def find_turns(
    rows: pd.DataFrame, variable: str, least: float, drawn: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Say whose series fall and return: a V.

    A parabola is fitted to each series by least squares. It is a V where its lowest point lies between the patient's first and last
    session, and the parabola lies higher by at least a given change at both.

    Parameters
    ----------
    rows
        Sessions at which the variable was observed; sorted by patient and session.
    least
        The change that counts, in the variable's units.
    drawn
        Other values of the same sessions, (row, draw); None for those observed.

    Returns
    -------
    patients
        Codes of those with at least five sessions, (patient,).
    turns
        Whether theirs is one, (patient, draw).
    """
    values = rows[variable].to_numpy(dtype=float)[:, None] if drawn is None else drawn
    times, codes, found = rows[SESSION].to_numpy(dtype=float), [], []
    places = rows.reset_index(drop=True).groupby(PATIENT).indices
    for code, own in places.items():
        if len(own) < _FEWEST_OF_V:
            continue
        time = (times[own] - times[own].mean()) / np.ptp(times[own])
        _, slope, bend = np.linalg.lstsq(np.vander(time, 3, increasing=True), values[own])[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            lowest = -slope / (2 * bend)
            depth = [bend * (time[end] - lowest) ** 2 for end in (0, -1)]
        inside = (bend > 0) & (lowest > time[0]) & (lowest < time[-1])
        codes.append(code)
        found.append(inside & (np.minimum(*depth) >= least))
    return np.array(codes), np.array(found).reshape(len(codes), values.shape[1])
