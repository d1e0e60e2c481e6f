"""What can be seen of a table without knowing what it means: the kind, range and spread of each column."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from alliance.config.cleaning import Ids
from alliance.config.schema import Source
from alliance.data.checks.codes import looks_like_a_code
from alliance.data.export.cells import as_number, as_text, comparable_ids, group_mark
from alliance.data.export.raw import RawTable
from alliance.data.export.read import read_table
from alliance.data.export.unsaid import fill_down
from alliance.errors import DataError
from alliance.facts.quoting import means_missing
from alliance.first.words import PATIENT, THERAPIST, has_word

Kind = Literal["blank", "whole", "number", "date", "text"]
_MOSTLY = 0.9  # share of numbers in a column of numbers; the checks list the other cells
_ENOUGH = 10  # other values from which it can be told that a number lies apart
_ATTEMPTS = 4
_GROUPED = 0.5  # share of filled cells up to which ids may stand for the rows below them
_IDS = Ids(strip=True, fold_case=True, strip_leading_zeros=True)


@dataclass(frozen=True, eq=False)
class Column:
    """One column as it looks.

    Parameters
    ----------
    cells
        As they were read, missing where they are blank or hold a word for "missing".
    numbers
        The cells as numbers, without codes for "missing"; NaN elsewhere.
    words
        Words for "missing" that stand in the column (`#NULL!`, `NA`).
    codes
        Numbers that look like codes for "missing" and lie apart from all others.
    labels
        Value labels that the file declares.
    unclear
        Whether numbers such as 1.250 can be read in two ways.
    """

    name: str
    kind: Kind
    cells: pd.Series
    numbers: pd.Series
    words: tuple[str, ...] = ()
    codes: tuple[float, ...] = ()
    labels: dict[object, str] = field(default_factory=dict)
    unclear: bool = False

    @cached_property
    def text(self) -> pd.Series:
        """The cells as text without outer blanks."""
        return as_text(self.cells).str.strip()

    @cached_property
    def ids(self) -> pd.Series:
        """The cells as ids are compared: small letters, no leading zeros."""
        return comparable_ids(self.cells, _IDS)

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return int(self.text.nunique())

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return int(self.text.notna().sum())

    @property
    def low(self) -> float:
        """Smallest number."""
        return float(self.numbers.min())

    @property
    def high(self) -> float:
        """Largest number."""
        return float(self.numbers.max())

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.kind in ("whole", "number")


@dataclass(frozen=True, eq=False)
class Table:
    """A file as it looks, and the settings that its reader needed."""

    path: Path
    raw: RawTable
    settings: dict[str, Any]
    columns: dict[str, Column]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.raw.frame)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns.values())


def look_at(path: Path) -> Table:
    """Read a file with whatever settings its reader asks for, and look at its columns.

    Raises
    ------
    DataError
        The file cannot be read, and no setting would help.
    """
    if not path.exists():
        raise DataError(
            f"{path} does not exist. Give the path of the file that you exported, as in: alliance new data/raw/export.csv"
        )
    settings: dict[str, Any] = {}
    for attempt in range(_ATTEMPTS):
        try:
            raw = read_table(path, Source(path=str(path), keys={}, **settings), "sessions", ())
            break
        except DataError as error:
            if attempt == _ATTEMPTS - 1 or not error.settings or error.settings.items() <= settings.items():
                raise
            settings.update(error.settings)
    named = [name for name in raw.frame.columns if "(column " not in name]
    with suppress(DataError):  # about single columns, and perhaps of those that nobody needs
        # The decimal mark is found from columns in use.
        raw = read_table(path, Source(path=str(path), keys={}, **settings), "sessions", named)
    if path.suffix.lower() in (".csv", ".tsv", ".txt") and raw.decimal == ",":
        settings["decimal"] = ","
    grouped = [name for name in named if has_word(name, PATIENT | THERAPIST) and _begins_blocks(raw.frame[name])]
    if grouped:
        settings["fill_down"] = grouped
        raw = fill_down(raw, Source(path=str(path), keys={}, **settings))
    return Table(path, raw, settings, columns_of(raw))


def _begins_blocks(cells: pd.Series) -> bool:
    """Whether ids stand in the first row of a block only, as in merged cells."""
    given = cells.notna()
    followed = (~given).shift(-1, fill_value=True)
    return bool(given.iloc[0] and given.mean() <= _GROUPED and followed[given].mean() >= _MOSTLY)


def columns_of(raw: RawTable) -> dict[str, Column]:
    """Look at every column that has a name of its own."""
    return {name: _column(raw, name) for name in raw.frame.columns if "(column " not in name}


def _column(raw: RawTable, name: str) -> Column:
    cells = raw.frame[name].reset_index(drop=True)
    text = as_text(cells).str.strip()
    missing = text.map(lambda cell: means_missing(cell), na_action="ignore").eq(True)
    words = tuple(sorted(text[missing].unique()))
    cells = cells.where(~missing & text.notna() & (text != ""))
    present = int(cells.notna().sum())
    labels = raw.labels.get(name, {})
    nothing = pd.Series(np.nan, index=cells.index)
    if not present:
        return Column(name, "blank", cells, nothing, words, labels=labels)
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return Column(name, "date", cells, nothing, words, labels=labels)
    if pd.api.types.is_bool_dtype(cells.dtype):
        return Column(name, "text", cells, nothing, words, labels=labels)
    numbers, wrong = as_number(cells, raw.decimal)
    grouped = text[wrong].map(group_mark).notna()
    unclear = bool(grouped.any())
    if unclear:
        numbers, wrong = as_number(cells, raw.decimal, "none")
    if wrong.sum() > (1 - _MOSTLY) * present:
        return Column(name, "text", cells, nothing, words, labels=labels)
    codes = _codes_apart(numbers, labels)
    numbers = numbers.mask(numbers.isin(codes))
    whole = bool((numbers.dropna() % 1 == 0).all())
    return Column(name, "whole" if whole else "number", cells, numbers, words, tuple(codes), labels, unclear)


def _codes_apart(numbers: pd.Series, labels: dict[object, str]) -> list[float]:
    """Return the numbers that look like codes for "missing" and lie apart from the others, or are labelled so."""
    counts = numbers.value_counts()
    labelled = {float(code) for code, label in labels.items() if isinstance(code, int | float) and means_missing(label)}
    codes = [float(value) for value in counts.index if value in labelled or looks_like_a_code(value)]
    others = numbers[~numbers.isin(codes)].dropna()
    if len(others) < _ENOUGH:
        return sorted(labelled.intersection(codes))
    low, high = float(others.min()), float(others.max())
    beyond = high + max(0.5 * (high - low), 1.0)
    return sorted(code for code in codes if code in labelled or (code < 0 <= low) or code > beyond)
