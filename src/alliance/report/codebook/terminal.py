"""Findings and codebook as a terminal shows them: errors first, each with where it is and what to do."""

import textwrap
from collections.abc import Iterable, Sequence

import pandas as pd

from alliance.report.numbers import MISSING, format_count
from alliance.report.tables.checks import group_findings
from alliance.report.tables.codebook import said_cells
from alliance.report.tables.widths import share_out
from alliance.report.words import Speech

_WIDEST = 160
_WHOLE = ("Values", "Missing")  # columns whose cells are not broken
_COLUMNS = ("Variable", "What it is", "Columns", "Values", "Missing", "Distribution")
_GAP = "  "


def show_findings(findings: pd.DataFrame, speech: Speech, width: int) -> str:
    """Write what the checks found, errors first, table by table.

    Parameters
    ----------
    findings
        The artefact `checks`.
    speech
        How the study calls its units.
    width
        Characters of a line.
    """
    width = min(width, _WIDEST)
    lines = [
        *_group(findings, speech, "error", "that would stop a run", width),
        *_group(findings, speech, "warning", "that would be told in the report", width),
    ]
    return "\n".join(lines or ["The checks found nothing to correct."])


def _group(findings: pd.DataFrame, speech: Speech, severity: str, what: str, width: int) -> list[str]:
    groups = [group.said(speech) for group in group_findings(findings, severity)]
    count = sum(len(group.messages) for group in groups)
    lines = _wrapped(f"{format_count(count)} {severity}{'s' if count > 1 else ''} {what}:", width, "") if groups else []
    table = ""
    for group in groups:
        if group.table != table:
            lines += ["", f"  In the table of {group.table}:"]
        table = group.table
        for message in group.messages:
            lines += _wrapped(message, width, "  - ")
        lines += _wrapped(
            group.remedy, width, "    What to do: " if severity == "error" else "    What to do or know: "
        )
    return [*lines, ""] if lines else []


def _wrapped(text: str, width: int, first: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent="    ", break_on_hyphens=False)


def show_codebook(codebook: pd.DataFrame, speech: Speech, width: int) -> str:
    """Write the codebook as a table where no word has to be broken and that takes no more lines, else as a list of variables.

    Parameters
    ----------
    codebook
        The artefact of that name.
    speech
        How the study calls its units.
    width
        Characters of a line.
    """
    cells = said_cells(codebook, speech)
    cells["Variable"] = _both(cells["Variable"], cells["Label"], " ({})")
    if "In the file" in cells:
        cells["Distribution"] = _both(cells["Distribution"], cells["In the file"], "; in the file: {}")
    width = min(width, _WIDEST)
    ways = (_table(cells, width), _entries(cells, width))
    return "\n".join(line.rstrip() for line in min((lines for lines in ways if lines), key=len))


def _table(cells: pd.DataFrame, width: int) -> list[str]:
    """Return the lines of a table; none where it would break words."""
    columns = {name: [name, *cells[name]] for name in _COLUMNS}
    natural = [max(map(len, column)) for column in columns.values()]
    least = [
        full if name in _WHOLE else max(len(word) for cell in column for word in cell.split())
        for full, (name, column) in zip(natural, columns.items(), strict=True)
    ]
    room = width - len(_GAP) * (len(columns) - 1)
    if sum(least) > room:
        return []
    widths = [int(column) for column in share_out(least, natural, room)]
    lines = [*_row([*columns], widths), _GAP.join("-" * column for column in widths)]
    for table, rows in cells.groupby("Table", sort=False):
        lines += ["", f"{table}:"]
        for row in rows[[*columns]].itertuples(index=False):
            lines += _row(row, widths)
    return lines


def _entries(cells: pd.DataFrame, width: int) -> list[str]:
    """Return the lines of a list: each variable, and below it what it is, where it stands and what was found."""
    lines: list[str] = []
    for table, rows in cells.groupby("Table", sort=False):
        lines += ["", f"{table}:"] if lines else [f"{table}:"]
        for row in rows.to_dict("records"):
            counts = ", ".join(
                f"{name.lower()} {row[name]}" for name in ("Values", "Missing") if row[name] not in ("", MISSING)
            )
            found = "; ".join(part for part in (counts, row["Distribution"]) if part)
            lines += _wrapped(row["Variable"], width, "  ")
            for part in (row["What it is"], row["Columns"] and f"columns: {row['Columns']}", found):
                lines += textwrap.wrap(
                    part, width, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
                )
    return lines


def _both(first: pd.Series, second: pd.Series, written: str) -> list[str]:
    return [
        f"{one}{written.format(other)}".removeprefix("; ") if other and other != one else one
        for one, other in zip(first, second, strict=True)
    ]


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    wrapped = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""] for cell, width in zip(cells, widths, strict=True)
    ]
    for number in range(max(map(len, wrapped))):
        shown = [part[number] if number < len(part) else "" for part in wrapped]
        yield _GAP.join(text.ljust(width) for text, width in zip(shown, widths, strict=True))
