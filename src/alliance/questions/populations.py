"""Does the alliance carry change alike wherever, and with whatever, patients are treated?"""

from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import named
from alliance.questions.steps import steps_by


def pose(cast: Cast) -> Posed:
    """Pose both steps for each site, and beside it for each arm: groups have steps of their own, and all else in common.

    Products and not slopes that vary between sites: how far a few sites vary is not known from one fit, and a few that were drawn towards
    each other would look alike because they are few.
    """
    variables: dict[str, list[Player]] = {}
    for player in [*cast.all("site"), *cast.all("treatment")]:
        variables.setdefault(player.variable or player.name, []).append(player)
    specs = {
        named("path", "by", name): steps_by(cast, f"by {groups[0].label.split(':')[0]}", [one.name for one in groups])
        for name, groups in variables.items()
    }
    return Posed(specs, next(iter(specs)))


QUESTION = Question(
    name="populations",
    title="Does {mediator} carry change to {outcome} alike in all sites and arms?",
    needs=("site", "mediator", "outcome"),
    pose=pose,
    tells="tell_populations",
)
