"""What the module of a table gives."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pandas as pd

from alliance.report.words import Speech, shield

FLAG = "†"


@dataclass(frozen=True)
class Table:
    """A table for people: formatted cells, a caption and notes; `data` keeps the numbers.

    `group` names a column of `shown` whose values become headings of the rows below them, `code` those that hold code, `own` those that
    hold what the researchers or their files call things. `number` is that of the table in a report. `quoted` are names and citations that
    others wrote, wherever they stand. `bounded` are columns whose numbers cannot exceed 1 in size (correlations, probabilities,
    reliabilities): journals print these without a zero before the point.
    """

    data: pd.DataFrame
    shown: pd.DataFrame
    caption: str
    notes: list[str] = field(default_factory=list)
    group: str | None = None
    code: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    number: str = ""
    quoted: tuple[str, ...] = ()
    bounded: tuple[str, ...] = ()


# Columns of numbers' tables that hold sentences.
_SENTENCES = ("message", "remedy", "meaning", "detail", "note", "part", "characteristic")


def said_table(table: Table, speech: Speech) -> Table:
    """Return a table with caption, headings, cells and notes in the words of the study; codes and names stay as they are."""
    if speech.silent:
        return table
    kept = {*table.code, *table.own}

    def say(text: str) -> str:
        for phrase in sorted(table.quoted, key=len, reverse=True):  # a title may hold a name
            text = text.replace(phrase, shield(phrase))
        return speech.say(text)

    shown = _texts(table.shown, lambda column: speech.bare if column in kept else say)
    data = _texts(table.data, lambda column: speech.say if column in _SENTENCES else speech.bare)
    names = {column: speech.say(str(column)) for column in shown.columns}
    return replace(
        table,
        data=data,
        shown=shown.rename(columns=names),
        caption=speech.say(table.caption),
        notes=[say(note) for note in table.notes],
        group=names.get(table.group) if table.group is not None else None,
        code=tuple(names.get(column, column) for column in table.code),
        own=tuple(names.get(column, column) for column in table.own),
        bounded=tuple(names.get(column, column) for column in table.bounded),
    )


def _texts(frame: pd.DataFrame, how: Callable[[str], Callable[[str], str]]) -> pd.DataFrame:
    """Change every text of a table; other cells stay as they are."""
    changed = frame.copy()
    for place, column in enumerate(frame.columns):
        if getattr(frame.dtypes.iloc[place], "kind", "O") not in "biufcmM":
            say = how(str(column))
            cells = [say(cell) if isinstance(cell, str) else cell for cell in frame.iloc[:, place]]
            changed.isetitem(place, pd.Series(cells, index=frame.index, dtype=frame.dtypes.iloc[place]))
    return changed
