"""Do two raters of the same thing agree, and do they come closer to each other over sessions?

Ratings are shares of the range of their own scale, in percent, since formats of answers may differ. With d_it the second rating minus the
first at session s_it of patient i, and bars for means over the patient's sessions,

    change = sum_it (s_it - s_i.)(d_it - d_i.) / sum_it (s_it - s_i.)^2        at session c:  mean_i [ d_i. - change (s_i. - c) ]

so that the change is one within patients, and who leaves early counts as much as who stays; least squares with an intercept for each
patient. The same of the distance |d_it|: it shrinks where raters converge, in whichever direction they differ. Error of either rating adds
to the distance, the same at every session.

Correlations within patients and of lasting levels are those of `alliance.models.descriptive.correlations`. The correlation across patients
at a session says whether raters tell the same patients apart. Its course is a line through Fisher's z of each session with enough patients,
weighted by their number minus three, read at the first and at the last session.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, SESSION
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_names, name_session
from alliance.models.descriptive.correlations import Moments, correlation
from alliance.models.descriptive.findings import Findings, Key, Task
from alliance.models.design.surface import ends_of
from alliance.models.quantities.course import find_sessions
from alliance.models.rows import count_rows

PERCENT: Final = 100.0
FEWEST_PATIENTS: Final = 10  # at a session whose correlation counts
_PAIR: Final = 2
_LEVEL: Final = "overall"
_WITH_ERROR: Final = ("correlation", "correlation_change", "distance", "distance_change")


def compute(task: Task) -> Findings:
    """Compare two ratings in the sessions in which both are observed.

    Raises
    ------
    ModelError
        There are not two ratings, the range of a scale is not known, or no patient has two sessions with both.
    """
    names = list(task.spec.variables)
    if len(names) != _PAIR:
        raise ModelError(
            f"models.specs.{task.name}.variables: two ratings of the same thing are compared, but there are {len(names)}. Name two."
        )
    complete = task.panel[names].notna().all(axis=1).to_numpy()
    rows = task.panel[complete]
    patients, starts = np.unique(rows[PATIENT].to_numpy(), return_index=True)
    codes = np.searchsorted(patients, rows[PATIENT].to_numpy())
    if not len(rows) or np.bincount(codes).max() < _PAIR:
        raise ModelError(
            f"models.specs.{task.name}.variables: no patient has two sessions at which {' and '.join(names)} were both observed, so "
            "nothing tells how they go together within patients. Name others, or take the model out."
        )
    shares = np.column_stack([_in_percent(rows[name], ends_of(name, task.name, task.settings)) for name in names])
    sessions = rows[SESSION].to_numpy(dtype=float)
    ends = find_sessions(task.panel, task.settings.get("planned_sessions"))
    first, last = ends.start, ends.stop - 1
    difference = shares[:, 1] - shares[:, 0]
    lines = [_line(values, sessions, codes, first, last) for values in (difference, np.abs(difference))]
    moments, course = Moments(shares, codes), _course_of_correlation(shares, sessions, codes, first, last)

    def statistic(weights: np.ndarray) -> np.ndarray:
        drawn = weights[complete]
        of_patients = drawn[starts]
        levels = [correlation(matrix, 0, 1) for matrix in moments.of(of_patients)]
        return np.array([*levels, *(value for line in (*lines, course) for value in line(of_patients))])

    marks = [_mark_error(name, of, names[1]) for name, of in task.settings["reliability"].items() if name in names]
    return Findings(_keys((names[0], names[1]), first, last), statistic, dict.fromkeys(names, count_rows(rows)), marks)


def _mark_error(name: str, reliability: Mapping[str, Any], outcome: str) -> Mark:
    """Say that error of a rating is in what both have in common, and in how far they lie apart."""
    known = [reliability[level][0] for level in ("within", "between")]
    value = float("nan") if None in known else float(min(known))
    said = "correlations are drawn towards zero and distances are larger, by the error of both ratings"
    return Mark("uncorrected_error", name, value, said, outcomes=(outcome,), effects=_WITH_ERROR)


def _keys(names: tuple[str, str], first: int, last: int) -> list[Key]:
    path, of = join_names(*names), names
    when = (name_session(first), name_session(last))
    keys = [Key(path, "correlation", level, of) for level in ("session", "patient")]
    for effect in ("discrepancy", "distance", "correlation"):
        keys += [Key(path, effect, _LEVEL, of, session) for session in when]
        keys.append(Key(path, f"{effect}_change", _LEVEL, of))
    return keys


def _in_percent(values: pd.Series, ends: tuple[float, float]) -> np.ndarray:
    low, high = ends
    return PERCENT * (values.to_numpy(dtype=float) - low) / (high - low)


_Line = Callable[[np.ndarray], list[float]]


def _line(values: np.ndarray, sessions: np.ndarray, codes: np.ndarray, first: int, last: int) -> _Line:
    """Return what gives the value at the first and at the last session and the change per session, from weights of patients."""
    size = np.bincount(codes)
    mean, when = (np.bincount(codes, each) / size for each in (values, sessions))
    away = sessions - when[codes]
    moved, spread = np.bincount(codes, away * values), np.bincount(codes, away**2)

    def read(weights: np.ndarray) -> list[float]:
        change = float(weights @ moved / (weights @ spread)) if weights @ spread > 0 else float("nan")
        return [*(float(weights @ (mean - change * (when - at)) / weights.sum()) for at in (first, last)), change]

    return read


def _course_of_correlation(shares: np.ndarray, sessions: np.ndarray, codes: np.ndarray, first: int, last: int) -> _Line:
    """Return what gives the correlation across patients at the first and at the last session and their difference."""
    known, column, count = np.unique(sessions, return_inverse=True, return_counts=True)
    kept = count >= FEWEST_PATIENTS
    used = kept[column]
    place = codes[used], np.cumsum(kept)[column[used]] - 1
    one, other, seen = (np.zeros((int(codes.max()) + 1, int(kept.sum()))) for _ in range(3))
    centred = shares - shares.mean(axis=0)
    one[place], other[place], seen[place] = centred[used, 0], centred[used, 1], 1.0
    moments = [seen, one, other, one**2, other**2, one * other]
    times = known[kept]

    def read(weights: np.ndarray) -> list[float]:
        if len(times) < _PAIR:
            return [float("nan")] * 3
        n, x, y, xx, yy, xy = (weights @ each for each in moments)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = (xy - x * y / n) / np.sqrt((xx - x**2 / n) * (yy - y**2 / n))
        if not (np.abs(r) < 1).all():  # a rating that is the same for everybody, or an agreement without any error
            return [float("nan")] * 3
        z, weight = np.arctanh(r), np.maximum(n - 3, 0)
        middle = weight @ times / weight.sum()
        slope = weight @ ((times - middle) * z) / (weight @ (times - middle) ** 2)
        start, end = (float(np.tanh(weight @ z / weight.sum() + slope * (at - middle))) for at in (first, last))
        return [start, end, end - start]

    return read
