"""How a table is laid out on paper: size of the type, which way the page lies, and how wide each column is.

One plan serves Word and LaTeX. A column is never narrower than its longest word and never wider than its longest line, as browsers lay out
tables; what is left over goes to the columns that would otherwise break most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alliance.report.tables.printed import BLANK_MINUS, BLANK_POINT, NO_BREAK
from alliance.report.tables.render import columns_of, rows_of
from alliance.report.tables.table import Table

_POINT: Final = 2.54 / 72  # cm
_TALL: Final = 4  # lines of one cell from which the next layout is tried
_BOLD: Final = 1.22  # of the width of plain type
# Widths of characters in the size of the type, on the safe side of Times and of Computer Modern.
_NARROW, _WIDE, _CAPITAL, _OTHER = 0.34, 0.88, 0.78, 0.53
_NARROW_ONES: Final = frozenset(f"iljtfrI.,:;'|!()[]- {NO_BREAK}{BLANK_POINT}")
_WIDE_ONES: Final = frozenset(f"mwMW%→×±−<>=∞≥≤–—{BLANK_MINUS}")


@dataclass(frozen=True)
class Layout:
    """Type in points, whether the page lies on its side, and the share of the line that each column takes, padding included."""

    size: int
    landscape: bool
    shares: tuple[float, ...]
    lines: int  # of all rows together

    @property
    def line_cm(self) -> float:
        """Width of the line between margins of 2.5 cm on A4 paper."""
        return _LINE[self.landscape]


_LINE: Final = {False: 16.0, True: 24.7}
_CHOICES: Final = ((10, False), (9, False), (9, True), (8, True), (7, True))


def plan_layout(table: Table, padding_cm: float) -> Layout:
    """Return the first layout in which no word has to be broken and no cell is taller than a few lines; the last one if none is.

    Parameters
    ----------
    padding_cm
        What each column needs beside its text.
    """
    least: Layout | None = None
    for size, landscape in _CHOICES:
        layout, fits, tallest = _lay_out(table, size, landscape, padding_cm)
        if fits and tallest <= _TALL:
            return layout
        if fits and least is None:
            least = layout
    return least or layout


def _lay_out(table: Table, size: int, landscape: bool, padding_cm: float) -> tuple[Layout, bool, int]:
    columns, line = columns_of(table), _LINE[landscape]
    cells = [row for heading, row in rows_of(table) if heading is None]
    least, natural, texts = [], [], []
    for position, column in enumerate(columns):
        below = [row[position] for row in cells]
        parts = [word for cell in below for word in cell.split(" ")]  # a no-break space keeps an interval in one part
        head = [_measure(word, size) * _BOLD for word in str(column).split()]
        least.append(max([*head, *(_measure(part, size) for part in parts), 0.1]) + padding_cm)
        longest = max([_measure(str(column), size) * _BOLD, *(_measure(cell, size) for cell in below)])
        natural.append(max(longest + padding_cm, least[-1]))
        texts.append(below)
    widths = share_out(least, natural, line)
    heights = [
        max(_count_lines(row[position], widths[position] - padding_cm, size) for position in range(len(columns)))
        for row in cells
    ]
    shares = tuple(width / max(line, sum(widths)) for width in widths)
    return Layout(size, landscape, shares, sum(heights)), sum(least) <= line, max(heights, default=1)


def share_out(least: Sequence[float], natural: Sequence[float], line: float) -> list[float]:
    """Give every column what its longest word needs, and what is left in proportion to what longest lines would take."""
    if sum(natural) <= line:
        return [*natural]
    spare = max(line - sum(least), 0.0)
    wanted = [full - word for full, word in zip(natural, least, strict=True)]
    return [word + spare * more / (sum(wanted) or 1.0) for word, more in zip(least, wanted, strict=True)]


def _count_lines(text: str, width: float, size: int) -> int:
    lines, used, blank = 1, 0.0, _NARROW * size * _POINT
    for word in text.split(" "):
        length = _measure(word, size)
        if used and used + blank + length > width:
            lines, used = lines + 1, length
        else:
            used += length + (blank if used else 0.0)
    return lines


def _measure(text: str, size: int) -> float:
    return size * _POINT * sum(_width(character) for character in text)


def _width(character: str) -> float:
    if character in _NARROW_ONES:
        return _NARROW
    if character in _WIDE_ONES:
        return _WIDE
    return _CAPITAL if character.isupper() else _OTHER
