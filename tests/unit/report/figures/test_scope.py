"""A figure in the section of a question shows the models of that question, and no others."""

import pandas as pd
import pytest

from alliance.config import Config
from alliance.config.posing import models_of, named_in
from alliance.facts.quantity import name_sessions
from alliance.questions import QUESTIONS
from alliance.report.figures.accumulated import accumulated_rows
from alliance.report.figures.scope import question_of, restrict_to_question
from alliance.report.page.contents import read_sections, with_questions
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate


@pytest.fixture(scope="module")
def config() -> Config:
    return builders.arms_config()


def test_models_of_a_question_are_those_it_poses_and_the_one_that_speaks(config: Config) -> None:
    assert models_of("levels", config) == ["variance"]
    declared = config.models.model_copy(update={"answers": config.models.answers | {"levels": "both_jointly"}})
    assert set(models_of("levels", config.model_copy(update={"models": declared}))) == {"variance", "both_jointly"}
    fewer = config.models.model_copy(update={"fit": ["variance"]})
    assert models_of("first", config.model_copy(update={"models": fewer})) == []


def test_figure_is_drawn_from_the_models_of_the_section_in_which_it_stands(config: Config) -> None:
    own, other = models_of("treatment", config)[0], models_of("first", config)[0]
    estimates = pd.DataFrame([estimate(model=name) for name in (other, own)])
    inputs = {"estimates": estimates, "panel": pd.DataFrame({"patient": ["a"]})}
    kept = restrict_to_question("accumulated", inputs, config)
    assert kept["estimates"]["model"].tolist() == [own]
    assert kept["panel"] is inputs["panel"]
    assert restrict_to_question("forest", inputs, config)["estimates"]["model"].tolist() == [other, own]


def test_figure_belongs_to_the_question_that_shows_it() -> None:
    config = builders.arms_config(questions="possible")
    asked = named_in(config)
    sections = with_questions(read_sections(), [(name, "") for name in asked])
    shown = {
        part["figure"]: section["id"]
        for section in sections
        for part in (*section["parts"], *section.get("folded", ()))
        if "figure" in part and section["id"].startswith("question-")
    }
    assert {name: f"question-{question_of(name, config)}" for name in shown} == shown
    assert set(shown) == {figure for name in asked for figure in QUESTIONS[name].figures}
    assert question_of("forest", config) is None


def test_averages_over_sessions_are_no_paths_that_add_up() -> None:
    rows = [estimate(effect="average", path="", horizon="at session 1")]
    rows.append(estimate(effect="accumulated", horizon=name_sessions(2)))
    assert accumulated_rows(pd.DataFrame(rows))["effect"].tolist() == ["accumulated"]
