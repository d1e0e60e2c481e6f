"""Tables as HTML, and what all formats show. Every cell is taken for text: nothing in it becomes markup."""

import re
from html import escape
from itertools import repeat

import pandas as pd

from alliance.report.numbers import ITSELF, MISSING
from alliance.report.tables.table import FLAG, Table

_NUMERIC = re.compile(rf"^[−<>\[(]?(\.?\d|∞)[^a-z]*( {FLAG})?$")
_NO_NUMBER = ("", MISSING, ITSELF, "suppressed")  # stand in columns of numbers too


def columns_of(table: Table) -> list[str]:
    """Return the columns of the formatted cells that are shown as columns (all but the one of headings)."""
    return [name for name in table.shown.columns if name != table.group]


def rows_of(table: Table) -> list[tuple[str | None, list[str]]]:
    """Return the rows in order: headings as ``(heading, [])``, others as ``(None, cells)``; missing cells are a dash."""
    rows: list[tuple[str | None, list[str]]] = []
    current: str | None = None
    headings = table.shown[table.group] if table.group is not None else repeat(None)
    for heading, cells in zip(headings, table.shown[columns_of(table)].itertuples(index=False), strict=False):
        if heading is not None and heading != current:
            current = str(heading)
            rows.append((current, []))
        rows.append((None, [MISSING if pd.isna(cell) else str(cell) for cell in cells]))
    return rows


def numeric_columns(table: Table) -> set[str]:
    """Return the columns whose cells are numbers, apart from the first, which names the row."""
    return {
        name
        for name in columns_of(table)[1:]
        if (cells := [str(cell) for cell in table.shown[name] if not pd.isna(cell) and str(cell) not in _NO_NUMBER])
        and all(_NUMERIC.match(cell) for cell in cells)
    }


def render_html(table: Table, name: str) -> str:
    """Return the table as an HTML fragment with a caption, scoped headings and notes below it."""
    columns, numeric = columns_of(table), numeric_columns(table)
    classes = {column: ' class="number"' if column in numeric else "" for column in columns}
    lines = [
        f'<div class="data-table" id="table-{escape(name)}">',
        "<table>",
        f"<caption>{f'<b>Table {escape(table.number)}.</b> ' if table.number else ''}{escape(table.caption)}</caption>",
        "<thead>",
        "<tr>",
    ]
    lines += [f'<th scope="col"{classes[column]}>{escape(str(column))}</th>' for column in columns]
    lines += ["</tr>", "</thead>", "<tbody>"]
    opened = False
    for heading, cells in rows_of(table):
        if heading is not None:
            if opened:
                lines += ["</tbody>", "<tbody>"]
            lines.append(f'<tr class="group"><th scope="rowgroup" colspan="{len(columns)}">{escape(heading)}</th></tr>')
        else:
            first, *others = [
                _html_cell(cell, column in table.code) for column, cell in zip(columns, cells, strict=True)
            ]
            body = "".join(
                f"<td{classes[column]}>{cell}</td>" for column, cell in zip(columns[1:], others, strict=True)
            )
            lines.append(f'<tr><th scope="row">{first}</th>{body}</tr>')
        opened = True
    lines += ["</tbody>", "</table>"]
    lines += [f'<p class="table-note">{escape(note)}</p>' for note in table.notes]
    return "\n".join([*lines, "</div>"]) + "\n"


def _html_cell(text: str, code: bool) -> str:
    return f"<code>{escape(text)}</code>" if code and text else escape(text)
