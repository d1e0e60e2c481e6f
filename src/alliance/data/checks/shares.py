"""No rule touches more than its share: what would change more of the data than single mistakes do stops the run."""

import math
from functools import lru_cache

import pandas as pd

from alliance.data.checks.finding import Finding
from alliance.data.checks.mixed import what_they_look_like
from alliance.data.checks.place import about_table, found
from alliance.data.cleaning.clean import Rows, apply_rules
from alliance.data.cleaning.duplicates import conflicting_rows
from alliance.data.cleaning.episodes import later_episodes
from alliance.data.cleaning.ledger import Ledger, Touched
from alliance.data.export.distinct import is_among
from alliance.data.export.tables import Export
from alliance.facts.columns import PATIENT, SESSION, THERAPIST

# Rows that come again, and their share of a patient's rows, from which a course is doubled.
_SEVERAL, _HALF_COURSE = 3, 0.35
_DUPLICATES = ("duplicates_identical", "duplicates_conflicting")
_LIKE = {
    "ids": (
        "are spelled otherwise than usual and would be taken for others",
        "This looks like different people whose ids differ on purpose, or like another column.",
        "Tell different people apart by several columns (under data.{table}.keys, as in patient: [CLINIC, ID]) or by other ids, or name "
        "the right column there",
    ),
    "labels": ("have blanks around them", "This looks like another column.", "Correct the column under variables"),
    "missing_codes": (
        "hold a code for missing and would be blanked",
        "This looks like a code that is an answer.",
        "Correct cleaning.missing_codes",
    ),
    "later_episodes": ("belong to a later episode", "This looks like a wrong key.", "Correct data.sessions.keys.episode"),
    "empty_rows": ("hold nothing but an id and a session number", "This looks like columns that are not mapped.", "Correct variables"),
    "exclude": ("are left out by name", "This looks like ids that match too many.", "Correct cleaning.exclude"),
    "orphans": (
        "belong to a patient or therapist who is in no other table and would be dropped",
        "This looks like a wrong key, a table of other people, or ids spelled in two ways.",
        "Correct keys under data.sessions, data.patients or data.therapists, or cleaning.ids",
    ),
    "therapist_change": (
        "name another therapist than most of the patient's sessions and would be given to that one",
        "This looks like two therapists at a time, patients of two clinics with the same ids, or a wrong key.",
        "If patients did change therapist, set cleaning.therapist_change: keep. Otherwise correct data.sessions.keys.therapist, or make "
        "ids of several columns (data.sessions.keys.patient: [CLINIC, ID])",
    ),
    "minimum_sessions": (
        "have too few sessions and would be left out",
        "This looks like a wrong key of patients or a minimum that is too high.",
        "Lower cleaning.minimum_sessions, or correct data.sessions.keys.patient",
    ),
}  # fmt: skip


def check_largest_share(export: Export) -> list[Finding]:
    """Find rules that would touch more than their share of the rows, cells or patients, and say what it looks like."""
    sessions = export.tables["sessions"]
    cleaned = cleaned_rows(export)
    if cleaned is None:
        return []
    over = [touched for touched in cleaned[1].touched if _too_many(touched, export)]
    again = [touched for touched in over if touched.rule in _DUPLICATES]
    # Mixed courses bring their therapists along.
    alone = [t for t in over if t.rule not in _DUPLICATES and not (again and t.rule == "therapist_change")]
    findings = [_finding(touched, export) for touched in alone]
    if not again:
        findings += _whole_courses(export)
    if again:
        looks = what_they_look_like(sessions)
        worst = max(again, key=lambda touched: touched.count)
        findings.append(
            _say(worst, export, "repeat the patient and session number of another row and would be dropped",
                 f"They look like {looks.like}.", looks.remedy.rstrip("."))
        )  # fmt: skip
    return findings


def _whole_courses(export: Export) -> list[Finding]:
    """Find patients most of whose session numbers come twice with other values: in a single patient, too, these are no slips."""
    twice, share = _doubled(export)
    enough = math.ceil(100 * float(share.max())) / 100 if len(share) else 1.0
    people = "1 patient" if len(share) == 1 else f"{len(share):,} patients"
    return found(
        export.tables["sessions"], "largest_share", twice, None,
        f"repeat a session number with other values, in {people} of whom most sessions come twice: no slips, but another course of "
        "treatment or another person with the same id",
        "Tell courses apart by data.sessions.keys.episode or cleaning.new_episode_after_days, people by an id of several columns "
        "(data.sessions.keys.patient: [CLINIC, ID]), or leave these patients out (cleaning.exclude.patients). If they are mistakes all the "
        f"same, set cleaning.largest_share.duplicates_conflicting: {enough:g}.",
    )  # fmt: skip


