"""What journals print otherwise than pages: no zero before the point where none can stand there, and points below points.

Pages keep the zero, since the sentences around a table have it. Numbers of a column get blanks of the width of what they lack, between an
estimate and its interval too, so that all of them end at the right edge and their points stand below each other in Word as in LaTeX.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from alliance.report.numbers import MINUS, drop_leading_zeros
from alliance.report.tables.render import numeric_columns
from alliance.report.tables.table import FLAG, Table

# Blanks as wide as what they stand for; every writer has its own for them.
BLANK_DIGIT, BLANK_MINUS, BLANK_POINT, BLANK_FLAG = "\u2007", "\u2002", "\u2008", "\u2004"
NO_BREAK: Final = "\u00a0"
_BREAKABLE: Final = re.compile(
    rf"(?<=[\]{FLAG}{BLANK_FLAG}]){NO_BREAK}\("
)  # what an interval rests on may stand below it
_BLANKS: Final = {"0": BLANK_DIGIT, MINUS: BLANK_MINUS, ".": BLANK_POINT}
_PARTS: Final = re.compile(rf"([{MINUS}<>]?[\d,]*(?:\.\d+)?)( [\[(\d{MINUS}].*?)?( {FLAG})?")


@dataclass(frozen=True)
class _Cell:
    """A number, what follows it (an interval, a second number), and whether it is flagged."""

    number: str
    rest: str
    flagged: bool

    @property
    def kind(self) -> str:
        """What is left of the rest without its numbers: cells of one kind are as wide as their digits."""
        return re.sub(rf"[\d.,{MINUS}]+", "0", self.rest)

    @property
    def decimals(self) -> int:
        return len(self.number.partition(".")[2])


def for_print(table: Table) -> Table:
    """Return the table as journals print it: the same numbers, without leading zeros in its bounded columns, set below each other."""
    shown = table.shown.copy()
    for name in table.bounded:
        shown[name] = shown[name].map(drop_leading_zeros, na_action="ignore")
    for name in numeric_columns(replace(table, shown=shown)):
        cells = _align(["" if pd.isna(cell) else str(cell) for cell in shown[name]])
        shown[name] = [_BREAKABLE.sub(" (", cell.replace(" ", NO_BREAK)) for cell in cells]
    return replace(table, shown=shown)


def _align(cells: Sequence[str]) -> list[str]:
    """Fill up the numbers of a column with blanks; cells that are something else stay as they are.

    So do estimates with other decimals than most: a column of several units has decimals for each, and gaps where they are set together.
    """
    found = [_split(cell) for cell in cells]
    known = [cell for cell in found if cell is not None]
    if not known:
        return [*cells]
    kind = Counter(cell.kind for cell in known).most_common(1)[0][0]
    usual = [cell for cell in known if cell.kind == kind]
    places = [cell.decimals for cell in usual]
    decimals = Counter(places).most_common(1)[0][0] if kind else max(places)  # a single longer one stands out
    if kind:
        usual = [cell for cell in usual if cell.decimals == decimals]
    widest = {sign: max(_count(cell.rest)[sign] for cell in usual) for sign in _BLANKS}
    filled = set(usual)
    any_flag = any(cell.flagged for cell in usual)

    def fill(cell: _Cell) -> str:
        point = BLANK_POINT if decimals and not cell.decimals else ""
        after = point + BLANK_DIGIT * (decimals - cell.decimals)
        between = "".join(
            blank * (widest[sign] - count)
            for (sign, blank), count in zip(_BLANKS.items(), _count(cell.rest).values(), strict=True)
        )
        mark = f" {FLAG}" if cell.flagged else (f" {BLANK_FLAG}" if any_flag else "")
        return f"{cell.number}{after}{between}{cell.rest}{mark}"

    return [fill(cell) if cell in filled else whole for cell, whole in zip(found, cells, strict=True)]


def _split(cell: str) -> _Cell | None:
    found = _PARTS.fullmatch(cell)
    if found is None or not found[1]:
        return None
    return _Cell(found[1], found[2] or "", bool(found[3]))


def _count(text: str) -> Mapping[str, int]:
    """Count digits, minus signs and points (or commas), in the order of the blanks."""
    return {
        "0": sum(character.isdigit() for character in text),
        MINUS: text.count(MINUS),
        ".": text.count(".") + text.count(","),
    }
