"""Tables as LaTeX. Every cell is taken for text: nothing in it becomes a command."""

import math

from alliance.report.tables.printed import BLANK_DIGIT, BLANK_FLAG, BLANK_MINUS, BLANK_POINT, for_print
from alliance.report.tables.render import columns_of, numeric_columns, rows_of
from alliance.report.tables.table import Table
from alliance.report.tables.widths import Layout, plan_layout

_PADDING = 0.43  # cm beside the text of a column: \tabcolsep twice, 6 points each
_LONG_TABLE = 35  # lines from which a table may break across pages
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "−": "$-$", "–": "--", "—": "---", "→": r"$\rightarrow$", "×": r"$\times$", "±": r"$\pm$", "∞": r"$\infty$",
    "′": "$'$", "†": r"\textdagger{}", "ω": r"$\omega$", "α": r"$\alpha$", "≥": r"$\geq$", "≤": r"$\leq$", "’": "'", "…": r"\dots{}",
    "χ": r"$\chi$", "τ": r"$\tau$",
    "\u00a0": "~",
    BLANK_DIGIT: r"\phantom{0}", BLANK_MINUS: r"\phantom{$-$}", BLANK_POINT: r"\phantom{.}", BLANK_FLAG: r"\phantom{\textdagger}",
    **{digit: f"$^{{{plain}}}$" for digit, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)},
}  # fmt: skip


def render_latex(table: Table, name: str) -> str:
    """Return the table as LaTeX with rules of booktabs, never wider than the line.

    It is laid out for margins of 2.5 cm (`plan_layout`). A long table can break across pages (longtable), one with too many columns lies on
    its side (pdflscape).
    """
    table = for_print(table)
    layout, rows = plan_layout(table, _PADDING), rows_of(table)
    head = " & ".join(f"\\textbf{{{escape_latex(str(column))}}}" for column in columns_of(table)) + r" \\"
    kinds = "".join(_list_kinds(table, layout))
    numbered = f"\\renewcommand{{\\thetable}}{{{escape_latex(table.number)}}}" if table.number else ""
    caption = f"\\caption{{{escape_latex(table.caption)}}}\\label{{tab:{name}}}"
    notes = [f"\\par\\smallskip\\footnotesize {escape_latex(note)}" for note in table.notes]
    if notes:
        notes[0] = notes[0].replace(r"\footnotesize ", r"\raggedright\footnotesize \textit{Note.} ", 1)
    size = f"\\fontsize{{{layout.size}}}{{{layout.size + 2}}}\\selectfont"
    body = _list_rows(table, layout)
    if layout.landscape or layout.lines > _LONG_TABLE or len(rows) > _LONG_TABLE:
        packages = "booktabs,longtable,array"
        lines = [f"{{{size}{numbered}", f"\\begin{{longtable}}{{{kinds}}}", caption + r" \\"]
        lines += [r"\toprule", head, r"\midrule", r"\endfirsthead", r"\toprule", head, r"\midrule", r"\endhead"]
        lines += [r"\bottomrule", r"\endfoot", *body, r"\end{longtable}", *notes, r"\par}"]
    else:
        packages = "booktabs,array"
        lines = [
            r"\begin{table}",
            rf"\centering{size}{numbered}",
            caption,
            f"\\begin{{tabular}}{{{kinds}}}",
            r"\toprule",
            head,
        ]
        lines += [r"\midrule", *body, r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"]
    if layout.landscape:
        packages, lines = f"{packages},pdflscape", [r"\begin{landscape}", *lines, r"\end{landscape}"]
    return "\n".join([f"% needs \\usepackage{{{packages}}}", *lines]) + "\n"


def _list_kinds(table: Table, layout: Layout) -> list[str]:
    numeric = numeric_columns(table)
    sides = [r"\raggedleft" if column in numeric else r"\raggedright" for column in columns_of(table)]
    return [
        f">{{{side}\\arraybackslash}}p{{{_length(share)}}}" for side, share in zip(sides, layout.shares, strict=True)
    ]


def _length(share: float) -> str:
    """Round down, so that all columns together are not wider than the line."""
    return f"\\dimexpr {math.floor(share * 1e4) / 1e4:.4f}\\linewidth-2\\tabcolsep"


def _list_rows(table: Table, layout: Layout) -> list[str]:
    whole = f"{{{len(columns_of(table))}}}{{p{{{_length(sum(layout.shares))}}}}}"
    body = []
    for position, (heading, cells) in enumerate(rows_of(table)):
        if heading is None:
            body.append(" & ".join(escape_latex(cell) for cell in cells) + r" \\")
        else:
            gap = [r"\addlinespace"] if position else []
            body += [*gap, f"\\multicolumn{whole}{{\\textit{{{escape_latex(heading)}}}}} \\\\"]
    return body


def escape_latex(text: str) -> str:
    """Return text that LaTeX prints as it is: special characters escaped, signs outside ASCII as commands."""
    return "".join(_LATEX.get(character, character) for character in text.replace("\n", " "))
