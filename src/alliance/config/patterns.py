"""Names of columns that differ by a number: ``phq_{item}``, and ``WAI{item:02d}`` where the numbers have leading zeros."""

import re
from collections.abc import Iterable


def _hole(name: str) -> re.Pattern[str]:
    return re.compile(r"\{" + name + r"(?::0?([1-9])d?)?\}")


def holes(pattern: str, name: str) -> int:
    """Count the places of a pattern where a number belongs: ``{item}``, or ``{item:02d}``."""
    return len(_hole(name).findall(pattern))


def fill(pattern: str, **numbers: int) -> str:
    """Put numbers into a pattern.

    >>> fill("WAI{item:02d}_t{session}", item=3, session=1)
    'WAI03_t1'
    """
    for name, number in numbers.items():
        pattern = _hole(name).sub(lambda hole, number=number: f"{number:0{hole.group(1) or 1}d}", pattern)  # type: ignore[misc]
    return pattern


def numbers_in(pattern: str, name: str, columns: Iterable[str]) -> list[int]:
    """Return the numbers for which a pattern gives one of the columns, in ascending order."""
    before, _, after = _hole(name).sub("\0", pattern).partition("\0")
    shape = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    found = {int(match.group(1)) for column in columns if (match := shape.fullmatch(column))}
    return sorted(number for number in found if fill(pattern, **{name: number}) in columns)


def padded(pattern: str, name: str, digits: int) -> str:
    """Return a pattern with leading zeros up to a number of digits."""
    return _hole(name).sub("{" + f"{name}:0{digits}d" + "}", pattern)
