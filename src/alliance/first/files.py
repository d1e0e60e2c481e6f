"""Several files: which holds the sessions, which the patients, which the therapists."""

from collections.abc import Sequence

import pandas as pd

from alliance.first.draft import Draft, plural
from alliance.first.patients import candidates
from alliance.first.table import Column, Table
from alliance.first.words import THERAPIST, has_word

_SHARED = 0.5  # share of ids that another table has to know
_UNIQUE = 0.95


def with_sessions_first(tables: Sequence[Table]) -> list[Table]:
    """Put the table of sessions first: the one in which patients come back most, otherwise the one with the most columns."""

    def rate(table: Table) -> tuple[float, int]:
        ids = [column for column, _ in candidates(table)]
        return (ids[0].filled if ids and ids[0].filled > 1.3 * ids[0].distinct else 0.0, len(table.columns))

    return sorted(tables, key=rate, reverse=True)


def find_patients_table(draft: Draft) -> None:
    """Recognise a file of patients by ids of the sessions, each in one row."""
    column = _find_table(draft, "patient", draft.patient)
    if column is None:
        return
    for other in draft.tables["patients"]:
        if has_word(other.name, THERAPIST) and other.kind in ("whole", "text") and 1 < other.distinct < column.distinct:
            draft.keys["patients"]["therapist"] = other.name
            break


def find_therapists_table(draft: Draft) -> None:
    """Recognise a file of therapists by their ids, each in one row; sessions or patients name them."""
    for table in ("sessions", "patients"):
        named = draft.keys.get(table, {}).get("therapist")
        if named is not None:
            _find_table(draft, "therapist", draft.tables[table].columns[named])
            return


def _find_table(draft: Draft, unit: str, ids: Column) -> Column | None:
    """Take the file with one row for each of these ids into the draft; return its column of them."""
    found = _table_of(draft, ids)
    if found is None:
        return None
    (table, column), name = found, f"{unit}s"
    draft.tables[name] = table
    draft.keys[name] = {unit: column.name}
    draft.settings[name] = dict(table.settings)
    draft.say(
        f"{name}.path",
        f"{name}: {table.path.name}, column `{column.name}`",
        "sure",
        f"{plural(column.distinct, unit)}, each in one row",
    )
    return column


def _table_of(draft: Draft, ids: Column) -> tuple[Table, Column] | None:
    """Return the file, and its column, that holds these ids, each once; it is not looked at again."""
    known = set(_compared(ids))
    for table in draft.others:
        for column in table:
            if column.kind not in ("whole", "text") or column.distinct < _UNIQUE * column.filled:
                continue
            if len(known & set(_compared(column))) >= _SHARED * len(known):
                draft.others.remove(table)
                return table, column
    return None


def _compared(column: Column) -> pd.Series:
    return column.ids.dropna()
