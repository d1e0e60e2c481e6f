"""What the page shows of each question: the row of the first screen, its section, and the small table in it."""

from typing import Any

import pandas as pd
import pytest

from alliance.config import Config
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.page.contents import numbers_of, read_sections, with_questions
from alliance.report.page.questions import make_card, tabulate_answers, tabulate_estimates
from alliance.report.prose.front import Answered, answer_questions
from alliance.report.prose.told import Number, Told
from alliance.report.words import Speech
from alliance.runs.plan import figures_of, tables_of
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs


@pytest.fixture(scope="module")
def config() -> Config:
    return builders.arms_config()


def answered(*rows: dict[str, Any], name: str = "technique", answer: str = "Yes: it does.") -> Answered:
    return Answered(name, "Does it?", Told(answer, rows, (Number("in all", "−0.2"),)), "technique_jointly")


def table(one: Answered, found: dict[str, pd.DataFrame], config: Config) -> pd.DataFrame:
    block = tabulate_estimates(one, found, config, Speech(config))
    assert block is not None
    assert block.table is not None
    return block.table.shown


def test_verdict_is_what_stands_before_a_colon_where_it_is_short(config: Config) -> None:
    short = make_card(answered(estimate()), Speech(config))
    assert (short.verdict, short.answer) == ("Yes", "It does.")
    long = make_card(answered(estimate(), answer=f"{'Of these, ' * 9}none: so."), Speech(config))
    assert long.verdict == "" and long.answer.endswith("none: so.")
    assert make_card(answered(answer="Not answered."), Speech(config)).answer == "Not answered."


def test_row_brings_warnings_in_plain_words_and_what_it_follows(config: Config) -> None:
    card = make_card(answered(estimate(flag="R-hat"), name="levels"), Speech(config))
    assert card.warning == "the computation has not settled; sample longer"
    assert card.follows == "Baldwin, Wampold and Imel 2007"
    assert card.id == "question-levels"
    assert make_card(answered(name="made_up"), Speech(config)).id == "question-made-up"


def test_row_speaks_in_the_words_of_the_study() -> None:
    config = builders.arms_config(words={"patient": "student"})
    card = make_card(answered(estimate(), answer="Yes: each patient does."), Speech(config))
    assert card.answer == "Each student does."
    assert "281 students" in card.who


def test_sections_of_questions_come_first_and_what_they_hold_leaves_the_others() -> None:
    sections = with_questions(read_sections(), [("treatment", "Does it?"), ("levels", "Do they?")])
    assert [section["id"] for section in sections[:2]] == ["question-treatment", "question-levels"]
    parts = [(section["id"], part) for section in sections for part in (*section["parts"], *section.get("folded", ()))]
    places = [place for place, part in parts if part == {"figure": "variance"}]
    assert places == ["question-levels"]
    assert ("question-treatment", {"sentences": "describe_treatment"}) in parts
    assert ("question-treatment", {"estimates": "treatment"}) in parts


def test_what_two_questions_name_stands_with_the_first() -> None:
    first, second = with_questions([], [("levels", "Do they?"), ("levels", "Do they?")])
    assert first["folded"]
    assert not second["folded"]


def test_question_that_nobody_of_the_field_asks_has_a_section_too() -> None:
    (section,) = with_questions([], [("made_up", "Does it?")])
    assert section["parts"] == [{"answer": "made_up"}, {"estimates": "made_up"}]


def test_small_table_holds_the_parts_and_says_once_what_is_the_same_for_all(config: Config) -> None:
    part, total = estimate(), estimate(effect="total", path="technique -> symptoms", flag="R-hat")
    one = answered(total, part)
    shown = table(one, inputs(part, total), config)
    assert list(shown) == ["Estimate", "Value [interval]"]
    assert list(shown["Estimate"]) == ["In all", "Through working alliance"]
    assert list(shown["Value [interval]"]) == ["−0.21 [−0.31, −0.12] †", "−0.21 [−0.31, −0.12]"]
    block = tabulate_estimates(one, {}, config, Speech(config))
    assert block is not None and block.table is not None
    assert block.table.notes[0] == "Within patients, next session, 281 patients, 3,012 sessions, 30 therapists."


