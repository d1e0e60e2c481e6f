"""The first screen: few answers in full, many in short rows under headings, what warns of most of them told once."""

import pytest

from alliance.config import Config
from alliance.questions import QUESTIONS, TOPICS
from alliance.report.page.build import build_pages
from alliance.report.page.topics import MANY, group_cards, make_cards
from alliance.report.prose.front import Answered
from alliance.report.prose.told import Number, Told
from alliance.report.words import Speech
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate


@pytest.fixture(scope="module")
def config() -> Config:
    return builders.arms_config()


def answered(name: str, flag: str = "") -> Answered:
    return Answered(name, f"{name}?", Told("Yes: it does.", (estimate(flag=flag),)), "technique_jointly")


def test_every_question_stands_under_one_heading() -> None:
    assert [one.name for questions in TOPICS.values() for one in questions] == list(QUESTIONS)


def test_few_answers_stand_without_headings(config: Config) -> None:
    speech = Speech(config)
    (topic,) = group_cards(make_cards([answered(name) for name in list(QUESTIONS)[:MANY]], speech), config, speech)
    assert topic.heading == ""
    assert [place for place, _ in topic.cards] == list(range(1, MANY + 1))
    assert group_cards([], config, speech) == []


def test_many_answers_stand_under_headings_in_the_order_of_their_sections(config: Config) -> None:
    speech = Speech(config)
    named = ["made_up", *QUESTIONS]
    topics = group_cards(make_cards([answered(name) for name in named], speech), config, speech)
    assert [topic.heading for topic in topics][:2] == ["The main questions", "What comes before working alliance"]
    assert [(place, card.name) for topic in topics for place, card in topic.cards] == list(enumerate(named, start=1))
    assert topics[0].cards[0][1].name == "made_up"


def test_what_warns_of_most_answers_is_left_out_of_their_rows(config: Config) -> None:
    few = "few patients"
    flags = [few, few, f"{few}; R-hat", ""]
    cards = make_cards([answered(name, flag) for name, flag in zip(QUESTIONS, flags, strict=False)], Speech(config))
    assert [card.warning for card in cards] == ["", "", "the computation has not settled; sample longer", ""]


def test_row_in_short_leaves_limits_and_sizes_to_the_section(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = builders.artefacts(config)
    limits = "Kind of claim.</b> None."
    number = Number("in all", "−0.2 points", "0.04 of a reliable change", "−0.3")

    def page(count: int) -> tuple[str, str]:
        told = Told("Yes: it does.", (estimate(),), (number,), claim="None.")
        found = [Answered(name, f"{name}?", told, "technique_jointly") for name in list(QUESTIONS)[:count]]
        monkeypatch.setattr("alliance.report.page.build.answer_questions", lambda *_: found)
        made = build_pages(config=config, inputs=inputs, figures=[], tables=[], provenance={}, command="")["report"]
        front, rest = made.split("<nav")
        return front, rest

    front, sections = page(2)
    assert front.count(limits) == sections.count(limits) == 2
    assert front.count(number.size) == front.count(number.corrected) == 2
    assert number.size not in sections
    front, sections = page(MANY + 1)
    assert limits not in front and sections.count(limits) == MANY + 1
    assert front.count(number.value) == MANY + 1
    assert number.size not in front and sections.count(number.size) == MANY + 1
    assert "9. " in front  # as the list of sections counts them


def test_row_in_short_has_two_numbers_and_says_how_many_more_its_section_has(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = tuple(Number(f"of {place}", f"{place}.5 points") for place in range(4))
    told = Told("Yes: it does.", (estimate(),), numbers)
    found = [Answered(name, f"{name}?", told, "technique_jointly") for name in list(QUESTIONS)[: MANY + 1]]
    monkeypatch.setattr("alliance.report.page.build.answer_questions", lambda *_: found)
    made = build_pages(
        config=config, inputs=builders.artefacts(config), figures=[], tables=[], provenance={}, command=""
    )["report"]
    front = made.split("<nav")[0]
    assert front.count("1.5 points") == MANY + 1
    assert "2.5 points" not in front
    assert front.count(">2 more</a>") == MANY + 1


def test_many_estimates_are_folded_and_the_numbers_of_the_answer_stand_for_them(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def section(count: int) -> str:
        rows = tuple(estimate(path=f"technique_{place} -> symptoms", effect="effect") for place in range(count))
        told = Told("Yes: it does.", rows, (Number("in all", "7.5 points"),))
        found = [Answered("first", "first?", told, "technique_jointly")]
        monkeypatch.setattr("alliance.report.page.build.answer_questions", lambda *_: found)
        made = build_pages(
            config=config, inputs=builders.artefacts(config), figures=[], tables=[], provenance={}, command=""
        )["report"]
        return made.split('<section id="question-first"')[1].split("</section>")[0]

    shown, folded = section(8), section(9)
    assert "<details>" not in shown.split('<div class="limits"')[0] and "7.5 points" not in shown
    assert "<details>" in folded.split('<div class="limits"')[0] and "7.5 points" in folded
    assert "281 patients" in folded.split("<details>")[0]  # N and kind of interval are seen without opening anything
