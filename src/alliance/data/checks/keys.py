"""Checks of keys: ids that are missing or spelled in several ways, rows that repeat or contradict each other."""

import pandas as pd

from alliance.config.cleaning import Ids
from alliance.data.checks.codes import CODES_OUT, all_codes_setting, coded_key
from alliance.data.checks.finding import Finding
from alliance.data.checks.place import found
from alliance.data.cleaning.duplicates import conflicting_rows, identical_rows, joined_rows
from alliance.data.cleaning.episodes import later_episodes
from alliance.data.export.cells import as_text, comparable_ids, respelled
from alliance.data.export.distinct import on_distinct
from alliance.data.export.mapping import Typed, key_parts
from alliance.data.export.tables import Export
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.quoting import means_missing

_SHORTENED = r"[+-]?[0-9]([.,][0-9]+)?E\+[0-9]{1,3}"
_LONG_NUMBER = r"[0-9]{16,}"
_KEYS = {"sessions": [PATIENT, SESSION], "patients": [PATIENT], "therapists": [THERAPIST]}


def check_id_missing(export: Export) -> list[Finding]:
    """Find rows without the id they are about, and sessions or patients without a therapist."""
    findings = []
    for name, table in export.tables.items():
        for key in (PATIENT, THERAPIST):
            if key not in table.keys:
                continue
            needed = key in _KEYS[name]
            ids = table.keys[key]
            where = ids.isna() | (ids == "")
            remedy = (
                f"Give each row its {key} id in column {table.key_column(key)}, or delete the rows."
                if needed
                else "Their therapist is unknown to the models; add the id if it is known."
            )
            # Not which code: what looks like one may be an id.
            coded, _ = coded_key(export, table, key)
            but = " but a code that counts as missing (cleaning.missing_codes)"
            for cells, more, then in (
                (where & ~coded, "", ""),
                (coded, but, f" If the code is an id, {CODES_OUT}"),
            ):
                findings += found(
                    table, "id_missing", cells, table.key_column(key), f"have no {key} id{more}", remedy + then,
                    severity="error" if needed else "warning",
                )  # fmt: skip
    return findings


def check_id_spelling(export: Export) -> list[Finding]:
    """Find ids that differ only by blanks, case or leading zeros from another id."""
    findings = []
    loose = Ids(strip=True, fold_case=True, strip_leading_zeros=True)
    for key in (PATIENT, THERAPIST):
        tables = [table for table in export.tables.values() if key in table.keys]
        if not tables:
            continue
        written = [as_text(table.column(table.key_column(key))) for table in tables]
        everything = pd.concat(written, ignore_index=True)
        odd = respelled(everything, comparable_ids(everything, loose))
        # Handled if the declared rules bring all spellings of an id together.
        declared = comparable_ids(everything, export.cleaning.ids)
        apart = respelled(declared, comparable_ids(everything, loose))
        start = 0
        for table, ids in zip(tables, written, strict=True):
            here = slice(start, start + len(ids))
            start += len(ids)
            for where, severity, remedy in (
                (odd[here] & ~apart[here], "warning", "They are taken for the same id (cleaning.ids)."),
                (
                    apart[here],
                    "error",
                    "If they are the same, switch on strip, fold_case or strip_leading_zeros under cleaning.ids; if not, rename one of "
                    f"them, or make ids of several columns, as in data.{table.name}.keys.{key}: [CLINIC, ID].",
                ),
            ):
                findings += found(
                    table, "id_spelling", where.reset_index(drop=True), table.key_column(key),
                    f"hold a {key} id that differs from another one only by blanks, case or leading zeros", remedy,
                    severity=severity,  # type: ignore[arg-type]
                )  # fmt: skip
    return findings


def check_id_alike(export: Export) -> list[Finding]:
    """Find ids that a person would read as the same: they differ by marks, blanks inside, or letters that only look alike."""
    said, findings = export.cleaning.ids.fold_marks, []
    if said is False:
        return []
    rules = export.cleaning.ids.model_copy(update={"fold_marks": None})
    for key in (PATIENT, THERAPIST):
        tables = [table for table in export.tables.values() if key in table.keys]
        ids = pd.concat(
            [comparable_ids(table.column(table.key_column(key)), rules) for table in tables]
            or [pd.Series(dtype="str")],
            ignore_index=True,
        )
        odd = respelled(ids, comparable_ids(ids, rules.model_copy(update={"fold_marks": True})))
        start = 0
        for table in tables:
            where = odd[start : start + len(table.keys)].reset_index(drop=True) & table.keys[key].notna()
            start += len(table.keys)
            findings += found(
                table, "id_alike", where, table.key_column(key),
                f"hold a {key} id that looks like another one: other marks, blanks inside or kinds of letters (as K-17, K 17 and K17)",
                "They are taken for the same id (cleaning.ids.fold_marks: true)." if said
                else "If they are the same, set cleaning.ids.fold_marks: true; if they are different people, set it to false.",
                severity="warning" if said else "error",
            )  # fmt: skip
    return findings


