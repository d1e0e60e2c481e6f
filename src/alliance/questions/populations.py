"""Does the alliance carry change alike wherever, and with whatever, patients are treated?"""

from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import named
from alliance.questions.steps import steps_by


def pose(cast: Cast) -> Posed:
    """Pose both steps for each site, and beside it for each arm; each group has steps of its own, with one population's other effects.

    Products and not slopes that vary between sites: of a few sites nobody knows a variance from one fit, so sites are put together after
    it (`alliance.models.quantities.groups`), by how far their paths differ beyond what chance makes of them.
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
    tables=("moderation",),
)
