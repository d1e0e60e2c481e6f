"""How checks say where something was found."""

from pathlib import Path

import pandas as pd

from alliance.data.checks.finding import Finding, Severity
from alliance.data.export.cells import as_text
from alliance.data.export.mapping import Typed
from alliance.facts.columns import SESSION

_OF_ONE = {"have": "has", "are": "is", "hold": "holds", "name": "names", "repeat": "repeats", "belong": "belongs"}


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
    shown = shown_column(table, column, position)
    place = f"row {row}" + (f", column {shown}" if shown else "")
    file = Path(table.raw.path).name
    if count == 1:
        verb, _, rest = what.partition(" ")
        what = f"{_OF_ONE.get(verb, verb)} {rest}"
    head = f"1 row of {file} ({place})" if count == 1 else f"{count} rows of {file} (first: {place})"
    value = None if value is None else value[:60]
    return [Finding(severity, rule, table.name, f"{head} {what}.", remedy, row, shown, value, count)]


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
    return Finding(severity, rule, table.name, message, remedy, None, column, value, count)


def cell_value(table: Typed, column: str, where: pd.Series) -> str | None:
    """Return the first value concerned as text, shortened; never to be used for ids."""
    if not where.any():
        return None
    position = int(where.to_numpy().argmax())
    return str(as_text(table.column(column)[position : position + 1]).iloc[0])
