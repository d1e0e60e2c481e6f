"""How does the alliance develop, and does its start tell of the end?"""

from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, first_of, named, names, short


def pose(cast: Cast) -> Posed:
    """Pose the average course in several shapes with patients' spread around it, and the start beside the end of the outcome."""
    mediator = cast.one("mediator")
    answer = named(mediator.name, "over", "time")
    spec = {
        "label": begin(short(mediator), "over the sessions"),
        "family": "descriptive",
        "analysis": "growth",
        "variables": names(mediator, first_of(cast, "outcome")),
    }
    return Posed({answer: spec}, answer)


QUESTION = Question(
    name="development",
    title="How does {mediator} develop?",
    needs=("mediator",),
    pose=pose,
    sentences=("describe_development",),
    figures=("development",),
    tables=("shapes",),
    tells="tell_development",
)
