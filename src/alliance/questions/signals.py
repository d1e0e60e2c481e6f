"""What do signals of a session, such as synchrony, have to do with the alliance and with change?"""

from alliance.facts.columns import BETWEEN, SESSION
from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, diagram, effects_on, equation, first_of, named, names, observed, short
from alliance.questions.steps import steps_by


def pose(cast: Cast) -> Posed:
    """Pose signals as causes of the alliance, apart from how strong they usually are in a patient.

    Beside it signals as what carries the alliance to symptoms, and as moderators of what the alliance does.
    """
    mediator, outcome, signals = cast.one("mediator"), cast.one("outcome"), cast.all("signal")
    technique, arm = first_of(cast, "technique"), names(first_of(cast, "treatment"))
    usual, now = [f"{signal.name}{BETWEEN}" for signal in signals], [signal.before(mediator) for signal in signals]
    later, step = [signal.before(outcome) for signal in signals], mediator.before(outcome)
    bond = [*now, *usual, *observed(technique, mediator), outcome.before(mediator), mediator.past, SESSION, *arm]
    course = [step, *later, *usual, *observed(technique, outcome), outcome.past, SESSION, *arm]
    first, *more = effects_on(outcome, signals)
    answer = named("signals", "through", mediator.name)
    back = f"{mediator.name}{BETWEEN}"
    carried = {
        signal.name: equation([mediator.before(signal), back, outcome.before(signal), signal.past, SESSION, *arm], cast)
        for signal in signals
    }
    through = [step, *later, back, *observed(technique, outcome), outcome.past, SESSION, *arm]
    return Posed(
        {
            answer: diagram(
                begin("signals through", short(mediator)),
                {mediator.name: equation(bond, cast), outcome.name: equation(course, cast, [step])},
                first,
                more,
            ),
            named(mediator.name, "through", "signals"): diagram(
                begin(short(mediator), "through signals"),
                {**carried, outcome.name: equation(through, cast, [step])},
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
