"""Equations that several questions pose: an outcome on its causes, its own past and time, with what varies between units."""

from collections.abc import Iterable
from typing import Any

from alliance.facts.columns import BETWEEN, PATIENT, SESSION, THERAPIST
from alliance.questions.cast import Cast, Player

_INTERCEPT = "intercept"
_LONGEST = 60  # letters of a name, and of a label within that of a model


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
    return player.label[:_LONGEST]


def begin(*words: str) -> str:
    """Join words to a label that begins with a capital letter."""
    label = " ".join(words)
    return label[:1].upper() + label[1:]


def named(*words: str) -> str:
    """Join words to the name of a model, as long as names may be."""
    return "_".join(words)[:_LONGEST].rstrip("_")
