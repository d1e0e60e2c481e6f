"""What goes along with the alliance of what therapists and patients bring: one question for each."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from alliance.facts.columns import SESSION
from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, named, names, short


def pose(cast: Cast, role: str, name: str, words: str) -> Posed:
    """Pose all who play a part together as predictors of the alliance over the course."""
    answer, spec = level_of(cast, cast.all(role), name, words)
    return Posed({answer: spec}, answer)


def level_of(cast: Cast, traits: Sequence[Player], name: str, words: str) -> tuple[str, dict[str, Any]]:
    """Return the model of the level of the alliance over the course on traits, each with the others held equal, and its name.

    What one session leaves lasts to the next: an own past among the predictors would hold equal what the traits have done before.
    """
    mediator, arm = cast.one("mediator"), first_of(cast, "treatment")
    effects = [{"from": trait.name, "to": mediator.name} for trait in traits]
    return named(mediator.name, "by", name), {
        "label": begin(short(mediator), words),
        "family": "multilevel_path",
        "depth": "ml",
        "equations": {mediator.name: equation([*names(*traits, arm), SESSION], cast)},
        "autocorrelation": {mediator.name: "sessions"},
        "effects": effects[0],
        "further_effects": effects[1:],
    }


def _about(name: str, role: str, title: str, words: str) -> Question:
    return Question(name, title, ("mediator", role), partial(pose, role=role, name=name, words=words))


QUESTIONS: Final = (
    _about(
        "therapists",
        "therapist",
        "What is it about therapists that goes along with {mediator}?",
        "and what therapists bring",
    ),
    _about(
        "patients", "patient", "What is it about patients that goes along with {mediator}?", "and what patients bring"
    ),
)
