"""Priors of the Bayesian models, on the standardised scale and in the measures' own units."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.contracts import Table
from alliance.labels import label_model, label_path
from alliance.models.diagram import ARROW
from alliance.numbers import MISSING, format_interval

TITLE = "Priors"
NEEDS = ("priors",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every prior with the central interval it implies in raw units."""
    data = inputs["priors"]
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Parameter": [
                label_path(name, config) if ARROW in name else name for name in data["parameter"].astype(str)
            ],
            "Standardised": data["standardised"].astype(str),
            "Raw units": [
                MISSING if pd.isna(low) or pd.isna(high) else format_interval(low, high)
                for low, high in zip(data["raw_low"], data["raw_high"], strict=True)
            ],
            "Unit": data["unit"].astype(str),
            "Meaning": data["meaning"].astype(str),
        }
    )
    note = "Raw units: the central interval that the prior allows, in the units named beside it."
    return Table(
        data,
        shown,
        "Priors of the Bayesian models",
        [note] if len(data) else ["No Bayesian model was fitted, so there are no priors."],
        "Model",
    )
