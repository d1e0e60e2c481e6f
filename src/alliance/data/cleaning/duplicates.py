"""Rows that stand for the same thing: which are repetitions, which contradict each other, which one is kept."""

import pandas as pd

from alliance.data.cleaning.rows import kept
from alliance.data.export.distinct import is_among
from alliance.facts.columns import PATIENT, SESSION, THERAPIST


def identical_rows(table: pd.DataFrame) -> pd.Series:
    """Return the rows that repeat an earlier row in every column."""
    # Few rows share what they are about, and only these are compared in all columns.
    key = [column for column in (PATIENT, SESSION) if column in table] or list(table.columns)
    alike = table[table.duplicated(key, keep=False)]
    return alike.duplicated(keep="first").reindex(table.index, fill_value=False)


def conflicting_rows(table: pd.DataFrame, key: list[str]) -> pd.Series:
    """Return the rows that share their key with another row but not everything else."""
    distinct = kept(table, ~identical_rows(table))
    clash = distinct.duplicated(key, keep=False) & distinct[key].notna().all(axis="columns")
    return clash.reindex(table.index, fill_value=False)


def most_complete_rows(sessions: pd.DataFrame, values: list[str]) -> pd.DataFrame:
    """Keep one row per patient and session: the one with the most answers.

    Among equally complete rows the one of the earliest date is kept, then the one whose first differing value is
    smallest, so that the choice depends on the content and never on the order of the rows.
    """
    several = sessions.duplicated([PATIENT, SESSION], keep=False)
    ranked = sessions[several]
    ranked = ranked.assign(_answers=-ranked[values].notna().sum(axis="columns"))
    times = [column for column in ("date", "week") if column in sessions]
    ranked = ranked.sort_values(["_answers", *times, *values], na_position="last", kind="stable")
    chosen = ranked.drop_duplicates([PATIENT, SESSION]).index
    return kept(sessions, ~several | sessions.index.isin(chosen))


def joined_rows(sessions: pd.DataFrame, values: list[str]) -> pd.DataFrame:
    """Make one row of the rows of a patient and session that complete one another; rows that disagree stay as they are.

    The joined row stands where the first of them was, and has the earliest of their dates.
    """
    several = sessions.duplicated([PATIENT, SESSION], keep=False)
    if not several.any():
        return sessions
    rows = sessions[several]
    by = rows.groupby([PATIENT, SESSION])
    agree = pd.Series(True, index=rows.index)
    for column in values:
        agree &= by[column].transform("nunique") <= 1
    times = [column for column in ("date", "week") if column in rows]
    whole = rows.assign(**{column: by[column].transform("min") for column in times})
    given = [str(column) for column in rows.columns if column not in (PATIENT, SESSION, *times)]
    whole = whole.assign(**{column: by[column].transform("first") for column in given})
    again = whole.duplicated([PATIENT, SESSION])
    return pd.concat([sessions[~several], whole[agree & ~again], rows[~agree]]).sort_index()


def therapist_of_patient(sessions: pd.DataFrame, rule: str) -> pd.Series:
    """Choose one therapist for each patient from the sessions; the index of the result are the patients.

    ``most_sessions`` takes the therapist of most sessions, ``first`` that of the earliest session. Ties go to the
    therapist who came first, then to the one with more sessions overall.
    """
    known = sessions.dropna(subset=[PATIENT, THERAPIST])
    if known.empty:
        return pd.Series(index=pd.Index([], name=PATIENT), name=THERAPIST, dtype="str")
    pairs = known[[PATIENT, THERAPIST]].drop_duplicates()
    shared = pairs.duplicated(PATIENT, keep=False)
    only = pairs[~shared].set_index(PATIENT)[THERAPIST]
    if not shared.any():
        return only.sort_index()
    overall = known.groupby(THERAPIST).size()
    known = known[is_among(known[PATIENT], pairs.loc[shared, PATIENT])]
    seen = known.groupby([PATIENT, THERAPIST], sort=False)[SESSION].agg(["nunique", "min", "max"]).reset_index()
    seen["overall"] = seen[THERAPIST].map(overall)
    seen["sessions"], seen["all"] = -seen["nunique"], -seen["overall"]
    order = ["sessions", "min"] if rule == "most_sessions" else ["min", "sessions"]
    # The spelling of the id decides only between therapists whom nothing else tells apart.
    seen = seen.sort_values([PATIENT, *order, "max", "all", THERAPIST])
    of_several = seen.drop_duplicates(PATIENT).set_index(PATIENT)[THERAPIST]
    chosen: pd.Series = pd.concat([only, of_several]).sort_index()
    return chosen


def therapist_of_session(sessions: pd.DataFrame) -> pd.Series:
    """Return the therapist of each session where patients keep all of theirs, (row,).

    A session without one takes that of the sessions before and after it, if these agree or there is only one of them; otherwise nobody
    knows who held it.
    """
    ordered = sessions.sort_values([PATIENT, SESSION], kind="stable")
    own = ordered.groupby(PATIENT)[THERAPIST]
    before, after = own.ffill(), own.bfill()
    found = before.where(after.isna() | (before == after), after.where(before.isna()))
    return found.reindex(sessions.index).astype("str")
