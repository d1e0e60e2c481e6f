"""Read a sheet of an Excel workbook: cells as Excel stored them, and formulas that have no stored result."""

import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config.schema import Source
from alliance.data.export.columns import column_of, is_blank
from alliance.data.export.grid import read_grid
from alliance.data.export.raw import RawTable, damaged, decimal_mark
from alliance.errors import DataError, suggest
from alliance.facts.plain import folded_text, plain_text

# What parts of a workbook that are not what they should be make its reader raise; errors of XML are syntax errors.
_CONFUSED = (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, NotImplementedError)


def read_workbook(path: Path, source: Source, table: str, used: Collection[str] | None) -> RawTable:
    """Read one sheet.

    Raises
    ------
    DataError
        The workbook is damaged, the sheet is not there or empty, or formulas of used columns have no stored result.
    """
    lines, count = _cells(path, source, table, stored=True)
    notes = [f"The first of {count} sheets was read."] if source.sheet is None and count > 1 else []
    while lines and all(is_blank(cell) for cell in lines[-1]):
        lines.pop()  # sheets often end in formatted but empty rows
    if not lines:
        which = "The first sheet" if source.sheet is None else f"Sheet {source.sheet!r}"
        raise DataError(f"{which} of {path} is empty. Name another sheet under data.{table}.sheet.")
    width = max(index for cells in lines for index, cell in enumerate(cells, start=1) if not is_blank(cell))
    padded = (cells[:width] + [None] * (width - len(cells)) for cells in lines)
    grid = read_grid(padded, source, path, table, used, list)
    frame = pd.DataFrame(
        {name: column_of([*chain(*cells)]) for name, cells in zip(grid.header, grid.columns, strict=True)}
    )
    frame.index = pd.Index(grid.rows)
    if _has_formulas(path, table):
        _refuse_formulas(frame, path, source, table, used)
    return RawTable(table, str(path), frame, decimal=decimal_mark(source), notes=(*notes, *grid.notes))


def _cells(path: Path, source: Source, table: str, *, stored: bool) -> tuple[list[list[Any]], int]:
    """Return the cells of the declared sheet, as results or as formulas, and how many sheets there are."""
    from openpyxl.chartsheet import Chartsheet
    from openpyxl.reader.excel import ExcelReader

    class Reader(ExcelReader):  # type: ignore[misc, unused-ignore]
        """Leaves charts unread: their sheets hold no table, and some of them cannot be read."""

        def read_chartsheet(self, sheet: Any, rel: Any) -> None:
            self.wb._add_sheet(Chartsheet(parent=self.wb, title=sheet.name))

    with path.open("rb") as content, _damage_is_said(path, table), warnings.catch_warnings():
        # About formats, validation rules, and numbers formatted as dates that are none: these come as error values.
        warnings.simplefilter("ignore", UserWarning)
        reader = Reader(content, read_only=True, data_only=stored, keep_links=False)
        reader.read()
        names = [sheet.title for sheet in reader.wb.worksheets]  # sheets that are charts hold no table
        if not names:
            raise DataError(f"{path} has no sheet with cells. Correct data.{table}.path.")
        name = _sheet_name(source.sheet, names, path, table)
        return [list(cells) for cells in reader.wb[name].iter_rows(values_only=True)], len(names)


@contextmanager
def _damage_is_said(path: Path, table: str) -> Iterator[None]:
    """Turn whatever a damaged workbook makes its reader raise into one sentence."""
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        yield
    except (InvalidFileException, zipfile.BadZipFile, zlib.error, SyntaxError, EOFError, *_CONFUSED, OSError) as error:
        raise damaged(path, "an Excel workbook", table, error) from None


def _sheet_name(sheet: str | int | None, names: list[str], path: Path, table: str) -> str:
    """Find the declared sheet: by name, by number (counted from 1), or the first."""
    if sheet is None:
        return names[0]
    if isinstance(sheet, int):
        if 1 <= sheet <= len(names):
            return names[sheet - 1]
    else:
        for name in names:
            if plain_text(name) == sheet:
                return name
    hint = suggest(str(sheet), [name for name in names if folded_text(name) == folded_text(str(sheet))])
    raise DataError(
        f"{path} has no sheet {sheet!r}.{hint} It has {len(names)} sheet{'s' * (len(names) > 1)}. "
        f"Correct data.{table}.sheet (a name, or a number counted from 1)."
    )


def _has_formulas(path: Path, table: str) -> bool:
    """Look for formulas without reading cells: most exports have none, and reading twice takes twice as long."""
    with _damage_is_said(path, table), zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(b"<f>" in content or b"<f " in content for content in map(parts.read, sheets))


def _refuse_formulas(frame: pd.DataFrame, path: Path, source: Source, table: str, used: Collection[str] | None) -> None:
    """Refuse formulas of used columns without a stored result: they look like blank cells."""
    formulas, _ = _cells(path, source, table, stored=False)
    for place, column in enumerate(frame.columns):
        if used is not None and column not in used:
            continue
        blank = frame.index[frame[column].isna()]
        rows = [row for row in blank if _is_formula(formulas[row - 1], place)]
        if rows:
            raise DataError(
                f"{len(rows):,} cells of {path} hold a formula without a stored result (first: row {rows[0]}, column {column}). "
                "Open the workbook in Excel or LibreOffice and save it, which stores the results, or paste the column as values."
            )


def _is_formula(cells: list[Any], place: int) -> bool:
    cell = cells[place] if place < len(cells) else None
    # Formulas over several cells are objects, all others text.
    return cell is not None and (not isinstance(cell, str) or cell.startswith("="))
