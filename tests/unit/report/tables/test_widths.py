"""Tables on paper: no word is broken, no number and its interval are parted, nothing is wider than the line."""

import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from docx import Document

from alliance.report.tables import TABLES, load_table
from alliance.report.tables.latex import render_latex
from alliance.report.tables.printed import NO_BREAK
from alliance.report.tables.table import Table
from alliance.report.tables.widths import plan_layout
from alliance.report.tables.word import render_docx
from tests.artefacts import builders

CONFIG = builders.arms_config()
INPUTS = builders.artefacts(CONFIG) | builders.compared(CONFIG)
PAGE = r"""\documentclass[12pt,a4paper]{article}\usepackage[margin=2.5cm]{geometry}\usepackage[T1]{fontenc}
\usepackage{textcomp,booktabs,longtable,array,pdflscape}\begin{document}
%s
\end{document}"""


def _table(**columns: list[str]) -> Table:
    shown = pd.DataFrame(columns)
    return Table(shown, shown, "A caption")


def _made(name: str) -> Table:
    module = load_table(name)
    table: Table = module.make({need: INPUTS[need] for need in module.NEEDS}, CONFIG)
    return table


def test_narrow_table_is_as_wide_as_its_text() -> None:
    layout = plan_layout(_table(Name=["a", "b"], Value=["1", "2"]), 0.4)
    assert (layout.size, layout.landscape) == (10, False)
    assert sum(layout.shares) < 0.25
    assert layout.lines == 2


def test_what_is_left_over_goes_to_the_column_with_the_long_text() -> None:
    layout = plan_layout(_table(Stage=["a sentence of several words " * 4], Patients=["300"], Sessions=["3,548"]), 0.4)
    assert sum(layout.shares) == pytest.approx(1.0)
    assert layout.shares[0] > 0.6


def test_too_many_columns_lie_on_their_side_before_a_word_is_broken() -> None:
    many = {f"Diagnostic {number}": ["uninterruptedword"] for number in range(6)}
    layout = plan_layout(_table(**many), 0.4)
    assert layout.landscape
    # A seventh of a point more or less, Times sets this word at 9 points in 2.4 cm.
    assert min(layout.shares) * layout.line_cm - 0.4 > 2.4


def test_word_keeps_an_estimate_and_its_interval_in_one_line_and_fills_no_more_than_the_line() -> None:
    table = _table(Path=["a long name of a path that takes two lines " * 3], Estimate=["−0.43 [−0.53, −0.34]"])
    document = Document(io.BytesIO(render_docx(table)))
    grid, section = document.tables[0], document.sections[0]
    assert grid.rows[1].cells[1].text == "−0.43 [−0.53, −0.34]".replace(" ", NO_BREAK)
    line = section.page_width - section.left_margin - section.right_margin
    assert sum(column.width for column in grid.columns) <= line * 1.001
    assert "cantSplit" in grid.rows[1]._tr.xml


@pytest.mark.parametrize("name", TABLES)
def test_columns_in_latex_are_never_wider_than_the_line(name: str) -> None:
    kinds = re.search(r"\\begin{(?:longtable|tabular)}{(.*)}", render_latex(_made(name), name))
    assert kinds
    assert sum(float(share) for share in re.findall(r"dimexpr (\d\.\d+)", kinds[1])) <= 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no TeX")
def test_latex_compiles_without_an_overfull_box(tmp_path: Path) -> None:
    every = _table(
        Path=["working alliance → symptoms, a name that takes two lines at least " * 2, "ω within ≥ 0.7"],
        b=["21.14 [10.96, 31.32]", "−0.14 [−0.96, −0.02] †"],
        r=["0.43", "−0.10 †"],
        share=["36.4% [0.5%, 50.0%]", "–"],
        n=["300, 3,012", "<5"],
        value=["12", "1.2 × 10⁻⁷"],
    )
    made = {"every": replace(every, bounded=("r",))} | {name: _made(name) for name in TABLES}
    tables = "\\clearpage\n".join(render_latex(table, name) for name, table in made.items())
    (tmp_path / "all.tex").write_text(PAGE % tables, encoding="utf-8")
    for _ in range(3):  # long tables find the widths of their columns step by step
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")
    log = (tmp_path / "all.log").read_text(encoding="utf-8", errors="replace")
    assert not re.findall(r"Overfull .*|Float too large.*", log)
