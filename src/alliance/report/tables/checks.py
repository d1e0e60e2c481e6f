"""What the checks of the export found."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from alliance.config import Config
from alliance.report.labels import capitalised_name
from alliance.report.numbers import MISSING, format_count
from alliance.report.tables.table import Table
from alliance.report.words import Speech

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
    return Table(data, shown, "What the checks of the data found", notes, own=("Column",))


@dataclass(frozen=True)
class Group:
    """Findings of one table for which the same is to be done."""

    table: str
    messages: list[str]
    remedy: str

    def said(self, speech: Speech) -> "Group":
        """Return it in the words of the study."""
        return Group(speech.say(self.table), speech.say_all(self.messages), speech.say(self.remedy))


def group_findings(findings: pd.DataFrame, severity: str) -> list[Group]:
    """Return the findings of one severity, those with one remedy together, table by table, in the order in which they were found."""
    chosen = findings[findings["severity"] == severity]
    groups = chosen.groupby(["table", "remedy"], sort=False)["message"]
    found = [Group(str(table), list(messages), str(remedy)) for (table, remedy), messages in groups]
    order = list(dict.fromkeys(group.table for group in found))
    return sorted(found, key=lambda group: order.index(group.table))
