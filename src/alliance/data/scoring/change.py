"""Caseness and reliable change: what becomes of patients from one score to another.

With s_E the standard error of a score, two scores of a patient whose true value did not change differ with standard error sqrt(2) s_E. A
change is reliable where it is at least z sqrt(2) s_E, z that of the level (1.96 for 95 %), and clinically significant where the score also
passes the cut-off between cases and others (Jacobson and Truax 1991, doi 10.1037/0022-006X.59.1.12).
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import pandas as pd

RECOVERED, IMPROVED, UNCHANGED, DETERIORATED = "recovered", "improved", "unchanged", "deteriorated"
CATEGORIES: Final = (RECOVERED, IMPROVED, UNCHANGED, DETERIORATED)
_RULES: Final[Mapping[str, Any]] = {
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}
CASE_RULES: Final = tuple(_RULES)


@dataclass(frozen=True)
class Norm:
    """What scores of a measure mean.

    Parameters
    ----------
    higher_is
        ``better`` or ``worse``.
    change
        The smallest reliable change; NaN where it is not known.
    case_rule, case_value
        Which scores are those of a case; an empty rule where nobody says it.
    """

    higher_is: str
    change: float = float("nan")
    case_rule: str = ""
    case_value: float = float("nan")

    @property
    def towards_better(self) -> int:
        """1 where higher scores are better, -1 where they are worse."""
        return 1 if self.higher_is == "better" else -1

    def is_case[Scores: (np.ndarray, pd.Series)](self, scores: Scores) -> Scores:
        """Say which scores are those of a case."""
        cases: Scores = _RULES[self.case_rule](scores, self.case_value)
        return cases

    def gain[Scores: (np.ndarray, pd.Series)](self, first: Scores, last: Scores) -> Scores:
        """Return the change towards what is better."""
        change: Scores = (last - first) * self.towards_better
        return change

    def classify(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return the category of each patient, one of `CATEGORIES`; empty where a score is missing.

        Recovered: reliably better, and a case before but not after. Improved: reliably better without that. Where nobody says what a case
        is, nobody counts as recovered.
        """
        gain = self.gain(first, last)
        better = gain >= self.change
        passed = self.is_case(first) & ~self.is_case(last) if self.case_rule else np.zeros(len(gain), dtype=bool)
        chosen = [np.isnan(gain), better & passed, better, gain <= -self.change]
        categories: np.ndarray = np.select(chosen, ["", RECOVERED, IMPROVED, DETERIORATED], UNCHANGED)
        return categories


def norm_of(meaning: Mapping[Any, Any]) -> Norm:
    """Return the norm that a row of the artefact ``meanings`` holds."""
    return Norm(
        str(meaning.get("higher_is", "")),
        float(meaning.get("change_value", "nan")),
        str(meaning.get("case_rule", "")),
        float(meaning.get("case_value", "nan")),
    )


def smallest_reliable(error_variance: float, level: float) -> float:
    """Return the smallest reliable change of scores whose error has this variance, at a level such as 0.95."""
    return float(NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(2 * error_variance))
