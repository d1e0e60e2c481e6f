"""Episodes of treatment: patients who come back later. The first one is kept; a course of its own is an id of its own."""

import pandas as pd

from alliance.data.export.mapping import DATE, EPISODE, WEEK
from alliance.facts.columns import PATIENT

_DAYS_PER_WEEK = 7.0


def later_episodes(sessions: pd.DataFrame, pause: float | None) -> pd.Series:
    """Return the rows that lie after their patient's first episode.

    An episode is what one value of the column `episode` names (blank is an episode too), the first one being that of the earliest
    date or week, or of the smallest number where there are no dates; and it ends with a pause of more than `pause` days. Rows
    without a date cannot be placed by a pause: they are left out where a patient has several episodes.

    Parameters
    ----------
    sessions
        ``patient``, and ``episode``, ``date`` and ``week`` as far as there are such columns; any order of rows.
    pause
        Days; None if episodes are told apart by their column alone.
    """
    time = _days(sessions)
    later = pd.Series(False, index=sessions.index)
    if EPISODE in sessions:
        later |= _after_first(sessions, time)
    if pause is not None:
        later |= _after_pause(sessions[~later], time[~later], pause).reindex(later.index, fill_value=False)
    return later


def _days(sessions: pd.DataFrame) -> pd.Series:
    if DATE in sessions:
        days: pd.Series = (sessions[DATE] - sessions[DATE].min()) / pd.Timedelta(days=1)
        return days
    if WEEK in sessions:
        return _DAYS_PER_WEEK * sessions[WEEK]
    return pd.Series(float("nan"), index=sessions.index)


def _after_first(sessions: pd.DataFrame, time: pd.Series) -> pd.Series:
    episode = sessions[EPISODE].fillna("")
    number = pd.to_numeric(episode, errors="coerce")
    courses = pd.DataFrame({PATIENT: sessions[PATIENT], EPISODE: episode, "number": number, "time": time})
    starts = courses.groupby([PATIENT, EPISODE])[["time", "number"]].min().reset_index()
    # An episode without any date comes after the dated ones.
    starts = starts.sort_values([PATIENT, "time", "number", EPISODE], na_position="last")
    first = starts.drop_duplicates(PATIENT).set_index(PATIENT)[EPISODE]
    return episode != sessions[PATIENT].map(first)


def _after_pause(sessions: pd.DataFrame, time: pd.Series, pause: float) -> pd.Series:
    ordered = pd.DataFrame({PATIENT: sessions[PATIENT], "time": time}).sort_values([PATIENT, "time"], kind="stable")
    again = (ordered.groupby(PATIENT)["time"].diff() > pause).groupby(ordered[PATIENT])
    after = again.cumsum() > 0
    undated = ordered["time"].isna() & again.transform("any")
    return (after | undated).reindex(sessions.index)
