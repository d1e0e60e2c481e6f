"""Read the tables of an export: delimited text, Excel, Parquet, SPSS and Stata.

Everything is kept as it stands: ids keep their leading zeros, rows keep the numbers they have in the user's file.
"""

import datetime
import math
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config.schema import Source
from alliance.data.export.raw import RawTable
from alliance.data.export.text import read_text_table
from alliance.errors import DataError, suggest
from alliance.facts.columns import SESSION


def read_table(path: str | Path, source: Source, table: str) -> RawTable:
    """Read one table of the export and reshape it if it is declared as wide.

    Parameters
    ----------
    path
        The file; its ending tells the format.
    source
        The section ``data.<table>`` of the config.
    table
        ``sessions``, ``patients`` or ``therapists``.

    Raises
    ------
    DataError
        The file is missing, empty, damaged or of an unknown format; encoding, delimiter or sheet are wrong; column
        names repeat; or a wide pattern names columns that are not there.
    """
    path = Path(path)
    _check_file(path, table)
    raw = READERS[path.suffix.lower()](path, source, table)
    if raw.frame.empty:
        raise DataError(f"{path} has column names but no rows. Export the table again, or correct data.{table}.path.")
    return raw if source.wide is None else _reshape(raw, source)


def _check_file(path: Path, table: str) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a folder, not a file. Give the file itself under data.{table}.path.")
    if not path.is_file():
        near = sorted(file.name for file in path.parent.iterdir() if file.is_file()) if path.parent.is_dir() else []
        where = "" if path.parent.is_dir() else f" Its folder {path.parent} does not exist either."
        raise DataError(f"{path} does not exist.{where}{suggest(path.name, near)} Correct data.{table}.path.")
    if path.suffix.lower() not in READERS:
        raise DataError(
            f"{path} has an ending that cannot be read ('{path.suffix or 'none'}'). "
            f"Save it as one of {', '.join(READERS)} and correct data.{table}.path."
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty. Export the table again, or correct data.{table}.path.")


def _read_csv(path: Path, source: Source, table: str) -> RawTable:
    text = read_text_table(path, source, table)
    header = _column_names(text.header, path)
    # An empty list of records would lose the columns.
    cells = zip(*text.records, strict=True) if text.records else ([] for _ in header)
    frame = pd.DataFrame({name: _as_text(list(column)) for name, column in zip(header, cells, strict=True)})
    frame.index = pd.Index(text.rows, dtype="int64")
    return RawTable(table, str(path), frame, decimal=text.decimal, notes=tuple(text.notes))


def _read_excel(path: Path, source: Source, table: str) -> RawTable:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise _damaged(path, "an Excel workbook", table, error) from None
    try:
        names = book.sheetnames
        name = _sheet_name(source.sheet, names, path, table)
        lines = [list(cells) for cells in book[name].iter_rows(values_only=True)]
    finally:
        book.close()
    notes = [f"Sheet '{name}', the first of {len(names)}, was read."] if source.sheet is None and len(names) > 1 else []
    while lines and all(_is_blank(cell) for cell in lines[-1]):
        lines.pop()  # sheets often end in formatted but empty rows
    if not lines:
        raise DataError(f"Sheet '{name}' of {path} is empty. Name another sheet under data.{table}.sheet.")
    width = max(index for cells in lines for index, cell in enumerate(cells, start=1) if not _is_blank(cell))
    lines = [cells[:width] + [None] * (width - len(cells)) for cells in lines]
    header = _column_names(lines[0], path)
    filled = [
        (row, cells) for row, cells in enumerate(lines[1:], start=2) if not all(_is_blank(cell) for cell in cells)
    ]
    if len(filled) < len(lines) - 1:
        notes.append(f"{len(lines) - 1 - len(filled)} rows are entirely blank and were not read.")
    frame = pd.DataFrame({key: _column([cells[place] for _, cells in filled]) for place, key in enumerate(header)})
    frame.index = pd.Index([row for row, _ in filled], dtype="int64")
    return RawTable(table, str(path), frame, decimal=source.decimal or ".", notes=tuple(notes))


def _sheet_name(sheet: str | int | None, names: list[str], path: Path, table: str) -> str:
    """Find the declared sheet: by name, by number (counted from 1), or the first."""
    if sheet is None:
        return names[0]
    if isinstance(sheet, int):
        if 1 <= sheet <= len(names):
            return names[sheet - 1]
    elif sheet in names:
        return sheet
    hint = suggest(str(sheet), names)
    raise DataError(
        f"{path} has no sheet {sheet!r}.{hint} It has: {', '.join(names)}. "
        f"Correct data.{table}.sheet (a name, or a number counted from 1)."
    )


def _read_parquet(path: Path, source: Source, table: str) -> RawTable:
    import pyarrow
    import pyarrow.parquet

    try:
        content = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, "a Parquet file", table, error) from None
    header = _column_names(content.column_names, path)
    frame = pd.DataFrame({name: _column(content.column(i).to_pylist()) for i, name in enumerate(header)})
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return RawTable(table, str(path), frame, decimal=source.decimal or ".")


