"""Does what patients bring with them work through the alliance?"""

from typing import Any

from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import (
    begin,
    diagram,
    effects_on,
    first_of,
    mediator_equation,
    named,
    names,
    observed,
    outcome_equation,
    process_equation,
    short,
)


def pose(cast: Cast) -> Posed:
    """Pose traits -> alliance -> symptoms with all traits together; beside it the chain that goes on through the first process declared.

    What technique does in a session, where there is one, is held equal where symptoms follow, since it moves the alliance too; not where
    the alliance comes about, since a patient's usual technique is part of what a trait goes along with.
    """
    mediator, outcome, process = cast.one("mediator"), cast.one("outcome"), first_of(cast, "process")
    first, *more = effects_on(outcome, cast.all("patient"))
    answer = named("patients", "through", mediator.name)
    label = begin("what patients bring, through", short(mediator))
    specs = {answer: diagram(label, _equations(cast, None), first, more)}
    if process is not None:
        longer = named("patients", "through", mediator.name, "and", process.name)
        specs[longer] = diagram(f"{label} and {short(process)}", _equations(cast, process), first, more)
    return Posed(specs, answer)


def _equations(cast: Cast, process: Player | None) -> dict[str, Any]:
    """Return the chain; steps from one session to the next differ between patients where there is one of them."""
    mediator, outcome, traits = cast.one("mediator"), cast.one("outcome"), names(*cast.all("patient"))
    step, held = mediator.before(outcome), observed(first_of(cast, "technique"), outcome)
    equations = {mediator.name: mediator_equation(cast, traits)}
    if process is None:
        return equations | {outcome.name: outcome_equation(cast, [step, *held, *traits], [step])}
    last = process.before(outcome)
    return {
        **equations,
        process.name: process_equation(cast, process, traits, varied=True),
        outcome.name: outcome_equation(cast, [last, step, *held, *traits], [last]),
    }


QUESTION = Question(
    name="serial",
    title="Does what patients bring with them reach {outcome} through {mediator}?",
    needs=("patient", "mediator", "outcome"),
    pose=pose,
)
