"""What a row of the codebook says in words, the same on the terminal, in the page and in the report."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from alliance.facts.columns import records
from alliance.report.numbers import MISSING, format_count, format_percent, format_value

HEADINGS = ("Variable", "What it is", "Columns", "Values", "Missing", "Distribution")
_MOMENTS = {"before": "before the session", "during": "during the session", "after": "after the session"}


def codebook_rows(codebook: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield one row of text for each row of the artefact, in the columns of `HEADINGS`."""
    for row in records(codebook):
        yield (
            _joined(row.variable, f"({row.label})" if row.label and row.label != row.variable else "", between=" "),
            _joined(
                row.role,
                _of_table(row),
                _MOMENTS.get(row.measured, ""),
                row.rater and f"rated by: {row.rater}",
                _kind(row),
            ),
            row.columns,
            format_count(None if pd.isna(row.n) else row.n),
            MISSING if pd.isna(row.missing) else f"{format_count(row.missing)} ({format_percent(row.missing_share)})",
            _joined(_distribution(row), row.in_file and f"in the file: {row.in_file}", row.note),
        )


def _joined(*parts: str, between: str = "; ") -> str:
    return between.join(part for part in parts if part)


def _of_table(row: Any) -> str:
    return "" if row.table == "sessions" else f"of the {row.table}"


def _kind(row: Any) -> str:
    unit = row.unit if row.kind != "category" else ""
    if pd.isna(row.low) or pd.isna(row.high):
        return _joined(row.kind, unit, between=", ")
    return _joined(row.kind, f"{format_value(row.low)} to {format_value(row.high)} {unit}".strip(), between=", ")


def _distribution(row: Any) -> str:
    if row.shares:
        return str(row.shares)
    if pd.isna(row.mean):
        return ""
    return f"mean {format_value(row.mean)}, SD {format_value(row.sd)}"