def test_small_table_has_corrected_numbers_beside_recorded_ones(config: Config) -> None:
    part, total = estimate(), estimate(effect="total", path="technique -> symptoms")
    further = {f"{name}_corrected": 1.5 * part[name] for name in ("estimate", "sd", "low", "high")}
    corrected = pd.DataFrame([part | further], columns=ARTEFACTS["corrected"].header)
    shown = table(answered(total, part), {"corrected": corrected}, config)
    assert list(shown["Without the error of scores"]) == ["", "−0.32 [−0.46, −0.18]"]


def test_small_table_tells_causes_levels_and_models_apart_where_there_are_several(config: Config) -> None:
    forth = estimate(effect="effect", path="alliance -> symptoms")
    back = estimate(effect="effect", path="symptoms -> alliance", model="both_jointly", level="between_patient")
    shown = table(answered(forth, back), {}, config)
    assert list(shown["Estimate"]) == ["Working alliance → symptoms", "Symptoms → working alliance"]
    assert list(shown["Level"]) == ["Within patients", "Between patients"]
    assert shown["Model"].nunique() == 2
    several = [estimate(), estimate(path="agency -> alliance -> symptoms")]
    assert table(answered(*several), {}, config)["Estimate"].iloc[1] == "Agency → symptoms: through working alliance"


def test_small_table_writes_no_arrow_where_a_number_is_of_one_thing_or_of_several_together(config: Config) -> None:
    share = estimate(effect="ruptured", path="alliance", level="")
    kappa = estimate(effect="kappa", path="alliance, agency", level="")
    assert list(table(answered(share, kappa), {}, config)["Estimate"]) == [
        "Working alliance: share of patients with a rupture",
        "Working alliance, agency: agreement where ruptures begin (kappa)",
    ]


def test_small_table_names_the_group_that_an_estimate_is_of_and_the_two_that_a_difference_compares(
    config: Config,
) -> None:
    at = [estimate(effect="conditional", moderator="clinic_south", value=float(south)) for south in (0, 1)]
    difference = estimate(effect="index", moderator="clinic_south")
    by_age = estimate(effect="index", moderator="age")
    assert list(table(answered(*at, difference, by_age), {}, config)["Estimate"]) == [
        "Clinic: north",
        "Clinic: south",
        "Clinic: south minus clinic: north",
        "Change per unit of age",
    ]


def test_difference_of_two_models_is_of_neither(config: Config) -> None:
    path = "technique -> alliance -> symptoms minus technique -> agency -> symptoms"
    between = estimate(effect="contrast", path=path) | {"model_other": "both_jointly", "of": "indirect"}
    assert list(table(answered(estimate(), between), {}, config)["Model"].unique())[1] == "Differences between these"


def test_tables_of_a_manuscript_are_numbered_before_all_others_and_name_their_question(config: Config) -> None:
    found = builders.artefacts(config)
    tables = tabulate_answers(found, config)
    titles = [one.title for one in answer_questions(found, config)]
    assert [one.number for one in tables] == ["1", "2", "3", "4"]
    assert all(
        one.caption.startswith(f"{title} Estimates that answer") for one, title in zip(tables, titles, strict=True)
    )
    others = numbers_of(config, figures_of(config), tables_of(config))
    assert min(int(number) for (kind, _), number in others.items() if kind == "table" and number.isdigit()) == 5


def test_numbers_that_cannot_exceed_one_are_declared_so_where_all_of_them_are(config: Config) -> None:
    kappa, slope = estimate(effect="kappa", path="alliance", level=""), estimate()
    share = estimate(effect="ruptured", path="alliance", level="")  # in percent, which keeps its zero
    for rows, bounded in (((kappa, kappa), ("Value [interval]",)), ((kappa, slope), ()), ((share, share), ())):
        block = tabulate_estimates(answered(*rows), {}, config, Speech(config))
        assert block is not None and block.table is not None and block.table.bounded == bounded


def test_question_without_estimates_has_no_table(config: Config) -> None:
    assert tabulate_estimates(answered(), {}, config, Speech(config)) is None
