"""Who changes reliably, who recovers, and does the early alliance tell of it?"""

from alliance.questions.cast import Cast
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, first_of, named, names, short


def pose(cast: Cast) -> Posed:
    """Pose reliable and clinically significant change, by treatment where there is one, and what the early alliance tells of it."""
    outcome = cast.one("outcome")
    answer = named(outcome.name, "change")
    spec = {
        "label": begin("who changes in", short(outcome)),
        "family": "descriptive",
        "analysis": "change",
        "variables": names(outcome, first_of(cast, "mediator"), first_of(cast, "treatment")),
    }
    return Posed({answer: spec}, answer)


QUESTION = Question(
    name="change",
    title="Who changes reliably in {outcome}, and who recovers?",
    needs=("outcome",),
    pose=pose,
    sentences=("describe_change_of_patients",),
    figures=("changes",),
    tables=("changes",),
    follows=("Jacobson and Truax 1991",),
    tells="tell_change",
)
