"""How well shapes of an average course fit, side by side."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.labels import SHAPES, capitalised_name, label_of
from alliance.report.numbers import format_count, format_number, format_shares
from alliance.report.tables.table import Table

TITLE = "Shapes of the course"
NEEDS = ("shapes",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return log-likelihood, parameters, AIC, BIC and support of each shape."""
    data = inputs["shapes"].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "Of": [capitalised_name(label_of(outcome, config)) for outcome in data["outcome"]],
            "Shape": [capitalised_name(SHAPES[shape]) for shape in data["shape"]],
            "Log-likelihood": [format_number(value, 1) for value in data["log_likelihood"]],
            "Parameters": [format_count(value) for value in data["parameters"]],
            "AIC": [format_number(value, 1) for value in data["aic"]],
            "BIC": [format_number(value, 1) for value in data["bic"]],
            "Support by AIC": format_shares([(support,) for support in data["support"]])[0],
        }
    )
    notes = [
        "Maximum likelihood from the same sessions; patients differ in level and in every part of the shape, and residuals of sessions "
        "that "
        "follow one another are correlated. Lower AIC and BIC fit better for their number of parameters (BIC counts patients). Support: "
        "exp(−AIC / 2) as a share of all shapes compared. No other result of this report depends on which shape fits best."
    ]
    if data.empty:
        notes = ["No fitted model compares shapes of a course."]
    return Table(data, shown, "How well shapes of the average course fit", notes, "Of")
