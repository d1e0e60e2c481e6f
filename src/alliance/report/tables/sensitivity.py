"""How far the steps of the path and the path itself follow the priors, block by block, and the data."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.effects import EFFECTS
from alliance.report.labels import capitalised_name, label_effect, label_level_of, label_model, label_path
from alliance.report.numbers import MISSING, format_number, format_percent, format_probability
from alliance.report.tables.table import FLAG, Table

TITLE = "Sensitivity to priors"
NEEDS = ("sensitivity",)
_DATA = "likelihood"  # what the data are called among the blocks
_NARROWED = "Spread left"


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return how far each estimate moves when the data, or the priors of one block, count a little more or less: a column for each."""
    table = inputs["sensitivity"]
    data = table[table["effect"].isin(EFFECTS.names(lambda effect: effect.weighed))].reset_index(drop=True)
    blocks = sorted(
        dict.fromkeys(data["block"]), key=lambda block: block != _DATA
    )  # the data first, blocks as they come
    rows = []
    for (model, path, effect, level), part in data.groupby(["model", "path", "effect", "level"], sort=False):
        found = {row.block: _cell(row) for row in records(part)}
        rows.append(
            {
                "Model": label_model(str(model), config),
                "Path": capitalised_name(label_path(str(path), config)),
                "Quantity": capitalised_name(label_effect(str(effect))),
                "Level": capitalised_name(label_level_of({"path": path, "effect": effect, "level": level}, config)),
                **{_heading(block): found.get(block, MISSING) for block in blocks},
                _NARROWED: format_percent(float(part["narrowed"].iloc[0])),
            }
        )
    columns = ["Model", "Path", "Quantity", "Level", *map(_heading, blocks), _NARROWED]
    shown = pd.DataFrame(rows, columns=columns)
    if data.empty:
        return Table(
            data, shown, "Sensitivity to priors", ["No fitted model reported how it depends on its priors."], "Model"
        )
    limit = format_number(float(data["threshold"].min()), 2)
    note = (
        "How far the distribution of an estimate moves when the logarithmic density of one part of the model is scaled up or down, per "
        "doubling (power-scaling; Kallioinen, Paananen, Bürkner and Vehtari 2024). Columns after the data are blocks of priors. "
        f"{FLAG} Priors above {limit}, and above what draws that are paired at random reach: they matter for the estimate. "
        f"{_NARROWED}: interquartile range after the data, as a share of the one that the priors alone allow. "
        "Where neither priors nor data move an estimate, it tells whether the data inform it."
    )
    return Table(data, shown, "Sensitivity to the data and to each block of priors", [note], "Model")


def _heading(block: str) -> str:
    return "Data" if block == _DATA else capitalised_name(block)


def _cell(row: Any) -> str:
    marked = row.component == "prior" and row.value > row.threshold
    return f"{format_probability(row.value)} {FLAG}" if marked else format_probability(row.value)
