"""Who plays which part: the variables of a study as questions see them."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alliance.facts.columns import LAG
from alliance.facts.groups import group_column
from alliance.facts.roles import MOMENTS, ROLES

# Who they are where nobody says so: variables of these names, or the only two measures of sessions.
_KNOWN: Final = {"alliance": "mediator", "symptoms": "outcome"}
_TWO: Final = 2
_PART: Final = "part"
LONGEST: Final = 60  # letters that a name may have


@dataclass(frozen=True)
class Player:
    """A variable that plays a part.

    Parameters
    ----------
    name, label
        What configurations and people call it.
    role
        See `alliance.facts.roles`.
    varies
        Whether it can take another value at each session.
    moment
        When it is measured, in thirds of a session; None for what is constant, or where nobody says it.
    variable
        The variable whose group it is, where it is 1 for one group of a category and 0 for the others; empty for all else.
    higher_is
        What higher scores are, ``better`` or ``worse``; empty where nobody says it.
    """

    name: str
    label: str
    role: str
    varies: bool
    moment: float | None
    variable: str = ""
    higher_is: str = ""

    def before(self, other: "Player") -> str:
        """Return the term by which this one predicts another: as it is where it is measured earlier, else one session back."""
        if not self.varies:
            return self.name
        known = self.moment is not None and other.moment is not None and self.moment < other.moment
        return self.name if known else f"{self.name}{LAG}"

    @property
    def past(self) -> str:
        """Its value one session earlier."""
        return f"{self.name}{LAG}"


@dataclass(frozen=True)
class Cast:
    """All who play a part, whether the export names therapists, and the names of all variables, players or not.

    Parameters
    ----------
    readings
        The ways to divide the mediator into parts; the first one plays them.
    """

    players: tuple[Player, ...]
    therapists: bool
    variables: tuple[str, ...] = ()
    readings: tuple[tuple[Player, ...], ...] = ()

    def free(self, name: str, taken: Container[str] = ()) -> str:
        """Return a name for a basis or a product: this one, numbered where it is taken, or a variable has it or one of its columns may."""
        number, free = 1, name
        while free in taken or any(one == free or one.startswith(f"{free}_") for one in self.variables):
            number += 1
            free = f"{name[: LONGEST - len(str(number))]}{number}"
        return free

    def all(self, role: str) -> list[Player]:
        """Return those who play a part, in the order in which they are declared."""
        return [player for player in self.players if player.role == role]

    def one(self, role: str) -> Player:
        """Return the first who plays a part.

        Raises
        ------
        LookupError
            Nobody does.
        """
        found = self.all(role)
        if not found:
            raise LookupError(f"no variable has the role '{role}'")
        return found[0]

    def lacks(self, roles: tuple[str, ...]) -> list[str]:
        """List the parts that nobody plays, or too few: a part that is named twice has to be played by two."""
        return [role for role in dict.fromkeys(roles) if len(self.all(role)) < roles.count(role)]

    def describe(self, role: str) -> str:
        """Say what a part is that is lacking, and whether it is played, but by too few."""
        return f"{ROLES[role].meaning}{'; one more than has it now' if self.all(role) else ''}"


def cast_of(variables: Mapping[str, Any], therapists: bool) -> Cast:
    """Cast variables as they are declared, not validated yet; what cannot be a term of a model plays no part.

    A category with `labels` is played by its groups, each against the reference. Where no variable has the role of mediator or outcome,
    ``alliance`` and ``symptoms`` do, or the only two measures of sessions: the second is the outcome.
    """
    usable = {str(name): variable for name, variable in variables.items() if isinstance(variable, Mapping)}
    roles = {name: str(variable["role"]) for name, variable in usable.items() if variable.get("role") is not None}
    if not {"mediator", "outcome"} & set(roles.values()):
        roles = _guessed(usable) | roles
    players = [player for name, role in roles.items() for player in _players(name, role, usable[name])]
    readings = _readings(players, usable)
    return Cast((*players, *(readings[0] if readings else ())), therapists, tuple(map(str, variables)), readings)


def _readings(players: list[Player], variables: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[Player, ...], ...]:
    """Return the ways in which the mediator is divided into subscales; none where variables of their own play its parts."""
    mediator = next((player for player in players if player.role == "mediator"), None)
    divided = variables[mediator.name].get("parts") if mediator is not None and not mediator.variable else None
    if mediator is None or not isinstance(divided, Sequence) or any(player.role == _PART for player in players):
        return ()
    return tuple(
        tuple(
            Player(f"{mediator.name}_{part}", f"{mediator.label} ({part})", _PART, mediator.varies, mediator.moment)
            for part in reading
        )
        for reading in divided
        if isinstance(reading, Sequence) and not isinstance(reading, str)
    )


def _players(name: str, role: str, variable: Mapping[str, Any]) -> list[Player]:
    label, labels = str(variable.get("label", name)), variable.get("labels")
    varies = variable.get("table", "sessions") == "sessions"
    moment = MOMENTS.get(str(variable.get("measured")))
    if variable.get("kind") != "category" or isinstance(variable.get("levels"), Mapping):
        return [Player(name, label, role, varies, moment, higher_is=str(variable.get("higher_is") or ""))]
    if not isinstance(labels, Sequence | Mapping) or isinstance(labels, str):
        return []  # its columns are those of the labels that the data will hold
    groups = list(dict.fromkeys(map(str, labels.values() if isinstance(labels, Mapping) else labels)))
    reference = variable.get("reference") or groups[0]
    others = [group for group in groups if group != reference]
    if len(others) > 1 and role in ROLES and ROLES[role].alone:
        return []  # such a part is one comparison
    return [
        Player(group_column(name, group), f"{label}: {group}".replace("_", " "), role, varies, moment, name)
        for group in others
    ]


def _guessed(variables: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    measures = measures_of(variables)
    if set(_KNOWN) <= set(measures):
        return dict(_KNOWN)
    if len(measures) != _TWO:
        return {}
    first, second = measures
    turned = _KNOWN.get(first) == "outcome" or _KNOWN.get(second) == "mediator"
    return {second: "mediator", first: "outcome"} if turned else {first: "mediator", second: "outcome"}


def measures_of(variables: Mapping[str, Any]) -> list[str]:
    """List the scores that are measured at sessions, not those that questions derive."""
    return [
        str(name)
        for name, variable in variables.items()
        if isinstance(variable, Mapping)
        and variable.get("table", "sessions") == "sessions"
        and variable.get("kind", "number") not in ("category", "rupture_mark")
    ]