def _read_statistics_file(path: Path, source: Source, table: str) -> RawTable:
    import pyreadstat

    stata = path.suffix.lower() == ".dta"
    reader = pyreadstat.read_dta if stata else pyreadstat.read_sav
    try:
        content, meta = reader(path, apply_value_formats=False, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as error:
        raise _damaged(path, "a Stata file" if stata else "an SPSS file", table, error) from None
    header = _column_names(meta.column_names, path)
    frame = pd.DataFrame(
        {name: _column(list(content[key])) for name, key in zip(header, meta.column_names, strict=True)}
    )
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    labels: dict[str, dict[object, str]] = {}
    for name, values in meta.variable_value_labels.items():
        labels[name.strip()] = dict(values.items())
    return RawTable(table, str(path), frame, labels=labels, decimal=source.decimal or ".")


READERS: dict[str, Callable[[Path, Source, str], RawTable]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".xlsx": _read_excel,
    ".xlsm": _read_excel,
    ".parquet": _read_parquet,
    ".sav": _read_statistics_file,
    ".zsav": _read_statistics_file,
    ".dta": _read_statistics_file,
}


def _damaged(path: Path, kind: str, table: str, error: Exception) -> DataError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return DataError(
        f"{path} cannot be read as {kind} ({reason}). The file may be damaged, protected or wrongly named; "
        f"export it again, or correct data.{table}.path."
    )


def _column_names(cells: list[Any], path: Path) -> list[str]:
    names = ["" if _is_blank(cell) else str(cell).strip() for cell in cells]
    unnamed = [str(position) for position, name in enumerate(names, start=1) if not name]
    if unnamed:
        raise DataError(
            f"{path}: row 1 names no column at position {', '.join(unnamed)}. "
            "The first row must hold one name per column; name or delete that column."
        )
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"{path} has more than one column named {', '.join(map(repr, repeated))}. Rename or delete one of them."
        )
    return names


def _is_blank(cell: Any) -> bool:
    return (
        cell is None or (isinstance(cell, float) and math.isnan(cell)) or (isinstance(cell, str) and not cell.strip())
    )


def _column(values: list[Any]) -> pd.Series:
    """Make a column of numbers or dates where all cells are, otherwise of text."""
    values = [None if _is_blank(value) or value is pd.NaT else value for value in values]
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, int | float) for value in present):
        # Whole numbers stay exact (ids beyond 2**53), so that only columns with fractions become floats.
        whole = all(not isinstance(value, float) or value.is_integer() for value in present)
        return pd.Series(
            [None if v is None else int(v) if whole else float(v) for v in values],
            dtype="Int64" if whole else "Float64",
        )
    if present and all(isinstance(value, datetime.date) for value in present):
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object)))
    return _as_text([None if value is None else cell_text(value) for value in values])


def _as_text(cells: list[str | None]) -> pd.Series:
    return pd.Series([None if _is_blank(cell) else cell for cell in cells], dtype="str")


def cell_text(value: Any) -> str:
    """Write one cell as a person would: whole numbers without a point, dates as year-month-day."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)


def _reshape(raw: RawTable, source: Source) -> RawTable:
    """Turn one row per patient into one row per patient and session; sessions without any value are left out."""
    assert source.wide is not None
    wide = source.wide
    needed = {column: [p.replace("{session}", str(s)) for s in wide.sessions] for column, p in wide.columns.items()}
    missing = [
        f"data.{raw.name}.wide.columns.{column}: {', '.join(absent)}{suggest(absent[0], raw.frame.columns)}"
        for column, names in needed.items()
        if (absent := [name for name in names if name not in raw.frame.columns])
    ]
    if missing:
        raise DataError(
            "\n  - ".join([f"{raw.path} lacks columns that the wide patterns name:", *missing])
            + f"\nCorrect the patterns, or list only the sessions that exist under data.{raw.name}.wide.sessions."
        )
    clash = [column for column in [*needed, source.keys.get("session", SESSION)] if column in raw.frame.columns]
    if clash:
        raise DataError(
            f"{raw.path} already has a column {clash[0]!r}, which data.{raw.name}.wide would make. "
            "Give the new column another name."
        )
    used = {name for names in needed.values() for name in names}
    kept = raw.frame[[column for column in raw.frame.columns if column not in used]]
    parts = []
    for position, session in enumerate(wide.sessions):
        part = kept.assign(**{column: raw.frame[names[position]] for column, names in needed.items()})
        part[source.keys.get("session", SESSION)] = session
        parts.append(part[part[list(needed)].notna().any(axis="columns")])
    long = pd.concat(parts).sort_index(kind="stable")
    if long.empty:
        raise DataError(
            f"{raw.path}: the columns that data.{raw.name}.wide names are all blank. Export the table again."
        )
    blank = len(wide.sessions) * len(raw.frame) - len(long)
    note = f"{blank} sessions of the wide file hold no value at all and count as not held."
    return RawTable(
        raw.name, raw.path, long, raw.labels, dict(wide.columns), raw.decimal, (*raw.notes, *([note] if blank else []))
    )
