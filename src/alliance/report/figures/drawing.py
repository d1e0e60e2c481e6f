"""What the module of a figure gives."""

import re
from dataclasses import dataclass
from typing import Final

import pandas as pd

_MOST: Final = 500  # characters that a description has, so that who listens to it reaches its end
_REST: Final = " The rest is in the numbers of this figure."
_ENDS: Final = (r"[.;](?= )", r" (?![^\[]*\])")  # of a statement; else of a word, never inside an interval


@dataclass(frozen=True)
class Drawing:
    """A figure, the values it shows, its description for people who cannot see it, and notes below its caption."""

    figure: object
    values: pd.DataFrame
    alt: str
    notes: str = ""


def shorten(alt: str) -> str:
    """Return a description of fewer than 500 characters: its first statements in full, and where the others stand."""
    if len(alt) < _MOST:
        return alt
    room = alt[: _MOST - len(_REST) - 2]
    ends = next(filter(None, ([found.start() for found in re.finditer(end, room)] for end in _ENDS)), [len(room)])
    return f"{room[: ends[-1]]}.{_REST}"
