"""A row for every session of a patient, whether it was held or skipped."""

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.timing import TIME_TERMS, Term, varies_between_sessions
from alliance.data.panel import first_sessions
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS

_DAYS_PER_WEEK = 7.0


def add_skipped(
    panel: pd.DataFrame,
    outcomes: list[str],
    terms: dict[str, Term],
    variables: dict[str, Variable],
    max_gap_days: float | None,
) -> pd.DataFrame:
    """Return the panel with rows for skipped sessions, and a column ``held``."""
    constant = [PATIENT, THERAPIST, *(name for name, term in terms.items() if _is_constant(term, variables))]
    frame = _with_first(panel.sort_values([PATIENT, SESSION], ignore_index=True), constant)
    seen = frame[outcomes].notna().any(axis=1)
    last = frame[PATIENT].map(frame[seen].groupby(PATIENT)[SESSION].max())
    elapsed = _elapsed(frame)
    following = frame[PATIENT].eq(frame[PATIENT].shift(-1)) & (frame[SESSION] < last)
    width = (frame[SESSION].shift(-1) - frame[SESSION]).where(following, 1).to_numpy()
    pause = elapsed.shift(-1).to_numpy() - elapsed.to_numpy()
    short = np.ones(len(frame), dtype=bool) if max_gap_days is None else ~(pause > max_gap_days * width)
    copies = np.where(short, width, 1).astype(int)
    source = np.repeat(np.arange(len(frame)), copies)
    step = np.arange(len(source)) - np.repeat(np.cumsum(copies) - copies, copies)
    grid = frame.iloc[source].reset_index(drop=True)
    unknown = [name for name in grid.columns if name not in constant]
    grid[unknown] = grid[unknown].where(pd.Series(step == 0))
    grid[SESSION] = frame[SESSION].to_numpy()[source] + step
    for name in (WEEKS, DAYS):
        if name in grid:
            grid[name] = np.where(step == 0, grid[name].astype(float), _between(frame[name], source, step, copies))
    return grid.assign(held=(step == 0) & frame["held"].to_numpy()[source])


def _with_first(frame: pd.DataFrame, constant: list[str]) -> pd.DataFrame:
    """Add rows for first sessions that patients have missed, and the column ``held``."""
    first = first_sessions(frame)
    late = (frame[SESSION] > first) & ~frame.duplicated(PATIENT)
    missed = frame.loc[late, constant].assign(**{SESSION: first[late]})
    return pd.concat([frame.assign(held=True), missed.assign(held=False)]).sort_values(
        [PATIENT, SESSION], ignore_index=True
    )


def _is_constant(term: Term, variables: dict[str, Variable]) -> bool:
    return term.name not in TIME_TERMS and not varies_between_sessions(term, variables)


def _elapsed(frame: pd.DataFrame) -> pd.Series:
    days = frame[DAYS] if DAYS in frame else pd.Series(np.nan, index=frame.index)
    return days.fillna(frame[WEEKS] * _DAYS_PER_WEEK) if WEEKS in frame else days


def _between(values: pd.Series, source: np.ndarray, step: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Interpolate between the rows on both sides of a gap."""
    here, after = values.to_numpy(dtype=float), np.append(values.to_numpy(dtype=float)[1:], np.nan)
    return np.asarray(here[source] + (after - here)[source] * step / copies[source])
