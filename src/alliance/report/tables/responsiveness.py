"""How much slopes differ between therapists, beside how much they differ between patients of one therapist."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.effects import SLOPE_SHARE
from alliance.report.labels import capitalised_name, label_model, label_path
from alliance.report.numbers import format_count, format_estimate, format_number, format_probability, format_share
from alliance.report.tables.marks import mark_of, notes_of
from alliance.report.tables.table import Table

TITLE = "Differences between therapists in the steps"
NEEDS = ("estimates", "slopes")
_KEY = ["model", "path"]


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return a row for each slope that varies between therapists: standard deviations, share of the variance, and the test."""
    estimates = inputs["estimates"]
    shares = estimates[estimates["effect"] == SLOPE_SHARE]
    sds = {
        unit: estimates[(estimates["effect"] == "sd") & (estimates["level"] == unit)].set_index(_KEY)
        for unit in (THERAPIST, PATIENT)
    }
    tests = inputs["slopes"].set_index(_KEY)
    data = shares.reset_index(drop=True)
    keys = list(data[_KEY].itertuples(index=False, name=None))
    concerned = pd.concat([data, *(table.loc[keys].reset_index() for table in sds.values())]) if keys else data
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model, _ in keys],
            "Step": [capitalised_name(label_path(path, config)) for _, path in keys],
            "Therapists": [format_count(row["n_therapists"]) for row in data.to_dict("records")],
            "SD between therapists": [_write(sds[THERAPIST].loc[key]) for key in keys],
            "SD between patients of one": [_write(sds[PATIENT].loc[key]) for key in keys],
            "Share between therapists": [_percent(row) for row in data.to_dict("records")],
            "χ²": [format_number(tests.loc[key, "fall"], 1) if key in tests.index else "" for key in keys],
            "p": [format_probability(tests.loc[key, "p_value"]) if key in tests.index else "" for key in keys],
        }
    )
    notes = [
        "SD: standard deviation of the slope, in points of the outcome per point of the predictor. Share: what lies between therapists of "
        "the variance of the slope. χ²: by how much twice the log-likelihood falls without differences between therapists in the slope; p: "
        "how probable so large a fall is where there are none, by an equal mixture of chi-square distributions, since a variance cannot be "
        "below zero.",
        *notes_of(concerned),
    ]
    if not keys:
        notes = ["No fitted model has slopes that differ between therapists as well as between their patients."]
    return Table(data.drop(columns="moderator"), shown, "How much slopes differ between therapists", notes, "Model")


def _write(row: Any) -> str:
    return format_estimate(row["estimate"], row["low"], row["high"]) + mark_of(row["flag"])


def _percent(row: Mapping[Any, Any]) -> str:
    return format_share(row["estimate"], row["low"], row["high"]) + mark_of(row["flag"])
