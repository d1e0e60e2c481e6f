"""One row per patient becomes one row per patient and session."""

from collections.abc import Collection, Iterable
from dataclasses import replace

import pandas as pd

from alliance.config.layout import Wide
from alliance.config.patterns import fill, holes, numbers_in, padded
from alliance.config.schema import Source
from alliance.data.export.columns import column_of
from alliance.data.export.mapping import key_columns
from alliance.data.export.raw import RawTable
from alliance.errors import DataError, suggest
from alliance.facts.columns import SESSION

_DIGITS = (2, 3)  # numbers with leading zeros are written with so many


def columns_behind(source: Source, mapped: Iterable[str]) -> set[str]:
    """Return the columns of the file behind the columns that the configuration maps."""
    if source.wide is None:
        return set(mapped)
    found: set[str] = set()
    for column in mapped:
        made = [names for key in source.wide.columns if (names := _made_from(source.wide, key, column)) is not None]
        found.update(*(made or [[column]]))
    return found - {key_columns(source)[SESSION]}


def _made_from(wide: Wide, key: str, column: str) -> list[str] | None:
    """Return the columns of all sessions that one long column is made from; None if this pattern does not make it."""
    if not holes(key, "item"):
        return [name for name in wide.names(key) if name is not None] if key == column else None
    items = numbers_in(key, "item", [column])
    return [fill(name, item=items[0]) for name in wide.names(key) if name is not None] if items else None


def reshape(raw: RawTable, source: Source) -> RawTable:
    """Turn one row per patient into one row per patient and session; sessions without any value are left out.

    Raises
    ------
    DataError
        A pattern names columns that are not there, a new column is there already, or all is blank.
    """
    assert source.wide is not None
    wide = source.wide
    needed = _needed(wide, raw)
    missing = [
        f"data.{raw.name}.wide.columns.{column}: {', '.join(absent)}{_hint(wide, column, absent[0], raw.frame.columns)}"
        for column, names in needed.items()
        if (absent := [name for name in names if name is not None and name not in raw.frame.columns])
    ]
    if missing:
        raise DataError(
            "\n  - ".join([f"{raw.path} lacks columns that the wide patterns name:", *missing])
            + f"\nCorrect the patterns, give a list of columns instead (one for each session, null where there is none), "
            f"or list only the sessions that exist under data.{raw.name}.wide.sessions."
        )
    session_column = key_columns(source)[SESSION]
    used = {name for names in needed.values() for name in names if name is not None}
    clash = [column for column in [*needed, session_column] if column in raw.frame.columns and column not in used]
    if clash:
        raise DataError(
            f"{raw.path} already has a column {clash[0]!r}, which data.{raw.name}.wide would make. "
            "Give the new column another name."
        )
    kept = raw.frame[[column for column in raw.frame.columns if column not in used]]
    parts = []
    for position, session in enumerate(wide.sessions):
        part = kept.copy()
        for column, names in needed.items():
            name = names[position]
            part[column] = pd.Series(None, index=part.index, dtype=object) if name is None else raw.frame[name]
        part[session_column] = session
        parts.append(part[part[list(needed)].notna().any(axis="columns")])
    long = pd.concat(parts).sort_index(kind="stable")
    if long.empty:
        raise DataError(
            f"{raw.path}: the columns that data.{raw.name}.wide names are all blank. Export the table again."
        )
    for column, names in needed.items():
        if None in names:  # a column that is blank at some sessions is of the type it has at the others
            long[column] = column_of([None if pd.isna(cell) else cell for cell in long[column]]).set_axis(long.index)
    blank = len(wide.sessions) * len(raw.frame) - len(long)
    note = f"{blank:,} sessions of the wide file hold no value at all and count as not held."
    patterns = {
        column: {session: name for session, name in zip(wide.sessions, names, strict=True) if name is not None}
        for column, names in needed.items()
    }
    firsts = {column: next(name for name in names if name is not None) for column, names in needed.items()}
    notes = (*raw.notes, *([note] if blank else []), *_left_out(wide, raw))
    return replace(
        raw, frame=long, labels=_of_made(raw.labels, firsts), titles=_of_made(raw.titles, firsts),
        levels=_of_made(raw.levels, firsts), missing=_of_made(raw.missing, firsts), patterns=patterns, notes=notes,
    )  # fmt: skip


def _left_out(wide: Wide, raw: RawTable) -> list[str]:
    """Say which columns a pattern would name at sessions that are not listed."""
    present: Collection[str] = set(raw.frame.columns)
    beyond = {
        number: fill(pattern, session=number)
        for pattern in wide.columns.values()
        if isinstance(pattern, str) and not holes(pattern, "item")
        for number in numbers_in(pattern, "session", present)
        if number not in wide.sessions
    }
    if not beyond:
        return []
    listed = ", ".join(str(number) for number in sorted(beyond))
    return [
        f"Column {beyond[min(beyond)]} fits a wide pattern too, but wide.sessions does not list {listed}: not read."
    ]


def _of_made[T](said: dict[str, T], firsts: dict[str, str]) -> dict[str, T]:
    """Let what a file says about a column hold for the column that it begins."""
    return {**said, **{column: said[name] for column, name in firsts.items() if name in said}}


def _needed(wide: Wide, raw: RawTable) -> dict[str, list[str | None]]:
    """Return new column -> the file's column at each session; a pattern with {item} makes a column for each item."""
    needed: dict[str, list[str | None]] = {}
    for key in wide.columns:
        names = wide.names(key)
        if not holes(key, "item"):
            needed[key] = names
            continue
        present: Collection[str] = set(raw.frame.columns)
        items = sorted({item for name in names if name is not None for item in numbers_in(name, "item", present)})
        for item in items or [1]:
            needed[fill(key, item=item)] = [None if name is None else fill(name, item=item) for name in names]
    return needed


def _hint(wide: Wide, column: str, absent: str, known: Iterable[str]) -> str:
    """Suggest a pattern with leading zeros if that names columns that exist, otherwise the nearest column."""
    pattern = wide.columns.get(column)
    present = set(known)
    for digits in _DIGITS:
        if isinstance(pattern, str):
            other = padded(pattern, "session", digits)
            if all(fill(other, session=session) in present for session in wide.sessions):
                return f'. Numbers have leading zeros there: write "{other}".'
    return suggest(absent, present)
