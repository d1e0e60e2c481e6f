"""Which model answers which question: declared in ``models.answers``, or the rule where nothing is declared.

A question is a cause and an outcome, asked forwards or in reverse. Who answers it follows from the configuration alone, never from
results or flags.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from alliance.config.declared import Effects, ModelSpec
from alliance.config.schema import Config
from alliance.config.timing import parse_term
from alliance.errors import suggest
from alliance.facts.columns import LAG
from alliance.facts.families import FAMILIES
from alliance.questions import QUESTIONS

Direction = Literal["forward", "reverse"]
Reason = Literal["declared", "own past", "joint", "first"]

_FEWEST: Final = 2  # questions that are answered where fewer have a name

# Why a model speaks for a question.
REASONS: dict[Reason, str] = {
    "declared": "declared under models.answers",
    "own past": "none is declared; it is the first joint model in models.fit whose equation of the outcome holds the outcome's own past",
    "joint": "none is declared and no joint model holds the outcome's own past; it is the first joint model in models.fit",
    "first": "none is declared and there is no joint model; it is the first in models.fit",
}


@dataclass(frozen=True)
class Answer:
    """Who answers a question.

    Parameters
    ----------
    pair
        Cause and outcome.
    direction
        Whether the question is asked forwards, or back from the outcome.
    model
        The fitted model that speaks.
    reason
        Why it does, see `REASONS`.
    others
        Other fitted models of the same pair and direction, in the order of ``models.fit``.
    question
        What ``models.answers`` calls it, where it is declared there.
    """

    pair: Effects
    direction: Direction
    model: str
    reason: Reason
    others: tuple[str, ...]
    question: str = ""


def answers_of(config: Config) -> list[Answer]:
    """Return who answers each question of the fitted models: declared ones first, then the others in the order of ``models.fit``.

    A model that answers a question of the field (`alliance.questions`) speaks for all its pairs of cause and outcome, but for those that
    another is declared for; one that answers a question somebody made up speaks for its main pair.
    """
    models: dict[tuple[Effects, Direction], list[str]] = {}
    asked: dict[str, list[tuple[Effects, Direction]]] = {}
    for pair, direction, name in _questions(config):
        models.setdefault((pair, direction), []).append(name)
        asked.setdefault(name, []).append((pair, direction))
    spoken = {question: name for question, name in config.models.answers.items() if name in asked}
    main = {asked[name][0]: called for called, name in spoken.items()}
    declared: dict[tuple[Effects, Direction], tuple[str, str]] = {}
    for called, name in spoken.items():
        spoken_for = asked[name] if called in QUESTIONS else asked[name][:1]
        declared |= {one: (name, called) for one in spoken_for if main.get(one, called) == called}
    order = [*declared, *(question for question in models if question not in declared)]
    found = []
    for question in order:
        names = models[question]
        chosen, reason = _by_rule(names, question[0].target, config)
        if question in declared:
            chosen, reason = declared[question][0], "declared"
        others = tuple(name for name in names if name != chosen)
        found.append(Answer(*question, chosen, reason, others, declared.get(question, ("", ""))[1]))
    return found


def answers_beside(config: Config, named: int) -> dict[Direction, tuple[list[Answer], int]]:
    """Return by direction who answers what the fitted models ask under no name, and how many of these answers are told at most.

    Forwards as many as few questions leave room for, and one back where none is asked by name.

    Parameters
    ----------
    named
        How many questions have a name.
    """
    answers = answers_of(config)
    rest = [one for one in answers if not one.question]
    forward, back = ([one for one in rest if one.direction == direction] for direction in get_args(Direction))
    asked_back = any(one.question and one.direction == "reverse" for one in answers)
    return {"forward": (forward, max(0, _FEWEST - named)), "reverse": (back, 0 if asked_back else 1)}


def questions_of(config: Config, direction: Direction) -> list[tuple[str, Effects]]:
    """Return what the fitted models ask in one direction, as model and pair, in the order of ``models.fit``."""
    return [(name, pair) for pair, asked, name in _questions(config) if asked == direction]


def not_fitted(config: Config) -> list[str]:
    """Return the models that are declared to answer a question, but are not among those that are fitted."""
    return [name for name in config.models.answers.values() if name is not None and name not in config.models.fit]


def holds_own_past(spec: ModelSpec, outcome: str, config: Config) -> bool:
    """Whether the equation of an outcome holds the outcome at an earlier session."""
    terms = [parse_term(name, config.variables) for name in spec.equations[outcome].on if name not in spec.products]
    return any(term is not None and term.base == outcome and term.suffix == LAG for term in terms)


def check_answers(config: Config) -> list[str]:
    """List what is wrong with ``models.answers``: unknown models, models without a question, two for the same question."""
    problems, seen = [], dict[tuple[Effects, str], str]()
    for question, name in config.models.answers.items():
        if name is None:
            continue
        key = f"models.answers.{question}"
        spec = config.models.specs.get(name)
        if spec is None:
            hint = suggest(name, config.models.specs)
            problems.append(
                f"{key}: '{name}' is not declared under models.specs.{hint} To declare nothing, write null."
            )
        elif spec.effects is None:
            problems.append(f"{key}: '{name}' has no 'effects', so it answers no question. Name a path model.")
        elif name in config.models.fit and (spec.effects, spec.direction) in seen:
            other = seen[spec.effects, spec.direction]
            problems.append(
                f"{key}: '{name}' and '{config.models.answers[other]}' (models.answers.{other}) answer the same question, from "
                f"'{spec.effects.source}' to '{spec.effects.target}'. Declare one of them."
            )
        elif name in config.models.fit:
            seen[spec.effects, spec.direction] = question
    return problems


def _questions(config: Config) -> Iterator[tuple[Effects, Direction, str]]:
    """Give each pair of cause and outcome with its direction and model.

    A further pair of a model that begins where a main pair ends runs back.
    """
    fitted = {name: config.models.specs[name] for name in config.models.fit}
    ends = {spec.effects.target for spec in fitted.values() if spec.effects is not None and spec.direction == "forward"}
    for name, spec in fitted.items():
        for pair in spec.every_effects():
            direction: Direction = "reverse" if pair.source in ends else "forward"
            yield pair, spec.direction if pair is spec.effects else direction, name


def _by_rule(names: list[str], outcome: str, config: Config) -> tuple[str, Reason]:
    joint = [name for name in names if FAMILIES[config.models.specs[name].family].joint]
    with_past = [name for name in joint if holds_own_past(config.models.specs[name], outcome, config)]
    if with_past:
        return with_past[0], "own past"
    return (joint[0], "joint") if joint else (names[0], "first")
