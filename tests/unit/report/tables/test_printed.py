"""Tables as journals print them: no zero where none can stand, points below points, an estimate and its interval together."""

import io
from dataclasses import replace

import pandas as pd
import pytest
from docx import Document

from alliance.report.numbers import MINUS
from alliance.report.tables.latex import render_latex
from alliance.report.tables.printed import (
    BLANK_DIGIT,
    BLANK_FLAG,
    BLANK_MINUS,
    BLANK_POINT,
    NO_BREAK,
    for_print,
)
from alliance.report.tables.render import render_html
from alliance.report.tables.table import Table, said_table
from alliance.report.tables.word import render_docx
from alliance.report.words import Speech
from alliance.trace.query import read_query
from tests.artefacts import builders

ESTIMATES = ["1.14 [0.96, 1.32]", f"{MINUS}0.14 [{MINUS}0.96, {MINUS}0.02] †", "21.14 [10.96, 31.32]"]


def _table(*bounded: str, **columns: list[str]) -> Table:
    shown = pd.DataFrame({"Name": [f"row {place}" for place in range(len(next(iter(columns.values()))))], **columns})
    return Table(shown, shown, "A caption", bounded=bounded)


def _column(name: str, table: Table) -> list[str]:
    return list(for_print(table).shown[name])


def _width(text: str) -> float:
    """Return the width in digits of a type in which all digits are as wide as each other, as in Times and Computer Modern."""
    points = {".": 0.5, ",": 0.5, BLANK_POINT: 0.5, MINUS: 1.1, BLANK_MINUS: 1.1, NO_BREAK: 0.5}
    return sum(points.get(character, 1.0) for character in text)


def test_zero_before_the_point_goes_only_from_columns_that_declare_it() -> None:
    cells = [f"{MINUS}0.43 [{MINUS}0.53, 0.34]", "0.10 [0.02, 0.20]"]
    table = _table("r", r=cells, b=cells, p=["<0.001", "10.05"])
    shown = for_print(replace(table, bounded=("r", "p"))).shown
    plain = [cell.replace(NO_BREAK, " ") for cell in shown["r"]]
    assert plain[0] == f"{MINUS}.43 [{MINUS}.53, .34]"
    assert plain[1].startswith(".10") and "0." not in plain[1]
    assert [cell.strip() for cell in shown["p"]] == ["<.001", "10.05"]
    assert "0.43" in shown["b"][0]


def test_pages_keep_the_zero_and_paper_does_not() -> None:
    table = _table("r", r=["0.43", f"{MINUS}0.10"])
    assert ">0.43<" in render_html(table, "small")
    assert "& .43 " in render_latex(table, "small") and "0.43" not in render_latex(table, "small")
    document = Document(io.BytesIO(render_docx(table)))
    assert [row.cells[1].text for row in document.tables[0].rows] == ["r", ".43", f"{MINUS}.10"]


def test_number_can_be_traced_as_any_format_prints_it() -> None:
    (on_page,) = read_query("−0.43").numbers
    (on_paper,) = read_query("−.43").numbers
    assert on_page == on_paper


def test_declaration_speaks_with_its_heading() -> None:
    table = _table("Patients", Patients=["0.43"])
    said = said_table(table, Speech(builders.arms_config(words={"patient": "student"})))
    assert said.bounded == ("Students",)


def test_points_of_estimates_stand_below_each_other_and_all_end_at_the_edge() -> None:
    cells = _column("b", _table(b=ESTIMATES))
    # What follows the first point is as wide in every row, so with equal decimals that point stands at one place.
    assert len({round(_width(cell.partition(".")[2]), 6) for cell in cells}) == 1
    assert cells[0].endswith(f"]{NO_BREAK}{BLANK_FLAG}") and cells[1].endswith(f"]{NO_BREAK}†")
    assert [cell.count("[") for cell in cells] == [1, 1, 1]


def test_estimates_of_another_unit_have_no_gap_before_their_interval() -> None:
    mixed = ["0.401 [0.324, 0.495]", "11.320 [9.881, 12.856]", "1.4 [−7.8, 16.2]", "35% [30%, 41%]"]
    first, second, *others = (cell.replace(NO_BREAK, " ") for cell in _column("Estimate", _table(Estimate=mixed)))
    assert others == mixed[2:]
    assert _width(first.partition(".")[2]) == pytest.approx(_width(second.partition(".")[2]))


def test_points_of_plain_numbers_stand_below_each_other_whatever_their_decimals() -> None:
    cells = _column("value", _table(value=["12", "1.234", "1,230.5"]))
    assert cells == [f"12{BLANK_POINT}{3 * BLANK_DIGIT}", "1.234", f"1,230.5{2 * BLANK_DIGIT}"]


@pytest.mark.parametrize("odd", ["–", "suppressed", "", "<5", "1.1 × 10⁻⁷"])
def test_what_is_no_plain_number_stays_as_it_is(odd: str) -> None:
    cells = _column("n", _table(n=["300", "3,012", odd]))
    assert cells[2].replace(NO_BREAK, " ") == odd


def test_estimate_stays_with_its_interval_and_what_it_rests_on_may_stand_below() -> None:
    (cell,) = _column("this", _table(this=["1.14 [0.96, 1.32] (300 / 3,012 / 30)"]))
    assert cell.split(" ") == [
        f"1.14{NO_BREAK}[0.96,{NO_BREAK}1.32]",
        f"(300{NO_BREAK}/{NO_BREAK}3,012{NO_BREAK}/{NO_BREAK}30)",
    ]


def test_latex_has_a_blank_for_each_kind_of_sign() -> None:
    written = render_latex(_table(b=ESTIMATES), "small")
    assert r"1.14\phantom{0}\phantom{0}\phantom{$-$}\phantom{$-$}~[0.96,~1.32]~\phantom{\textdagger}" in written
    assert r"$-$0.14\phantom{0}\phantom{0}~[$-$0.96,~$-$0.02]~\textdagger{}" in written


def test_word_has_blanks_at_which_no_line_ends() -> None:
    cells = [row.cells[1].text for row in Document(io.BytesIO(render_docx(_table(b=ESTIMATES)))).tables[0].rows]
    assert cells[1] == f"1.14{4 * BLANK_DIGIT}{NO_BREAK}[0.96,{NO_BREAK}1.32]{NO_BREAK}{BLANK_DIGIT}"
    assert not any(blank in "".join(cells) for blank in (" ", BLANK_MINUS, BLANK_FLAG, BLANK_POINT))
