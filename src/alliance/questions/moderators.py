"""For whom does it matter more: do steps to and from the alliance depend on what patients, or therapists, bring?"""

from functools import partial
from typing import Any, Final

from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import (
    begin,
    diagram,
    effects_on,
    first_of,
    mediator_equation,
    multiply,
    named,
    names,
    outcome_equation,
    own_equation,
    short,
)


def pose(cast: Cast, role: str, words: str) -> Posed:
    """Pose the products of all traits with technique, where there is one, and with the alliance: each with all others held equal.

    Steps still differ between patients by more than the traits tell.
    """
    mediator, outcome, technique = cast.one("mediator"), cast.one("outcome"), first_of(cast, "technique")
    traits, cause = names(*cast.all(role)), mediator if technique is None else technique
    step = mediator.before(outcome)
    to_outcome = multiply(mediator, step, traits, cast)
    equations: dict[str, Any] = {}
    to_mediator: dict[str, list[str]] = {}
    if technique is not None:
        moved, later = technique.before(mediator), technique.before(outcome)
        to_mediator = multiply(technique, moved, traits, cast, to_outcome)
        equations[technique.name] = own_equation(cast)
        equations[mediator.name] = mediator_equation(cast, [moved, *to_mediator, *traits], [moved])
        course = [step, *to_outcome, later, *traits]
    else:
        equations[mediator.name] = mediator_equation(cast, traits)
        course = [step, *to_outcome, *traits]
    equations[outcome.name] = outcome_equation(cast, course, [step])
    answer = named(mediator.name, "depends", "on", role)
    pair = effects_on(outcome, [cause])[0]
    spec = diagram(begin(short(mediator), words), equations, pair)
    return Posed({answer: spec | {"products": to_mediator | to_outcome}}, answer)


def _about(name: str, role: str, title: str, words: str) -> Question:
    return Question(
        name,
        title,
        (role, "mediator", "outcome"),
        partial(pose, role=role, words=words),
        tells=f"tell_{name}",
    )


QUESTIONS: Final = (
    _about(
        "for_whom",
        "patient",
        "For which patients does {mediator} matter more for {outcome}?",
        "and what patients bring, as moderators",
    ),
    _about(
        "with_whom",
        "therapist",
        "With which therapists does {mediator} matter more for {outcome}?",
        "and what therapists bring, as moderators",
    ),
)
