"""Find the rows of a run that a question is about."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alliance.errors import ConfigError, suggest
from alliance.facts.effects import EFFECTS
from alliance.results.estimates import main_rows
from alliance.trace.query import Printed, Query

ESTIMATES = "estimates"
ESTIMATE = "estimate"
_INTERVAL = (ESTIMATE, "low", "high")
_ACCOUNTS = ("", "_corrected")  # ends of the columns of an estimate as it is, and corrected for unreliable scores
_BESIDE_ESTIMATES = {"n_patients", "n_sessions", "n_therapists", "value"}  # N, and the moderator's value
UNSEARCHED = {"order", "rank", "interval", "session"}
_WORDS = ("model", "outcome", "path", "effect", "level", "horizon", "moderator")
_HEADER = 2  # the first row below the header, as a spreadsheet counts
_MOST_NEAR = 3
_IN_POINTS = EFFECTS.names(lambda effect: effect.in_points)


@dataclass(frozen=True)
class Hit:
    """One row of a table, and the columns in which the number stands."""

    table: str
    row: int  # as a spreadsheet counts: the header is row 1
    columns: tuple[str, ...]
    content: Mapping[str, Any]

    @property
    def address(self) -> str:
        """How to ask for this row."""
        return f"row {self.row}" if self.table == ESTIMATES else f"{self.table} row {self.row}"

    @property
    def is_estimate(self) -> bool:
        """Whether the number is an estimate itself, not a limit of its interval or something in another table."""
        return self.table == ESTIMATES and (not self.columns or ESTIMATE in self.columns)


def find_rows(query: Query, tables: Mapping[str, pd.DataFrame]) -> list[Hit]:
    """Return the rows a question is about, in the order of the tables; what models are asked for stands first.

    Parameters
    ----------
    tables
        The tables that are searched, by name.

    Raises
    ------
    ConfigError
        The table, the row or a word of the question does not exist.
    """
    if query.row is not None:
        return [_at(query, tables)]
    if query.numbers:
        hits = [hit for name, table in tables.items() for hit in _with_numbers(query.numbers, name, table)]
    else:
        hits = _with_words(query.text, tables[ESTIMATES])
    asked = {*main_rows(tables[ESTIMATES]).index + _HEADER} if ESTIMATES in tables else set()
    return sorted(hits, key=lambda hit: (not hit.is_estimate, hit.table == ESTIMATES and hit.row not in asked))


def find_nearest(number: Printed, table: pd.DataFrame) -> list[Hit]:
    """Return the estimates that come nearest to a number that is none of them."""
    values = table[ESTIMATE].to_numpy(dtype=float)
    distance = np.abs(values + number.value if number.negative else np.abs(values) - number.value)
    nearest = np.argsort(distance, kind="stable")[:_MOST_NEAR]
    return [_hit(ESTIMATES, table, int(place), (ESTIMATE,)) for place in nearest]


def _at(query: Query, tables: Mapping[str, pd.DataFrame]) -> Hit:
    assert query.table is not None and query.row is not None
    if query.table not in tables:
        raise ConfigError(
            f"There is no table '{query.table}'.{suggest(query.table, tables)} There are: {', '.join(tables)}."
        )
    table, last = tables[query.table], _HEADER + len(tables[query.table]) - 1
    if table.empty:
        raise ConfigError(f"{query.table} has no rows in this run but its header, so none is row {query.row}.")
    if not _HEADER <= query.row <= last:
        raise ConfigError(f"{query.table} has rows {_HEADER} to {last} (row 1 is the header), not {query.row}.")
    return _hit(query.table, table, query.row - _HEADER, ())


def _with_numbers(numbers: Sequence[Printed], name: str, table: pd.DataFrame) -> Iterator[Hit]:
    if len(numbers) > 1:  # an interval, or an estimate with its interval
        for account in _ACCOUNTS:
            columns = tuple(f"{column}{account}" for column in _INTERVAL[-len(numbers) :])
            if set(columns) <= set(table.columns):
                fits = [_fit(number, table, column) for number, column in zip(numbers, columns, strict=True)]
                places = np.flatnonzero(np.logical_and.reduce(fits))
                yield from (_hit(name, table, int(place), columns) for place in places)
        return
    left_out = UNSEARCHED | (_BESIDE_ESTIMATES if ESTIMATE in table.columns else set())
    searched = [str(column) for column in table.select_dtypes("number").columns if column not in left_out]
    found = {column: _fit(numbers[0], table, column) for column in searched}
    for place in range(len(table)):
        columns = tuple(column for column in searched if found[column][place])
        if columns:
            yield _hit(name, table, place, columns)


def _fit(number: Printed, table: pd.DataFrame, column: str) -> np.ndarray:
    """Return which values of a column are printed like this, differences of shares in percentage points as people read them too."""
    fits = number.fits(table[column])
    if "effect" not in table.columns or not column.startswith((ESTIMATE, "low", "high")):
        return fits
    points = table[column].where(table["effect"].isin(_IN_POINTS)) * 100
    return np.asarray(fits | number.fits(points))


def _with_words(text: str, table: pd.DataFrame) -> list[Hit]:
    """Return the estimates that have every word of a text: a path is one word, and so is a level or a horizon."""
    rest, keep = f" {text.replace('→', '->')} ", np.full(len(table), True)
    known = {str(value) for column in _WORDS for value in table[column].unique() if value}
    for word in sorted(known, key=lambda name: (-len(name), name)):
        pattern = rf"(?<=[\s,]){re.escape(word)}(?=[\s,])"
        if re.search(pattern, rest):
            rest = re.sub(pattern, " ", rest)
            keep &= np.logical_or.reduce([(table[column] == word).to_numpy() for column in _WORDS])
    if unknown := rest.replace(",", " ").split():
        raise ConfigError(
            f"No estimate is about '{unknown[0]}'.{suggest(unknown[0], known)} Ask for a number as the report prints it, for "
            "'row 34', or for words of a row: model, path in quotes, effect, level."
        )
    return [_hit(ESTIMATES, table, int(place), ()) for place in np.flatnonzero(keep)]


def _hit(name: str, table: pd.DataFrame, place: int, columns: Sequence[str]) -> Hit:
    content = {str(column): value for column, value in table.iloc[place].to_dict().items()}
    return Hit(name, place + _HEADER, tuple(columns), content)
