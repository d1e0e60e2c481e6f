"""Numbers of models that need no path diagram."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.analyses import ANALYSES, DESCRIPTIVE
from alliance.facts.columns import records
from alliance.report.labels import capitalised_name, label_effect, label_level, label_model, label_path
from alliance.report.tables.marks import count_units, notes_of, write_estimates
from alliance.report.tables.table import Table

TITLE = "Statistics"
NEEDS = ("estimates",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every number of every model without a path diagram, with its interval, N and flag."""
    estimates = inputs["estimates"]
    data = estimates[estimates["family"] == DESCRIPTIVE].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Quantity": [capitalised_name(label_effect(effect)) for effect in data["effect"]],
            "Of": [capitalised_name(label_path(row.path or row.outcome, config)) for row in records(data)],
            "Level": [capitalised_name(label_level(level)) if level else "" for level in data["level"]],
            "When": [capitalised_name(horizon) for horizon in data["horizon"]],
            "Estimate [interval]": write_estimates(data),
            "Patients, sessions": count_units(data),
        }
    )
    done = dict.fromkeys(ANALYSES[config.models.specs[model].analysis].label for model in data["model"])
    notes = [
        f"Computed without a model of paths: {'; '.join(done)}. Intervals are percentiles in samples of units, drawn again.",
        *notes_of(data),
    ]
    if data.empty:
        notes = ["Every fitted model has a path diagram."]
    return Table(data, shown, "Numbers of models without a path diagram", notes, "Model")
