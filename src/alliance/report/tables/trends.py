"""Estimates with and without trends of patients of their own, side by side."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.tables.beside import show_beside
from alliance.report.tables.table import Table

TITLE = "With and without trends of patients"
NEEDS = ("trends",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the estimates that models are fitted for, and those of outcomes' own past, with trends and without."""
    data = inputs["trends"]
    shown = show_beside(data, ("without", "Without"), ("with_trends", "With trends"), config)
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
