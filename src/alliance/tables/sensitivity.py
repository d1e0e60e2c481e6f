"""How far the steps of the path and the path itself follow the priors, block by block, and the data."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.contracts import Table
from alliance.labels import capitalised_name, label_effect, label_level, label_model, label_names, label_path
from alliance.numbers import format_number
from alliance.records import records
from alliance.tables.marks import FLAG

TITLE = "Sensitivity to priors"
NEEDS = ("sensitivity",)
_SHOWN = ("a", "b", "indirect", "effect")


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return how far each estimate moves when the priors of one block, or the data, count a little more or less."""
    table = inputs["sensitivity"]
    data = table[table["effect"].isin(_SHOWN)].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Path": [capitalised_name(label_path(path, config)) for path in data["path"]],
            "Quantity": [capitalised_name(label_effect(effect)) for effect in data["effect"]],
            "Level": [capitalised_name(label_level(level)) for level in data["level"]],
            "What counts more or less": [
                "The data" if row.component == "likelihood" else f"Priors: {row.block}" for row in records(data)
            ],
            "Sensitivity": [
                format_number(row.value)
                + (f" {FLAG}" if row.component == "prior" and row.value > row.threshold else "")
                for row in records(data)
            ],
            "Meaning": [label_names(str(meaning), config) for meaning in data["meaning"]],
        }
    )
    if data.empty:
        return Table(
            data, shown, "Sensitivity to priors", ["No fitted model reported how it depends on its priors."], "Model"
        )
    limit = format_number(float(data["threshold"].max()))
    note = (
        "Sensitivity: how far the distribution of the estimate moves when the logarithmic density of this part is scaled up or down, per "
        f"doubling (power-scaling; Kallioinen, Paananen, Bürkner and Vehtari 2024). {FLAG} Priors above {limit} matter for the estimate."
    )
    return Table(data, shown, "Sensitivity to priors, block by block, and to the data", [note], "Model")
