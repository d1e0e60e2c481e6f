"""Columns whose names differ by a number only: the items of a questionnaire."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBER = re.compile(r"\d+")
_FEWEST = 3


@dataclass(frozen=True)
class Series:
    """Columns that differ by a number.

    Parameters
    ----------
    before, after
        The text around the number; `after` is empty where it differs between the columns.
    columns
        Number -> name of the column.
    pattern
        The names with ``{item}`` for the number; None if what follows the number differs.
    """

    before: str
    after: str
    columns: dict[int, str]
    pattern: str | None


def series_in(names: Iterable[str]) -> list[Series]:
    """Return all series, the longest first; a column may be in several of them, by different numbers of its name."""
    exact: dict[tuple[str, str], dict[str, str]] = {}
    loose: dict[str, dict[str, str]] = {}
    for name in names:
        found = list(_NUMBER.finditer(name))
        for number in found:
            exact.setdefault((name[: number.start()], name[number.end() :]), {})[number.group()] = name
        if found:
            loose.setdefault(name[: found[0].start()], {}).setdefault(found[0].group(), name)
    series = [
        _series(before, after, numbers, exact_names=True)
        for (before, after), numbers in exact.items()
        if len(numbers) >= _FEWEST
    ]
    known = {frozenset(one.columns.values()) for one in series}
    series += [
        one
        for before, numbers in loose.items()
        if before.strip() and len(numbers) >= _FEWEST
        and frozenset((one := _series(before, "", numbers, exact_names=False)).columns.values()) not in known
    ]  # fmt: skip
    return sorted(series, key=lambda one: (one.pattern is None, -len(one.columns)))


def _series(before: str, after: str, numbers: dict[str, str], exact_names: bool) -> Series:
    columns = {int(digits): name for digits, name in sorted(numbers.items(), key=lambda item: int(item[0]))}
    widths = {len(digits) for digits in numbers}
    padded = len(widths) == 1 and any(digits.startswith("0") for digits in numbers) and widths != {1}
    regular = exact_names and (padded or not any(digits.startswith("0") and len(digits) > 1 for digits in numbers))
    hole = f"{{item:0{widths.pop()}d}}" if padded else "{item}"
    return Series(before, after, columns, f"{before}{hole}{after}" if regular else None)
