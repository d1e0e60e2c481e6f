"""Tables as HTML and LaTeX. Every cell is taken for text: nothing in it becomes markup or a command."""

import re
from html import escape
from itertools import repeat

import pandas as pd

from alliance.report.numbers import MISSING
from alliance.report.tables.table import Table

_NUMERIC = re.compile(r"^[−<>\[(]?[\d∞][^a-z]*( †)?$")
_NO_NUMBER = ("", MISSING, "suppressed")  # stand in columns of numbers too
_LONG_CELL = 34  # characters from which a LaTeX column gets a fixed width
_LONG_TABLE = 35  # rows from which a LaTeX table may break across pages
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "−": "$-$", "–": "--", "—": "---", "→": r"$\rightarrow$", "×": r"$\times$", "±": r"$\pm$", "∞": r"$\infty$",
    "′": "$'$", "†": r"\textdagger{}", "ω": r"$\omega$", "α": r"$\alpha$", "≥": r"$\geq$", "≤": r"$\leq$", "’": "'", "…": r"\dots{}",
    "\u00a0": "~",
    **{digit: f"$^{{{plain}}}$" for digit, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)},
}  # fmt: skip


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
        f"<caption>{escape(table.caption)}</caption>",
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


def render_latex(table: Table, name: str) -> str:
    """Return the table as LaTeX with rules of booktabs; a long one can break across pages (longtable)."""
    columns, numeric = columns_of(table), numeric_columns(table)
    rows = rows_of(table)
    kinds = " ".join(_latex_column(column, table, column in numeric) for column in columns)
    head = " & ".join(f"\\textbf{{{escape_latex(str(column))}}}" for column in columns) + r" \\"
    body = []
    for position, (heading, cells) in enumerate(rows):
        if heading is None:
            body.append(" & ".join(escape_latex(cell) for cell in cells) + r" \\")
        else:
            gap = [r"\addlinespace"] if position else []
            body += [*gap, f"\\multicolumn{{{len(columns)}}}{{l}}{{\\textit{{{escape_latex(heading)}}}}} \\\\"]
    caption = f"\\caption{{{escape_latex(table.caption)}}}\\label{{tab:{name}}}"
    notes = [f"\\par\\smallskip\\footnotesize {escape_latex(note)}" for note in table.notes]
    if len(rows) > _LONG_TABLE:
        lines = [
            "% needs \\usepackage{booktabs,longtable,array}",
            "{\\small",
            f"\\begin{{longtable}}{{{kinds}}}",
            caption + r" \\",
        ]
        lines += [
            r"\toprule",
            head,
            r"\midrule",
            r"\endfirsthead",
            r"\toprule",
            head,
            r"\midrule",
            r"\endhead",
            r"\bottomrule",
            r"\endfoot",
        ]
        lines += [*body, r"\end{longtable}", *notes, "}"]
    else:
        lines = [
            "% needs \\usepackage{booktabs,array}",
            r"\begin{table}",
            r"\centering\small",
            caption,
            f"\\begin{{tabular}}{{{kinds}}}",
        ]
        lines += [r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"]
    return "\n".join(lines) + "\n"


def _latex_column(column: str, table: Table, numeric: bool) -> str:
    if numeric:
        return "r"
    longest = max((len(str(cell)) for cell in table.shown[column]), default=0)
    return r">{\raggedright\arraybackslash}p{0.26\linewidth}" if longest > _LONG_CELL else "l"


def escape_latex(text: str) -> str:
    """Return text that LaTeX prints as it is: special characters escaped, signs outside ASCII as commands."""
    return "".join(_LATEX.get(character, character) for character in text.replace("\n", " "))
