"""The report as text and its numbers: what data say is no markup, citations have keys, and numbers names that stay."""

from typing import Any

import pandas as pd
import pytest
import yaml

from alliance.report.page.blocks import Output, tabulate
from alliance.report.page.build import Figure, Part, ReportTable, Section
from alliance.report.page.questions import make_card
from alliance.report.page.text import write_markdown, write_numbers
from alliance.report.prose.front import Answered
from alliance.report.prose.passage import Passage, Point
from alliance.report.prose.told import Number, Told
from alliance.report.words import Speech
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs

CONFIG = builders.arms_config()


def answered(*rows: dict[str, Any], name: str = "technique") -> Answered:
    return Answered(name, "Does it?", Told("Yes: it does.", rows, (Number("in all", "−0.2"),)), "technique_jointly")


def written(*parts: Part, id: str = "one", title: str = "One", head: str = "The title") -> str:
    return write_markdown([Section(id, title, list(parts), "report")], head)


def test_nothing_from_data_becomes_markup() -> None:
    nasty = "*a* _b_ [c](d) <e> `f` $g$ {{< h >}} | i"
    text = written(Part(passages=[Passage((nasty, nasty)), Passage((Point(nasty, nasty),), kind="list")]), title=nasty)
    for sign in ("*a*", "_b_", "[c]", "<e>", "`f`", "$g$", "{{<"):
        assert sign not in text
    assert 'title: "a \\"b\\" \\\\ c"' in written(head='a "b" \\ c')


def test_methods_cite_by_keys_and_references_are_left_to_the_bibliography() -> None:
    text = written(Part(passages=[Passage(("We did (Kenny et al., 2003).",))]))
    assert "We did [@kenny2003]." in text and "bibliography: references.bib" in text
    assert "::: {#refs}" in written(Part(passages=[Passage(("Kenny",))]), id="references")


def test_answer_figure_and_tables_of_a_section_are_told() -> None:
    output = Output("Figure", "flow", "Patient flow", "", "", (), "2")
    figure = Figure(output, "Who stayed.", "", b"", b"", pd.DataFrame(), "")
    table = ReportTable(Output("Table", "sample", "Sample", "", "", (), "1"), "", 1, "")
    parts = [
        Part(card=make_card(answered(estimate()), Speech(CONFIG))),
        Part(blocks=[tabulate("Estimates", ("What", "Value"), [("in all", "1|2")])]),
        Part(figure=figure),
        Part(table=table),
    ]
    text = written(*parts)
    assert "**Yes.** It does." in text and "- in all: −0.2" in text
    assert "| What | Value |\n|---|---|\n| in all | 1\\|2 |\n\n: Estimates" in text
    assert "![Figure 2. Patient flow. Who stayed.](figures/flow.svg)" in text
    assert "**Table 1.** *Sample* ([docx](tables/sample.docx)" in text


def test_numbers_are_quoted_by_effect_level_and_path_with_interval_n_and_flags() -> None:
    row = estimate(flag="R-hat; short series")
    later = {**row, "horizon": "in two sessions"}
    numbers = yaml.safe_load(write_numbers([answered(row, later)], inputs(), CONFIG, Speech(CONFIG)))
    question = numbers["questions"]["technique"]
    first, second = question["estimates"]
    assert second == f"{first}_in_two_sessions" and first.startswith(f"{row['effect']}_{row['level']}_")
    told = question["estimates"][first]
    assert told["estimate"] == pytest.approx(row["estimate"], abs=row["high"] - row["low"])
    assert told["low"] <= told["estimate"] <= told["high"]
    assert (told["n_patients"], told["flags"]) == (row["n_patients"], ["R-hat", "short series"])
    assert question["answer"] == "Yes: it does."


def test_question_without_an_answer_has_no_numbers() -> None:
    numbers = yaml.safe_load(write_numbers([answered()], {}, CONFIG, Speech(CONFIG)))
    assert numbers["questions"]["technique"]["estimates"] == {} and numbers["sample"] == {}
