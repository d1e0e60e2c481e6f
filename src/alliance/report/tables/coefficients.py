"""Every coefficient of every equation: what the paths are adjusted for."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.quantity import nodes_of
from alliance.report.labels import capitalised_name, label_levels, label_model
from alliance.report.numbers import format_probability
from alliance.report.propensity import bare_name_in, describe_scales
from alliance.report.tables.marks import notes_of, write_estimates
from alliance.report.tables.table import Table

TITLE = "Coefficients"
NEEDS = ("estimates",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the coefficients of each equation at every level, with interval, direction and flag."""
    estimates = inputs["estimates"]
    data = estimates[estimates["effect"] == "coefficient"].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "Equation": [
                f"{label_model(row.model, config)}: {bare_name_in(row.outcome, row.model, config)}"
                for row in records(data)
            ],
            "Predictor": [
                capitalised_name(bare_name_in(nodes_of(row.path)[0], row.model, config)) for row in records(data)
            ],
            "Level": label_levels(data, config),
            "Coefficient [interval]": write_estimates(data),
            "P(direction)": data["p_direction"].map(format_probability),
        }
    )
    notes = [
        "Coefficients are in the outcome's units per unit of the predictor. Intercepts of joint models stand, as their standard deviations "
        "do, at the average of every predictor; those of separate equations where every predictor is zero and deviations are none. "
        "What is constant within patients has its coefficient with first values held equal; its first step (a) among the paths adds what "
        f"it has done through them. {describe_scales(config)}".rstrip(),
        *notes_of(data),
    ]
    if data.empty:
        notes = ["The fitted models report no coefficients beside their paths."]
    return Table(data, shown, "Coefficients of all equations", notes, "Equation", bounded=("P(direction)",))
