"""The patients and therapists without whom the indirect path would move most."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.labels import capitalised_name, label_levels, label_model, label_path
from alliance.report.numbers import column_decimals, common_decimals, format_count, format_number, format_numbers
from alliance.report.tables.table import Table
from alliance.results.disclosure import publish_influence
from alliance.results.estimates import main_rows

TITLE = "Influence of single patients and therapists"
NEEDS = ("influence",)
_MOST = 5


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return how far the estimates run when one patient or therapist is left out; the five most influential patients where allowed."""
    table = publish_influence(
        main_rows(inputs["influence"]), config.privacy.single_patients, config.privacy.minimum_cell
    )
    data = table[table["rank"] <= _MOST].reset_index(drop=True)
    single = bool((data["rank"] > 1).any())
    digits = column_decimals(_decimals(row) for row in records(data))
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Path": [capitalised_name(label_path(path, config)) for path in data["path"]],
            "Level": label_levels(data, config),
            "Without one": [capitalised_name(unit) for unit in data["unit"]],
            "Rank": data["rank"].map(format_count),
            "With everybody": [format_number(value, digits) for value in data["estimate"]],
            "Without": [format_number(value, digits) for value in data["without"]],
            "Lowest": [format_number(value, digits) for value in data["lowest"]],
            "Highest": [format_number(value, digits) for value in data["highest"]],
            "Change (standard errors)": format_numbers(data["change"].tolist())[0],
        }
    )
    if not single:
        shown = shown.drop(columns=["Rank", "Without"]).rename(
            columns={"Change (standard errors)": "Largest change (standard errors)"}
        )
    note = (
        "Estimates of the path when one patient, or one therapist with all patients, is left out"
        f"{'; the five that move it most' * single}. With everybody: the same estimate without leaving anybody out, at the maximum of the "
        "likelihood. Lowest, highest: of all estimates without one. Change: in standard errors of the estimate."
    )
    return Table(
        data,
        shown,
        "Most influential patients and therapists",
        [note] if len(data) else ["No fitted model was asked how much single patients or therapists move it."],
        "Model",
    )


def _decimals(row: Any) -> int:
    """Return decimals that suit the standard error, the same for all units of a path."""
    far = max((row.lowest, row.highest), key=lambda end: abs(end - row.estimate))
    error = abs((far - row.estimate) / row.change) if row.change else None
    return common_decimals([row.estimate, far], error)
