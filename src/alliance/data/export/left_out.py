"""Which rows of the export are left out on purpose: patients by name, and rows by what they hold (`cleaning.exclude`, `cleaning.only`).

A condition on patients or therapists is one on all their rows, in each table. Nothing in such rows is an error.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from alliance.config.cleaning import Cleaning
from alliance.config.conditions import Between, Condition
from alliance.data.export.distinct import is_among
from alliance.data.export.mapping import Typed
from alliance.facts.columns import PATIENT, SESSION, THERAPIST

# What a condition on a table is one on, in the others.
_OWNERS = {"patients": PATIENT, "therapists": THERAPIST}


def leave_out(tables: Mapping[str, Typed], cleaning: Cleaning) -> dict[str, Typed]:
    """Mark rows that a condition leaves out, beside those of patients who are left out by name.

    Rows without the value that a condition looks at stay where it says what is left out, and go where it says what is kept.
    """
    marked = dict(tables)
    for conditions, keeps in ((cleaning.exclude.where, False), (cleaning.only, True)):
        for name, condition in conditions.items():
            for table, rows in _chosen(name, condition, marked).items():
                gone = ~rows if keeps else rows
                marked[table] = replace(marked[table], excluded=marked[table].excluded | gone)
    return marked


def matches_nothing(name: str, condition: Condition, tables: Mapping[str, Typed]) -> bool:
    """Whether no row is chosen by a condition on a column that is there."""
    found = [rows.any() for rows in _chosen(name, condition, tables).values()]
    return bool(found) and not any(found)


def _chosen(name: str, condition: Condition, tables: Mapping[str, Typed]) -> dict[str, pd.Series]:
    """Return the rows of each table that a condition chooses; nothing where its column is not there, which the checks tell."""
    for table, typed in tables.items():
        values = typed.keys if name == SESSION and table == "sessions" else typed.values
        if name not in values:
            continue
        rows = _holds(values[name], condition)
        owner = _OWNERS.get(table)
        if owner is None or owner not in typed.keys:
            return {table: rows}
        units = typed.keys.loc[rows, owner].dropna()
        chosen = {other: is_among(one.keys[owner], units) for other, one in tables.items() if owner in one.keys}
        if owner == THERAPIST:
            chosen = _with_patients(chosen, tables)
        return chosen
    return {}


def _with_patients(chosen: dict[str, pd.Series], tables: Mapping[str, Typed]) -> dict[str, pd.Series]:
    """Choose sessions by the therapist of their patient where the sessions name none."""
    if "sessions" in chosen or "patients" not in chosen or PATIENT not in tables["sessions"].keys:
        return chosen
    patients = tables["patients"].keys.loc[chosen["patients"], PATIENT]
    return {**chosen, "sessions": is_among(tables["sessions"].keys[PATIENT], patients)}


def _holds(values: pd.Series, condition: Condition) -> pd.Series:
    """Return where values meet a condition; a missing one meets none."""
    if isinstance(condition, Between):
        met = pd.Series(True, index=values.index)
        numbers = pd.to_numeric(values, errors="coerce")
        if condition.above is not None:
            met &= numbers > condition.above
        if condition.below is not None:
            met &= numbers < condition.below
        return met & numbers.notna()
    if pd.api.types.is_numeric_dtype(values):
        return values.isin([float(value) for value in condition if _is_number(value)])
    return values.astype("object").isin([_as_label(value) for value in condition])


def _is_number(value: float | str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _as_label(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
