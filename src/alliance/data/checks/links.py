"""Checks across tables: do patients and therapists of one table exist in the others?"""

import re

import pandas as pd

from alliance.data.checks.finding import Finding
from alliance.data.checks.place import about_table, found
from alliance.data.cleaning.episodes import later_episodes
from alliance.data.export.cells import as_text, comparable_ids
from alliance.data.export.distinct import is_among
from alliance.data.export.left_out import matches_nothing
from alliance.data.export.mapping import Typed, key_parts, mapped_columns
from alliance.data.export.tables import Export
from alliance.facts.columns import PATIENT, THERAPIST

# A word for a place of treatment that ends the column's name, but for what says that it identifies one: no placebo, no hospital days.
_PLACE = re.compile(
    r"(?<![^\W\d_])(site|clinic|centre|center|hospital|ward|school|place|practice|klinik|zentrum|standort|ambulanz|praxis|einrichtung)"
    r"s?[\W_]*(id|nr|no|num|number|nummer|code|name)?[\W\d_]*$"
)
_MOST_PLACES, _MOSTLY = 50, 0.8


def _ids(table: Typed | None, key: str) -> pd.Series | None:
    return table.keys[key] if table is not None and key in table.keys else None


def _share(export: Export, first: str, second: str, key: str) -> bool:
    """Whether two tables have ids in common; True where the question does not arise."""
    left, right = _ids(export.tables.get(first), key), _ids(export.tables.get(second), key)
    if left is None or right is None or left.isna().all() or right.isna().all():
        return True
    return bool(is_among(left.dropna(), right).any())


def check_no_overlap(export: Export) -> list[Finding]:
    """Find tables that have no id in common: one of the key columns is probably the wrong one."""
    findings = []
    for first, second, key in (
        ("sessions", "patients", PATIENT),
        ("patients", "therapists", THERAPIST),
        ("sessions", "therapists", THERAPIST),
    ):
        if not _share(export, first, second, key):
            findings.append(
                about_table(
                    export.tables[first], "no_overlap",
                    f"{export.file(first)} and {export.file(second)} have no {key} id in common.",
                    f"Correct data.{first}.keys.{key} or data.{second}.keys.{key}, or cleaning.ids if ids are spelled "
                    "differently.", column=export.tables[first].key_column(key),
                )
            )  # fmt: skip
    return findings


def check_patient_unknown(export: Export) -> list[Finding]:
    """Find sessions whose patient is not in the patients table."""
    sessions, known = export.tables["sessions"], _ids(export.tables.get("patients"), PATIENT)
    ids = _ids(sessions, PATIENT)
    if ids is None or known is None or not _share(export, "sessions", "patients", PATIENT):
        return []
    return _orphans(export, sessions, "patient_unknown", PATIENT, ids, known, "patients")


def check_therapist_unknown(export: Export) -> list[Finding]:
    """Find sessions and patients whose therapist is not in the therapists table."""
    findings = []
    known = _ids(export.tables.get("therapists"), THERAPIST)
    for name in ("sessions", "patients"):
        ids = _ids(export.tables.get(name), THERAPIST)
        if ids is not None and known is not None and _share(export, name, "therapists", THERAPIST):
            findings += _orphans(export, export.tables[name], "therapist_unknown", THERAPIST, ids, known, "therapists")
    return findings


def _orphans(
    export: Export, table: Typed, rule: str, key: str, ids: pd.Series, known: pd.Series, other: str
) -> list[Finding]:
    handled = export.cleaning.orphans == "drop"
    return found(
        table, rule, ids.notna() & ~is_among(ids, known), table.key_column(key),
        f"name a {key} who is not in {export.file(other)}",
        "They are dropped (cleaning.orphans: drop)." if handled
        else f"Add the {key} to {export.file(other)}, or set cleaning.orphans: drop.",
        severity="warning" if handled else "error",
    )  # fmt: skip


def check_therapist_change(export: Export) -> list[Finding]:
    """Find patients with several therapists.

    A change within the sessions is settled by the declared rule, or both therapists are kept. If only the patients table names
    therapists, nothing tells which of two is the right one.
    """
    sessions, patients = export.tables["sessions"], export.tables.get("patients")
    findings = []
    rule = export.cleaning.therapist_change
    in_sessions = {PATIENT, THERAPIST} <= set(sessions.keys)
    if in_sessions:
        handled = rule != "stop"
        first = ~later_episodes(sessions.keys, export.cleaning.new_episode_after_days)
        several = _with_several(sessions.keys[first]).reindex(first.index, fill_value=False)
        findings += found(
            sessions, "therapist_change", several & export.stays("sessions"),
            sessions.key_column("therapist"),
            "belong to a patient with more than one therapist",
            _settled(rule),
            severity="warning" if handled else "error",
        )  # fmt: skip
    if patients is not None and {PATIENT, THERAPIST} <= set(patients.keys):
        handled = in_sessions and rule != "stop"
        findings += found(
            patients, "therapist_change", _with_several(patients.keys) & export.stays("patients"),
            patients.key_column("therapist"),
            "belong to a patient with more than one therapist",
            "The sessions decide (cleaning.therapist_change)." if handled
            else "Keep one row per patient, or name the therapist of each session under data.sessions.keys.therapist.",
            severity="warning" if handled else "error",
        )  # fmt: skip
    return findings


