"""Through which processes does the alliance reach symptoms?"""

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
    observed,
    outcome_equation,
    process_equation,
    short,
)


def pose(cast: Cast) -> Posed:
    """Pose alliance -> process -> symptoms once for each process; beside these, where there are several, symptoms on all of them together.

    By itself a process may stand for others that go along with it; together each is told with the others held equal. The way through each
    has a model of its own, since one model with an equation for every process would take minutes; ways are compared across these. What
    technique does in a session, where there is one, is held equal: it moves the mediator and what goes along with it, and reaches the
    outcome by other ways too.
    """
    mediator, outcome, processes = cast.one("mediator"), cast.one("outcome"), cast.all("process")
    effects = {"from": mediator.name, "to": outcome.name}
    specs = {
        named(mediator.name, "through", process.name): diagram(
            begin(short(mediator), "through", short(process)), _through(cast, process), effects
        )
        | {"contrasts": QUESTION.name}
        for process in processes
    }
    answer = next(iter(specs))
    if len(processes) > 1:
        first, *more = effects_on(outcome, processes)
        label = begin(short(outcome), "by all processes together")
        specs[named(outcome.name, "by", "processes")] = diagram(label, _together(cast, processes), first, more)
    return Posed(specs, answer)


def _through(cast: Cast, process: Player) -> dict[str, Any]:
    mediator, outcome, technique = cast.one("mediator"), cast.one("outcome"), first_of(cast, "technique")
    step, held = process.before(outcome), observed(technique, outcome)
    return {
        mediator.name: mediator_equation(cast, observed(technique, mediator)),
        process.name: process_equation(cast, process, varied=True),
        outcome.name: outcome_equation(cast, [step, mediator.before(outcome), *held], [step]),
    }


def _together(cast: Cast, processes: list[Player]) -> dict[str, Any]:
    mediator, outcome, technique = cast.one("mediator"), cast.one("outcome"), first_of(cast, "technique")
    steps, held = [process.before(outcome) for process in processes], observed(technique, outcome)
    return {
        mediator.name: mediator_equation(cast, observed(technique, mediator)),
        outcome.name: outcome_equation(cast, [*steps, mediator.before(outcome), *held]),
    }


QUESTION = Question(
    name="processes",
    title="What carries {mediator} on to {outcome}?",
    needs=("process", "mediator", "outcome"),
    pose=pose,
    follows=("Baier, Kline and Feeny 2020",),
    tells="tell_processes",
)
