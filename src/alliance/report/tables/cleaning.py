"""What the cleaning rules did."""

import re
from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.labels import capitalised_name
from alliance.report.numbers import format_count
from alliance.report.tables.table import Table

TITLE = "Cleaning"
NEEDS = ("cleaning",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every declared rule with its setting and how many rows or cells it touched."""
    data = _published(inputs["cleaning"], config.privacy.minimum_cell)
    shown = pd.DataFrame(
        {
            "Rule": [capitalised_name(rule.replace(".", ": ")) for rule in data["rule"].astype(str)],
            "Table": data["table"].astype(str),
            "Setting": [str(setting).replace("_", " ") for setting in data["setting"]],
            "Rows": data["rows"],
            "Cells": data["cells"],
            "What it does": data["meaning"].astype(str),
        }
    )
    return Table(
        data,
        shown,
        "Cleaning rules and what they touched",
        ["Rules are declared under 'cleaning' and 'variables' in the configuration."],
    )


def _published(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return the rules with counts as text: few rows, cells or patients are said to be few."""

    def counted(count: float) -> str:
        return f"<{minimum}" if 0 < count < minimum else format_count(count)

    settings = [
        re.sub(r"^(\d+) patients$", lambda found: f"{counted(int(found[1]))} patients", str(setting))
        for setting in table["setting"]
    ]
    return table.assign(setting=settings, rows=table["rows"].map(counted), cells=table["cells"].map(counted))
