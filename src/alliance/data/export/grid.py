"""Lines of a text file or a sheet become named columns: which row names them, where the data begin, which names matter."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from alliance.config.schema import Source
from alliance.data.export.columns import is_blank
from alliance.errors import DataError
from alliance.facts.plain import plain_text

_ROWS_LOOKED_AT = 50
_MOSTLY = 0.8  # of the cells that most rows fill
_ROWS_AT_A_TIME = 2**15
_IMPORT_ID = '{"ImportId"'  # Qualtrics writes such cells below the texts of the questions


@dataclass(frozen=True)
class Grid:
    """Names and cells of a table, with what had to be found out."""

    header: list[str]
    columns: list[list[Any]]  # of each column: its cells, packed some rows at a time
    rows: np.ndarray  # row number of each record in the user's file, shape (n_rows,)
    notes: list[str]


def read_grid(
    lines: Iterable[list[Any]],
    source: Source,
    path: Path,
    table: str,
    used: Collection[str] | None,
    packed: Callable[[Sequence[Any]], Any],
    between: str = "",
) -> Grid:
    """Find names, cells and their row numbers; the rows are gone through once and not held.

    Parameters
    ----------
    lines
        The cells of each row, row 1 first.
    used
        Columns that the configuration names; None: all columns.
    packed
        How to keep some cells of one column.
    between
        What separates cells, for messages about rows of unequal length.

    Raises
    ------
    DataError
        A row that names no columns, a used column whose name is not unique, rows with more or fewer cells than names.
    """
    place = f"data.{table}"
    named_in = [1] if source.header_row is None else source.header_rows
    begins = source.data_row or max(named_in) + 1
    following = iter(lines)
    first = list(islice(following, max(_ROWS_LOOKED_AT, *named_in, begins + 1)))
    if max(named_in) > len(first):
        raise DataError(f"{path} has {len(first)} rows only. Correct {place}.header_row.")
    if source.header_row is None:
        _refuse_titles(first, path, place, used)
    header = _joined([first[row - 1] for row in named_in])
    notes: list[str] = []
    if source.data_row is None and (last := _import_ids(first, begins)):
        notes.append(f"Rows {begins} to {last} describe the questions (as Qualtrics writes them) and were not read.")
        begins = last + 1
    body = _Body(len(header), packed)
    body.read(chain(first[begins - 1 :], following), begins)
    below = body.below if between and body.is_of_single_cells else 0
    if below:
        lines_were = (
            "1 line of one cell below the table was"
            if below == 1
            else f"{below} lines of one cell below the table were"
        )
        notes.append(f"{lines_were} not read.")
    if ragged := body.ragged + body.below - below:
        row, found = body.first_ragged
        raise DataError(
            f"{ragged:,} rows of {path} do not have the {len(header)} cells of the header "
            f"(first: row {row} with {found}). "
            f"Put cells that contain a {between or 'delimiter'} in quotation marks, or set {place}.delimiter."
        )
    rows = body.rows()
    if len(rows) < body.count:
        notes.append(f"{body.count - len(rows):,} rows are entirely blank and were not read.")
    names = column_names(header, path, used, max(named_in))
    return Grid(names, body.columns, rows, notes)


class _Body:
    """The rows below the names, column by column.

    Rows with fewer cells than names are either ragged or, after the last row that has all, lines below the table.
    """

    def __init__(self, width: int, packed: Callable[[Sequence[Any]], Any]) -> None:
        self.count = 0  # rows, also blank ones
        self.columns: list[list[Any]] = [[] for _ in range(width)]
        self.ragged, self.below = 0, 0
        self.first_ragged = (0, 0)  # row number and cells of the first of both
        self.is_of_single_cells = False  # whether what is below are lines of one cell, below rows that have all
        self._packed, self._rows, self._any_full = packed, [np.empty(0, dtype=np.int64)], False

    def rows(self) -> np.ndarray:
        """Return the row numbers of the records."""
        return np.concatenate(self._rows)

    def read(self, lines: Iterator[list[Any]], begins: int) -> None:
        """Go through the rows, of which the first has the number `begins`."""
        while block := list(islice(lines, _ROWS_AT_A_TIME)):
            numbers = np.arange(begins + self.count, begins + self.count + len(block))
            self.count += len(block)
            if self.columns and set(map(len, block)) == {len(self.columns)}:
                block, numbers = _without_blank_rows(block, numbers)
                self._find_full(bool(block))
            else:
                block, numbers = self._of_names(block, numbers)
            self._rows.append(numbers)
            for column, cells in zip(self.columns, zip(*block, strict=True), strict=bool(block)):
                column.append(self._packed(cells))

    def _find_full(self, found: bool) -> None:
        if found:
            self.ragged, self.below = self.ragged + self.below, 0
            self._any_full, self.is_of_single_cells = True, True

    def _of_names(self, block: list[list[Any]], numbers: np.ndarray) -> tuple[list[list[Any]], np.ndarray]:
        """Return the rows with as many cells as there are names, and count the others."""
        kept, at = [], []
        for number, cells in zip(numbers.tolist(), block, strict=True):
            filled = sum(not is_blank(cell) for cell in cells)
            if not filled:
                continue
            self._find_full(len(cells) >= len(self.columns))
            # Blank cells beyond the last name belong to no column.
            record = _cut(cells, len(self.columns))
            if len(record) == len(self.columns):
                kept.append(record)
                at.append(number)
                continue
            if not self.ragged + self.below:
                self.first_ragged = (number, len(record))
            if len(record) > len(self.columns):
                self.ragged += 1
            else:
                self.below += 1
                self.is_of_single_cells &= filled == 1
        return kept, np.array(at, dtype=np.int64)


def _without_blank_rows(block: list[list[Any]], numbers: np.ndarray) -> tuple[list[list[Any]], np.ndarray]:
    if not any(is_blank(cell) for cell in {cells[0] for cells in block}):
        return block, numbers
    filled = [not all(is_blank(cell) for cell in cells) for cells in block]
    return [cells for cells, keep in zip(block, filled, strict=True) if keep], numbers[filled]


def column_names(cells: Sequence[Any], path: Path, used: Collection[str] | None, row: int = 1) -> list[str]:
    """Return one name per column; columns that nobody uses may lack a name or share it, and get one by their position.

    Raises
    ------
    DataError
        A used column's name stands there twice, or one is missing while columns have no name.
    """
    names = ["" if is_blank(cell) else plain_text(str(cell)).strip() for cell in cells]
    unnamed = [str(position) for position, name in enumerate(names, start=1) if not name]
    if unnamed and (used is None or not set(used) <= set(names)):
        raise DataError(
            f"{path}: row {row} names no column at position {', '.join(unnamed)}. "
            "The row must hold one name per column; name or delete that column, or say which row holds the names "
            "(header_row, below the table's path)."
        )
    repeated = [name for name, count in Counter(names).items() if count > 1 and name and (used is None or name in used)]
    if repeated:
        raise DataError(
            f"{path} has more than one column named {', '.join(map(repr, repeated))}. Rename or delete one of them."
        )
    seen: Counter[str] = Counter()
    unique = []
    for position, name in enumerate(names, start=1):
        seen[name] += 1
        unique.append(name if name and seen[name] == 1 else f"{name} (column {position})".strip())
    return unique


def _cut(cells: list[Any], width: int) -> list[Any]:
    return cells if len(cells) <= width or not all(map(is_blank, cells[width:])) else cells[:width]


def _joined(rows: list[list[Any]]) -> list[Any]:
    """Join names that are written over several rows; in all but the last a name also holds for the blank cells after it."""
    *above, last = rows
    joined: list[Any] = ["" if is_blank(cell) else str(cell).strip() for cell in last]
    for cells in reversed(above):
        current = ""
        for place in range(len(joined)):
            cell = cells[place] if place < len(cells) else None
            current = current if is_blank(cell) else str(cell).strip()
            joined[place] = "_".join(part for part in (current, joined[place]) if part)
    return joined


def _import_ids(lines: Sequence[list[Any]], begins: int) -> int | None:
    """Return the row with Qualtrics's import ids, one or two rows below the names."""
    for row in (begins, begins + 1):
        cells = lines[row - 1] if row <= len(lines) else []
        if any(str(cell).replace("'", '"').startswith(_IMPORT_ID) for cell in cells):
            return row
    return None


