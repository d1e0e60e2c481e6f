"""Do therapists differ in how much alliance their techniques bring, and in how much of it reaches symptoms?"""

from typing import Any, Final

from alliance.facts.columns import THERAPIST
from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import (
    begin,
    diagram,
    effects_on,
    first_of,
    mediator_equation,
    named,
    observed,
    outcome_equation,
    short,
)

FEWEST: Final = 10  # therapists: with 8 the interval of how far slopes differ is twice as wide as with 25 (validation/)


def pose(cast: Cast) -> Posed:
    """Pose both steps with slopes that differ between therapists as well as between patients of one therapist.

    The technique is held equal in the patient's mean as observed, and rows with something missing are left out: more equations, and values
    that are filled in, would cost much and tell little of how slopes differ.
    """
    mediator, outcome, technique = cast.one("mediator"), cast.one("outcome"), first_of(cast, "technique")
    step = mediator.before(outcome)
    equations = {outcome.name: _by_therapist(outcome_equation(cast, [step, *observed(technique, outcome)], [step]))}
    if technique is not None:
        moved = technique.before(mediator)
        bond = mediator_equation(cast, observed(technique, mediator), [moved])
        equations = {mediator.name: _by_therapist(bond), **equations}
    answer = named(mediator.name, "differs", "between", "therapists")
    spec = diagram(
        begin("steps to and from", short(mediator), "of each therapist"),
        equations,
        effects_on(outcome, [technique or mediator])[0],
    )
    return Posed({answer: spec | {"random_effects": True, "fewest_therapists": FEWEST}}, answer)


def _by_therapist(equation: dict[str, Any]) -> dict[str, Any]:
    """Return the equation with all that varies between patients varying between therapists too."""
    return equation | {"vary": {**equation["vary"], THERAPIST: next(iter(equation["vary"].values()))}}


QUESTION = Question(
    name="responsiveness",
    title="How much do the steps to and from {mediator} differ between therapists?",
    needs=("mediator", "outcome"),
    pose=pose,
    sentences=("describe_responsiveness",),
    figures=("responsiveness",),
    tables=("responsiveness",),
    follows=("Adelson and Owen 2012", "Del Re et al. 2012"),
    tells="tell_responsiveness",
    therapists=True,
)
