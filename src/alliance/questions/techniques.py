"""Which techniques help the alliance and which strain it, and what of that reaches symptoms?"""

from typing import Any

from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import (
    begin,
    diagram,
    effects_on,
    mediator_equation,
    named,
    outcome_equation,
    own_equation,
    short,
)


def pose(cast: Cast) -> Posed:
    """Pose techniques -> alliance -> symptoms with all techniques together, and each of them alone.

    Each technique has an equation of its own, so that its means are latent; techniques of one session may go together.
    """
    mediator, outcome, techniques = cast.one("mediator"), cast.one("outcome"), cast.all("technique")
    first, *more = effects_on(outcome, techniques)
    answer = named("techniques", "through", mediator.name)
    label = begin("techniques together, through", short(mediator))
    specs = {answer: diagram(label, _equations(cast, techniques), first, more)}
    for technique in techniques:
        alone = begin(short(technique), "alone, through", short(mediator))
        pair = effects_on(outcome, [technique])[0]
        specs[named(technique.name, "alone")] = diagram(alone, _equations(cast, [technique]), pair)
    return Posed(specs, answer)


def _equations(cast: Cast, techniques: list[Player]) -> dict[str, Any]:
    mediator, outcome = cast.one("mediator"), cast.one("outcome")
    causes, step = [technique.before(mediator) for technique in techniques], mediator.before(outcome)
    later = [technique.before(outcome) for technique in techniques]
    return {
        **{technique.name: own_equation(cast) for technique in techniques},
        mediator.name: mediator_equation(cast, causes, causes),
        outcome.name: outcome_equation(cast, [step, *later], [step]),
    }


QUESTION = Question(
    name="techniques",
    title="Which techniques help {mediator}, which strain it, and how much of that reaches {outcome}?",
    needs=("technique", "technique", "mediator", "outcome"),
    pose=pose,
    follows=("Rubel, Rosenbaum and Lutz 2017",),
    tells="tell_techniques",
)
