"""What the fits say about themselves."""

import math
import re
from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.cautions import CAUTIONS
from alliance.facts.cautions.declared import INFORMATION
from alliance.report.labels import capitalised_name, label_model, label_names
from alliance.report.numbers import MISSING, format_count, format_number, format_percent, with_minus_signs
from alliance.report.tables.table import Table

TITLE = "Diagnostics"
NEEDS = ("diagnostics",)
_WHOLE = 100  # from there on one decimal is enough


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every diagnostic of every model with its threshold and verdict."""
    minimum = config.privacy.minimum_cell
    data, few = _published(inputs["diagnostics"], minimum)
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Diagnostic": [capitalised_name(name) for name in data["diagnostic"]],
            "Concerns": [label_names(str(subject), config) for subject in data["subject"]],
            "Value": _values(data, "value").where(~few, f"<{minimum}"),
            "Threshold": _values(data, "threshold"),
            "Verdict": ["passed" if passed else "† flagged" for passed in data["passed"]],
            "Remark": [_remark(label_names(str(detail), config)) for detail in data["detail"]],
        }
    )
    failed = int((shown["Verdict"] != "passed").sum())
    verdict = (
        "All diagnostics passed."
        if not failed
        else f"† {format_count(failed)} of {format_count(len(shown))} diagnostics flag the estimates they concern."
    )
    notes = [verdict] if len(shown) else ["No model reported diagnostics."]
    if "cautions" in config.output.tables:
        notes.append("What each diagnostic means is in the table of their meanings.")
    return Table(data, shown, "Diagnostics of all models", notes, "Model")


def _values(data: pd.DataFrame, column: str) -> pd.Series:
    written = [_write(float(value), name) for value, name in zip(data[column], data["caution"], strict=True)]
    return pd.Series(written, index=data.index, dtype=object)


def _write(number: float, caution: str) -> str:
    if math.isnan(number):
        return MISSING
    if CAUTIONS[caution].share:
        return format_percent(number, 1)
    if number == round(number):
        return format_number(number, 0)
    return format_number(number, 3 if abs(number) < _WHOLE else 1)


def _published(table: pd.DataFrame, minimum: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return the diagnostics without counts of few patients, and which these are; how many an equation has is always exact."""
    of_patients = CAUTIONS.names(lambda caution: caution.unit == "patients" and caution.concerns == INFORMATION)
    value = table["value"].astype(float)
    few = table["caution"].isin(of_patients) & (value > 0) & (value < minimum)
    return table.assign(value=value.where(~few)), few


def _remark(said: str) -> str:
    """Begin with a capital letter, but for a key of the configuration; numbers with the minus signs of the report."""
    said = with_minus_signs(said)
    return said if re.match(r"[a-z_]+\.\w", said) else said[:1].upper() + said[1:]
