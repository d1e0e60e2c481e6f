"""How much do alliance and symptoms vary within patients, between patients and between therapists?"""

from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import first_of, names


def pose(cast: Cast) -> Posed:
    """Pose a variance decomposition of alliance, symptoms and technique; effects at each level are in the models of other questions."""
    mediator, outcome = (cast.one(role) for role in QUESTION.needs)
    return Posed(
        {
            "variance": {
                "label": "Variance decomposition",
                "family": "textbook",
                "analysis": "variance",
                "variables": names(mediator, outcome, first_of(cast, "technique")),
            }
        },
        "variance",
    )


QUESTION = Question(
    name="levels",
    title="How much do {mediator} and {outcome} differ between patients, and how much do they change within them?",
    needs=("mediator", "outcome"),
    pose=pose,
    sentences=("describe_variance",),
    figures=("variance", "within_between"),
    tables=("variance",),
    follows=("Baldwin, Wampold and Imel 2007",),
    tells="tell_levels",
)
