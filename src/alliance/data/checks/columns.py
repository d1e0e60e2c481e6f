"""Checks of whole columns: there or not, mapped or not, empty, constant, mostly missing; and how the file was read."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from alliance.config.patterns import fill, padded
from alliance.data.checks.finding import Finding
from alliance.data.checks.place import about_table
from alliance.data.export.mapping import DATE, WEEK, Measure, Typed, key_columns, key_parts, mapped_columns, measures_of
from alliance.data.export.tables import Export
from alliance.errors import suggest

_NUMBER = re.compile(r"[\d.,:/-]*\d[\d.,:/-]*")
_MOSTLY_MISSING = 0.6
_DOUBLED_FROM = 30  # values from which two columns do not agree in all of them by chance
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
        keys = {column: key for key, parts in key_parts(table.source).items() for column in parts}
        owners = {m.column: m for m in measures_of(name, export.variables, export.instruments)}
        for column in _one_item_each(table.absent, owners):
            free = [known for known in _names(table) if known not in {*owners, *keys}]
            hint = suggest(column, free)
            if column in keys:
                remedy = f"Correct data.{name}.keys.{keys[column]}."
            elif owners[column].item is not None:
                remedy = _items_remedy(export, owners[column].variable, table.raw.frame.columns)
            else:
                remedy = f"Correct variables.{owners[column].variable}.column, or remove the variable from the config."
            findings.append(
                about_table(
                    table,
                    "column_missing",
                    f"{export.file(name)} has no column {_and_others(column, table.absent, owners)}.{hint}",
                    remedy,
                    column=column,
                )
            )
    return findings


def _one_item_each(absent: Sequence[str], owners: Mapping[str, Measure]) -> list[str]:
    """Keep one absent column of each questionnaire: its items follow one pattern."""
    first: dict[str, str] = {}
    for column in absent:
        item = column in owners and owners[column].item is not None
        first.setdefault(f"items of {owners[column].variable}" if item else f"column {column}", column)
    return list(first.values())


def _and_others(column: str, absent: Sequence[str], owners: Mapping[str, Measure]) -> str:
    others = 0
    if column in owners and owners[column].item is not None:
        others = sum(other in owners and owners[other].variable == owners[column].variable for other in absent) - 1
    more = "" if others == 0 else f", nor {others} more for items of '{owners[column].variable}'"
    return f"'{column}'{more}"


def _items_remedy(export: Export, name: str, known: Iterable[str]) -> str:
    """Say how the items are named in the file, if that is found out: with leading zeros, or in other letters."""
    variable = export.variables[name]
    place, columns = f"variables.{name}.items", list(known)
    count = export.instruments[variable.instrument or ""].items
    if isinstance(variable.items, str):
        for digits in (2, 3):
            pattern = padded(variable.items, "item", digits)
            if all(fill(pattern, item=item) in columns for item in range(1, count + 1)):
                return f'Numbers have leading zeros there: set {place}: "{pattern}".'
    spelled: dict[str, list[str]] = {}
    for column in columns:
        spelled.setdefault(_bare(column), []).append(column)
    found = [spelled.get(_bare(variable.item_column(item)), []) for item in range(1, count + 1)]
    if all(len(names) == 1 for names in found):
        listed = json.dumps([names[0] for names in found], ensure_ascii=False)
        return f"They are spelled otherwise there: set {place}: {listed}."
    return f"Correct {place} (a pattern, or a list of columns), or add the column to the export."


def _names(table: Typed) -> list[str]:
    """Return the names of the columns; none where the first row holds numbers and no name that is known: a row of data, not of names."""
    names = [str(name) for name in table.raw.frame.columns]
    known = {*mapped_columns(table.source, list(table.measures)), *table.source.where}
    return names if known & set(names) or not any(_NUMBER.fullmatch(name) for name in names) else []


def _bare(column: str) -> str:
    """Reduce a name to its letters and numbers: capitals, leading zeros, blanks and marks do not count."""
    return re.sub(r"0+(?=\d)", "", re.sub(r"(?<=\D)[\W_]+|[\W_]+(?=\D)|[\W_]+(?=\d)", "", column.casefold()))


def check_column_unmapped(export: Export) -> list[Finding]:
    """List, once per table, the columns that no setting uses."""
    findings = []
    files: dict[str, set[str]] = {}
    for table in export.tables.values():
        measures = measures_of(table.name, export.variables, export.instruments)
        files.setdefault(table.raw.path, set()).update(
            [*mapped_columns(table.source, measures), *key_columns(table.source).values(), *table.source.where]
        )
    for name, table in export.tables.items():
        if name != next(other for other, t in export.tables.items() if t.raw.path == table.raw.path):
            continue  # the same file was looked at under another table's name
        unused = [column for column in table.raw.frame.columns if column not in files[table.raw.path]]
        if not unused:
            continue
        known = set(_names(table))
        listed = f": {', '.join(unused)}" if known else "; their names are not shown, for they may be a patient's cells"
        near = [f"'{column}'{hint}" for column in unused if column in known and (hint := suggest(column, table.absent))]
        hint = f" {' '.join(near)}" if near else ""
        plural = "1 column is" if len(unused) == 1 else f"{len(unused)} columns are"
        findings.append(
            about_table(
                table, "column_unmapped", f"{export.file(name)}: {plural} not used{listed}.{hint}",
                "If one of them is needed, map it under data or variables.", severity="warning", count=len(unused),
            )
        )  # fmt: skip
    return findings


def check_empty_column(export: Export) -> list[Finding]:
    """Find mapped columns without a single usable value; ids and session numbers that are missing have checks of their own."""
    findings = []
    for name, table in export.tables.items():
        for key, column in _times(table).items():
            if table.keys[key].isna().all() and not _has_bad_cells(table.bad.get(column)):
                findings.append(
                    about_table(
                        table, "empty_column", f"{export.file(name)}: column {column} holds no {key} at all, so no pause has a length.",
                        f"Correct data.{name}.keys.{key}, or remove it if there are no {key}s.", column=column,
                    )
                )  # fmt: skip
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


def _times(table: Typed) -> dict[str, str]:
    """Return the keys that say when a session was, with the user's columns."""
    return {key: table.key_column(key) for key in (DATE, WEEK) if key in table.keys}


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


