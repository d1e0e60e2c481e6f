"""Does the alliance differ with cultural background and match?"""

from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, short, traits_on


def pose(cast: Cast) -> Posed:
    """Pose all of them together as predictors of the alliance over the course."""
    mediator = cast.one("mediator")
    answer = f"{mediator.name}_by_culture"
    label = begin(short(mediator), "and culture")
    return Posed({answer: traits_on(mediator, cast.all("culture"), cast, label)}, answer)


QUESTION = Question(
    name="culture",
    title="Does {mediator} differ with cultural background or match?",
    needs=("mediator", "culture"),
    pose=pose,
    follows="Flückiger et al. 2018, doi 10.1037/pst0000172",
)
