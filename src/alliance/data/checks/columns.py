"""Checks of whole columns: there or not, mapped or not, empty, constant, mostly missing; and how the file was read."""

from alliance.data.checks.finding import Finding
from alliance.data.checks.place import about_table
from alliance.data.export.mapping import mapped_columns, measures_of
from alliance.data.export.tables import Export
from alliance.errors import suggest

_MOSTLY_MISSING = 0.6
_CONSTANT_FROM = 10  # fewer answers may be equal by chance


def check_read_as(export: Export) -> list[Finding]:
    """Tell what the reader had to find out by itself."""
    return [
        about_table(
            table, "read_as", f"{export.file(name)}: {note}",
            f"If that is right do nothing; otherwise say how to read it under data.{name}.", severity="warning",
        )
        for name, table in export.tables.items()
        for note in table.raw.notes
    ]  # fmt: skip


def check_column_missing(export: Export) -> list[Finding]:
    """List the columns that the config names but a table lacks."""
    findings = []
    for name, table in export.tables.items():
        keys = {column: key for key, column in table.source.keys.items()}
        owners = {m.column: m for m in measures_of(name, export.variables, export.instruments)}
        for column in table.absent:
            free = [known for known in table.raw.frame.columns if known not in {*owners, *keys}]
            hint = suggest(column, free)
            if column in keys:
                remedy = f"Correct data.{name}.keys.{keys[column]}."
            elif owners[column].item is not None:
                remedy = f"Correct variables.{owners[column].variable}.items, or add the column to the export."
            else:
                remedy = f"Correct variables.{owners[column].variable}.column, or remove the variable from the config."
            findings.append(
                about_table(
                    table,
                    "column_missing",
                    f"{export.file(name)} has no column '{column}'.{hint}",
                    remedy,
                    column=column,
                )
            )
    return findings


def check_column_unmapped(export: Export) -> list[Finding]:
    """List, once per table, the columns that no setting uses."""
    findings = []
    files: dict[str, set[str]] = {}
    for table in export.tables.values():
        measures = measures_of(table.name, export.variables, export.instruments)
        files.setdefault(table.raw.path, set()).update(mapped_columns(table.source, measures))
    for name, table in export.tables.items():
        if name != next(other for other, t in export.tables.items() if t.raw.path == table.raw.path):
            continue  # the same file was looked at under another table's name
        unused = [column for column in table.raw.frame.columns if column not in files[table.raw.path]]
        if not unused:
            continue
        near = [f"'{column}'{hint}" for column in unused if (hint := suggest(column, table.absent))]
        hint = f" {' '.join(near)}" if near else ""
        plural = "1 column is" if len(unused) == 1 else f"{len(unused)} columns are"
        findings.append(
            about_table(
                table, "column_unmapped", f"{export.file(name)}: {plural} not used: {', '.join(unused)}.{hint}",
                "If one of them is needed, map it under data or variables.", severity="warning", count=len(unused),
            )
        )  # fmt: skip
    return findings


def check_empty_column(export: Export) -> list[Finding]:
    """Find mapped columns without a single usable value."""
    findings = []
    for name, table in export.tables.items():
        for measure in table.measures:
            if table.values[measure.name].isna().all() and not _has_bad_cells(table.bad.get(measure.column)):
                findings.append(
                    about_table(
                        table, "empty_column", f"{export.file(name)}: column {measure.column} holds no value at all.",
                        f"Correct the export, or remove variables.{measure.variable} from the config.",
                        column=measure.column,
                    )
                )  # fmt: skip
    return findings


def _has_bad_cells(bad: object) -> bool:
    return bad is not None and bool(bad.any())  # type: ignore[attr-defined]


def check_constant_column(export: Export) -> list[Finding]:
    """Find mapped columns that always hold the same value: they cannot explain anything."""
    findings = []
    for name, table in export.tables.items():
        for measure in table.measures:
            present = table.values[measure.name].dropna()
            if len(present) >= _CONSTANT_FROM and present.nunique() == 1:
                findings.append(
                    about_table(
                        table, "constant_column",
                        f"{export.file(name)}: column {measure.column} holds one value only.",
                        "Check the export; a variable that does not vary cannot predict or be predicted.",
                        severity="warning", column=measure.column, value=f"{present.iloc[0]}",
                    )
                )  # fmt: skip
    return findings


def check_many_missing(export: Export) -> list[Finding]:
    """Find mapped columns in which most values are missing."""
    findings = []
    for name, table in export.tables.items():
        for measure in table.measures:
            share = float(table.values[measure.name].isna().mean())
            if _MOSTLY_MISSING < share < 1:
                findings.append(
                    about_table(
                        table, "many_missing",
                        f"{export.file(name)}: {share:.0%} of column {measure.column} is missing.",
                        "Check that the right column is mapped and that cleaning.missing_codes names no real values.",
                        severity="warning", column=measure.column, count=int(table.values[measure.name].isna().sum()),
                    )
                )  # fmt: skip
    return findings
