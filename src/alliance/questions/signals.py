"""What do signals of a session, such as synchrony, have to do with the alliance and with change?"""

from alliance.facts.columns import BETWEEN
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
    process_equation,
    short,
)
from alliance.questions.steps import steps_by


def pose(cast: Cast) -> Posed:
    """Pose signals as causes of the alliance; beside it as what carries it to symptoms, and as moderators of what the alliance does.

    Signals follow the alliance before and are followed by it, so both have an equation: means over all sessions, held equal in place of
    that, hold what came later too, and made steps 11 to 24 % too small.
    """
    mediator, outcome, signals = cast.one("mediator"), cast.one("outcome"), cast.all("signal")
    technique, step = first_of(cast, "technique"), mediator.before(outcome)
    now, later = ([signal.before(target) for signal in signals] for target in (mediator, outcome))
    own = {signal.name: process_equation(cast, signal) for signal in signals}
    course = {outcome.name: outcome_equation(cast, [step, *later, *observed(technique, outcome)], [step])}
    moved, held = ([*more, *observed(technique, mediator)] for more in (now, []))
    first, *more = effects_on(outcome, signals)
    answer = named("signals", "through", mediator.name)
    usual = [f"{signal.name}{BETWEEN}" for signal in signals]
    return Posed(
        {
            answer: diagram(
                begin("signals through", short(mediator)),
                {**own, mediator.name: mediator_equation(cast, moved), **course},
                first,
                more,
            ),
            named(mediator.name, "through", "signals"): diagram(
                begin(short(mediator), "through signals"),
                {mediator.name: mediator_equation(cast, held), **own, **course},
                effects_on(outcome, [mediator])[0],
            ),
            named(mediator.name, "steps", "by", "signals"): steps_by(cast, "by signals", usual, later),
        },
        answer,
    )


QUESTION = Question(
    name="signals",
    title="Do {signal} and {mediator} go together, and does it reach {outcome}?",
    needs=("signal", "mediator", "outcome"),
    pose=pose,
)
