"""The questions of the field, each in a module of its own. To add one: a module like `first`, and a line here.

A question is posed where every part that it needs is played: its models then stand in the merged configuration like any that somebody
wrote.
"""

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

__all__ = ["QUESTIONS", "Cast", "Posed", "Question", "cast_of", "measures_of"]

# In the order in which the report answers them.
QUESTIONS: Final = Registry(
    treatment.QUESTION,
    technique.QUESTION,
    techniques.QUESTION,
    first.QUESTION,
    levels.QUESTION,
    parts.QUESTION,
    development.QUESTION,
    change.QUESTION,
    *traits.QUESTIONS,
    *context.QUESTIONS,
    strategies.QUESTION,
    raters.QUESTION,
    processes.QUESTION,
    serial.QUESTION,
    *moderators.QUESTIONS,
    delivery.QUESTION,
    signals.QUESTION,
    populations.QUESTION,
    ruptures.QUESTION,
)
