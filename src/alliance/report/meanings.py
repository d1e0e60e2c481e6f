"""Caseness and reliable change, from the declared facts of the questionnaires: in words, and patient by patient."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.config.instruments import TOTAL
from alliance.data.scoring.change import Norm, norm_of
from alliance.facts.analyses import CHANGE
from alliance.facts.columns import PATIENT, SESSION
from alliance.report.labels import unit_of
from alliance.report.numbers import format_value

_RULES = {
    "at_least": "{} or more",
    "above": "above {}",
    "at_most": "{} or less",
    "below": "below {}",
}
Meaning = Mapping[Any, Any]
ONCE: Final = ""  # category of patients with fewer than two scores


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
    return f"{_RULES[meaning['case_rule']].format(format_value(meaning['case_value']))} {unit_of(meaning['variable'], config)}"


def describe_change(meaning: Meaning, config: Config) -> str:
    """Write the smallest reliable change: ``6 points``."""
    return f"{format_value(meaning['change_value'])} {unit_of(meaning['variable'], config)}"


def find_cases(scores: pd.Series, meaning: Meaning) -> pd.Series:
    """Say which scores are those of a case."""
    return norm_of(meaning).is_case(scores)


def classify_change(first: pd.Series, last: pd.Series, meaning: Meaning) -> np.ndarray:
    """Return what became of each patient: ``better``, ``no reliable change`` or ``worse``; empty where a score is missing.

    A change is reliable if it is at least as large as the declared one (Jacobson and Truax 1991, doi 10.1037/0022-006X.59.1.12).
    """
    norm = norm_of(meaning)
    gain, least = norm.gain(first, last), norm.change
    return np.select([gain.isna(), gain >= least, gain <= -least], ["", "better", "worse"], "no reliable change")


def counts_changes(model: str, config: Config) -> bool:
    """Whether a fitted model counts who changed."""
    spec = config.models.specs.get(model)
    return spec is not None and spec.analysis == CHANGE


def find_changed(panel: pd.DataFrame, variable: str, norm: Norm) -> pd.DataFrame:
    """Return first and last value and category of each patient, one row per patient; `ONCE` with fewer than two values."""
    observed = panel[panel[variable].notna()].sort_values([PATIENT, SESSION])
    found = observed.groupby(PATIENT)[variable].agg(first="first", last="last", n="size")
    table = found.reindex(panel[PATIENT].unique()).rename_axis(PATIENT).reset_index()
    category = norm.classify(table["first"].to_numpy(dtype=float), table["last"].to_numpy(dtype=float))
    return table.assign(category=np.where(table["n"] > 1, category, ONCE))
