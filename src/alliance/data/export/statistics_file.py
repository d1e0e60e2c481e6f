"""Read files of SPSS and Stata: their labels and what they declare as missing; dates that do not exist cost nothing."""

import codecs
import datetime
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config.schema import Source
from alliance.data.export.columns import column_of
from alliance.data.export.grid import column_names
from alliance.data.export.raw import RawTable, damaged, decimal_mark
from alliance.errors import DataError
from alliance.facts.plain import plain_text

_BEGINNING = {"spss": datetime.datetime(1582, 10, 14), "stata": datetime.datetime(1960, 1, 1)}
# What a number stands for, by the beginning of its column's format: seconds, milliseconds or days since the beginning.
_DATES = {
    "spss": {"DATE": 1.0, "ADATE": 1.0, "EDATE": 1.0, "SDATE": 1.0, "JDATE": 1.0, "DATETIME": 1.0, "YMDHMS": 1.0},
    "stata": {"%td": 86400.0, "%d": 86400.0, "%tc": 0.001, "%tC": 0.001},
}  # fmt: skip
_PERIODS = {"%tm": 12, "%tq": 4, "%th": 2, "%ty": 1, "%tw": 52}  # of Stata: how many make a year
_TIMES = ("TIME", "DTIME", "MTIME")
_FORMAT = {"spss": re.compile(r"[A-Z]+"), "stata": re.compile(r"%-?(t[a-zA-Z]|d)")}


def read_statistics_file(path: Path, source: Source, table: str, used: Collection[str] | None) -> RawTable:
    """Read a `.sav`, `.zsav` or `.dta` file.

    Raises
    ------
    DataError
        The file is damaged, or not in the declared encoding.
    """
    import pyreadstat

    program = "stata" if path.suffix.lower() == ".dta" else "spss"
    reader = pyreadstat.read_dta if program == "stata" else pyreadstat.read_sav
    _check_encoding(source.encoding, table)
    try:
        content, meta = reader(
            path, apply_value_formats=False, output_format="dict", encoding=source.encoding,
            disable_datetime_conversion=True, user_missing=program == "spss",
        )  # fmt: skip
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as error:
        what = "a Stata file" if program == "stata" else "an SPSS file"
        raise damaged(path, what if source.encoding is None else f"{what} in {source.encoding}", table, error) from None
    names = column_names(meta.column_names, path, used)
    columns, notes = {}, []
    ranges: Mapping[str, Any] = meta.missing_ranges
    for name, key in zip(names, meta.column_names, strict=True):
        cells, blanked = _without_missing(list(content[key]), ranges.get(key, ()))
        if blanked and (used is None or name in used):
            notes.append(
                f"{blanked} cell{'s' * (blanked > 1)} of column {name} hold{'s' * (blanked == 1)} what SPSS declares as missing and "
                f"count{'s' * (blanked == 1)} as missing."
            )
        columns[name] = column_of(_with_dates(cells, program, str(meta.original_variable_types.get(key) or "")))
    frame = pd.DataFrame(columns)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    keys = dict(zip(meta.column_names, names, strict=True))
    labels: dict[str, dict[object, str]] = {}
    for key, values in meta.variable_value_labels.items():
        labels[keys[key]] = dict(values.items())
    titles = {keys[key]: title for key, title in meta.column_names_to_labels.items() if title}
    levels = {keys[key]: str(level) for key, level in meta.variable_measure.items() if level != "unknown"}
    missing = {keys[key]: _in_words(declared) for key, declared in ranges.items() if declared}
    return RawTable(
        table, str(path), frame, labels, titles, levels, missing, decimal=decimal_mark(source), notes=tuple(notes)
    )


@lru_cache(maxsize=4)
def _titles(path: Path, encoding: str, _changed: float) -> dict[str, str]:
    import pyreadstat

    reader = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    _, meta = reader(path, metadataonly=True, encoding=encoding or None)
    return {plain_text(name).strip(): title for name, title in meta.column_names_to_labels.items() if title}


def read_titles(path: Path, encoding: str = "") -> dict[str, str]:
    """Return what a `.sav`, `.zsav` or `.dta` file calls its columns in words; nothing of one that cannot be read."""
    try:
        return _titles(path, encoding, path.stat().st_mtime)
    except Exception:  # whatever is wrong with the file is said where it is read
        return {}


def _in_words(ranges: Sequence[Mapping[str, Any]]) -> str:
    """Write what a file declares as missing: ``-9, 97 to 99``."""
    ends = [
        tuple(f"{end:g}" if isinstance(end, float) else str(end) for end in (one["lo"], one["hi"])) for one in ranges
    ]
    return ", ".join(low if low == high else f"{low} to {high}" for low, high in ends)


def _check_encoding(encoding: str | None, table: str) -> None:
    try:
        codecs.lookup(encoding or "utf-8")
    except (LookupError, ValueError):
        raise DataError(
            f"data.{table}.encoding: '{encoding}' is not an encoding. Use utf-8, cp1252 or latin-1, or remove the setting."
        ) from None


def _without_missing(cells: list[Any], ranges: Sequence[Mapping[str, Any]]) -> tuple[list[Any], int]:
    """Blank the values that the file itself declares as missing, and count them."""
    blanked = 0
    for place, cell in enumerate(cells):
        if any(_lies_in(cell, limits["lo"], limits["hi"]) for limits in ranges):
            cells[place] = None
            blanked += 1
    return cells, blanked


def _lies_in(cell: Any, low: Any, high: Any) -> bool:
    if isinstance(cell, str) or isinstance(low, str):
        return isinstance(cell, str) and cell.strip() == str(low).strip()
    return cell is not None and bool(low <= cell <= high)


def _with_dates(cells: list[Any], program: str, column_format: str) -> list[Any]:
    """Turn numbers that stand for dates into dates, and those for times of a day into text."""
    found = _FORMAT[program].match(column_format)
    kind = found.group(0).replace("-", "") if found else ""
    if program == "spss" and kind in _TIMES:
        return [cell if _is_empty(cell) else str(datetime.timedelta(seconds=float(cell))) for cell in cells]
    if program == "stata" and kind in _PERIODS:
        return [_period(cell, kind) for cell in cells]
    seconds = _DATES[program].get(kind)
    return cells if seconds is None else [_date(cell, _BEGINNING[program], seconds) for cell in cells]


def _period(cell: Any, kind: str) -> Any:
    """Return the first day of a month, quarter, week or year of Stata: weeks begin anew each year, and the last one is longer."""
    if _is_empty(cell):
        return cell
    year, place = divmod(int(cell), _PERIODS[kind])
    if kind == "%ty":
        year, place = int(cell) - 1960, 0
    try:
        if kind == "%tw":
            return datetime.datetime(1960 + year, 1, 1) + datetime.timedelta(days=7 * place)
        return datetime.datetime(1960 + year, 1 + place * (12 // _PERIODS[kind]), 1)
    except (ValueError, OverflowError):
        return f"{float(cell):g}"


def _is_empty(cell: Any) -> bool:
    return cell is None or isinstance(cell, str) or cell != cell


def _date(cell: Any, beginning: datetime.datetime, seconds: float) -> Any:
    """Return the date a number stands for; the number as text if there is no such date, for the checks to point at."""
    if _is_empty(cell):
        return cell
    try:
        return beginning + datetime.timedelta(seconds=float(cell) * seconds)
    except OverflowError:
        return f"{float(cell):g}"
