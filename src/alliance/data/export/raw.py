"""A table of the export as it was read."""

from dataclasses import dataclass, field

import pandas as pd


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
    frame: pd.DataFrame
    labels: dict[str, dict[object, str]] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    decimal: str = "."
    notes: tuple[str, ...] = ()
