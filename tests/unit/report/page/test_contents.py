"""Figures and tables are numbered in the order in which they are read, each page by itself."""

import re

import pytest

from alliance.config import Config
from alliance.report.page.contents import numbers_of, read_sections, with_questions
from alliance.runs.plan import figures_of, number_of, tables_of
from tests.artefacts import builders


@pytest.fixture(scope="module")
def config() -> Config:
    return builders.arms_config()


def test_every_figure_and_table_has_a_number_and_none_is_left_out_or_given_twice(config: Config) -> None:
    numbers = numbers_of(config, figures_of(config), tables_of(config))
    assert set(numbers) == {("figure", name) for name in figures_of(config)} | {
        ("table", name) for name in tables_of(config)
    }
    for kind in ("figure", "table"):
        for mark in ("", "S"):
            found = [
                number for (one, _), number in numbers.items() if one == kind and number.startswith("S") == bool(mark)
            ]
            answers = 4 if kind == "table" and not mark else 0  # one of each question stands before them
            assert sorted(found, key=lambda number: int(number.strip("S"))) == [
                f"{mark}{place}" for place in range(1 + answers, len(found) + 1 + answers)
            ]


def test_what_is_shown_is_counted_before_what_a_reader_has_to_open(config: Config) -> None:
    numbers = numbers_of(config, figures_of(config), tables_of(config))
    levels = next(one for one in with_questions(read_sections(), [("levels", "")]) if one["id"] == "question-levels")
    folded = [part["figure"] for part in levels["folded"] if "figure" in part]
    shown = [name for (kind, name), number in numbers.items() if kind == "figure" and not number.startswith("S")]
    assert folded and shown[-len(folded) :] == folded


def test_figure_that_no_section_names_has_its_number_among_the_further_results(config: Config) -> None:
    numbers = numbers_of(config, [*figures_of(config), "brand_new"], tables_of(config))
    assert re.fullmatch(r"S\d+", numbers["figure", "brand_new"])


def test_run_asks_for_one_number_at_a_time(config: Config) -> None:
    assert (
        number_of(config, "figure", "flow")
        == numbers_of(config, figures_of(config), tables_of(config))["figure", "flow"]
    )
    assert number_of(config, "table", "no_such_table") == ""
