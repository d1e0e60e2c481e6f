"""Which column says whose row it is."""

import pandas as pd

from alliance.errors import DataError
from alliance.first.draft import Draft, Question, Sureness, between, plural
from alliance.first.table import Column, Table
from alliance.first.words import (
    DATE,
    OF_PROGRAMS,
    PATIENT,
    PERHAPS_PATIENT,
    PERHAPS_SESSION,
    SESSION,
    THERAPIST,
    has_word,
    tokens,
)  # fmt: skip

_LONGEST = 40  # characters of an id; notes are longer
_FEWEST, _MOST = 1.3, 400.0  # rows of a patient, on average


def find_patient(draft: Draft) -> None:
    """Recognise the ids of patients by name, and by values that come back in several rows.

    Raises
    ------
    DataError
        No column can be the patients', or several can and nobody says which.
    """
    ranked = candidates(draft.sessions)
    if not ranked:
        raise DataError(
            f"No column of {draft.sessions.path} looks like the ids of patients: a column whose values come back in several rows, or one "
            "named patient, client, subject or id. Export the ids too, or write the overlay by hand (config/README.md)."
        )
    best, score = ranked[0]
    rivals = [column for column, other in ranked if other == score]
    sureness: Sureness = "sure" if score >= 4 else "fairly sure"
    if len(rivals) > 1 or score < 3:
        offered = [column for column, _ in ranked[:6]]
        answer, sureness = draft.needed(
            Question(
                "Which column says whose row it is (the patient)?",
                {column.name: f"{column.name}: {_evidence(column)}" for column in offered},
                best.name
                if len(rivals) == 1 and score >= 2 and has_word(best.name, PATIENT | PERHAPS_PATIENT)
                else None,
            ),
            f"It is not clear which column of {draft.sessions.path} holds the patients: "
            f"{', '.join(column.name for column in offered)} could. Run it again in a terminal without --yes and answer, or write the "
            "overlay by hand (config/README.md).",
        )
        best = draft.sessions.columns[answer]
    draft.keys["sessions"]["patient"] = best.name
    draft.claimed.add(best.name)
    draft.say("keys.patient", f"patient: column `{best.name}`", sureness, f"{_evidence(best)}, so the patient")


def candidates(table: Table) -> list[tuple[Column, int]]:
    """Return the columns that may hold ids of patients, with their scores, the likeliest first."""
    found = [(column, _score(column, table)) for column in table if _can_be_ids(column)]
    return sorted([one for one in found if one[1] >= 2], key=lambda one: -one[1])


def _can_be_ids(column: Column) -> bool:
    if column.kind not in ("whole", "text") or column.distinct < 2 or column.labels:
        return False
    if has_word(column.name, THERAPIST | OF_PROGRAMS | DATE) and not has_word(column.name, PATIENT):
        return False
    return bool(column.text.str.len().median() <= _LONGEST)


def _score(column: Column, table: Table) -> int:
    named = 3 if has_word(column.name, PATIENT) else 1 if has_word(column.name, PERHAPS_PATIENT) else 0
    if {"t", "therapist"} & set(tokens(column.name)) or (
        named < 3 and has_word(column.name, SESSION | PERHAPS_SESSION - PERHAPS_PATIENT)
    ):
        return 0
    repeated = column.distinct >= 3 and _FEWEST <= column.filled / column.distinct <= _MOST
    complete = column.filled >= 0.95 * table.rows
    alone = column.distinct == column.filled  # one row per patient
    return (
        named
        + (1 if complete else -1)
        + (2 if repeated and complete and named else 1 if repeated or (alone and named) else 0)
    )


def _evidence(column: Column) -> str:
    counts: pd.Series = column.ids.value_counts()
    low, high = int(counts.min()), int(counts.max())
    held = f"each in {between(low, high) if low < high else low} rows" if high > 1 else "each in one row"
    return f"{plural(len(counts), 'different value')}, {held}"
