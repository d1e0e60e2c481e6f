"""What tables of estimates say of a row: its estimate and interval, what it is about, how much it rests on, its flag."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import is_at_session
from alliance.report.accounts import account_of, write_accounts
from alliance.report.labels import (
    capitalised_name,
    label_effect,
    label_levels,
    label_model,
)
from alliance.report.numbers import format_count, format_percent
from alliance.report.propensity import path_in
from alliance.report.tables.table import FLAG


def mark_of(flag: object) -> str:
    """Return the sign that follows a flagged estimate, or an empty string."""
    return f" {FLAG}" if flag else ""


def write_estimates(rows: pd.DataFrame | Iterable[Mapping[Any, Any]]) -> list[str]:
    """Return a column of estimates with their intervals and the marks of their flags; those of one unit have the same decimals."""
    listed = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    (written,) = write_accounts([row["effect"] for row in listed], [account_of(row) for row in listed])
    return [text + mark_of(row["flag"]) for text, row in zip(written, listed, strict=True)]


def are_bounded(rows: Iterable[Mapping[Any, Any]]) -> bool:
    """Whether none of the estimates of a column can exceed 1 in size."""
    return all(row["effect"] in EFFECTS and EFFECTS[row["effect"]].within_one for row in rows)


def count_units(rows: pd.DataFrame) -> list[str]:
    """Return a column of what estimates rest on: patients, sessions."""
    return [f"{format_count(row.n_patients)}, {format_count(row.n_sessions)}" for row in records(rows)]


def describe_counts(patients: float, sessions: float, therapists: float) -> str:
    """Write what an estimate rests on: patients / sessions / therapists, the last where there are any."""
    return " / ".join(format_count(count) for count in (patients, sessions, *([therapists] if therapists else [])))


def name_rows(estimates: pd.DataFrame, config: Config) -> dict[str, list[str]]:
    """Return the columns that say what each row of a table of estimates is about."""
    return {
        "Model": [label_model(model, config) for model in estimates["model"]],
        "Path": [capitalised_name(path_in(row.path, row.model, config)) for row in records(estimates)],
        "Quantity": [capitalised_name(label_effect(effect)) for effect in estimates["effect"]],
        "Level": label_levels(estimates, config),
    }


def last_of_curves(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave of what accumulates over sessions only the last one; a figure shows the whole curve.

    What a constant cause has done by the last session has rows of its own.
    """
    curve = rows["effect"].isin(EFFECTS.names(lambda effect: effect.curve))
    told = curve & rows["horizon"].map(is_at_session).astype(bool)
    earlier = rows[curve].duplicated(["model", "path", "level"], keep="last")
    return rows.drop(index=rows.index[told].union(earlier.index[earlier]))


def without_twins(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out what stands there under another name: the direct effect of one step is that step, one total of two levels one total."""
    same = ["model", "path", "level", "horizon", "estimate"]
    steps = rows.loc[rows["effect"] == "c_prime", same].apply(tuple, axis=1)
    direct = rows["effect"] == "direct"
    again = (rows["effect"] == "total") & rows.duplicated(["model", "path", "effect", "horizon", "estimate"])
    return rows[~again & ~(direct & rows[same].apply(tuple, axis=1).isin(list(steps)))]


def notes_of(estimates: pd.DataFrame) -> list[str]:
    """Return notes on what the intervals are and what the flags mean."""
    notes = []
    kinds = estimates[["interval", "interval_kind"]].drop_duplicates()
    listed = [f"{format_percent(row.interval)} {row.interval_kind} intervals" for row in records(kinds)]
    if listed:
        notes.append(f"In brackets: {' or '.join(dict.fromkeys(listed))}.")
    flags = sorted({part.strip() for flag in estimates["flag"] if flag for part in str(flag).split(";")})
    if flags:
        notes.append(f"{FLAG} Flagged by the diagnostics: {', '.join(flags)}; see the table of diagnostics.")
    return notes
