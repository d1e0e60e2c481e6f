"""What people see in a file and a program does not: a cell that holds for the blank ones below it, a session that has a name."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from alliance.config.patterns import numbers_in
from alliance.config.schema import Source
from alliance.data.export.cells import as_text
from alliance.data.export.columns import column_of
from alliance.data.export.distinct import on_distinct
from alliance.data.export.mapping import key_columns, key_parts
from alliance.data.export.raw import RawTable
from alliance.errors import DataError, suggest
from alliance.facts.columns import PATIENT, SESSION

_OWN_VALUE = 0.8  # share of patients whose first row has a value, from which blocks are patients


def fill_down(raw: RawTable, source: Source) -> RawTable:
    """Let blank cells of the declared columns take the value of the cell above, as merged and grouped cells mean.

    Raises
    ------
    DataError
        A declared column is not there, or its first cell is blank.
    """
    columns = source.fill_down or []
    place = f"data.{raw.name}.fill_down"
    for column in columns:
        if column not in raw.frame:
            raise DataError(
                f"{place}: {raw.path} has no column '{column}'.{suggest(column, raw.frame.columns)} Correct the name."
            )
        if raw.frame[column].isna().iloc[:1].any():
            raise DataError(
                f"{place}: the first cell of column '{column}' in {raw.path} is blank, so nothing stands above it. "
                f"Fill in that cell, or take the column out of {place}."
            )
    blank = sum(int(raw.frame[column].isna().sum()) for column in columns)
    if not blank:
        return raw
    note = f"{blank} blank cells took the value above them (fill_down: {', '.join(columns)})."
    frame = raw.frame
    ids = [part for part in key_parts(source).get(PATIENT, ()) if part in frame]
    # Ids first: whose rows these are says where the other columns' blocks end.
    for column in sorted(columns, key=lambda name: name not in ids):
        frame = frame.assign(**{column: _filled(frame, column, [] if column in ids else ids)})
    left = sum(int(frame[column].isna().sum()) for column in columns)
    kept = f" {left} stayed blank: they begin the rows of a patient for whom nothing is given, and most patients have a value of their own."
    notes = (*raw.notes, note.replace(str(blank), str(blank - left), 1) + kept * bool(left))
    return replace(raw, frame=frame, notes=notes)


def _filled(frame: pd.DataFrame, column: str, ids: list[str]) -> pd.Series:
    """Fill a column from above, but not into the rows of the next patient where (nearly) each patient has a value of their own."""
    cells = frame[column]
    if ids:
        whose = frame[ids].ffill()
        begins = (whose != whose.shift()).any(axis="columns")
        if cells[begins].notna().mean() >= _OWN_VALUE:
            return cells.groupby(begins.cumsum()).ffill()
    return cells.ffill()


def number_sessions(raw: RawTable, source: Source) -> RawTable:
    """Turn the declared names of sessions into their numbers; other cells stay as they are, for the checks to point at."""
    column, names = key_columns(source).get(SESSION), source.session_names
    if names is None or column is None or column not in raw.frame:
        return raw
    text = as_text(raw.frame[column]).str.strip()
    known = names if isinstance(names, dict) else {}
    if isinstance(names, str):
        for cell in text.dropna().unique():
            numbers = numbers_in(names, SESSION, [cell])
            known.update({cell: numbers[0]} if numbers else {})
    numbered = _numbered(raw.frame[column], known)
    patterns = {
        made: {known.get(str(session), session): name for session, name in names.items()}
        for made, names in raw.patterns.items()
    }
    return replace(raw, frame=raw.frame.assign(**{column: numbered}), patterns=patterns)


@on_distinct
def _numbered(column: pd.Series, known: Mapping[str, int]) -> pd.Series:
    names = as_text(column).str.strip()
    return column_of([known.get(str(name), cell) for name, cell in zip(names, column, strict=True)])


def session_pattern(cells: pd.Series) -> str | None:
    """Return the pattern that all texts follow if they are the same but for one number, as in S1, S2, S10."""
    shapes = cells.dropna().drop_duplicates().str.strip().str.extract(r"^(\D*)(\d+)(\D*)$")
    if shapes.empty or shapes.isna().to_numpy().any() or shapes[[0, 2]].drop_duplicates().shape[0] != 1:
        return None
    before, after = shapes[0].iloc[0], shapes[2].iloc[0]
    zeros = shapes[1].str.startswith("0").any() and shapes[1].str.len().nunique() == 1
    return f"{before}{{session{f':0{len(shapes[1].iloc[0])}d' if zeros else ''}}}{after}" if before or after else None
