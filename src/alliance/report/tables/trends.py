"""Estimates with and without trends of patients of their own, side by side."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.labels import capitalised_name, label_effect, label_level, label_model, label_path
from alliance.report.numbers import common_decimals, format_count, format_number
from alliance.report.tables.table import Table

TITLE = "With and without trends of patients"
NEEDS = ("trends",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the estimates that models are fitted for, and those of outcomes' own past, with trends and without."""
    data = inputs["trends"]
    rows = list(records(data))
    digits = [common_decimals([row.without, row.with_trends], row.sd) for row in rows]
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Path": [capitalised_name(label_path(path, config)) for path in data["path"]],
            "Quantity": [capitalised_name(label_effect(effect)) for effect in data["effect"]],
            "Level": [capitalised_name(label_level(level)) for level in data["level"]],
            "Without": [
                f"{format_number(row.without, places)} ({format_number(row.sd, places)})"
                for row, places in zip(rows, digits, strict=True)
            ],
            "With trends": [
                f"{format_number(row.with_trends, places)} ({format_number(row.sd_with_trends, places)})"
                for row, places in zip(rows, digits, strict=True)
            ],
            "Change (standard errors)": data["change"].map(format_number),
            "Patients": data["n_patients"].map(format_count),
            "Sessions": data["n_sessions"].map(format_count),
        }
    )
    note = (
        "Where an outcome is predicted by its own past, patients' trends over sessions may be taken for that past. With trends: the same "
        "model in which each patient may also change in a straight line of their own. Both by maximum likelihood, and from one completed "
        "data set where cells were filled in, so numbers without trends differ a little from those elsewhere. In parentheses: standard "
        "errors, without trends those of the model as it is reported, in which changes are counted too. Whether the data ask for trends "
        "is among the diagnostics."
    )
    notes = (
        [note] if len(data) else ["No fitted model has an outcome that is predicted by its own past and gains a trend."]
    )
    return Table(data, shown, "Estimates with and without trends of patients", notes, "Model")
