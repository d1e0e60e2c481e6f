"""Priors of the Bayesian models, on the standardised scale and in the measures' own units."""

import math
from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.labels import capitalised_name, label_model, label_names
from alliance.report.numbers import MISSING, format_interval, format_percent, with_minus_signs
from alliance.report.tables.table import Table
from alliance.results.disclosure import decimals_for, to_step

TITLE = "Priors"
NEEDS = ("priors",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every prior with the central interval it implies in raw units."""
    data = _published(inputs["priors"])
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Part": [capitalised_name(block) for block in data["block"].astype(str)],
            "Parameter": [label_names(name, config) for name in data["parameter"].astype(str)],
            "Standardised": [with_minus_signs(text) for text in data["standardised"].astype(str)],
            "Raw units": [
                MISSING if pd.isna(low) or pd.isna(high) else format_interval(low, high, decimals_for(_step(low, high)))
                for low, high in zip(data["raw_low"], data["raw_high"], strict=True)
            ],
            "Unit": [label_names(unit, config) for unit in data["unit"].astype(str)],
            "Meaning": [label_names(meaning, config) for meaning in data["meaning"].astype(str)],
        }
    )
    share = format_percent(config.inference.interval)
    note = f"Raw units: the central interval that holds {share} of the prior, in the units named beside it."
    return Table(
        data,
        shown,
        "Priors of the Bayesian models",
        [note] if len(data) else ["No Bayesian model was fitted, so there are no priors."],
        "Model",
    )


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """Return limits with two digits of their distance: a scale is that of the data, and exact ones of two runs would tell a patient's."""
    ends = {
        name: [
            value if pd.isna(value) else to_step(value, _step(low, high))
            for value, low, high in zip(table[name], table["raw_low"], table["raw_high"], strict=True)
        ]
        for name in ("raw_low", "raw_high")
    }
    return table.assign(**ends)


def _step(low: float, high: float) -> float:
    return float(f"1e{math.floor(math.log10(high - low)) - 1}") if high > low else math.nan
