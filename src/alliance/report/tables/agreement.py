"""Separate and joint models of the same path side by side, and where they disagree."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.accounts import account_of, write_accounts
from alliance.report.labels import capitalised_name, label_effect, label_levels, label_model, label_path
from alliance.report.numbers import format_numbers
from alliance.report.tables.marks import mark_of
from alliance.report.tables.table import FLAG, Table
from alliance.results.comparison import compare_methods

TITLE = "Separate and joint models"
NEEDS = ("estimates",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return each pair of estimates of the same path with their distance."""
    data = compare_methods(inputs["estimates"], config)
    separate, joint = write_accounts(
        data["effect"].tolist(),
        *([account_of(row, side) for row in data.to_dict("records")] for side in ("_separate", "_joint")),
    )
    shown = pd.DataFrame(
        {
            "Models": [
                f"{label_model(row.model_separate, config)} / {label_model(row.model_joint, config)}"
                for row in records(data)
            ],
            "Path": [capitalised_name(label_path(path, config)) for path in data["path"]],
            "Quantity": [capitalised_name(label_effect(effect)) for effect in data["effect"]],
            "Level": label_levels(data, config),
            "Separate": [text + mark_of(flag) for text, flag in zip(separate, data["flag_separate"], strict=True)],
            "Joint": [text + mark_of(flag) for text, flag in zip(joint, data["flag_joint"], strict=True)],
            "Distance": format_numbers(data["distance"].tolist())[0],
            "Verdict": ["apart" if apart else "close" for apart in data["apart"]],
        }
    )
    if data.empty:
        return Table(
            data, shown, "Separate and joint models", ["No path was estimated by both kinds of model."], "Models"
        )
    notes = [
        "Distance: joint minus separate, in standard errors of the joint estimate; apart: beyond 2. Both rest on the same data, so this is "
        "a description and no test. The equations of the two can differ too, see the table of models.",
        f"{FLAG} Flagged by the diagnostics, see there."
        if (data[["flag_separate", "flag_joint"]] != "").to_numpy().any()
        else "",
    ]
    return Table(data, shown, "Separate and joint models of the same path", [note for note in notes if note], "Models")
