"""Answers as people read them first: each verdict follows from the interval, and each number brings its N and its flags."""

import pytest

from alliance.config import Config
from alliance.questions import QUESTIONS
from alliance.report.figures import FIGURES
from alliance.report.prose import SENTENCES
from alliance.report.prose.tells import TELLS
from alliance.report.prose.told import Told, number_of
from alliance.report.tables import TABLES
from tests.unit.report.prose.rows import estimate, inputs, of_design


@pytest.fixture(scope="module")
def config() -> Config:
    return of_design("randomised_arms")


def share(outcome: str, level: str, *values: float, **changes: object) -> dict[str, object]:
    at = dict(zip(("estimate", "low", "high"), values, strict=True))
    named = {"model": "variance", "path": "", "effect": "icc", "horizon": ""}
    return estimate(**named, outcome=outcome, level=level, **at, **changes)


@pytest.mark.parametrize("name", QUESTIONS)
def test_section_of_a_question_names_what_exists(name: str) -> None:
    question = QUESTIONS[name]
    assert {*question.sentences} <= {*SENTENCES}
    assert {*question.figures} <= {*FIGURES}
    assert {*question.tables} <= {*TABLES}
    assert question.tells is None or question.tells in TELLS


def test_whom_an_answer_rests_on_and_its_flags_are_those_of_its_estimates_each_once(config: Config) -> None:
    rows = (estimate(flag="few therapists; hardly known"), estimate(flag="few therapists"))
    told = Told("Yes.", rows)
    assert told.flags == ["few therapists", "hardly known"]
    assert told.who == "95% Monte Carlo confidence interval; 281 patients, 3,012 sessions, 30 therapists"
    two = Told("Yes.", (estimate(), estimate(interval_kind="credible", n_sessions=3000, n_therapists=0)))
    assert two.who == (
        "95% Monte Carlo confidence interval and 95% credible interval; 281 patients, 3,000 to 3,012 sessions, 0 to 30 therapists"
    )


def test_number_is_written_in_the_unit_of_its_outcome(config: Config) -> None:
    assert number_of(estimate(), config).value == "−0.21 [−0.31, −0.12] points"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.4, 0.35, 0.45), "patients differ more from each other than they change over sessions (40% of the variance lies within"),
        ((0.6, 0.55, 0.65), "patients change more over sessions than they differ from each other (60% of the variance lies within"),
        ((0.5, 0.45, 0.55), "whether patients differ more from each other than they change over sessions stays open (50% of the variance"),
    ],
)  # fmt: skip
def test_levels_are_compared_as_far_as_the_interval_tells(
    values: tuple[float, float, float], expected: str, config: Config
) -> None:
    told = TELLS["tell_levels"](inputs(share("alliance", "session", *values)), config)
    assert told is not None
    assert told.answer.startswith(f"In working alliance, {expected}")


def test_levels_tell_of_mediator_and_outcome_and_keep_every_share_for_the_table(config: Config) -> None:
    rows = [
        share("alliance", "patient", 0.5, 0.4, 0.6),
        share("alliance", "session", 0.4, 0.35, 0.45),
        share("symptoms", "session", 0.44, 0.38, 0.48),
        share("technique", "session", 0.71, 0.66, 0.76),
    ]
    told = TELLS["tell_levels"](inputs(*rows), config)
    assert told is not None
    assert [number.of for number in told.numbers] == [
        "working alliance, between sessions of one patient",
        "symptoms, between sessions of one patient",
    ]
    assert [number.value for number in told.numbers] == ["40% [35%, 45%]", "44% [38%, 48%]"]
    assert len(told.rows) == 4


def test_levels_without_shares_are_not_told(config: Config) -> None:
    assert TELLS["tell_levels"](inputs(estimate()), config) is None