def _refuse_titles(lines: Sequence[list[Any]], path: Path, place: str, used: Collection[str] | None) -> None:
    """Refuse a first row that is a title: a later row holds the names the configuration uses."""
    shown = [
        {plain_text(str(cell)).strip() for cell in cells if not is_blank(cell)} for cells in lines[:_ROWS_LOOKED_AT]
    ]
    needed = set(used or ())
    hits = [len(needed & cells) for cells in shown]
    best = max(range(len(hits)), key=lambda at: hits[at])
    if best > 0 and hits[best] > hits[0] and 2 * hits[best] > len(needed):
        raise DataError(
            f"{path}: row 1 does not name the columns, row {best + 1} does. Set {place}.header_row: {best + 1}.",
            {"header_row": best + 1},
        )
    filled = [sum(not is_blank(cell) for cell in cells) for cells in lines[:_ROWS_LOOKED_AT]]
    width = Counter(count for count in filled if count).most_common(1)[0][0] if any(filled) else 0
    if filled[0] < 2 <= width and filled[0] < width / 2 and not (needed and hits[0] == len(needed)):
        first = next(at for at, count in enumerate(filled, start=1) if count >= max(2, _MOSTLY * width))
        raise DataError(
            f"{path}: row 1 is no header, for most rows fill {width} cells; the first of these is row {first}. "
            f"Set {place}.header_row: {first}.",
            {"header_row": first},
        )
