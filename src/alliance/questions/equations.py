"""Equations that several questions pose: an outcome on its causes, its own past and time, with what varies between units."""

from collections.abc import Iterable, Mapping
from typing import Any

from alliance.facts.columns import BETWEEN, LAG, PATIENT, SESSION, THERAPIST
from alliance.facts.roles import MOMENTS
from alliance.questions.cast import LONGEST, Cast, Player

_INTERCEPT = "intercept"


def equation(on: Iterable[str], cast: Cast, slopes: Iterable[str] = ()) -> dict[str, Any]:
    """Return an equation whose intercept varies between patients, and between therapists where there are any.

    Parameters
    ----------
    slopes
        Predictors whose slopes vary between patients.
    """
    vary = {PATIENT: [_INTERCEPT, *slopes], **({THERAPIST: [_INTERCEPT]} if cast.therapists else {})}
    return {"on": list(dict.fromkeys(on)), "vary": vary}


def own_equation(cast: Cast) -> dict[str, Any]:
    """Return the equation of a cause that nothing in the model predicts: with it its means are latent, and levels come apart."""
    return equation([SESSION], cast)


def observed(cause: Player | None, outcome: Player) -> list[str]:
    """Return a cause that the model holds equal, at its session and in the patient's mean."""
    return [] if cause is None else [cause.before(outcome), f"{cause.name}{BETWEEN}"]


def first_of(cast: Cast, role: str) -> Player | None:
    """Return the first who plays a part, or None."""
    return next(iter(cast.all(role)), None)


def names(*players: Player | None) -> list[str]:
    """Name those who are there."""
    return [player.name for player in players if player is not None]


def short(player: Player) -> str:
    """Return a label that fits into the label of a model."""
    return player.label[:LONGEST]


def begin(*words: str) -> str:
    """Join words to a label that begins with a capital letter."""
    label = " ".join(words)
    return label[:1].upper() + label[1:]


def named(*words: str) -> str:
    """Join words to the name of a model, as long as names may be."""
    return "_".join(words)[:LONGEST].rstrip("_")


def mediator_equation(cast: Cast, causes: Iterable[str] = (), slopes: Iterable[str] = ()) -> dict[str, Any]:
    """Return the equation of the mediator: its causes, then the outcome as it was before, its own past, time and the arm."""
    mediator, outcome, arm = cast.one("mediator"), cast.one("outcome"), first_of(cast, "treatment")
    return equation([*causes, outcome.before(mediator), mediator.past, SESSION, *names(arm)], cast, slopes)


def process_equation(cast: Cast, process: Player, causes: Iterable[str] = (), varied: bool = False) -> dict[str, Any]:
    """Return the equation of a process on the mediator, other causes, the outcome as it was before, its own past, time and the arm.

    Parameters
    ----------
    varied
        Whether what the mediator does to it differs between patients.
    """
    mediator, outcome, arm = cast.one("mediator"), cast.one("outcome"), first_of(cast, "treatment")
    step = mediator.before(process)
    # What is done between sessions has no value at the first one, which an own past would need.
    past = [] if process.moment == MOMENTS["between"] else [process.past]
    terms = [step, *causes, outcome.before(process), *past, SESSION, *names(arm)]
    return equation(terms, cast, [step] if varied else [])


def outcome_equation(cast: Cast, causes: Iterable[str], slopes: Iterable[str] = ()) -> dict[str, Any]:
    """Return the equation of the outcome: its causes, then its own past, time and the arm."""
    return equation([*causes, cast.one("outcome").past, SESSION, *names(first_of(cast, "treatment"))], cast, slopes)


def multiply(
    carrier: Player, term: str, moderators: Iterable[str], cast: Cast, taken: Iterable[str] = ()
) -> dict[str, list[str]]:
    """Return the product of a term of somebody with each moderator, under a name of its own however long those of both are.

    Parameters
    ----------
    taken
        Names that other products of the model have.
    """
    products: dict[str, list[str]] = {}
    for moderator in moderators:
        name = named(carrier.name, "by", moderator.removesuffix(BETWEEN).removesuffix(LAG))
        products[cast.free(name, [*products, *taken])] = [term, moderator]
    return products


def diagram(
    label: str, equations: Mapping[str, Any], effects: Mapping[str, str], more: Iterable[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """Return a path model that costs little: maximum likelihood from complete rows, without the same model with trends beside it.

    Parameters
    ----------
    effects, more
        The pair of cause and outcome, and further ones.
    """
    return {
        "label": label,
        "family": "multilevel_path",
        "depth": "ml",
        "missing": "drop",
        "trends": False,
        "equations": equations,
        "effects": effects,
        "further_effects": list(more),
    }


def effects_on(outcome: Player, causes: Iterable[Player]) -> list[dict[str, str]]:
    """Return the pairs of each cause and one outcome."""
    return [{"from": cause.name, "to": outcome.name} for cause in causes]
