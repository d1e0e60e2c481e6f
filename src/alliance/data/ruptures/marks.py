"""Sessions at which a rupture is open, or repaired: columns beside the scores they are told from, and what is known of each detector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import TOTAL, Instrument
from alliance.config.reliability import Reliability
from alliance.config.rupture import RUPTURE_MARK
from alliance.data.ruptures.episodes import Episodes, follow
from alliance.data.ruptures.estimate import usual_of
from alliance.data.ruptures.limits import Limits, find_limits, mark
from alliance.data.ruptures.series import Usual, series_of
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.detectors import DETECTORS

_FEWEST: Final = 30  # neighbouring pairs of sessions from which the variation of scores is told
_TOO_FEW: Final = f"fewer than {_FEWEST} pairs of neighbouring sessions: how the score varies by itself cannot be told"
_TURNED: Final = "higher scores are worse, so a drop is a gain and no rupture"
_CONSTANT: Final = "the score does not change from session to session"


@dataclass(frozen=True)
class _Course:
    """A score of all patients, and what it looks like without ruptures; `note` says why nothing can be told."""

    values: np.ndarray
    patients: np.ndarray
    sessions: np.ndarray
    usual: Usual | None
    limits: dict[str, Limits]
    note: str = ""


def mark_ruptures(
    scores: pd.DataFrame,
    variables: Mapping[str, Variable],
    instruments: Mapping[str, Instrument],
    reliability: pd.DataFrame,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the marks of ruptures that are declared.

    Parameters
    ----------
    scores
        See `alliance.data.scoring.measures.score_sessions`.
    reliability
        The artefact `reliability`: that of a scale whose items tell it.

    Returns
    -------
    scores
        One column more for each variable of kind ``rupture_mark``: 1, 0, and NaN where nothing can be said.
    detectors
        The artefact `detectors`: one row for each way in which ruptures of a score are told.
    """
    wanted = {name: variable for name, variable in variables.items() if variable.kind == RUPTURE_MARK}
    courses = {
        score: _course(scores, score, variables[score], instruments, reliability, seed)
        for score in dict.fromkeys(variable.of[0] for variable in wanted.values())
    }
    columns: dict[str, np.ndarray] = {}
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    states: dict[tuple[str, ...], dict[str, np.ndarray]] = {}
    for name, variable in wanted.items():
        key, course = (str(variable.detector), *variable.of), courses[variable.of[0]]
        if key not in rows:
            marks = _marks(key, course, scores, variables)
            found = None if course.usual is None else follow(course.values, marks, course.usual)
            rows[key] = _describe(key, course, marks, found)
            states[key] = _states(course, found)
        columns[name] = states[key]["open" if variable.state == "open" else "repaired"]
    return scores.assign(**columns), pd.DataFrame(list(rows.values()), columns=ARTEFACTS["detectors"].header)


def _states(course: _Course, found: Episodes | None) -> dict[str, np.ndarray]:
    """Return the states of the rows of sessions, (rows,); of all sessions of all patients there are several times as many."""
    if found is None:
        nothing = np.full(len(course.patients), np.nan)
        return {"open": nothing, "repaired": nothing}
    held = course.patients, course.sessions
    return {"open": found.open[held], "repaired": found.returned[held]}


def _course(
    scores: pd.DataFrame,
    name: str,
    variable: Variable,
    instruments: Mapping[str, Instrument],
    reliability: pd.DataFrame,
    seed: int,
) -> _Course:
    values, patients, sessions = series_of(scores, name)
    if variable.instrument is not None and instruments[variable.instrument].higher_is == "worse":
        return _Course(values, patients, sessions, None, {}, _TURNED)  # what is declared is refused before
    steps = np.diff(values, axis=1)
    if np.isfinite(steps).sum() < _FEWEST:
        return _Course(values, patients, sessions, None, {}, _TOO_FEW)
    if not np.nanmax(np.abs(steps)):
        return _Course(values, patients, sessions, None, {}, _CONSTANT)
    low, high = _ends(variable, instruments)
    usual = usual_of(values, low, high, _reliability(name, variable, reliability), seed)
    return _Course(values, patients, sessions, usual, find_limits(values, usual, seed))


def _ends(variable: Variable, instruments: Mapping[str, Instrument]) -> tuple[float, float]:
    if variable.instrument is not None:
        return instruments[variable.instrument].score_range(variable.metric)
    return variable.range or (-np.inf, np.inf)


def _reliability(name: str, variable: Variable, reliability: pd.DataFrame) -> float:
    """Return the share of what changes within patients that is no error, as declared or from the items; NaN where nobody knows."""
    if isinstance(variable.reliability, Reliability):
        return variable.reliability.within
    found = reliability.loc[(reliability["variable"] == name) & (reliability["scale"] == TOTAL), "omega_within"]
    return float(found.iloc[0]) if len(found) else np.nan


def _marks(
    key: tuple[str, ...], course: _Course, scores: pd.DataFrame, variables: Mapping[str, Variable]
) -> np.ndarray:
    detector, _, *code = key
    if code:
        marks = np.full(course.values.shape, np.nan)
        marks[course.patients, course.sessions] = _seen(scores, code[0], variables)
        return np.where(np.isfinite(course.values), marks, np.nan)
    if course.usual is None or detector not in course.limits:
        return np.full(course.values.shape, np.nan)
    return mark(detector, course.values, course.usual, course.limits[detector])


def _seen(scores: pd.DataFrame, code: str, variables: Mapping[str, Variable]) -> np.ndarray:
    """Return 1 where somebody coded a rupture, of whatever kind: a number that is not zero, or a label other than the reference."""
    own = [code] if code in scores else [c for c in scores if str(c).startswith(f"{code}_") and c not in variables]
    values = scores[own].to_numpy(dtype=float)
    return np.where(np.isfinite(values).all(axis=1), (values != 0).any(axis=1).astype(float), np.nan)


def _describe(key: tuple[str, ...], course: _Course, marks: np.ndarray, found: Episodes | None) -> dict[str, Any]:
    detector, score, *code = key
    judged = np.isfinite(marks)
    row: dict[str, Any] = {
        "score": score,
        "detector": detector,
        "n_patients": int(judged.any(axis=1).sum()),
        "n_sessions": int(judged.sum()),
        "marked_patients": int((marks == 1).any(axis=1).sum()),
        "marked_sessions": int((marks == 1).sum()),
        "note": course.note,
    }
    if found is not None and len(found.patient):
        row |= {
            "ruptures": len(found.patient),
            "ruptured_patients": len(np.unique(found.patient)),
            "repaired": int((found.repaired == 1).sum()),
            "unrepaired": int((found.repaired == 0).sum()),
            "unknown": int(np.isnan(found.repaired).sum()),
            "depth": float(found.depth.mean()),
            "length": float(np.nanmean(found.length)) if np.isfinite(found.length).any() else np.nan,
        }
    if code or course.usual is None:
        return row
    if detector not in course.limits:
        return row | {"note": f"no patient has {DETECTORS[detector].fewest} sessions"}
    limits, counts = course.limits[detector], np.isfinite(course.values).sum(axis=1)[judged.any(axis=1)]
    return row | {
        "limit": limits.by_count[int(np.quantile(counts, 0.5, method="inverted_cdf"))],
        "limit_low": min(limits.by_count.values()),
        "limit_high": max(limits.by_count.values()),
        "by_chance": limits.rate,
        "repaired_by_chance": limits.repaired,
        "usual_limit": DETECTORS[detector].usual,
        "usual_by_chance": limits.usual_rate,
    }
