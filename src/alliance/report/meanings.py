"""Caseness and reliable change, from the declared facts of the questionnaires: in words, and patient by patient."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.config.instruments import TOTAL
from alliance.report.labels import unit_of
from alliance.report.numbers import format_value

_RULES = {
    "at_least": (operator.ge, "{} or more"),
    "above": (operator.gt, "above {}"),
    "at_most": (operator.le, "{} or less"),
    "below": (operator.lt, "below {}"),
}
Meaning = Mapping[Any, Any]


def meaning_of(score: str, meanings: pd.DataFrame) -> Meaning | None:
    """Return what the total of a questionnaire means; None for a score that is no such total."""
    found = meanings[(meanings["variable"] == score) & (meanings["scale"] == TOTAL)]
    return found.to_dict("records")[0] if len(found) else None


def has_case(meaning: Meaning) -> bool:
    """Whether a verified cut-off is declared."""
    return bool(meaning["case_rule"])


def has_change(meaning: Meaning) -> bool:
    """Whether a verified reliable change is declared."""
    return not pd.isna(meaning["change_value"])


def describe_case(meaning: Meaning, config: Config) -> str:
    """Say which scores are those of a case: ``10 or more points``."""
    return f"{_RULES[meaning['case_rule']][1].format(format_value(meaning['case_value']))} {unit_of(meaning['variable'], config)}"


def describe_change(meaning: Meaning, config: Config) -> str:
    """Write the smallest reliable change: ``6 points``."""
    return f"{format_value(meaning['change_value'])} {unit_of(meaning['variable'], config)}"


def find_cases(scores: pd.Series, meaning: Meaning) -> pd.Series:
    """Say which scores are those of a case."""
    cases: pd.Series = _RULES[meaning["case_rule"]][0](scores, meaning["case_value"])
    return cases


def classify_change(first: pd.Series, last: pd.Series, meaning: Meaning) -> np.ndarray:
    """Return what became of each patient: ``better``, ``no reliable change`` or ``worse``; empty where a score is missing.

    A change is reliable if it is at least as large as the declared one (Jacobson and Truax 1991, doi 10.1037/0022-006X.59.1.12).
    """
    gain = (last - first) * (1 if meaning["higher_is"] == "better" else -1)
    least = meaning["change_value"]
    return np.select([gain.isna(), gain >= least, gain <= -least], ["", "better", "worse"], "no reliable change")
