"""Findings and codebook as a terminal shows them: errors first, each with where it is and what to do."""

import textwrap
from collections.abc import Iterable, Sequence

import pandas as pd

from alliance.report.tables.checks import group_findings
from alliance.report.tables.codebook import said_cells
from alliance.report.words import Speech

_NARROWEST, _WIDEST = 72, 160
# Characters of the columns of numbers, and how the others share the rest.
_FIXED = {"Values": 7, "Missing": 10}
_SHARES = {"Variable": 18, "What it is": 26, "Columns": 18, "Distribution": 30}
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
    width = min(max(width, _NARROWEST), _WIDEST)
    lines = [
        *_group(findings, speech, "error", "that would stop a run", width),
        *_group(findings, speech, "warning", "that would be told in the report", width),
    ]
    return "\n".join(lines or ["The checks found nothing to correct."])


def _group(findings: pd.DataFrame, speech: Speech, severity: str, what: str, width: int) -> list[str]:
    groups = [group.said(speech) for group in group_findings(findings, severity)]
    count = sum(len(group.messages) for group in groups)
    lines = [f"{count} {severity}{'s' if count > 1 else ''} {what}:"] if groups else []
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
    """Write the codebook as a table that fits the terminal; long cells are broken over several lines.

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
    names = ["Variable", "What it is", "Columns", "Values", "Missing", "Distribution"]
    shared = min(max(width, _NARROWEST), _WIDEST) - len(_GAP) * (len(names) - 1) - sum(_FIXED.values())
    widths = [_FIXED.get(name) or shared * _SHARES[name] // sum(_SHARES.values()) for name in names]
    lines = [*_row(names, widths), _GAP.join("-" * column for column in widths)]
    for table, rows in cells.groupby("Table", sort=False):
        lines += ["", f"{table}:"]
        for row in rows[names].itertuples(index=False):
            lines += _row(row, widths)
    return "\n".join(line.rstrip() for line in lines)


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