def check_id_says_missing(export: Export) -> list[Finding]:
    """Find ids that read as if there were none ("n/a", "unknown"): people without an id would be one patient, or one therapist."""
    findings = []
    for table in export.tables.values():
        for key in (PATIENT, THERAPIST):
            if key not in table.keys:
                continue
            ids = table.keys[key]
            unlike = _says_missing(ids)
            setting = all_codes_setting(export.cleaning, sorted(ids[unlike].unique()))
            findings += found(
                table, "id_says_missing", unlike, table.key_column(key),
                f"hold a word for missing where a {key} id should be, and would be one {key}",
                f"If nobody knows whose they are, set {setting}. If it is an id (initials), do nothing.", severity="warning",
            )  # fmt: skip
    return findings


@on_distinct
def _says_missing(ids: pd.Series) -> pd.Series:
    return ids.map(lambda text: means_missing(text) and len(text) > 1, na_action="ignore").eq(True).astype(bool)


def check_id_shortened(export: Export) -> list[Finding]:
    """Find long ids that a spreadsheet has shortened, as 1.04E+16: several may have become one."""
    findings = []
    for table in export.tables.values():
        for key in (PATIENT, THERAPIST):
            if key not in table.keys:
                continue
            for part in key_parts(table.source)[key]:
                text = as_text(table.column(part)).str.strip()
                cut = text.str.fullmatch(_SHORTENED).fillna(False).astype(bool)
                long = text.str.fullmatch(_LONG_NUMBER).fillna(False).astype(bool)
                # A spreadsheet keeps 15 digits; of true ids only a tenth ends in zero.
                zeros = long & text.str.endswith("0").fillna(False).astype(bool)
                where = cut | (long if text[long].nunique() > 1 and zeros.sum() == long.sum() else False)
                findings += found(
                    table, "id_shortened", where, part,
                    f"hold a {key} id of which a spreadsheet has kept the first digits only (as in 1.04E+16)",
                    "Different ids may have become the same there. Export the table again without opening it in a spreadsheet, or import "
                    f"the column as text; or name another column under data.{table.name}.keys.{key}.",
                )  # fmt: skip
    return findings


def _in_question(table: Typed) -> pd.DataFrame:
    """Return keys and values of rows that may repeat or contradict each other: all that share their key with another row."""
    key = [column for column in _KEYS[table.name] if column in table.keys] or [*map(str, table.keys)]
    shared = table.keys.duplicated(key, keep=False) if key else pd.Series(True, index=table.keys.index)
    return pd.concat([table.keys[shared], table.values[shared]], axis="columns")


def _first_episodes(export: Export, table: Typed) -> pd.Series:
    """All rows but those of later episodes, which are left out on purpose."""
    if table.name != "sessions" or PATIENT not in table.keys:
        return pd.Series(True, index=table.keys.index)
    return ~later_episodes(table.keys, export.cleaning.new_episode_after_days)


def check_repeated_rows(export: Export) -> list[Finding]:
    """Find rows that repeat another row in every mapped column."""
    findings = []
    handled = export.cleaning.duplicates.identical == "drop"
    for table in export.tables.values():
        again = identical_rows(_in_question(table)).reindex(table.keys.index, fill_value=False)
        findings += found(
            table, "repeated_rows", again & _first_episodes(export, table), None, "repeat an earlier row",
            "They are dropped (cleaning.duplicates.identical: drop)." if handled
            else "Delete them, or set cleaning.duplicates.identical: drop.",
            severity="warning" if handled else "error",
        )  # fmt: skip
    return findings


def check_contradicting_rows(export: Export) -> list[Finding]:
    """Find rows that have the same key but say different things.

    Only contradicting sessions can be settled by a cleaning rule; a patient or therapist must have one row. A patient
    whose rows differ in nothing but the therapist is left to `check_therapist_change`.
    """
    findings = []
    rule = export.cleaning.duplicates.conflicting
    for name, table in export.tables.items():
        key = [column for column in _KEYS[name] if column in table.keys]
        if key != _KEYS[name]:
            continue
        handled = name == "sessions" and rule not in ("stop", "join")
        rows = _in_question(table)
        rows = rows[_first_episodes(export, table)[rows.index]]
        if name == "patients":
            rows = rows.drop(columns=THERAPIST, errors="ignore")
        if name == "sessions" and rule == "join":
            rows = joined_rows(rows.dropna(subset=key), [measure.name for measure in table.measures])
        where = conflicting_rows(rows, key).reindex(table.keys.index, fill_value=False)
        if handled:
            remedy = f"They are settled by cleaning.duplicates.conflicting: {rule}."
        elif name == "sessions":
            remedy = "Correct the export, or set cleaning.duplicates.conflicting: keep_most_complete or drop_all."
        else:
            remedy = f"Keep one row per {key[0]} in the export, or choose its rows by data.{name}.where."
        findings += found(
            table, "contradicting_rows", where, None, f"have the {' and '.join(key)} of another row but other values",
            remedy, severity="warning" if handled else "error",
        )  # fmt: skip
    return findings
