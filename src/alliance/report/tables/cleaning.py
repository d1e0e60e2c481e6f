"""What the cleaning rules did."""

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
    data = inputs["cleaning"]
    shown = pd.DataFrame(
        {
            "Rule": [capitalised_name(rule.replace(".", ": ")) for rule in data["rule"].astype(str)],
            "Table": data["table"].astype(str),
            "Setting": [str(setting).replace("_", " ") for setting in data["setting"]],
            "Rows": data["rows"].map(format_count),
            "Cells": data["cells"].map(format_count),
            "What it does": data["meaning"].astype(str),
        }
    )
    return Table(
        data,
        shown,
        "Cleaning rules and what they touched",
        ["Rules are declared under 'cleaning' and 'variables' in the configuration."],
    )