def check_doubled_column(export: Export) -> list[Finding]:
    """Find columns that hold the same in all rows as another one: copied by mistake, or mapped twice."""
    findings = []
    for name, table in export.tables.items():
        first: dict[bytes, Measure] = {}
        for measure in table.measures:
            values = table.values[measure.name]
            if measure.kind != "number" or values.notna().sum() < _DOUBLED_FROM or values.nunique() < 3:
                continue
            other = first.setdefault(values.to_numpy(dtype=float).tobytes(), measure)
            if other.column != measure.column:
                same = other.variable == measure.variable
                use = f"count twice in variables.{measure.variable}"
                use = use if same else f"are two measures, variables.{other.variable} and variables.{measure.variable}"
                findings.append(
                    about_table(
                        table, "doubled_column",
                        f"{export.file(name)}: column {measure.column} holds the same as column {other.column} "
                        f"in all {len(values):,} rows.",
                        "One of them was perhaps copied over the other: compare them with the questionnaires. If they are the same on "
                        f"purpose, leave one of them out; they {use} as they stand.",
                        severity="warning", column=measure.column, count=len(values),
                    )
                )  # fmt: skip
    return findings


def check_measure_level(export: Export) -> list[Finding]:
    """Find columns that are taken for numbers although their file calls them nominal and gives their codes names."""
    findings = []
    for name, table in export.tables.items():
        for measure in table.measures:
            labels = table.raw.labels.get(measure.column, {})
            if measure.kind != "number" or not labels or table.raw.levels.get(measure.column) != "nominal":
                continue
            if (
                measure.item is not None
            ):  # SPSS calls most columns with labels nominal, and the key says what its items are
                continue
            names = ", ".join(f"{_code(code)}" for code in list(labels)[:6])
            findings.append(
                about_table(
                    table, "measure_level",
                    f"{export.file(name)}: column {measure.column} is nominal in its file, which names its codes ({names}), and is read "
                    "as a number.",
                    f"If its codes name groups, declare variables.{measure.variable} as kind: category; if they are a scale do nothing.",
                    severity="warning", column=measure.column,
                )
            )  # fmt: skip
    return findings


def _code(code: object) -> str:
    return f"{code:g}" if isinstance(code, float) else str(code)


def check_many_missing(export: Export) -> list[Finding]:
    """Find mapped columns in which most values are missing."""
    findings = []
    for name, table in export.tables.items():
        columns = [(measure.column, table.values[measure.name]) for measure in table.measures]
        columns += [(column, table.keys[key]) for key, column in _times(table).items()]
        for column, cells in columns:
            share = float(cells.isna().mean())
            if _MOSTLY_MISSING < share < 1:
                findings.append(
                    about_table(
                        table, "many_missing", f"{export.file(name)}: {share:.0%} of column {column} is missing.",
                        "Check that the right column is mapped and that cleaning.missing_codes names no real values.",
                        severity="warning", column=column, count=int(cells.isna().sum()),
                    )
                )  # fmt: skip
    return findings
