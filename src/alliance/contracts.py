"""What the parts of the pipeline hand to each other: names of columns, tables and artefacts.

Nothing here computes. A column or an artefact that two modules share is named here once.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # every snakemake call reads the names in here; it need not wait for pandas
    import pandas as pd

# Keys of the clean tables. Codes such as P001 and T01 stand in for the ids of the export.
PATIENT: Final = "patient"
THERAPIST: Final = "therapist"
SESSION: Final = "session"
DAYS: Final = "days"
WEEKS: Final = "weeks"
ITEM = "{variable}__{item}"  # column of one item of a scale

# Suffixes of the panel's columns; `alliance_lag` is `panel.lag` sessions earlier.
LAG, WITHIN, BETWEEN, BASELINE = "_lag", "_within", "_between", "_baseline"
BETWEEN_THERAPIST = "_between_therapist"

Severity = Literal["error", "warning"]
Level = Literal["within", "between_patient", "between_therapist", "overall"]


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


@dataclass(frozen=True)
class RawTable:
    """One table of the export as it was read: nothing is mapped, converted or cleaned.

    Parameters
    ----------
    name
        ``sessions``, ``patients`` or ``therapists``.
    path
        The file, for messages.
    frame
        One column per column of the file: text, numbers or dates; blank cells are missing. The index holds the row
        numbers of the user's file (spreadsheets and text files: the header is row 1; files without a header row, such
        as SPSS: the first case is 1). Row numbers repeat after a wide file was reshaped.
    labels
        Value labels of SPSS and Stata files: column -> value -> label.
    patterns
        For reshaped files: column -> the user's pattern with ``{session}``.
    decimal
        The decimal mark of numbers that are text.
    notes
        What the reader had to find out by itself, one sentence each.
    """

    name: str
    path: str
    frame: "pd.DataFrame"
    labels: dict[str, dict[object, str]] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    decimal: str = "."
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """A figure, the values it shows, its description for people who cannot see it, and notes below its caption."""

    figure: object
    values: "pd.DataFrame"
    alt: str
    notes: str = ""


@dataclass(frozen=True)
class Table:
    """A table for people: formatted cells, a caption and notes; `data` keeps the numbers.

    `group` names a column of `shown` whose values become headings of the rows below them.
    """

    data: "pd.DataFrame"
    shown: "pd.DataFrame"
    caption: str
    notes: list[str] = field(default_factory=list)
    group: str | None = None
