"""Does the alliance carry what therapists do?"""

from typing import Any

from alliance.facts.columns import BETWEEN, SESSION
from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, multiply, named, names, own_equation, short


def pose(cast: Cast) -> Posed:
    """Pose technique -> alliance -> symptoms with latent means; beside it, where there are arms, whether its first step depends on them."""
    technique, mediator, outcome = (cast.one(role) for role in QUESTION.needs)
    arm = first_of(cast, "treatment")
    answer = named(technique.name, "jointly")
    bond, course = _predictors(technique, mediator, outcome, arm)
    specs: dict[str, dict[str, Any]] = {
        answer: {
            "label": begin(short(technique), "through", short(mediator)),
            "family": "multilevel_path",
            "depth": "laplace",
            "trends": True,
            "influence": True,
            "random_effects": True,
            "equations": {
                technique.name: own_equation(cast),
                mediator.name: equation(bond, cast, [technique.before(mediator)]),
                outcome.name: equation(course, cast, [mediator.before(outcome)]),
            },
            "effects": {"from": technique.name, "to": outcome.name},
        }
    }
    if arm is not None:
        specs[named(technique.name, "by", arm.name)] = _moderated(technique, mediator, outcome, arm, cast)
    return Posed(specs, answer)


def _predictors(
    technique: Player, mediator: Player, outcome: Player, arm: Player | None
) -> tuple[list[str], list[str]]:
    bond = [technique.before(mediator), outcome.before(mediator), mediator.past, SESSION, *names(arm)]
    course = [mediator.before(outcome), technique.before(outcome), outcome.past, SESSION, *names(arm)]
    return bond, course


def _moderated(technique: Player, mediator: Player, outcome: Player, arm: Player, cast: Cast) -> dict[str, Any]:
    """Return the model in which the effect of technique on the alliance may depend on the arm."""
    moved = technique.before(mediator)
    products = multiply(technique, moved, [arm.name], cast)
    bond, course = _predictors(technique, mediator, outcome, arm)
    mean = f"{technique.name}{BETWEEN}"
    return {
        "label": begin(short(technique), "through", short(mediator)) + f", by {short(arm)}",
        "family": "multilevel_path",
        "depth": "ml",
        "products": products,
        "equations": {
            mediator.name: equation([bond[0], *products, mean, *bond[1:]], cast, [moved]),
            outcome.name: equation([*course[:2], mean, *course[2:]], cast, [mediator.before(outcome)]),
        },
        "effects": {"from": technique.name, "to": outcome.name},
    }


QUESTION = Question(
    name="technique",
    title="Does {technique} reach {outcome} through {mediator}?",
    needs=("technique", "mediator", "outcome"),
    pose=pose,
    sentences=("describe_indirect",),
    figures=("indirect_posterior",),
    tables=("influence",),
)
