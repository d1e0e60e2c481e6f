"""What goes along with the alliance of what therapists, patients and their backgrounds bring: one question for each."""

from functools import partial
from typing import Final

from alliance.facts.columns import SESSION
from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, named, names, short


def pose(cast: Cast, role: str, name: str, words: str) -> Posed:
    """Pose all who play a part together as predictors of the alliance over the course, each with the others held equal.

    What one session leaves lasts to the next: an own past among the predictors would hold equal what the traits have done before.
    """
    mediator, traits, arm = cast.one("mediator"), cast.all(role), first_of(cast, "treatment")
    effects = [{"from": trait.name, "to": mediator.name} for trait in traits]
    answer = named(mediator.name, "by", name)
    spec = {
        "label": begin(short(mediator), words),
        "family": "multilevel_path",
        "depth": "ml",
        "equations": {mediator.name: equation([*names(*traits, arm), SESSION], cast)},
        "autocorrelation": {mediator.name: "sessions"},
        "effects": effects[0],
        "further_effects": effects[1:],
    }
    return Posed({answer: spec}, answer)


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
    _about("culture", "culture", "Does {mediator} differ with cultural background or match?", "and culture"),
)
