"""Checks of single values: values a measure cannot take, labels nobody declared."""

import numpy as np
import pandas as pd

from alliance.config.propensity import NO_AND_YES, WHICH_IS_WHICH
from alliance.data.checks.codes import codes_setting, suspected_codes
from alliance.data.checks.finding import Finding
from alliance.data.checks.groups import declared_at
from alliance.data.checks.items import of_another_version
from alliance.data.checks.place import about_table, found, quote_cell, quote_cells, shown_cell, shown_column
from alliance.data.export.mapping import Measure, Typed
from alliance.data.export.tables import Export
from alliance.errors import suggest
from alliance.facts.quoting import may_be_quoted, means_missing

_GROUPS = 20  # labels that nobody declared: more are no groups
_A_FEW = 2  # so many may be slips of the finger, however short the column is


def check_out_of_range(export: Export) -> list[Finding]:
    """Find values below or above what an item or a measure can take; more than a few of them say that the range is wrong."""
    findings = []
    handled = export.cleaning.out_of_range == "set_missing"
    explained = of_another_version(export)
    for table in export.tables.values():
        for measure in table.measures:
            if measure.kind != "number":
                continue
            values = table.values[measure.name]
            where = measure.outside(values)
            if not where.any():
                continue
            wrong = None if measure.variable in explained else _range_is_wrong(export, table, measure, where)
            if wrong is not None:
                findings.append(wrong)
                continue
            value = f"{values[where].iloc[0]:g}"
            source = f"variables.{measure.variable}" + (".instrument" if measure.item is not None else ".range")
            findings += found(
                table, "out_of_range", where, measure.column,
                f"hold a value outside {measure.low:g} to {measure.high:g} ({shown_cell(table, measure.column, value)})",
                "They are set to missing (cleaning.out_of_range: set_missing)." if handled
                else f"Correct the cells or {source}, or set cleaning.out_of_range: set_missing.",
                severity="warning" if handled else "error", value=value,
            )  # fmt: skip
    return findings


def _range_is_wrong(export: Export, table: Typed, measure: Measure, where: pd.Series) -> Finding | None:
    """Refuse to blank so many values of one column that they cannot be slips; codes for "missing" have a check of their own."""
    values = table.values[measure.name]
    known = values[~table.excluded & ~values.isin(list(suspected_codes(table, measure)))].dropna()
    beyond = where[known.index]
    count, answers = int(beyond.sum()), len(known)
    if count <= max(_A_FEW, export.cleaning.largest_share.out_of_range * answers):
        return None
    known = known[np.isfinite(known)] if np.isfinite(known).any() else known
    seen = f"{known.min():g} to {known.max():g}"
    place = f"variables.{measure.variable}"
    if measure.item is None:
        remedy = f"Correct the range, for example {place}.range: [{known.min():g}, {known.max():g}], or the cells."
    else:
        remedy = f"Name the version used under {place}.instrument, or recode the items in the export."
    enough = min(1.0, int(100 * count / answers + 1) / 100)
    row = int(beyond.to_numpy().argmax())
    column = shown_column(table, measure.column, int(beyond.index[row]))
    return about_table(
        table, "out_of_range",
        f"{export.file(table.name)}: {count:,} of {answers:,} values ({count / answers:.0%}) in column {column} lie outside "
        f"{measure.low:g} to {measure.high:g}, too many for slips: the values run from {seen}.",
        f"{remedy} If they are mistakes all the same, set cleaning.largest_share.out_of_range: {enough:g}.",
        column=column, value=seen, count=count,
    )  # fmt: skip


