"""What became of patients by the end of a course that they may have left: chances given what was observed of them.

Scores of patient i at all sessions are normal with the averages m and the covariance V of a model of the course
(`alliance.models.descriptive.shapes`). Given those observed, y_o, the score at the last session is normal with

    mean  m_e + V_eo V_oo^-1 (y_o - m_o)        variance  V_ee - V_eo V_oo^-1 V_oe

and the chance of each category follows. Where the last session was observed it is zero or one. This takes sessions after a patient left as
missing at random given the patient's scores; the parameters of the model are taken as known.
"""

from math import sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd

from alliance.data.scoring.change import CATEGORIES, DETERIORATED, IMPROVED, RECOVERED, UNCHANGED, Norm
from alliance.facts.columns import PATIENT, SESSION
from alliance.models.descriptive.shapes import Growth

_SMALLEST: Final = 1e-9  # of a variance


def chances_at_end(rows: pd.DataFrame, outcome: str, growth: Growth, patients: np.ndarray, norm: Norm) -> np.ndarray:
    """Return the chance of each category at the last session of the course, (patient, category) in the order of `CATEGORIES`.

    Parameters
    ----------
    rows
        Sessions of the course at which the outcome was observed.
    patients
        Codes of the patients, each with a row, in the order wanted.
    norm
        With a reliable change.
    """
    population = growth.population()
    mean, covariance = growth.course(population), growth.covariance(population)
    values, places = rows[outcome].to_numpy(dtype=float), np.searchsorted(growth.sessions, rows[SESSION].to_numpy())
    whole = bool((values == np.round(values)).all())
    result = np.zeros((len(patients), len(CATEGORIES)))
    own = rows.reset_index(drop=True).sort_values([PATIENT, SESSION]).groupby(PATIENT).indices
    end = len(mean) - 1
    for row, code in enumerate(patients):
        at, observed = places[own[code]], values[own[code]]
        first = float(observed[np.argmin(at)])
        if end in at:
            category = norm.classify(np.array([first]), observed[at == end])[0]
            result[row, CATEGORIES.index(category)] = 1.0
            continue
        weights = np.linalg.solve(covariance[np.ix_(at, at)], covariance[at, end])
        expected = float(mean[end] + weights @ (observed - mean[at]))
        left = max(float(covariance[end, end] - weights @ covariance[at, end]), _SMALLEST)
        result[row] = _chances(first, NormalDist(expected, sqrt(left)), norm, whole)
    return result


def _chances(first: float, last: NormalDist, norm: Norm, whole: bool) -> list[float]:
    """Return the chance of each category from the distribution of the last score; whole scores are rounded ones."""
    half, sign = (0.5 if whole else 0.0), norm.towards_better

    def beyond(value: float) -> float:
        """Chance that the last score lies at a value or on its better side."""
        return 1 - last.cdf(value - half) if sign > 0 else last.cdf(value + half)

    def least(change: float) -> float:
        """The least change of whole scores that is as large."""
        return float(np.ceil(change - _SMALLEST)) if whole else change

    better = beyond(first + sign * least(norm.change))
    # At this value or on its worse side: not at the next value on the better side.
    worst = first - sign * least(norm.change)
    worse = last.cdf(worst + half) if sign > 0 else 1 - last.cdf(worst - half)
    recovered = 0.0
    if norm.case_rule and bool(norm.is_case(np.array([first]))[0]):
        recovered = min(better, _chance_of_no_case(last, norm, whole))
    chances = {RECOVERED: recovered, IMPROVED: better - recovered, DETERIORATED: worse}
    chances[UNCHANGED] = 1 - better - worse
    return [chances[category] for category in CATEGORIES]


def _chance_of_no_case(last: NormalDist, norm: Norm, whole: bool) -> float:
    """Return the chance that the last score is not that of a case."""
    half, cut = (0.5 if whole else 0.0), norm.case_value
    below = {
        "at_least": last.cdf(np.ceil(cut) - half if whole else cut),
        "above": last.cdf(np.floor(cut) + half if whole else cut),
        "at_most": 1 - last.cdf(np.floor(cut) + half if whole else cut),
        "below": 1 - last.cdf(np.ceil(cut) - half if whole else cut),
    }
    return float(below[norm.case_rule])
