"""Which therapists build better alliances?"""

from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, short, traits_on


def pose(cast: Cast) -> Posed:
    """Pose all of them together as predictors of the alliance over the course."""
    mediator = cast.one("mediator")
    answer = f"{mediator.name}_by_therapists"
    label = begin(short(mediator), "and what therapists bring")
    return Posed({answer: traits_on(mediator, cast.all("therapist"), cast, label)}, answer)


QUESTION = Question(
    name="therapists",
    title="What is it about therapists that goes along with {mediator}?",
    needs=("mediator", "therapist"),
    pose=pose,
    follows="Del Re et al. 2012, doi 10.1016/j.cpr.2012.07.002",
)
