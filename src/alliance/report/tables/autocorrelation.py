"""Estimates with residuals that depend on the one before, and with independent ones, side by side."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.labels import capitalised_name, label_effect, label_level, label_model, label_path
from alliance.report.numbers import common_decimals, format_count, format_number
from alliance.report.tables.table import Table

TITLE = "Autocorrelated and independent residuals"
NEEDS = ("autocorrelation",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the estimates that models are fitted for, as they are and with independent residuals."""
    data = inputs["autocorrelation"]
    rows = list(records(data))
    digits = [common_decimals([row.lasting, row.independent], row.sd) for row in rows]
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Path": [capitalised_name(label_path(path, config)) for path in data["path"]],
            "Quantity": [capitalised_name(label_effect(effect)) for effect in data["effect"]],
            "Level": [capitalised_name(label_level(level)) for level in data["level"]],
            "Autocorrelated": [
                f"{format_number(row.lasting, places)} ({format_number(row.sd, places)})"
                for row, places in zip(rows, digits, strict=True)
            ],
            "Independent": [
                f"{format_number(row.independent, places)} ({format_number(row.sd_independent, places)})"
                for row, places in zip(rows, digits, strict=True)
            ],
            "Change (standard errors)": data["change"].map(format_number),
            "Patients": data["n_patients"].map(format_count),
            "Sessions": data["n_sessions"].map(format_count),
        }
    )
    note = (
        "Autocorrelated: what the equation leaves of an outcome depends on what it left before, as the model says. Independent: the same "
        "model without that. Both by maximum likelihood, so numbers differ a little from those elsewhere. In parentheses: standard errors, "
        "those of the model as it is reported on the left, in which changes are counted too. Whether the data ask for autocorrelation is "
        "among the diagnostics."
    )
    notes = [note] if len(data) else ["No fitted model has residuals that depend on the one before."]
    return Table(data, shown, "Estimates with autocorrelated and with independent residuals", notes, "Model")