@lru_cache(maxsize=1)
def _doubled(export: Export) -> tuple[pd.Series, pd.Series]:
    """Return the rows that come again in patients whose course is doubled, and the share of such rows for each of these patients."""
    rules, table, key = export.cleaning, export.tables["sessions"], [PATIENT, SESSION]
    keys = table.keys[export.stays("sessions") & table.keys[key].notna().all(axis="columns")]
    keys = keys[~later_episodes(keys, rules.new_episode_after_days)]
    shared = keys[keys.duplicated(key, keep=False)]
    rows = pd.concat([shared, table.values.loc[shared.index]], axis="columns")
    twice = conflicting_rows(rows, key) & rows.duplicated(key)
    again = twice.groupby(rows[PATIENT]).sum()
    share = again / keys.loc[is_among(keys[PATIENT], rows[PATIENT]), PATIENT].value_counts().reindex(again.index)
    limit = (
        1.0
        if rules.duplicates.conflicting in ("stop", "join")
        else max(_HALF_COURSE, rules.largest_share.duplicates_conflicting)
    )
    share = share[(again >= _SEVERAL) & (share > limit)]
    return (twice & rows[PATIENT].isin(share.index)).reindex(table.keys.index, fill_value=False), share


@lru_cache(maxsize=1)
def cleaned_rows(export: Export) -> tuple[Rows, Ledger] | None:
    """Apply the cleaning rules on trial, once for all checks; None where a table lacks the column of its key: they cannot be applied."""
    needed = {"sessions": {PATIENT, SESSION}, "patients": {PATIENT}, "therapists": {THERAPIST}}
    if any(not needed[name] <= set(table.keys) for name, table in export.tables.items()):
        return None
    return apply_rules(export.tables, export.cleaning)


def forget_trial() -> None:
    """Let go of the rows of the trial: the checks are through, and a table of millions of rows is not held twice for nothing."""
    cleaned_rows.cache_clear()
    _doubled.cache_clear()


def mixed_courses(export: Export, ledger: Ledger) -> bool:
    """Whether so many rows share patient and session number, in all or in one patient, that they cannot be slips."""
    return any(touched.rule in _DUPLICATES and _too_many(touched, export) for touched in ledger.touched) or bool(
        len(_doubled(export)[1])
    )


def _too_many(touched: Touched, export: Export) -> bool:
    """Whether a rule touches more than its share; a single row is no pattern, and a rule that stops speaks for itself."""
    rules = export.cleaning
    settings = {
        "orphans": rules.orphans,
        "therapist_change": rules.therapist_change,
        "duplicates_identical": rules.duplicates.identical,
        "duplicates_conflicting": rules.duplicates.conflicting,
    }
    allowed = getattr(rules.largest_share, touched.rule)
    if touched.rule == "orphans" and touched.count == touched.of:
        return False  # tables without any id in common are a finding of their own
    return (
        touched.count > 1
        and touched.count > allowed * touched.of
        and settings.get(touched.rule) not in ("stop", "join")
    )


def _finding(touched: Touched, export: Export) -> Finding:
    what, like, remedy = _LIKE[touched.rule]
    return _say(touched, export, what, like, remedy.format(table=touched.table))


def _say(touched: Touched, export: Export, what: str, like: str, remedy: str) -> Finding:
    allowed = getattr(export.cleaning.largest_share, touched.rule)
    share = touched.count / touched.of
    column = f" in column {touched.column}" if touched.column else ""
    enough = min(1.0, int(share * 100 + 1) / 100)
    return about_table(
        export.tables[touched.table], "largest_share",
        f"{touched.count:,} of {touched.of:,} {touched.unit}{column} of {export.file(touched.table)} ({100 * share:.0f}%) {what}, "
        f"more than the {100 * allowed:g}% that this rule may touch. {like}",
        f"{remedy}. If they are mistakes all the same, set cleaning.largest_share.{touched.rule}: {enough:g}.",
        column=touched.column, count=touched.count,
    )  # fmt: skip
