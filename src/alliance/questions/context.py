"""Do culture, background and circumstances matter for the alliance, and for what it does?"""

from functools import partial
from typing import Final

from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import named
from alliance.questions.steps import steps_by
from alliance.questions.traits import level_of

_WITH: Final = {"context": ("site",)}  # where somebody is treated is a circumstance too


def pose(cast: Cast, role: str, words: str) -> Posed:
    """Pose the level of the alliance on all of them together; beside it, where there is an outcome, both steps to and from it."""
    traits = _players(cast, role)
    name, spec = level_of(cast, traits, role, words)
    specs = {name: spec}
    if cast.all("outcome"):
        beside = named(cast.one("mediator").name, "steps", "by", role)
        specs[beside] = steps_by(cast, f"by {words.removeprefix('and ')}", [trait.name for trait in traits])
    return Posed(specs, name)


def _players(cast: Cast, role: str) -> list[Player]:
    return [player for part in (role, *_WITH.get(role, ())) for player in cast.all(part)]


def _about(role: str, title: str, words: str) -> Question:
    return Question(
        role,
        title,
        ("mediator", role),
        partial(pose, role=role, words=words),
    )


QUESTIONS: Final = (
    _about("culture", "Do {mediator} and what it does differ with cultural background or match?", "and culture"),
    _about(
        "context", "Do {mediator} and what it does differ with circumstances of life or treatment?", "and circumstances"
    ),
)
