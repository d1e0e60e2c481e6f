"""Does the alliance carry change alike wherever, and with whatever, patients are treated?"""

from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import named
from alliance.questions.steps import steps_by


def pose(cast: Cast) -> Posed:
    """Pose both steps for each site, and beside it for each arm: groups have steps of their own, and all else in common.

    These are products and not slopes that vary between sites: how far a few sites vary is not known from one fit, and a few that were drawn
    towards each other would look alike because they are few. Beside them stands the same model of each site alone, put together as
    separate studies are: partial pooling that says how little is known of how far sites differ.
    """
    specs, alone = {}, {}
    for name, groups in groups_of(cast).items():
        words, columns = groups[0].label.split(":")[0], [one.name for one in groups]
        specs[named("path", "by", name)] = steps_by(cast, f"by {words}", columns)
        if groups[0].role == "site":
            spec = {key: value for key, value in steps_by(cast, f"of each {words}", []).items() if key != "products"}
            alone[named("path", "of", "each", name)] = spec | {"pooled_over": columns}
    return Posed(specs | alone, next(iter(specs)))


def groups_of(cast: Cast) -> dict[str, list[Player]]:
    """Return the sites, and then the arms, that are compared with their reference: variable -> its groups but the reference."""
    variables: dict[str, list[Player]] = {}
    for player in [*cast.all("site"), *cast.all("treatment")]:
        variables.setdefault(player.variable or player.name, []).append(player)
    return variables


QUESTION = Question(
    name="populations",
    title="Does {mediator} carry change to {outcome} alike in all sites and arms?",
    needs=("site", "mediator", "outcome"),
    pose=pose,
    sentences=("describe_sites",),
    figures=("sites",),
    tables=("sites",),
    follows=("Flückiger et al. 2020",),
    tells="tell_populations",
)
