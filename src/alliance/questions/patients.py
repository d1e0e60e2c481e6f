"""Which patients form better alliances?"""

from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, short, traits_on


def pose(cast: Cast) -> Posed:
    """Pose all of them together as predictors of the alliance over the course."""
    mediator = cast.one("mediator")
    answer = f"{mediator.name}_by_patients"
    label = begin(short(mediator), "and what patients bring")
    return Posed({answer: traits_on(mediator, cast.all("patient"), cast, label)}, answer)


QUESTION = Question(
    name="patients",
    title="What is it about patients that goes along with {mediator}?",
    needs=("mediator", "patient"),
    pose=pose,
    follows="Flückiger et al. 2018, doi 10.1037/pst0000172",
)
