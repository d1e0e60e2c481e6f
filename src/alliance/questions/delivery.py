"""Does it matter how sessions are held?"""

from alliance.facts.columns import BETWEEN, SESSION
from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, diagram, effects_on, equation, first_of, named, names, observed, short
from alliance.questions.steps import steps_by


def pose(cast: Cast) -> Posed:
    """Pose each way of meeting against the reference, from session to session and apart from how a patient usually meets.

    Technique, where there is one, is held equal: it moves mediator and outcome alike. Beside it, whether the steps to and from the alliance
    depend on how a patient usually meets: few change, so what is held otherwise for once says little of slopes.
    """
    mediator, outcome, ways = cast.one("mediator"), cast.one("outcome"), cast.all("delivery")
    technique, arm = first_of(cast, "technique"), first_of(cast, "treatment")
    usual = [f"{way.name}{BETWEEN}" for way in ways]
    now, later = ([way.before(target) for way in ways] for target in (mediator, outcome))
    bond = [*now, *usual, *observed(technique, mediator), outcome.before(mediator), mediator.past, SESSION]
    course = [mediator.before(outcome), *later, *usual, *observed(technique, outcome), outcome.past, SESSION]
    first, *more = effects_on(outcome, ways)
    answer = named("delivery", "through", mediator.name)
    return Posed(
        {
            answer: diagram(
                begin("delivery through", short(mediator)),
                {
                    mediator.name: equation([*bond, *names(arm)], cast),
                    outcome.name: equation([*course, *names(arm)], cast, [mediator.before(outcome)]),
                },
                first,
                more,
            ),
            named(mediator.name, "steps", "by", "delivery"): steps_by(cast, "by delivery", usual),
        },
        answer,
    )


QUESTION = Question(
    name="delivery",
    title="Does it matter how sessions are held?",
    needs=("delivery", "mediator", "outcome"),
    pose=pose,
    follows=("Norwood et al. 2018", "Seuling et al. 2023"),
    tells="tell_delivery",
)
