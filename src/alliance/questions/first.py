"""What comes first: does the alliance predict symptoms, or do symptoms predict the alliance?"""

from alliance.facts.columns import SESSION
from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, names, own_equation, short


def pose(cast: Cast) -> Posed:
    """Pose both directions in one model, each with its own past.

    Where another question asks for paths through the mediator to the outcome, this one is asked in reverse.
    """
    mediator, outcome = (cast.one(role) for role in QUESTION.needs)
    technique, arm = first_of(cast, "technique"), first_of(cast, "treatment")
    back, forth = outcome.before(mediator), mediator.before(outcome)
    bond = [back, *([technique.before(mediator)] if technique else []), mediator.past, SESSION, *names(arm)]
    course = [forth, *([technique.before(outcome)] if technique else []), outcome.past, SESSION, *names(arm)]
    ways = [{"from": mediator.name, "to": outcome.name}, {"from": outcome.name, "to": mediator.name}]
    asked_back = technique is not None or arm is not None
    main, other = reversed(ways) if asked_back else ways
    return Posed(
        {
            "both_jointly": {
                "label": begin(short(mediator), "and", short(outcome)) + ", each predicting the other",
                "family": "multilevel_path",
                "depth": "laplace",
                **({"direction": "reverse"} if asked_back else {}),
                "equations": {
                    # so that averages are not compared at the same average technique
                    **({technique.name: own_equation(cast)} if technique else {}),
                    mediator.name: equation(bond, cast, [back]),
                    outcome.name: equation(course, cast, [forth]),
                },
                "effects": main,
                "further_effects": [other],
            }
        },
        "both_jointly",
    )


QUESTION = Question(
    name="first",
    title="What comes first: does {mediator} predict {outcome}, or {outcome} {mediator}?",
    needs=("mediator", "outcome"),
    pose=pose,
    sentences=("describe_reverse", "describe_literature"),
    figures=("both_directions",),
    tells="tell_first",
)
