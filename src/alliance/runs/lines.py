"""Lines of what commands say: as wide as the terminal, and as wide as a file is read with ease where there is none."""

import shutil
import textwrap
from typing import Final

_NARROWEST: Final = 40
_WIDEST: Final = 110  # columns of a line that is read with ease
IN_FILES: Final = 100  # nobody knows how wide a file, or a pipe, will be shown


def terminal_width() -> int:
    """Return the columns of the terminal, or what suits a file."""
    return max(shutil.get_terminal_size((IN_FILES, 0)).columns, _NARROWEST)


def line_width() -> int:
    """Return the columns of a line of text."""
    return min(terminal_width(), _WIDEST)


def hanging(text: str, width: int, indent: int = 4, first: str = "") -> list[str]:
    """Break a text into lines of a width, the second and further ones indented; what has no blank, as a path, stays whole.

    Parameters
    ----------
    first
        What stands before the text.
    """
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def before_command(text: str, command: str, width: int) -> list[str]:
    """Write a text and the command it ends with, which is copied whole: in one line where there is room, else in a line of its own."""
    line = f"{text} {command}"
    return [line] if len(line) <= width else [*hanging(text, width, 2), f"  {command}"]
