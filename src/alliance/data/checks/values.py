"""Checks of single values: values a measure cannot take, labels nobody declared."""

import pandas as pd

from alliance.data.checks.finding import Finding
from alliance.data.checks.place import found
from alliance.data.export.tables import Export
from alliance.errors import suggest


def check_out_of_range(export: Export) -> list[Finding]:
    """Find values below or above what an item or a measure can take."""
    findings = []
    handled = export.cleaning.out_of_range == "set_missing"
    for table in export.tables.values():
        for measure in table.measures:
            if measure.kind != "number":
                continue
            values = table.values[measure.name]
            where = (values < measure.low) | (values > measure.high)
            if not where.any():
                continue
            value = f"{values[where].iloc[0]:g}"
            source = f"variables.{measure.variable}" + (".instrument" if measure.item is not None else ".range")
            findings += found(
                table, "out_of_range", where, measure.column,
                f"hold a value outside {measure.low:g} to {measure.high:g} ({value})",
                "They are set to missing (cleaning.out_of_range: set_missing)." if handled
                else f"Correct the cells or {source}, or set cleaning.out_of_range: set_missing.",
                severity="warning" if handled else "error", value=value,
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
                where = labels.notna() & ~labels.isin(measure.labels)
                label = str(labels[where].iloc[0]) if where.any() else ""
                findings += found(
                    table, "label_unknown", where, measure.column,
                    f"hold the label '{label}', which is not declared{suggest(label, measure.labels).replace('?', '')}",
                    f"Correct the cells, or add the label to variables.{measure.variable}.levels.", value=label,
                )  # fmt: skip
            elif labels.notna().any() and not labels.isin(measure.labels).any():
                known = sorted(labels.dropna().unique())
                hint = suggest(measure.labels[0], known)
                findings += found(
                    table, "label_unknown", labels.notna(), measure.column,
                    f"hold labels, but none is the reference '{measure.labels[0]}'.{hint} "
                    f"Found: {', '.join(known[:8])}",
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
            plain = labels.str.casefold().str.replace(r"[\s_-]+", "", regex=True)
            spellings = pd.DataFrame({"plain": plain, "label": labels}).dropna().drop_duplicates()
            alike = spellings[spellings.duplicated("plain", keep=False)].sort_values("label")
            if alike.empty:
                continue
            names = ", ".join(f"'{label}'" for label in alike["label"].head(6))
            findings += found(
                table, "label_spelling", labels.isin(alike["label"]), measure.column,
                f"hold labels that differ only by case or blanks ({names})",
                "Write each label in one way in the export.", value=str(alike["label"].iloc[0]),
            )  # fmt: skip
    return findings
