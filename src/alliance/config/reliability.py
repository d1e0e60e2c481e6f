"""How reliable a score is, as somebody declares it."""

from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from alliance.config.section import Section

FEWEST_ITEMS: Final = 3  # that omega of one factor can be computed from

_Share = Annotated[float, Field(gt=0, le=1)]


class Reliability(Section):
    """Share of a score's variance that is not error of measurement, by level; a level that is not named has no error.

    ``within``: of what changes from session to session within patients; ``between``: of lasting differences between patients.
    """

    within: _Share = 1.0
    between: _Share = 1.0

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.within == self.between == 1:
            raise ValueError(
                "'reliability' names no level below 1, so there is no error to correct for; give 'within' or 'between', or remove it"
            )
        return self


def _by_level_or_items(value: object) -> object:
    if value is None or value == "items" or isinstance(value, dict | Reliability):
        return value
    raise ValueError("expected numbers by level, as in {within: 0.7, between: 0.9}, or items")


# As numbers by level, or computed from the items.
Declared = Annotated[Reliability | Literal["items"] | None, BeforeValidator(_by_level_or_items)]


def check_reliability(declared: Reliability | Literal["items"] | None, table: str, kind: str, parts: int) -> None:
    """Refuse the reliability of what has none, or has no items to compute it from.

    Parameters
    ----------
    table, kind
        Of the variable.
    parts
        How many variables a composite is made of.

    Raises
    ------
    ValueError
        Says what to write instead.
    """
    numbers = "give numbers, as in 'reliability: {within: 0.7, between: 0.9}'"
    if declared is None:
        return
    if table != "sessions" or kind == "category":
        raise ValueError("'reliability' is for scores measured at sessions; remove it")
    if declared == "items" and kind == "number":
        raise ValueError(f"'reliability: items' needs items, and this is a ready-made number; {numbers}")
    if declared == "items" and kind == "composite" and parts < FEWEST_ITEMS:
        raise ValueError(f"'reliability: items' needs at least {FEWEST_ITEMS} parts, and 'of' names {parts}; {numbers}")
