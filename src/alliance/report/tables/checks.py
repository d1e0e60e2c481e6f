"""What the checks of the export found."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.labels import capitalised_name
from alliance.report.numbers import MISSING, format_count
from alliance.report.tables.table import Table

TITLE = "Checks"
NEEDS = ("checks",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every finding with its place and remedy."""
    data = inputs["checks"]
    shown = pd.DataFrame(
        {
            "Table": [capitalised_name(name) for name in data["table"].astype(str)],
            "Column": [MISSING if pd.isna(name) or name == "" else str(name) for name in data["column"]],
            "First row": [format_count(row) for row in pd.to_numeric(data["row"])],
            "Count": data["count"].map(format_count),
            "Finding": data["message"].astype(str),
            "Remedy": data["remedy"].astype(str),
            "Severity": data["severity"].astype(str),
        }
    )
    notes = (
        ["Rows are counted as in the export, the header being row 1."] if len(data) else ["The checks found nothing."]
    )
    return Table(data, shown, "What the checks of the data found", notes)
