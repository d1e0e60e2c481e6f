"""Congruence of two ratings: coefficients of the response surface, and what they say of agreement and disagreement."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.effects import SURFACE
from alliance.report.labels import capitalised_name, label_effect, label_model, label_path
from alliance.report.tables.marks import count_units, notes_of, write_estimates
from alliance.report.tables.table import Table

TITLE = "Congruence of two ratings"
NEEDS = ("estimates",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return coefficients and parameters of every response surface, with interval, N and flag."""
    estimates = inputs["estimates"]
    data = estimates[estimates["effect"].isin(SURFACE)].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Of": [capitalised_name(label_path(path, config)) for path in data["path"]],
            "Quantity": [capitalised_name(label_effect(effect)) for effect in data["effect"]],
            "Estimate [interval]": write_estimates(data),
            "Patients, sessions": count_units(data),
        }
    )
    notes = [
        "In the outcome's units per tenth of the range of each scale, around the mean of all ratings of both raters. Agreement: both "
        "rise together (a1 = b1 + b2, a2 = b3 + b4 + b5); disagreement: the first rises as the second falls (a3 = b1 - b2, "
        "a4 = b3 - b4 + b5); a5 = b3 - b5 is zero where the ridge of the surface runs along agreement. Error of either rating draws all of "
        "them towards zero, those of squares and product most.",
        *notes_of(data),
    ]
    if data.empty:
        notes = ["No fitted model has a response surface."]
    return Table(data, shown, "Response surface of two ratings", notes, "Model")
