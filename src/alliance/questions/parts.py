"""Which part of the alliance carries it on to symptoms: bond, goals or tasks?"""

from collections.abc import Sequence
from typing import Any

from alliance.facts.columns import SESSION
from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import (
    begin,
    diagram,
    effects_on,
    equation,
    first_of,
    named,
    names,
    outcome_equation,
    own_equation,
    short,
)


def pose(cast: Cast) -> Posed:
    """Pose the parts side by side, each with the others held equal: between technique and outcome where there is a technique.

    Another reading of the same subscales, such as bond against agreement, stands beside them, and how the parts go together.
    """
    mediator, parts = cast.one("mediator"), tuple(cast.all("part"))
    readings = cast.readings or (parts,)
    answer = named("parts", "of", mediator.name)
    specs: dict[str, dict[str, Any]] = {}
    for place, reading in enumerate(readings):
        called = answer if place == 0 else named(*(part.name.removeprefix(f"{mediator.name}_") for part in reading))
        specs[called] = _spec(cast, reading, begin("parts of", short(mediator)) + _told(place, reading, mediator))
    specs[named(answer, "together")] = {
        "label": begin("parts of", short(mediator)) + ", how they go together",
        "family": "descriptive",
        "analysis": "parts",
        "variables": names(cast.one("outcome"), *parts),
        "options": {"of": mediator.name},
    }
    return Posed(specs, answer)


def _told(place: int, reading: Sequence[Player], mediator: Player) -> str:
    """Say in the label of a model which parts it has, where it is not the first."""
    listed = " and ".join(part.name.removeprefix(f"{mediator.name}_") for part in reading)
    return f": {listed}".replace("_", " ") if place else ""


def _spec(cast: Cast, parts: Sequence[Player], label: str) -> dict[str, Any]:
    outcome, technique, arm = cast.one("outcome"), first_of(cast, "technique"), first_of(cast, "treatment")
    steps = [part.before(outcome) for part in parts]
    equations: dict[str, Any] = {}
    if technique is not None:
        equations[technique.name] = own_equation(cast)
    for part in parts:
        moved = [] if technique is None else [technique.before(part)]
        equations[part.name] = equation([*moved, outcome.before(part), part.past, SESSION, *names(arm)], cast, moved)
    if technique is None:
        equations[outcome.name] = outcome_equation(cast, steps)
        first, *more = effects_on(outcome, parts)
        return diagram(label, equations, first, more)
    equations[outcome.name] = outcome_equation(cast, [*steps, technique.before(outcome)], steps)
    return diagram(label, equations, effects_on(outcome, [technique])[0])


QUESTION = Question(
    name="parts",
    title="Which part of {mediator} carries it on to {outcome}?",
    needs=("part", "part", "mediator", "outcome"),
    pose=pose,
    sentences=("describe_parts",),
    follows=("Webb et al. 2011", "Falkenström, Hatcher and Holmqvist 2015"),
    tells="tell_parts",
)
