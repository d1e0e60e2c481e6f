"""Apply the declared cleaning rules in a fixed order and keep count of what each one did.

Order: ids, labels, missing codes, out of range (cells); exclude, later episodes, empty rows, orphans and therapist change,
duplicates, minimum of sessions (rows). Cells come first, so that a row is judged by its usable answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from alliance.config.cleaning import Cleaning
from alliance.data.cleaning.codes import content_codes
from alliance.data.cleaning.duplicates import (
    conflicting_rows,
    identical_rows,
    joined_rows,
    most_complete_rows,
    therapist_of_patient,
    therapist_of_session,
)
from alliance.data.cleaning.episodes import later_episodes
from alliance.data.cleaning.ledger import Counts, Ledger
from alliance.data.cleaning.rows import kept, looked_up
from alliance.data.export.cells import as_text, comparable_ids, respelled
from alliance.data.export.distinct import is_among
from alliance.data.export.mapping import DATE, EPISODE, WEEK, Typed, key_columns
from alliance.errors import DataError
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS

_TOO_FEW = "Too few sessions"


@dataclass(frozen=True)
class CleanStudy:
    """The clean tables, what each rule did, the patient flow so far, and which id stands behind each code."""

    sessions: pd.DataFrame
    patients: pd.DataFrame
    therapists: pd.DataFrame
    report: pd.DataFrame
    flow: pd.DataFrame
    ids: pd.DataFrame


@dataclass
class Rows:
    """The rows that are left, under comparable ids; the index tells their positions in the export."""

    sessions: pd.DataFrame
    patients: pd.DataFrame
    therapists: pd.DataFrame

    def counts(self) -> Counts:
        people = pd.concat([self.sessions[PATIENT], self.patients[PATIENT]]).nunique()
        leaders = [table[THERAPIST] for table in (self.sessions, self.patients) if THERAPIST in table]
        return Counts(int(people), len(self.sessions), int(pd.concat(leaders).nunique()) if leaders else 0)


def clean_tables(tables: Mapping[str, Typed], cleaning: Cleaning) -> CleanStudy:
    """Clean the typed tables of an export that passed the checks.

    Parameters
    ----------
    tables
        ``sessions``, and ``patients`` and ``therapists`` where the study has them.
    cleaning
        The declared rules.

    Returns
    -------
    CleanStudy
        Tables as described in the contract: codes instead of ids, sorted by patient and session.

    Raises
    ------
    DataError
        The rules leave no session.
    """
    rows, ledger = apply_rules(tables, cleaning)
    if rows.sessions.empty:
        raise DataError(_nobody_left(ledger, cleaning))
    return _with_codes(rows, [measure.name for measure in tables["sessions"].measures], ledger)


def apply_rules(tables: Mapping[str, Typed], cleaning: Cleaning) -> tuple[Rows, Ledger]:
    """Apply the rules, and return the rows that are left and what each rule touched.

    Parameters
    ----------
    tables, cleaning
        As in `clean_tables`; other than there the tables may still hold what the checks call an error, as long as the sessions
        have the columns of patients and session numbers.
    """
    ledger = Ledger()
    for table in tables.values():
        _note_ids(table, cleaning, ledger)
        _note_labels(table, ledger)
        _note_codes(table, cleaning, ledger)
    rows = Rows(**{name: _in_range(tables.get(name), name, ledger) for name in ("sessions", "patients", "therapists")})
    value_columns = [measure.name for measure in tables["sessions"].measures]
    ledger.stage("In the export", "rows with a patient and a session number", rows.counts())
    _exclude(rows, tables, cleaning, ledger)
    # The checks stop on rows without a key; here are only those of patients who are left out, and of data that do not pass.
    rows.sessions = rows.sessions.dropna(subset=[PATIENT, SESSION])
    _first_episodes(rows, cleaning, ledger)
    _drop_empty(rows, value_columns, ledger)
    _drop_orphans(rows, tables, cleaning, ledger)
    _drop_duplicates(rows, value_columns, cleaning, ledger)
    _require_sessions(rows, cleaning, ledger)
    ledger.stage("Analysed sessions", "what scoring and models start from", rows.counts())
    return rows, ledger


def _nobody_left(ledger: Ledger, cleaning: Cleaning) -> str:
    """Say which rule took the last session, what it found, and how to keep some."""
    stages = ledger.flow()
    last = stages[stages["n_sessions"] > 0].tail(1)
    emptied = stages.loc[last.index[0] + 1] if len(last) else stages.iloc[0]
    before = (
        f"{last['n_patients'].iloc[0]:,} patients with {last['n_sessions'].iloc[0]:,} sessions"
        if len(last)
        else "no patient"
    )
    if emptied["stage"] == _TOO_FEW:
        return (
            f"cleaning.minimum_sessions: {cleaning.minimum_sessions} leaves nobody. Before it there were {before}, and none of them has "
            f"so many sessions (the longest course has {ledger.longest}). Set it to {ledger.longest} or less."
        )
    return (
        f"cleaning: no session is left after '{emptied['stage']}' ({emptied['reason']}). Before it there were {before}. Change that rule, "
        "or the columns it looks at (keys below data.sessions, data.patients and data.therapists)."
    )


def _note_ids(table: Typed, cleaning: Cleaning, ledger: Ledger) -> None:
    on = [name for name, value in cleaning.ids.model_dump().items() if value]
    for key in (PATIENT, THERAPIST):
        if key in table.keys:
            cells = respelled(table.column(table.key_column(key)), table.keys[key])
            meaning = f"{key} ids spelled otherwise than usual were recognised"
            ledger.note(f"ids_{key}", table.name, ", ".join(on) or "none", meaning, cells=int(cells.sum()))
            # Marks are folded where somebody said so, in whatever share of the cells.
            slips = comparable_ids(
                table.column(table.key_column(key)), cleaning.ids.model_copy(update={"fold_marks": None})
            )
            cells = respelled(table.column(table.key_column(key)), slips)
            ledger.touch("ids", table.name, int(cells.sum()), len(cells), "ids", table.key_column(key))


def _note_labels(table: Typed, ledger: Ledger) -> None:
    columns = [measure.column for measure in table.measures if measure.kind == "category"]
    if columns:
        texts = [as_text(table.column(column)).dropna() for column in columns]
        cells = sum(int((text != text.str.strip()).sum()) for text in texts)
        ledger.touch("labels", table.name, cells, sum(len(text) for text in texts), "labels")
        ledger.note("labels", table.name, "strip", "blanks around labels were removed", cells=cells)


def _note_codes(table: Typed, cleaning: Cleaning, ledger: Ledger) -> None:
    own = {measure.variable: measure.codes for measure in table.measures if measure.codes is not None}
    settings = [_listed(cleaning.missing_codes), *(f"{name}: {_listed(codes)}" for name, codes in own.items())]
    meaning = "codes for a missing answer were blanked"
    cells = int(table.codes.to_numpy().sum()) + _coded_keys(table)
    ledger.touch("missing_codes", table.name, cells, table.codes.size + table.keys.size, "cells")
    ledger.note("missing_codes", table.name, "; ".join(settings), meaning, cells=cells)


def _coded_keys(table: Typed) -> int:
    """Count the cells of key columns that hold a code for missing: filled in the export, and blank since it was mapped."""
    nobody = pd.Series(False, index=table.keys.index)
    return sum(
        int((table.column(column).notna() & table.keys[key].isna() & ~table.bad.get(column, nobody)).sum())
        for key, column in key_columns(table.source).items()
        if key in table.keys
    )


def _listed(codes: Iterable[float | str]) -> str:
    return ", ".join(f"{code:g}" if not isinstance(code, str) else code for code in codes) or "none"


def _in_range(table: Typed | None, name: str, ledger: Ledger) -> pd.DataFrame:
    """Join keys and values of one table, with impossible values blanked."""
    if table is None:
        key = {"sessions": [PATIENT, SESSION], "patients": [PATIENT, THERAPIST], "therapists": [THERAPIST]}[name]
        return pd.DataFrame({column: pd.Series(dtype="str") for column in key})
    possible: dict[str, pd.Series] = {}
    cells = 0
    for measure in table.measures:
        if measure.kind == "number" and (outside := measure.outside(table.values[measure.name])).any():
            possible[measure.name] = table.values[measure.name].mask(outside)
            cells += int(outside.sum())
    ledger.note("out_of_range", name, "set_missing", "values the measure cannot take were blanked", cells=cells)
    return pd.concat([table.keys, table.values.assign(**possible)], axis="columns")


def _exclude(rows: Rows, tables: Mapping[str, Typed], cleaning: Cleaning, ledger: Ledger) -> None:
    before = len(rows.sessions)
    for name in ("sessions", "patients", "therapists"):
        if name in tables:
            setattr(rows, name, kept(getattr(rows, name), ~tables[name].excluded))
    conditions = [f"not {name}" for name in cleaning.exclude.where] + [f"only {name}" for name in cleaning.only]
    setting = "; ".join([f"{len(cleaning.exclude.patients)} patients", *conditions])
    ledger.touch("exclude", "sessions", before - len(rows.sessions), before, "rows")
    meaning = "patients and sessions left out on purpose" if conditions else "patients left out on purpose"
    ledger.note("exclude", "sessions", setting, meaning, rows=before - len(rows.sessions))
    chosen = (
        f", or by conditions on {', '.join(dict.fromkeys([*cleaning.exclude.where, *cleaning.only]))}"
        if conditions
        else ""
    )
    ledger.stage("Left out on purpose", f"patients named under cleaning.exclude{chosen}", rows.counts())


def _first_episodes(rows: Rows, cleaning: Cleaning, ledger: Ledger) -> None:
    """Keep the first treatment episode of each patient, where the study says how episodes are told apart."""
    pause = cleaning.new_episode_after_days
    if EPISODE not in rows.sessions and pause is None:
        return
    later = later_episodes(rows.sessions, pause)
    setting = f"a pause of {pause:g} days" if pause is not None else "keys.episode"
    rows.sessions = kept(rows.sessions, ~later).drop(columns=EPISODE, errors="ignore")
    meaning = "sessions after a patient's first episode of treatment were left out"
    ledger.note("later_episodes", "sessions", setting, meaning, rows=int(later.sum()))
    ledger.touch("later_episodes", "sessions", int(later.sum()), len(later), "rows")
    ledger.stage("Later episodes", "sessions after a patient's first episode of treatment", rows.counts())


def _drop_empty(rows: Rows, values: list[str], ledger: Ledger) -> None:
    """Drop rows that hold nothing but an id and a session number (and a therapist): such a session was not held."""
    told = [column for column in (*values, DATE, WEEK) if column in rows.sessions]
    empty = rows.sessions[told].isna().all(axis="columns")
    rows.sessions = kept(rows.sessions, ~empty)
    meaning = "rows with nothing but an id and a session number are no sessions that were held"
    ledger.note("empty_rows", "sessions", "drop", meaning, rows=int(empty.sum()))
    ledger.touch("empty_rows", "sessions", int(empty.sum()), len(empty), "rows")
    if empty.any():
        ledger.stage("Empty rows", "rows with nothing but an id and a session number", rows.counts())


def _settle_therapists(rows: Rows, cleaning: Cleaning, ledger: Ledger) -> None:
    """Settle who held each session: the sessions decide, the patients table fills in.

    Patients have one therapist, unless they keep all of theirs; then the one of most sessions stands in the patients table.
    """
    cells, keep = 0, cleaning.therapist_change == "keep"
    if THERAPIST in rows.sessions:
        chosen = therapist_of_patient(rows.sessions, "most_sessions" if keep else cleaning.therapist_change)
        own = rows.patients.dropna(subset=[THERAPIST]) if THERAPIST in rows.patients else rows.patients.iloc[:0]
        if len(own):
            stated = own.drop_duplicates(PATIENT).set_index(PATIENT)[THERAPIST]
            chosen = chosen.combine_first(stated)
        settled = looked_up(rows.sessions[PATIENT], chosen)
        if keep:
            named = rows.sessions.groupby(PATIENT)[THERAPIST].transform("nunique")
            settled = therapist_of_session(rows.sessions).where(named > 0, settled).astype("str")
        cells = int((rows.sessions[THERAPIST].notna() & (settled != rows.sessions[THERAPIST])).sum())
        rows.sessions = rows.sessions.assign(**{THERAPIST: settled})
        stated_now = rows.patients[THERAPIST] if THERAPIST in rows.patients else pd.Series(dtype="str")
        rows.patients = rows.patients.assign(
            **{THERAPIST: looked_up(rows.patients[PATIENT], chosen).combine_first(stated_now)}
        )
    ledger.touch("therapist_change", "sessions", cells, len(rows.sessions), "rows")
    meaning = (
        "sessions of patients with several therapists stay with the therapist who held them" if keep
        else "sessions with another therapist were assigned to the patient's own"
    )  # fmt: skip
    ledger.note("therapist_change", "sessions", cleaning.therapist_change, meaning, cells=cells)


def _drop_duplicates(rows: Rows, values: list[str], cleaning: Cleaning, ledger: Ledger) -> None:
    rule = cleaning.duplicates
    for name in ("patients", "therapists"):
        table = getattr(rows, name)
        again = identical_rows(table)
        setattr(rows, name, kept(table, ~again))
        if len(table):
            ledger.note(
                "duplicates_identical", name, rule.identical, "repeated rows were dropped", rows=int(again.sum())
            )
    again = identical_rows(rows.sessions)
    ledger.touch("duplicates_identical", "sessions", int(again.sum()), len(again), "rows")
    rows.sessions = kept(rows.sessions, ~again)
    ledger.note("duplicates_identical", "sessions", rule.identical, "repeated rows were dropped", rows=int(again.sum()))
    ledger.stage("Identical rows", "repetitions of the same row", rows.counts())
    if rule.conflicting == "join":
        before = len(rows.sessions)
        rows.sessions = joined_rows(rows.sessions, values)
        meaning = "rows of the same patient and session that complete one another were joined"
        ledger.note("duplicates_joined", "sessions", "join", meaning, rows=before - len(rows.sessions))
        ledger.stage("Joined rows", "rows of the same session that complete one another", rows.counts())
    before = len(rows.sessions)
    if rule.conflicting == "drop_all":
        rows.sessions = kept(rows.sessions, ~conflicting_rows(rows.sessions, [PATIENT, SESSION]))
        meaning = "rows that contradict another row of the same patient and session were dropped"
    else:
        rows.sessions = most_complete_rows(rows.sessions, values)
        meaning = "of rows that contradict each other the most complete was kept"
    ledger.touch("duplicates_conflicting", "sessions", before - len(rows.sessions), before, "rows")
    ledger.note("duplicates_conflicting", "sessions", rule.conflicting, meaning, rows=before - len(rows.sessions))
    ledger.stage("Contradicting rows", "rows of the same patient and session that differ", rows.counts())


def _drop_orphans(rows: Rows, tables: Mapping[str, Typed], cleaning: Cleaning, ledger: Ledger) -> None:
    """Drop sessions of unknown patients, settle who treats whom, then drop patients of unknown therapists."""
    before = len(rows.sessions)
    if "patients" in tables:
        rows.sessions = kept(rows.sessions, is_among(rows.sessions[PATIENT], rows.patients[PATIENT]))
    _settle_therapists(rows, cleaning, ledger)
    if "therapists" in tables:
        for name in ("sessions", "patients"):
            table = getattr(rows, name)
            if THERAPIST in table:
                lost = table[THERAPIST].notna() & ~is_among(table[THERAPIST], rows.therapists[THERAPIST])
                patients = table.loc[lost, PATIENT]
                rows.sessions = kept(rows.sessions, ~is_among(rows.sessions[PATIENT], patients))
                rows.patients = kept(rows.patients, ~is_among(rows.patients[PATIENT], patients))
    ledger.touch("orphans", "sessions", before - len(rows.sessions), before, "rows")
    ledger.note(
        "orphans", "sessions", cleaning.orphans,
        "rows whose patient or therapist is in no other table were dropped", rows=before - len(rows.sessions),
    )  # fmt: skip
    ledger.stage(
        "Without a patient or therapist record", "the patient or therapist is in no other table", rows.counts()
    )


def _require_sessions(rows: Rows, cleaning: Cleaning, ledger: Ledger) -> None:
    before = len(rows.sessions)
    held = rows.sessions.groupby(PATIENT).size()
    ledger.longest = int(held.max()) if len(held) else 0
    enough = held.index[held >= cleaning.minimum_sessions].to_series()
    rows.sessions = kept(rows.sessions, is_among(rows.sessions[PATIENT], enough))
    rows.patients = kept(rows.patients, is_among(rows.patients[PATIENT], enough))
    least = cleaning.minimum_sessions
    ledger.touch("minimum_sessions", "sessions", len(held) - len(enough), len(held), "patients")
    ledger.note(
        "minimum_sessions",
        "sessions",
        least,
        "patients with fewer sessions were left out",
        rows=before - len(rows.sessions),
    )
    ledger.stage(_TOO_FEW, f"patients with fewer than {least} recorded session{'s' * (least > 1)}", rows.counts())


def _with_codes(rows: Rows, values: list[str], ledger: Ledger) -> CleanStudy:
    sessions = _with_times(rows.sessions, values)
    patients = rows.patients
    if patients.empty:
        patients = sessions[[PATIENT]].drop_duplicates()
        if THERAPIST in sessions:
            patients = patients.merge(therapist_of_patient(sessions, "most_sessions").reset_index(), "left", PATIENT)
    if THERAPIST not in patients:
        patients = patients.assign(**{THERAPIST: pd.Series(pd.NA, index=patients.index, dtype="str")})
    patients = patients[[PATIENT, THERAPIST, *(c for c in patients if c not in (PATIENT, THERAPIST))]]
    seen = pd.concat([table[THERAPIST] for table in (patients, sessions) if THERAPIST in table])
    therapists = kept(rows.therapists, is_among(rows.therapists[THERAPIST], seen))
    patient_codes, therapist_codes = content_codes(sessions, patients, therapists)
    coded: list[pd.DataFrame] = []
    for table, order in ((sessions, [PATIENT, SESSION]), (patients, [PATIENT]), (therapists, [THERAPIST])):
        table = table.copy()
        for key, codes in ((PATIENT, pd.Series(patient_codes)), (THERAPIST, pd.Series(therapist_codes, dtype="str"))):
            if key in table:
                table[key] = looked_up(table[key], codes)
        coded.append(table.sort_values(order).reset_index(drop=True))
    ids = pd.DataFrame(
        [
            *(("patients", code, name) for name, code in patient_codes.items()),
            *(("therapists", code, name) for name, code in therapist_codes.items()),
        ],
        columns=["table", "code", "id"],
    ).astype("str")
    return CleanStudy(coded[0], coded[1], coded[2], ledger.report(), ledger.flow(), ids)


def _with_times(sessions: pd.DataFrame, values: list[str]) -> pd.DataFrame:
    """Replace dates by days since the patient's first session; give whole session numbers."""
    timed = sessions.assign(**{SESSION: sessions[SESSION].astype("int64")})
    nothing = pd.Series(float("nan"), index=timed.index)
    if DATE in timed:
        since = timed[DATE] - timed.groupby(PATIENT)[DATE].transform("min")
        timed[DAYS] = since.dt.days.astype("float64")
    elif WEEK in timed:
        timed[DAYS] = 7.0 * (timed[WEEK] - timed.groupby(PATIENT)[WEEK].transform("min"))
    else:
        timed[DAYS] = nothing
    timed[WEEKS] = timed[WEEK] if WEEK in timed else timed[DAYS] / 7
    therapist = [THERAPIST] if THERAPIST in timed else []
    return timed[[PATIENT, SESSION, DAYS, WEEKS, *therapist, *values]]
