"""What a check finds."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing a check found.

    Parameters
    ----------
    severity
        ``error`` stops the run before any fit; ``warning`` follows the data into the report.
    rule
        Name of the check, e.g. ``out_of_range``.
    table
        ``sessions``, ``patients`` or ``therapists``.
    message
        What was found and where, in one sentence.
    remedy
        What to do about it, in one sentence.
    row
        First row concerned, counted as in the user's file (the header is row 1); None if it is about the table.
    column
        The user's own column name; None if it is about the table.
    value
        The value found, as text. Never an id: those are shown by row number only.
    count
        How many rows or cells are concerned.
    """

    severity: Severity
    rule: str
    table: str
    message: str
    remedy: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    count: int = 1
