"""Does the alliance carry the treatment's effect?"""

from typing import Any

from alliance.facts.columns import BASELINE, PATIENT, SESSION
from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, named, observed, short


def pose(cast: Cast) -> Posed:
    """Pose total, mediated and direct effect in one model; beside it the whole difference with nothing between, and textbook steps."""
    arm, mediator, outcome = (cast.one(role) for role in QUESTION.needs)
    technique = first_of(cast, "technique")
    effects = {"from": arm.name, "to": outcome.name}
    bond = [arm.name, *observed(technique, mediator), outcome.before(mediator), mediator.past, SESSION]
    course = [mediator.before(outcome), arm.name, *observed(technique, outcome), outcome.past, SESSION]
    answer, whole = named(arm.name, "jointly"), named(arm.name, "overall")
    return Posed(
        {
            answer: {
                "label": begin(short(arm), "through", short(mediator)),
                "family": "multilevel_path",
                "depth": "laplace",
                "equations": {
                    mediator.name: equation(bond, cast),
                    outcome.name: equation(course, cast, [mediator.before(outcome)]),
                },
                "effects": effects,
            },
            whole: _overall(arm, outcome, cast),
            named(arm.name, "by", "steps"): {
                "label": begin(short(arm), "through", short(mediator)) + ", in two steps",
                "family": "textbook",
                "equations": {
                    mediator.name: equation([arm.name, SESSION], cast),
                    outcome.name: equation(
                        [mediator.before(outcome), arm.name, SESSION], cast, [mediator.before(outcome)]
                    ),
                },
                "effects": effects,
            },
        },
        answer,
        adds=(whole,),
    )


def _overall(arm: Player, outcome: Player, cast: Cast) -> dict[str, Any]:
    """Return the model of all that an assignment did by each session, whatever lies between: a curve for each arm.

    What the equation leaves at one session lasts to the next, since no past of the outcome is among its predictors to say so.
    """
    course = cast.free("course")
    together = cast.free(named(arm.name, "by", course))
    curved = equation([arm.name, course, together, f"{outcome.name}{BASELINE}"], cast)
    curved["vary"][PATIENT] = ["intercept", course]
    return {
        "label": begin(short(arm)) + ", nothing between",
        "family": "multilevel_path",
        "depth": "laplace",
        "bases": {course: {"kind": "natural_spline", "of": SESSION, "df": 3}},
        "products": {together: [arm.name, course]},
        "equations": {outcome.name: curved},
        "autocorrelation": {outcome.name: "sessions"},
        "effects": {"from": arm.name, "to": outcome.name},
    }


QUESTION = Question(
    name="treatment",
    title="Does {treatment} reach {outcome} through {mediator}?",
    needs=("treatment", "mediator", "outcome"),
    pose=pose,
    sentences=("describe_treatment",),
    figures=("accumulated",),
    follows=("Talloen et al. 2016",),
)
