"""Estimates with residuals that depend on the one before, and with independent ones, side by side."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.tables.beside import show_beside
from alliance.report.tables.table import Table

TITLE = "Autocorrelated and independent residuals"
NEEDS = ("autocorrelation",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the estimates that models are fitted for, as they are and with independent residuals."""
    data = inputs["autocorrelation"]
    shown = show_beside(data, ("lasting", "Autocorrelated"), ("independent", "Independent"), config)
    note = (
        "Estimates that models are fitted for, and all others that only one of the two tells from zero. Autocorrelated: what the equation "
        "leaves of an outcome depends on what it left before, as the model says. Independent: the same model without that. Both by maximum "
        "likelihood, so numbers differ a little from those elsewhere. In parentheses: standard errors, those of the model as it is "
        "reported on the left, in which changes are counted too. Whether the data ask for autocorrelation is among the diagnostics."
    )
    notes = [note] if len(data) else ["No fitted model has residuals that depend on the one before."]
    return Table(data, shown, "Estimates with autocorrelated and with independent residuals", notes, "Model")
