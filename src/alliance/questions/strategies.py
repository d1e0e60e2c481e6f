"""Which strategies of therapists move the alliance, and how much of it reaches symptoms?"""

from alliance.facts.columns import BETWEEN, SESSION
from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, named, names, short


def pose(cast: Cast) -> Posed:
    """Pose all strategies together, each through the alliance to symptoms and beside it, apart from how often a therapist uses them."""
    mediator, outcome = cast.one("mediator"), cast.one("outcome")
    strategies, arm = cast.all("strategy"), first_of(cast, "treatment")
    means = [f"{strategy.name}{BETWEEN}" for strategy in strategies]
    bond = [*(one.before(mediator) for one in strategies), *means, outcome.before(mediator), mediator.past, SESSION]
    course = [mediator.before(outcome), *(one.before(outcome) for one in strategies), *means, outcome.past, SESSION]
    first, *more = [{"from": strategy.name, "to": outcome.name} for strategy in strategies]
    answer = named("strategies", "through", mediator.name)
    return Posed(
        {
            answer: {
                "label": begin("strategies through", short(mediator)),
                "family": "multilevel_path",
                "depth": "ml",
                "equations": {
                    mediator.name: equation([*bond, *names(arm)], cast),
                    outcome.name: equation([*course, *names(arm)], cast, [mediator.before(outcome)]),
                },
                "effects": first,
                "further_effects": more,
            }
        },
        answer,
    )


QUESTION = Question(
    name="strategies",
    title="Which strategies go along with {mediator}, and how much of that reaches {outcome}?",
    needs=("strategy", "mediator", "outcome"),
    pose=pose,
)