def check_yes_no(export: Export) -> list[Finding]:
    """Find answers other than 0 and 1 of measures that are declared yes/no: SPSS has often 1 for yes and 2 for no."""
    findings = []
    for table in export.tables.values():
        for measure in table.measures:
            if measure.kind != "number" or not export.variables[measure.variable].yes_no:
                continue
            values = table.values[measure.name]
            where = values.notna() & ~values.isin(NO_AND_YES) & ~measure.outside(values)
            value = f"{values[where].iloc[0]:g}" if where.any() else ""
            findings += found(
                table, "yes_no", where, measure.column,
                f"hold an answer other than 0 (no) and 1 (yes) ({shown_cell(table, measure.column, value)})",
                f"{WHICH_IS_WHICH} at variables.{measure.variable}; or remove 'yes_no' there.", value=value,
            )  # fmt: skip
    return findings


def check_label_unknown(export: Export) -> list[Finding]:
    """Find labels that the declared levels do not name, and reference labels that never occur."""
    findings = []
    for table in export.tables.values():
        for measure in table.measures:
            if measure.kind != "category":
                continue
            labels = table.values[measure.name]
            if measure.closed:
                where = labels.notna() & ~labels.isin(measure.labels) & ~table.excluded
                label = str(labels[where].iloc[0]) if where.any() else ""
                findings += found(
                    table, "label_unknown", where, measure.column,
                    f"hold a label that is not declared: {quote_cell(table, measure.column, label)}"
                    f"{suggest(label, measure.labels).replace('?', '')}",
                    f"If it means missing, set {codes_setting(export.cleaning, measure, [label])}."
                    if means_missing(label)
                    else f"Correct the cells, or add the label to {declared_at(export, measure)}.", value=label,
                )  # fmt: skip
            elif labels[~table.excluded].nunique() > _GROUPS:
                findings += found(
                    table, "label_unknown", labels.notna(), measure.column,
                    f"hold {labels[~table.excluded].nunique()} different labels, as names or notes do, and each of them would be a group",
                    f"Correct variables.{measure.variable}.column, or list the groups under variables.{measure.variable}.levels.",
                )  # fmt: skip
            elif labels.notna().any() and not labels.isin(measure.labels).any():
                known = sorted(labels.dropna().unique())
                alike = [label for label in known if may_be_quoted(label, measure.labels)]
                findings += found(
                    table, "label_unknown", labels.notna(), measure.column,
                    f"hold labels, but none is the reference '{measure.labels[0]}'.{suggest(measure.labels[0], alike)} "
                    f"Found: {quote_cells(table, measure.column, known)}",
                    f"Correct variables.{measure.variable}.reference.", value=str(known[0]),
                )  # fmt: skip
    return findings


def check_label_spelling(export: Export) -> list[Finding]:
    """Find labels that differ only by case or inner blanks, and so would count as different groups."""
    findings = []
    for table in export.tables.values():
        for measure in table.measures:
            if measure.kind != "category":
                continue
            labels = table.values[measure.name]
            spelled = labels.drop_duplicates()
            plain = spelled.str.casefold().str.replace(r"[\s_-]+", "", regex=True)
            spellings = pd.DataFrame({"plain": plain, "label": spelled}).dropna()
            alike = spellings[spellings.duplicated("plain", keep=False)].sort_values("label")
            if measure.closed and alike["label"].isin(measure.labels).all():
                continue  # each of them has a number
            if alike.empty:
                continue
            findings += found(
                table, "label_spelling", labels.isin(alike["label"]), measure.column,
                f"hold labels that differ only by case or blanks ({quote_cells(table, measure.column, alike["label"])})",
                (
                    f"List each spelling with the same number under variables.{measure.variable}.levels, as in {{no: 0, yes: 1, Yes: 1}}."
                    if measure.closed and export.variables[measure.variable].levels
                    else f"List each spelling with the same group under variables.{measure.variable}.labels, as in {{Video: video, video: "
                    "video, in person: in person}."
                    if measure.closed
                    else f"Declare variables.{measure.variable}.levels in place of a reference, each spelling with the same number, as in "
                    "{no: 0, yes: 1, Yes: 1}; or write each label in one way in the export."
                ), value=str(alike["label"].iloc[0]),
            )  # fmt: skip
    return findings
