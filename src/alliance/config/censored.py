"""Ends of a scale at which scores stand for all values beyond them, as somebody declares them."""

from typing import Annotated, Literal

from pydantic import BeforeValidator


def _is_end(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _ends_of_a_scale(value: object) -> object:
    if isinstance(value, bool) or value in ("floor", "ceiling"):
        return value
    if isinstance(value, list | tuple) and len(value) == 2 and all(_is_end(end) for end in value):
        return value
    raise ValueError("expected true, false, floor, ceiling, or the two ends as in [0, null]")


Censored = Annotated[
    bool | Literal["floor", "ceiling"] | tuple[float | None, float | None], BeforeValidator(_ends_of_a_scale)
]
