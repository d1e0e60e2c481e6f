"""Lines of a text file or a sheet become named columns: which row names them, where the data begin, which names matter."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance.config.schema import Source
from alliance.data.export.columns import is_blank
from alliance.errors import DataError
from alliance.facts.plain import plain_text

_ROWS_LOOKED_AT = 50
_MOSTLY = 0.8  # of the cells that most rows fill
_IMPORT_ID = '{"ImportId"'  # Qualtrics writes such cells below the texts of the questions


@dataclass(frozen=True)
class Grid:
    """Names and records of a table, with what had to be found out."""

    header: list[str]
    records: list[list[Any]]
    rows: list[int]  # row number of each record in the user's file
    notes: list[str]


def read_grid(
    lines: Sequence[list[Any]], source: Source, path: Path, table: str, used: Collection[str] | None, between: str = ""
) -> Grid:
    """Find names, records and their row numbers.

    Parameters
    ----------
    lines
        The cells of each row, row 1 first.
    used
        Columns that the configuration names; None: all columns.
    between
        What separates cells, for messages about rows of unequal length.

    Raises
    ------
    DataError
        A row that names no columns, a used column whose name is not unique, rows with more or fewer cells than names.
    """
    place = f"data.{table}"
    named_in = [1] if source.header_row is None else source.header_rows
    if max(named_in) > len(lines):
        raise DataError(f"{path} has {len(lines)} rows only. Correct {place}.header_row.")
    begins = source.data_row or max(named_in) + 1
    if source.header_row is None:
        _refuse_titles(lines, path, place, used)
    header = _joined([lines[row - 1] for row in named_in])
    notes: list[str] = []
    if source.data_row is None and (last := _import_ids(lines, begins)):
        notes.append(f"Rows {begins} to {last} describe the questions (as Qualtrics writes them) and were not read.")
        begins = last + 1
    body = list(enumerate(lines, start=1))[begins - 1 :]
    filled = [(row, cells) for row, cells in body if not all(is_blank(cell) for cell in cells)]
    full = [place for place, (_, cells) in enumerate(filled) if len(cells) >= len(header)]
    below = filled[full[-1] + 1 :] if full else []
    if between and below and all(sum(not is_blank(cell) for cell in cells) == 1 for _, cells in below):
        filled = filled[: full[-1] + 1]
        lines_were = (
            "1 line of one cell below the table was"
            if len(below) == 1
            else f"{len(below)} lines of one cell below the table were"
        )
        notes.append(f"{lines_were} not read.")
    # Blank cells beyond the last name belong to no column.
    filled = [(row, _cut(cells, len(header))) for row, cells in filled]
    ragged = [(row, len(cells)) for row, cells in filled if len(cells) != len(header)]
    if ragged:
        row, found = ragged[0]
        raise DataError(
            f"{len(ragged)} rows of {path} do not have the {len(header)} cells of the header "
            f"(first: row {row} with {found}). "
            f"Put cells that contain a {between or 'delimiter'} in quotation marks, or set {place}.delimiter."
        )
    if len(filled) < len(body):
        notes.append(f"{len(body) - len(filled)} rows are entirely blank and were not read.")
    names = column_names(header, path, used, max(named_in))
    return Grid(names, [cells for _, cells in filled], [row for row, _ in filled], notes)


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
