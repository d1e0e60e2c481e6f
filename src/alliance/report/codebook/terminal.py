"""Findings and codebook as a terminal shows them: errors first, each with where it is and what to do."""

import textwrap
from collections.abc import Iterable, Sequence

import pandas as pd

from alliance.facts.columns import records
from alliance.report.codebook.words import HEADINGS, codebook_rows

_NARROWEST, _WIDEST = 72, 160
# Characters of the columns of numbers, and how the others share the rest.
_FIXED = {3: 7, 4: 10}
_SHARES = {0: 18, 1: 26, 2: 18, 5: 30}
_GAP = "  "


def show_findings(findings: pd.DataFrame, width: int) -> str:
    """Write what the checks found, errors first, table by table.

    Parameters
    ----------
    findings
        The artefact `checks`.
    width
        Characters of a line.
    """
    width = min(max(width, _NARROWEST), _WIDEST)
    errors, warnings = (findings[findings["severity"] == severity] for severity in ("error", "warning"))
    lines = [
        *_group(errors, "error", "that would stop a run", width),
        *_group(warnings, "warning", "that would be told in the report", width),
    ]
    return "\n".join(lines or ["The checks found nothing to correct."])


def _group(findings: pd.DataFrame, word: str, what: str, width: int) -> list[str]:
    if findings.empty:
        return []
    count = len(findings)
    lines = [f"{count} {word}{'s' if count > 1 else ''} {what}:", ""]
    for table, rows in findings.groupby("table", sort=False):
        lines.append(f"  In the table of {table}:")
        for row in records(rows):
            lines += textwrap.wrap(str(row.message), width, initial_indent="  - ", subsequent_indent="    ")
            lines += textwrap.wrap(str(row.remedy), width, initial_indent="    What to do: ", subsequent_indent="    ")
        lines.append("")
    return lines


def show_codebook(codebook: pd.DataFrame, width: int) -> str:
    """Write the codebook as a table that fits the terminal; long cells are broken over several lines.

    Parameters
    ----------
    codebook
        The artefact of that name.
    width
        Characters of a line.
    """
    shared = min(max(width, _NARROWEST), _WIDEST) - len(_GAP) * (len(HEADINGS) - 1) - sum(_FIXED.values())
    widths = [_FIXED.get(place) or shared * _SHARES[place] // sum(_SHARES.values()) for place in range(len(HEADINGS))]
    lines = [*_row(HEADINGS, widths), _GAP.join("-" * column for column in widths)]
    for cells in codebook_rows(codebook):
        lines += _row(cells, widths)
    return "\n".join(line.rstrip() for line in lines)


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped))):
        shown = [part[number] if number < len(part) else "" for part in wrapped]
        yield _GAP.join(text.ljust(width) for text, width in zip(shown, widths, strict=True))
