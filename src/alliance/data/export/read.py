"""Read the tables of an export: delimited text, Excel, Parquet, SPSS and Stata.

Everything is kept as it stands: ids keep their leading zeros, rows keep the numbers they have in the user's file.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config.schema import Source
from alliance.data.export.columns import column_of, is_blank
from alliance.data.export.distinct import distinct_cells, on_distinct
from alliance.data.export.fhir import read_questionnaire_responses
from alliance.data.export.grid import column_names
from alliance.data.export.raw import RawTable, damaged, decimal_mark
from alliance.data.export.rows import chosen_rows
from alliance.data.export.statistics_file import read_statistics_file
from alliance.data.export.text import read_text_table
from alliance.data.export.unsaid import fill_down, number_sessions
from alliance.data.export.wide import reshape
from alliance.data.export.workbook import read_workbook
from alliance.errors import DataError, suggest
from alliance.facts.plain import plain_text

_ROWS = ("header_row", "data_row")
# Settings that say something about files of a kind only.
_SETTINGS = {
    "text": ("delimiter", "encoding", *_ROWS),
    "Excel": ("sheet", *_ROWS),
    "Parquet": (),
    "FHIR": (),
    "SPSS and Stata": ("encoding",),
}
_KINDS = {
    ".csv": "text", ".tsv": "text", ".txt": "text", ".xlsx": "Excel", ".xlsm": "Excel", ".parquet": "Parquet",
    ".json": "FHIR", ".ndjson": "FHIR", ".sav": "SPSS and Stata", ".zsav": "SPSS and Stata", ".dta": "SPSS and Stata",
}  # fmt: skip


def read_table(path: str | Path, source: Source, table: str, used: Collection[str] | None = None) -> RawTable:
    """Read one table of the export and reshape it if it is declared as wide.

    Parameters
    ----------
    path
        The file; its ending tells the format.
    source
        The section ``data.<table>`` of the config.
    table
        ``sessions``, ``patients`` or ``therapists``.
    used
        The file's columns that the configuration names; None: all. What is wrong in other columns stops nothing.

    Raises
    ------
    DataError
        The file is missing, empty, damaged or of an unknown format; encoding, delimiter or sheet are wrong, or a setting does not
        concern this format; names of used columns repeat; or a wide pattern names columns that are not there.
    """
    path = Path(path)
    _check_file(path, table)
    kind = _KINDS[path.suffix.lower()]
    for setting in dict.fromkeys(name for names in _SETTINGS.values() for name in names):
        if getattr(source, setting) is not None and setting not in _SETTINGS[kind]:
            kinds = " and ".join(other for other, names in _SETTINGS.items() if setting in names)
            raise DataError(
                f"data.{table}.{setting}: this setting is for {kinds} files; {path.name} is read without it. Remove it."
            )
    raw = _with_plain_text(READERS[kind](path, source, table, used))
    if raw.frame.empty:
        raise DataError(f"{path} has column names but no rows. Export the table again, or correct data.{table}.path.")
    raw = chosen_rows(fill_down(_without_idle_rows(raw, used), source), source)
    return number_sessions(raw if source.wide is None else reshape(raw, source), source)


def _without_idle_rows(raw: RawTable, used: Collection[str] | None) -> RawTable:
    """Leave out rows that repeat the names of the columns, and rows with nothing in any column that is used; tell how many."""
    columns = [column for column in raw.frame.columns if used is None or column in used]
    if not columns:
        return raw
    blank, header = np.ones(len(raw.frame), dtype=bool), np.ones(len(raw.frame), dtype=bool)
    for column in columns:
        blank &= raw.frame[column].isna().to_numpy()
        header &= _repeats(raw.frame[column], column).to_numpy()
    notes = []
    if blank.any() and used is not None:
        notes.append(f"{_rows(blank, 'hold nothing', 'holds nothing')} in any column that is used; not read.")
    if header.any():
        notes.append(
            f"{_rows(header, 'repeat', 'repeats')} the names of the columns, as between files put together; not read."
        )
    kept = ~header & ~(blank & (used is not None))
    return replace(raw, frame=raw.frame[kept], notes=(*raw.notes, *notes)) if notes and kept.any() else raw


@on_distinct
def _repeats(cells: pd.Series, name: str) -> pd.Series:
    return pd.Series([isinstance(cell, str) and cell.strip() == name for cell in cells], index=cells.index, dtype=bool)


def _rows(where: np.ndarray, many: str, one: str) -> str:
    count = int(where.sum())
    return f"1 row {one}" if count == 1 else f"{count:,} rows {many}"


def _with_plain_text(raw: RawTable) -> RawTable:
    """Spell texts in one way (`plain_text`), and tell in how many cells something was there that cannot be seen."""
    changed, frame = 0, raw.frame
    for name in frame.columns:
        if frame[name].dtype != object and not pd.api.types.is_string_dtype(frame[name].dtype):
            continue
        distinct = distinct_cells(frame[name])
        spelled = _spelled_plainly(distinct.cells)
        if spelled is not None:
            changed += int(distinct.spread(spelled["told"]).sum())
            frame = frame.assign(**{name: distinct.spread(spelled["cell"])})
    labels = {
        column: {code: plain_text(label) for code, label in names.items()} for column, names in raw.labels.items()
    }
    note = f"{changed:,} cells hold no-break blanks, invisible characters or letters made of two; they were read as they look."
    return replace(raw, frame=frame, labels=labels, notes=(*raw.notes, *([note] if changed else [])))


def _spelled_plainly(column: pd.Series) -> pd.DataFrame | None:
    """Spell each `cell` in one way, and say where something can be `told` that cannot be seen; None if all are spelled so."""
    cells = [plain_text(cell) if isinstance(cell, str) else cell for cell in column]
    if cells == list(column):
        return None
    # A line break inside a cell is seen, and so nothing to tell.
    told = [
        isinstance(cell, str) and old != cell and "\n" not in str(old) for old, cell in zip(column, cells, strict=True)
    ]
    cells = [None if is_blank(cell) else cell for cell in cells]
    return pd.DataFrame({"cell": pd.Series(cells, dtype=column.dtype), "told": told})


def _check_file(path: Path, table: str) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a folder, not a file. Give the file itself under data.{table}.path.")
    if not path.is_file():
        near = sorted(file.name for file in path.parent.iterdir() if file.is_file()) if path.parent.is_dir() else []
        where = "" if path.parent.is_dir() else f" Its folder {path.parent} does not exist either."
        raise DataError(f"{path} does not exist.{where}{suggest(path.name, near)} Correct data.{table}.path.")
    if path.suffix.lower() not in _KINDS:
        raise DataError(
            f"{path} has an ending that cannot be read ('{path.suffix or 'none'}'). "
            f"Save it as one of {', '.join(_KINDS)} and correct data.{table}.path."
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty. Export the table again, or correct data.{table}.path.")


def _read_csv(path: Path, source: Source, table: str, used: Collection[str] | None) -> RawTable:
    text = read_text_table(path, source, table, used)
    return RawTable(table, str(path), text.frame, decimal=text.decimal, notes=tuple(text.notes))


def _read_parquet(path: Path, source: Source, table: str, used: Collection[str] | None) -> RawTable:
    import pyarrow
    import pyarrow.parquet

    try:
        content = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise damaged(path, "a Parquet file", table, error) from None
    columns = {}
    for name in column_names(content.column_names, path, used):
        columns[name] = _column(content.column(0))
        content = content.remove_column(0)  # held once: as it was read, or as it is kept
    frame = pd.DataFrame(columns, copy=False)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return RawTable(table, str(path), frame, decimal=decimal_mark(source))


def _column(column: Any) -> pd.Series:
    """Make a column of one of a Parquet file: of its different cells, where Arrow can tell which they are."""
    import pyarrow

    try:
        plain = column.cast(column.type.value_type) if pyarrow.types.is_dictionary(column.type) else column
        parts = plain.dictionary_encode().chunks
    except pyarrow.ArrowNotImplementedError:  # lists, for instance
        return column_of(_cells(column))
    different = _cells(parts[0].dictionary) if parts else []
    places = [part.indices.fill_null(len(different)).to_numpy(zero_copy_only=False) for part in parts]
    made = column_of([*different, None])
    return pd.Series(made.array.take(np.concatenate([*places, np.empty(0, dtype=np.intp)], dtype=np.intp)))


def _cells(column: Any) -> list[Any]:
    """Return the cells of a Parquet column; of dates that Python does not know, the numbers behind them as text."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        behind = column.cast(f"int{column.type.bit_width}")
        return [None if value is None else str(value) for value in behind.to_pylist()]


READERS: dict[str, Callable[[Path, Source, str, Collection[str] | None], RawTable]] = {
    "text": _read_csv,
    "Excel": read_workbook,
    "Parquet": _read_parquet,
    "FHIR": read_questionnaire_responses,
    "SPSS and Stata": read_statistics_file,
}
