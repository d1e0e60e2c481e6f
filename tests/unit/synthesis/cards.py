"""Effect cards of invented sites, with one chosen property."""

from functools import cache
from typing import Any

from alliance.synthesis.card import Card
from alliance.synthesis.make import make_card
from tests.artefacts import builders

ARMS = builders.arms_config()
DATA = {"estimates": builders.estimates(ARMS), "panel": builders.panel(ARMS)}


@cache
def card_of() -> Card:
    """Return the card of the example study."""
    return make_card(DATA["estimates"], DATA["panel"], ARMS, {"alliance": "0"})


def site(name: str, shift: float = 0.0, **changes: Any) -> Card:
    """Return the card of a site whose effects are shifted by so many of their standard errors.

    Parameters
    ----------
    changes
        Measures by their part, each with what is different: ``outcome={"instrument": "core_10"}``.
    """
    card = card_of()
    quantities = []
    for one in card.quantities:
        other = one.standardised
        moved = other and other.model_copy(update={"estimate": other.estimate + shift * other.sd})
        quantities.append(one.model_copy(update={"estimate": one.estimate + shift * one.sd, "standardised": moved}))
    measures = {key: one.model_copy(update=changes.get(key, {})) for key, one in card.measures.items()}
    return card.model_copy(update={"site": name, "quantities": quantities, "measures": measures})