def _settled(rule: str) -> str:
    """Say what becomes of patients with several therapists, and what else there is to choose."""
    match rule:
        case "keep":
            return "Each session stays with the therapist it names (cleaning.therapist_change: keep)."
        case "stop":
            return "Correct the export, or set cleaning.therapist_change: most_sessions, first, or keep (each session stays with its own)."
    return (
        f"The patient is assigned to one of them (cleaning.therapist_change: {rule}); with cleaning.therapist_change: keep each session "
        f"stays with its own."
    )


def _with_several(keys: pd.DataFrame) -> pd.Series:
    several = keys.groupby(PATIENT)[THERAPIST].transform("nunique") > 1
    return several.fillna(False).astype(bool)


def check_therapist_places(export: Export) -> list[Finding]:
    """Find ids of therapists that come back at other places of treatment: each place may have numbered its own."""
    findings = []
    for table in export.tables.values():
        if not {PATIENT, THERAPIST} <= set(table.keys) or len(key_parts(table.source)[THERAPIST]) > 1:
            continue
        taken = {*mapped_columns(table.source, list(table.measures)), *table.source.where}
        for column in table.raw.frame.columns:
            place = as_text(table.column(str(column)))
            if column in taken or not _PLACE.search(str(column).casefold()) or not 2 <= place.nunique() <= _MOST_PLACES:
                continue
            where = table.keys.assign(place=place).dropna(subset=[PATIENT, THERAPIST, "place"])
            stays = (where.groupby(PATIENT)["place"].nunique() == 1).mean()
            shared = where.groupby(THERAPIST)["place"].nunique() > 1
            if stays < _MOSTLY or shared.mean() < _MOSTLY or len(shared) < 2:
                continue
            findings += found(
                table, "therapist_places", table.keys[THERAPIST].isin(shared.index[shared]) & place.notna(), table.key_column(THERAPIST),
                f"name a therapist whose id comes back at several places (column {column}): {int(shared.sum()):,} of "
                f"{len(shared):,} ids do",
                f"If each place has numbered its own therapists, set data.{table.name}.keys.therapist: [{column}, "
                f"{table.key_column(THERAPIST)}]. If they work at several places, do nothing.",
                severity="warning",
            )  # fmt: skip
    return findings


def check_without_sessions(export: Export) -> list[Finding]:
    """Find patients who have no session: they stay in the flow but cannot be analysed."""
    patients, seen = export.tables.get("patients"), _ids(export.tables["sessions"], PATIENT)
    ids = _ids(patients, PATIENT)
    if patients is None or ids is None or seen is None or not _share(export, "sessions", "patients", PATIENT):
        return []
    return found(
        patients, "without_sessions", ids.notna() & ~is_among(ids, seen), patients.key_column("patient"),
        f"are about a patient without any session in {export.file('sessions')}",
        "They are counted in the patient flow and left out of the models; add their sessions if there are any.",
        severity="warning",
    )  # fmt: skip


def check_conditions_of_nobody(export: Export) -> list[Finding]:
    """Find conditions of cleaning.exclude and cleaning.only that no row meets."""
    conditions = [(f"cleaning.exclude.where.{name}", name, one) for name, one in export.cleaning.exclude.where.items()]
    conditions += [(f"cleaning.only.{name}", name, one) for name, one in export.cleaning.only.items()]
    return [
        about_table(
            export.tables["sessions"], "conditions_of_nobody", f"{place}: no row of the export meets this condition.",
            "Write labels as the export has them (the codebook lists them), or correct the limits.",
            severity="error" if place.startswith("cleaning.only") else "warning",
        )
        for place, name, one in conditions if matches_nothing(name, one, export.tables)
    ]  # fmt: skip


def check_excluded_unknown(export: Export) -> list[Finding]:
    """Find entries of cleaning.exclude.patients that match nobody."""
    named = export.cleaning.exclude.patients
    known = [ids for table in export.tables.values() if (ids := _ids(table, PATIENT)) is not None]
    if not named or not known:
        return []
    matched = is_among(comparable_ids(pd.Series(named, dtype="str"), export.cleaning.ids), pd.concat(known))
    places = [str(place) for place, hit in enumerate(matched, start=1) if not hit]
    if not places:
        return []
    return [
        about_table(
            export.tables["sessions"], "excluded_unknown",
            f"cleaning.exclude.patients: entry {', '.join(places)} matches no patient of the export.",
            "Correct or remove these entries.", severity="warning", count=len(places),
        )
    ]  # fmt: skip
