"""The parts of a mediator, such as bond, goals and tasks: subscales of its questionnaire."""

from collections.abc import Sequence
from typing import Final

_FEWEST: Final = 2  # parts that can be compared


def check_parts(parts: Sequence[Sequence[str]], kind: str) -> None:
    """Refuse parts of what has no subscales, and ways to divide it that leave nothing to compare.

    Raises
    ------
    ValueError
        Says what to write instead.
    """
    if parts and kind != "scale":
        raise ValueError(
            "'parts' are subscales, which only a scale has; remove it, and give a measure of one part 'role: part'"
        )
    if any(len(set(reading)) < max(len(reading), _FEWEST) for reading in parts):
        raise ValueError(
            "each list of 'parts' names two different subscales or more, as in [[bond, goal, task], [bond, agreement]]"
        )
