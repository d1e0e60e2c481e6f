"""What the checks of the export found: how often, in which column; rows and values are for those who hold the export."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.data.checks.place import OF_ONE
from alliance.report.labels import capitalised_name
from alliance.report.numbers import MISSING, format_count
from alliance.report.tables.table import Table
from alliance.report.words import Speech

TITLE = "Checks"
NEEDS = ("checks",)
_OF_SEVERAL = {one: several for several, one in OF_ONE.items()}


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every finding with its column and remedy, without rows and values of the export; few rows are not counted."""
    data = published(inputs["checks"], config.privacy.minimum_cell, _files(config))
    shown = pd.DataFrame(
        {
            "Table": [capitalised_name(name) for name in data["table"].astype(str)],
            "Column": [MISSING if pd.isna(name) or name == "" else str(name) for name in data["column"]],
            "Count": data["count"].astype(str),
            "Finding": data["message"].astype(str),
            "Remedy": data["remedy"].astype(str),
            "Severity": data["severity"].astype(str),
        }
    )
    notes = (
        ["Rows and values are not shown here: data/checks.csv of the run names them."]
        if len(data)
        else ["The checks found nothing."]
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


def _files(config: Config) -> dict[str, str]:
    """Return table -> path of its file."""
    return {
        table: source.path
        for table in type(config.data).model_fields
        if (source := getattr(config.data, table)) is not None
    }


def published(table: pd.DataFrame, minimum: int, files: Mapping[str, str]) -> pd.DataFrame:
    """Return the findings without what is about single rows: their numbers, their values, and counts below the minimum.

    Nor are files named, which may be called after a person or a place, nor columns that nobody uses.
    """
    few = pd.to_numeric(table["count"]) < minimum
    counts = pd.to_numeric(table["count"]).map(format_count).where(~few, f"<{minimum}")
    return table.drop(columns=["row", "value"]).assign(
        count=counts,
        message=[_without_names(_without_place(row, minimum), row, files) for row in table.to_dict("records")],
    )


def _without_names(said: str, finding: Mapping[Any, Any], files: Mapping[str, str]) -> str:
    """Write a finding without the names of files, and of columns that are not used."""
    for table, path in sorted(files.items(), key=lambda item: -len(item[1])):
        for name in (path, path.rpartition("/")[2]):
            said = said.replace(name, f"the file of {table}")
    if finding["rule"] == "column_unmapped":
        said = re.sub(r" not used\b.*", " not used; data/checks.csv of the run names them.", said, flags=re.DOTALL)
    return said[:1].upper() + said[1:] if said.startswith("the file of") else said


def _without_place(finding: Mapping[Any, Any], minimum: int) -> str:
    """Write a finding about rows as one about their column."""
    said = str(finding["message"])
    column = f" (column {finding['column']})" if str(finding["column"]) not in ("", "nan") else ""
    said = re.sub(r" \((first: )?row \d+(, column [^)]*)?\)", lambda _: column, said, count=1)
    if pd.isna(finding["row"]):
        return said
    for quoted in (
        f" ('{finding['value']}')",
        f" '{finding['value']}'",
        f": {finding['value']}",
        f" ({finding['value']})",
    ):
        said = re.sub(rf"{re.escape(quoted)}(?![\w]|[.,]\d)", "", said)  # not the beginning of another number or word
    if finding["count"] >= minimum or not re.match(r"\d+ rows? of ", said):
        return said
    few = re.sub(r"^\d+ rows? of ", "Some rows of ", said)
    if not said.startswith("1 row of "):
        return few
    return re.sub(rf"\b({'|'.join(_OF_SEVERAL)})\b", lambda verb: _OF_SEVERAL[verb[0]], few, count=1)
