"""What is true of the two ratings of the alliance in the example study, in the words of the estimates table.

Among true scores: the therapist's rating follows the patient's alliance by a fixed slope, whatever the level, and symptoms follow the
patient's alliance in a straight line and the therapist's rating not at all, so the response surface is a plane. How far recorded ratings
agree has no closed form, since they are rounded and dropout depends on one of them: it is that of a very large study.
"""

from typing import Final

import numpy as np
import pandas as pd

from alliance.facts.quantity import (
    BETWEEN_LEVELS,
    NEXT_SESSION,
    SAME_SESSION,
    join_names,
    join_nodes,
    name_session,
)
from alliance.worlds.example.ratings import FOLLOWS, THERAPIST_TOTAL
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.sizes import POPULATION
from alliance.worlds.example.study import record_study
from alliance.worlds.settings import Scale
from alliance.worlds.truth import KEYS

FIRST, LAST = 1, 15  # sessions at which a discrepancy is given; half of the patients reach the second
_OWN, _OTHER, _OUTCOME = "alliance", "alliance_therapist", "symptoms"
_BOTH: Final = join_names(_OWN, _OTHER)
_DECIMALS: Final = 3
_TENTHS, _PERCENT = 10.0, 100.0

_Row = tuple[str, str, str, str, str, float]


def true_ratings(settings: ExampleStudy) -> pd.DataFrame:
    """List what is true of the two ratings; columns `KEYS` and value."""
    return pd.DataFrame([*_among_true_scores(settings), *_as_recorded(settings)], columns=[*KEYS, "value"])


def _among_true_scores(settings: ExampleStudy) -> list[_Row]:
    tracking = join_nodes(_OWN, _OTHER)
    rows: list[_Row] = [
        (_OTHER, tracking, "effect", level, SAME_SESSION, FOLLOWS) for level in ("within", *BETWEEN_LEVELS.values())
    ]
    slope, scale = settings.variables[_OUTCOME].causes[f"{_OWN}_lag"], settings.variables[_OWN].scale
    assert scale is not None
    for name, value in ((_OWN, slope), (_OTHER, 0.0)):
        rows.append((_OUTCOME, join_nodes(name, _OUTCOME), "direct", "within", NEXT_SESSION, value))
    steep = slope * (scale.high - scale.low) / _TENTHS
    parameters = {"b1": steep, "b2": 0.0, "a1": steep, "a2": 0.0, "a3": steep, "a4": 0.0, "a5": 0.0}
    path = join_nodes(_BOTH, _OUTCOME)
    return rows + [
        (_OUTCOME, path, f"surface_{name}", "within", NEXT_SESSION, value) for name, value in parameters.items()
    ]


def _as_recorded(settings: ExampleStudy) -> list[_Row]:
    """Compute agreement and discrepancy in a study so large that chance plays no part."""
    large = settings.model_copy(update={"size": settings.size.model_copy(update=POPULATION)})
    _, course, ratings = record_study(large)
    own = settings.variables[_OWN].scale
    assert own is not None
    seen = course.observed
    one = _in_percent(course.values[_OWN], own)
    other = _in_percent(ratings["wai_therapist_total"].to_numpy(dtype=float).reshape(seen.shape), THERAPIST_TOTAL)
    within, between = _correlations(one, other, seen)
    sessions = np.broadcast_to(np.arange(1.0, seen.shape[1] + 1), seen.shape)
    difference, when = _mean(other - one, seen), _mean(sessions, seen)
    away = np.where(seen, sessions - when[:, None], 0.0)
    change = float((away * (other - one)).sum() / (away**2).sum())
    at = {session: float((difference - change * (when - session)).mean()) for session in (FIRST, LAST)}
    rows: list[_Row] = [
        (_OTHER, _BOTH, "correlation", "session", "", within),
        (_OTHER, _BOTH, "correlation", "patient", "", between),
        (_OTHER, _BOTH, "discrepancy_change", "overall", "", change),
        *((_OTHER, _BOTH, "discrepancy", "overall", name_session(session), value) for session, value in at.items()),
    ]
    return [(*row[:-1], round(row[-1], _DECIMALS)) for row in rows]


def _in_percent(values: np.ndarray, scale: Scale) -> np.ndarray:
    return _PERCENT * (values - scale.low) / (scale.high - scale.low)


def _mean(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the mean of each patient over the sessions that left data."""
    return np.asarray((values * seen).sum(axis=1) / seen.sum(axis=1))


def _correlations(one: np.ndarray, other: np.ndarray, seen: np.ndarray) -> tuple[float, float]:
    """Return the correlation within patients, and that of what patients' sessions have in common.

    The latter comes from products of two different sessions of a patient, which hold nothing that passes with a session.
    """
    a, b = (np.where(seen, values - values[seen].mean(), 0.0) for values in (one, other))
    count = seen.sum(axis=1)
    deviations = [np.where(seen, x - _mean(x, seen)[:, None], 0.0) for x in (a, b)]
    within = _correlate(*(float((x * y).sum()) for x, y in _pairs(*deviations)))
    several = count > 1
    products = [
        ((x.sum(axis=1) * y.sum(axis=1) - (x * y).sum(axis=1))[several] / (count * (count - 1))[several]).mean()
        for x, y in _pairs(a, b)
    ]
    return within, _correlate(*map(float, products))


def _pairs(a: np.ndarray, b: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(a, b), (a, a), (b, b)]


def _correlate(both: float, one: float, other: float) -> float:
    return both / float(np.sqrt(one * other))
