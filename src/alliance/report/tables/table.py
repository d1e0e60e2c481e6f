"""What the module of a table gives."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table for people: formatted cells, a caption and notes; `data` keeps the numbers.

    `group` names a column of `shown` whose values become headings of the rows below them, `code` those that hold code.
    """

    data: pd.DataFrame
    shown: pd.DataFrame
    caption: str
    notes: list[str] = field(default_factory=list)
    group: str | None = None
    code: tuple[str, ...] = ()
