"""The questions of the field, each in a module of its own. To add one: a module like `first`, and a line here.

A question is posed where every part that it needs is played: its models then stand in the merged configuration like any that somebody
wrote.
"""

from collections.abc import Mapping
from typing import Final

from alliance.facts.registry import Registry
from alliance.questions import (
    change,
    context,
    delivery,
    development,
    first,
    levels,
    moderators,
    parts,
    populations,
    processes,
    raters,
    responsiveness,
    ruptures,
    serial,
    signals,
    strategies,
    technique,
    techniques,
    traits,
    treatment,
)
from alliance.questions.cast import Cast, cast_of, measures_of
from alliance.questions.declared import Posed, Question

__all__ = ["QUESTIONS", "TOPICS", "Cast", "Posed", "Question", "cast_of", "measures_of"]

# Headings under which the report answers them, in its order; where it asks many, its first screen shows the headings.
TOPICS: Final[Mapping[str, tuple[Question, ...]]] = {
    "The main questions": (treatment.QUESTION, technique.QUESTION, first.QUESTION, levels.QUESTION),
    "What comes before {mediator}": (
        techniques.QUESTION,
        strategies.QUESTION,
        *traits.QUESTIONS,
        *context.QUESTIONS,
        serial.QUESTION,
    ),
    "What comes after {mediator}": (parts.QUESTION, processes.QUESTION),
    "For whom, with whom and how": (
        *moderators.QUESTIONS,
        responsiveness.QUESTION,
        delivery.QUESTION,
        signals.QUESTION,
        populations.QUESTION,
    ),
    "Course and change": (development.QUESTION, change.QUESTION, raters.QUESTION, ruptures.QUESTION),
}
QUESTIONS: Final = Registry(*(question for questions in TOPICS.values() for question in questions))
