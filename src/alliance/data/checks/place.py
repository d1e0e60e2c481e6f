"""How checks say where something was found, and what they may quote of it."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from alliance.data.checks.finding import Finding, Severity
from alliance.data.export.cells import as_text
from alliance.data.export.mapping import Typed, key_parts
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.quoting import shown, text_of

OF_ONE = {"have": "has", "are": "is", "hold": "holds", "name": "names", "repeat": "repeats", "belong": "belongs"}
_LISTED = 8  # cells that a message lists


def found(
    table: Typed,
    rule: str,
    where: pd.Series,
    column: str | None,
    what: str,
    remedy: str,
    *,
    severity: Severity = "error",
    value: str | None = None,
) -> list[Finding]:
    """Make one finding of the rows where something holds, or none.

    Parameters
    ----------
    where
        True for each row concerned, shape (n_rows,).
    column
        The user's column; None if the rows as a whole are concerned.
    what
        End of the sentence ``12 rows of sessions.csv ...``, e.g. "have no patient id"; its verb is adapted to one row.
        Rows of patients who are left out on purpose do not count.
    """
    where = where & ~table.excluded
    count = int(where.sum())
    if not count:
        return []
    position = int(where.to_numpy().argmax())
    row = int(table.rows[position])
    named = shown_column(table, column, position)
    place = f"row {row}" + (f", column {named}" if named else "")
    file = Path(table.raw.path).name
    if count == 1:
        verb, _, rest = what.partition(" ")
        what = f"{OF_ONE.get(verb, verb)} {rest}"
    head = f"1 row of {file} ({place})" if count == 1 else f"{count:,} rows of {file} (first: {place})"
    value = None if value is None else shown_cell(table, column, value)
    return [Finding(severity, rule, table.name, f"{head} {what}.", remedy, row, named, value, count)]


def shown_column(table: Typed, column: str | None, position: int) -> str | None:
    """Return the name a column has in the user's file; reshaped columns are named after the session of the row."""
    if column is None or column not in table.raw.patterns:
        return column
    session = table.column(table.key_column(SESSION))[position]
    return table.raw.patterns[column].get(session, column)


def about_table(
    table: Typed, rule: str, message: str, remedy: str, *, severity: Severity = "error", column: str | None = None,
    value: str | None = None, count: int = 1,
) -> Finding:  # fmt: skip
    """Make a finding about a table or one of its columns as a whole."""
    value = None if value is None else shown_cell(table, column, value)
    return Finding(severity, rule, table.name, message, remedy, None, column, value, count)


def cell_value(table: Typed, column: str, where: pd.Series) -> str | None:
    """Return the first value concerned as text, to be looked at; what a message says of it is `quote_cell`'s."""
    where = where & ~table.excluded
    if not where.any():
        return None
    position = int(where.to_numpy().argmax())
    return str(as_text(table.column(column)[position : position + 1]).iloc[0])


def quote_cell(table: Typed, column: str, text: str) -> str:
    """Return a cell of a column in quotation marks if messages may show it, otherwise what they may say of it."""
    shown_text = shown_cell(table, column, text)
    return f"'{text}'" if shown_text == text else shown_text


def shown_cell(table: Typed, column: str | None, text: str) -> str:
    """Return a cell of a column as messages may show it; numbers are shown, but not those in a column of ids."""
    declared = {label for m in table.measures if m.column == column for label in (*m.labels, *m.answers)}
    parts = key_parts(table.source)
    ids = {name for key in (PATIENT, THERAPIST) if key in parts for name in (*parts[key], " + ".join(parts[key]))}
    if column in ids and text not in declared:
        return text_of(text)
    return shown(text, declared)


def quote_cells(table: Typed, column: str, texts: Iterable[str]) -> str:
    """List cells of a column: in quotation marks those that messages may show, of the others how many and how long they are."""
    said = {text: quote_cell(table, column, text) for text in texts}
    listed = [cell for cell in said.values() if cell.startswith("'")][:_LISTED]
    lengths = sorted(len(text) for text, cell in said.items() if not cell.startswith("'"))
    if lengths:
        size = f"{lengths[0]}" if lengths[0] == lengths[-1] else f"{lengths[0]} to {lengths[-1]}"
        listed.append(f"{len(lengths)} text{'s' * (len(lengths) > 1)} of {size} characters")
    return ", ".join(listed)
