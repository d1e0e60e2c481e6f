"""What scores of a measure mean in an analysis: from the declaration, from the instrument's file, or from the scores' reliability."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.data.scoring.change import Norm, norm_of, smallest_reliable
from alliance.data.scoring.reliability import split_levels
from alliance.facts.columns import PATIENT
from alliance.models.descriptive.findings import Task
from alliance.models.descriptive.shapes import LINE, course_of, enough_for_course, fit_shape

_LEVEL: Final = 0.95
DECLARED: Final = "declared in the model's options"
FROM_FLUCTUATION: Final = (
    "computed from how far scores fluctuate around patients' own straight lines, since no reliability is known"
)
FROM_RELIABILITY: Final = "computed from the reliability of these scores within patients"


def find_norm(task: Task, variable: str) -> tuple[Norm, dict[str, Any]]:
    """Return what scores mean, and a row of the artefact ``norms`` that says where it comes from.

    Where no source gives a reliable change, it follows from the error variance of a score: (1 - reliability) times the variance within
    patients where a reliability within patients is declared (a number, or omega of the items in this sample); otherwise how far scores
    fluctuate around patients' own straight lines stands for it. That holds true fluctuation too, so fewer changes count as reliable.
    """
    meaning = task.settings.get("meanings", {}).get(variable, {})
    norm = norm_of(meaning) if meaning else Norm(task.variables[variable].higher_is or "")
    if norm.change == norm.change:
        level, source = float(meaning["change_level"]), str(meaning["change_source"])
    else:
        error, source = _error_variance(task, variable), FROM_RELIABILITY
        if not error > 0:
            error, source = _fluctuation(task, variable), FROM_FLUCTUATION
        norm, level = replace(norm, change=smallest_reliable(error, _LEVEL)), _LEVEL
    case_source = str(meaning.get("case_source", "")) if norm.case_rule else ""
    return norm, row_of(variable, norm, level, source, case_source)


def row_of(variable: str, norm: Norm, level: float, source: str, case_source: str) -> dict[str, Any]:
    """Return a row of the artefact ``norms``."""
    return {
        "variable": variable,
        "higher_is": norm.higher_is,
        "change_value": norm.change,
        "change_level": level,
        "change_source": source,
        "case_rule": norm.case_rule,
        "case_value": norm.case_value,
        "case_source": case_source,
    }


def _error_variance(task: Task, variable: str) -> float:
    """Return the error variance of a score; NaN where no reliability is declared."""
    known = task.settings.get("reliability", {}).get(variable, {}).get("within", (None, 0.0))[0]
    if known is None:
        return float("nan")
    rows = task.rows[variable]
    within = split_levels(rows[[variable]].to_numpy(dtype=float), pd.factorize(rows[PATIENT])[0]).within[0, 0]
    return float((1 - known) * within) if np.isfinite(within) else float("nan")


def _fluctuation(task: Task, variable: str) -> float:
    """Return the variance of scores around patients' own straight lines; NaN where there are too few rows for these."""
    rows = course_of(task, variable)[0]
    if not enough_for_course(rows):
        return float("nan")
    growth = fit_shape(rows, variable, LINE, task.name)
    return float(growth.population().residuals[variable][0]) ** 2
