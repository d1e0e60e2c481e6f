"""Flags and intervals in the notes of tables of estimates."""

import pandas as pd

from alliance.facts.columns import records
from alliance.report.numbers import format_percent

FLAG = "†"


def mark_of(flag: object) -> str:
    """Return the sign that follows a flagged estimate, or an empty string."""
    return f" {FLAG}" if flag else ""


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
