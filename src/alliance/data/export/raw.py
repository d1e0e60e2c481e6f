"""A table of the export as it was read."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from alliance.config.schema import Source
from alliance.errors import DataError
from alliance.facts.quoting import without_quotes


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
    titles
        What SPSS and Stata files call a column in words: column -> label of the variable.
    levels
        Measurement level that SPSS files give a column: ``nominal``, ``ordinal`` or ``scale``.
    missing
        What SPSS files declare as missing: column -> the values, in words.
    patterns
        For reshaped files: column -> session -> the user's column.
    decimal
        The decimal mark of numbers that are text.
    notes
        What the reader had to find out by itself, one sentence each.
    """

    name: str
    path: str
    frame: pd.DataFrame
    labels: dict[str, dict[object, str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, dict[int, str]] = field(default_factory=dict)
    decimal: str = "."
    notes: tuple[str, ...] = ()


def damaged(path: Path, kind: str, table: str, error: Exception) -> DataError:
    """Describe a file that cannot be opened as what its ending says."""
    reason = without_quotes((str(error).splitlines() or [type(error).__name__])[0].rstrip("."))
    return DataError(
        f"{path} cannot be read as {kind} ({reason}). The file may be damaged, protected or wrongly named; "
        f"export it again, or correct data.{table}.path."
    )


def decimal_mark(source: Source) -> str:
    """Return the decimal mark of numbers that are text: as declared, or what the mark of thousands leaves."""
    return source.decimal or ("," if source.thousands == "." else ".")
