"""Answers in words: a verdict for each possible outcome, from the interval alone.

An interval without zero answers yes, with the direction. One that holds zero answers nothing: what it leaves open is said, and that it
leaves out more. Of several, what is left after allowing for their number is said. Numbers, N and flags stand beside the words
(`alliance.report.prose.told`).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from alliance.config import Config
from alliance.facts.quantity import nodes_of
from alliance.inference.multiple import adjust
from alliance.report.labels import label_of
from alliance.report.numbers import format_count, format_number
from alliance.report.propensity import name_in
from alliance.report.prose.licence import Licence
from alliance.report.prose.wording import (
    Row,
    decimals_of,
    describe_contrast,
    describe_difference,
    describe_range,
    describe_relation,
    describe_when,
    includes_zero,
    join_words,
    mediators_of,
)

AGAINST: Final = "the interval leaves out more in either direction"
_LIKELY: Final = 0.05  # p-values below it, adjusted for their number, count as found


def judge_single(row: Row, licence: Licence, config: Config) -> str:
    """Answer whether one thing goes along with another."""
    if not includes_zero(row):
        return f"Yes: {describe_relation(row, licence, config)}."
    return f"Open: {leave_open(row, config)}; {AGAINST}."


def leave_open(row: Row, config: Config) -> str:
    """Say what an interval around zero leaves open."""
    return (
        f"with {describe_contrast(row, config)}, {_outcome(row, config)} may be anything from {describe_range(row, config)}"
        f"{describe_when(row, config)}"
    )


def judge_path(
    part: Row, total: Row | None, direct: Row | None, ways: Sequence[str], licence: Licence, config: Config
) -> str:
    """Answer whether something reaches an outcome through something else.

    Parameters
    ----------
    part
        What runs through it, by all ways together.
    total, direct
        What there is in all, and beside the part; None where it is not given.
    ways
        Labels of what lies between.
    """
    way = _way(part, ways, licence, config)
    if total is None:
        return _without_total(part, way, licence, config)
    whole, about = (
        describe_relation(total, licence, config),
        f"about {format_number(abs(part['estimate']), decimals_of(part))} of that {way}",
    )
    open_part = f"anything from {describe_range(part, config)}"
    match includes_zero(total), includes_zero(part):
        case False, False if part["estimate"] * total["estimate"] > 0:
            return _judge_share(f"{whole}, and {about}", direct, total)
        case False, False:
            other = describe_difference(part["estimate"], part, config)
            return f"Yes, but against the whole: {whole}, although what {way} is {other}."
        case False, True:
            return f"Open: {whole}, but it is not known whether any of that {way}: {open_part} may; {AGAINST}."
        case True, False:
            other = f"{describe_difference(part['estimate'], part, config)}{describe_when(part, config)}"
            return (
                f"Yes, but in all no difference is shown: with {describe_contrast(part, config)}, what {way} is {other}, while "
                f"{_outcome(total, config)} in all may be anything from {describe_range(total, config)}."
            )
        case _:
            return f"Open: {leave_open(total, config)} in all, and {open_part} may be what {way}; {AGAINST}."


def judge_several(rows: Sequence[Row], config: Config) -> str:
    """Answer which of several causes go along with one outcome, each with the others held equal; with a path, through what lies between."""
    first = rows[0]
    ways = [label_of(node, config) for node in mediators_of(first)]
    through = f" through {join_words(ways)}" if ways else ""
    outcome = _outcome(first, config)
    clear, unclear = ([row for row in rows if includes_zero(row) == state] for state in (False, True))
    names = join_words([_label(row, config) for row in unclear]) if unclear else ""
    if not clear:
        return f"Open: of {names}, none was shown to go along with {outcome}{through}; the intervals say what they leave open."
    told = join_words([f"{_label(row, config)} ({_direction(row, config)})" for row in clear])
    verb = "goes" if len(clear) == 1 else "go"
    left = [_label(row, config) for row in left_of(rows) if row in clear]
    rest = f" For {names} that stays open." if unclear else ""
    return (
        f"{format_count(len(clear))} of {format_count(len(rows))} {verb} along with {outcome}{through}, each interval by itself: {told}; "
        f"after allowing for their number {_say_left(left, len(clear))}.{rest}"
    )


def left_of(rows: Sequence[Row]) -> list[Row]:
    """Return estimates that were told from zero after an adjustment for their number (Holm 1979)."""
    chances = adjust(np.array([2 * (1 - row["p_direction"]) for row in rows]))
    return [row for row, chance in zip(rows, chances, strict=True) if chance < _LIKELY]


def _say_left(left: list[str], found: int) -> str:
    """Say which of those that were found are left."""
    if not left:
        return "none is left"
    if len(left) == found:
        return "this holds too" if found == 1 else "all of this holds too"
    return f"{join_words(left)} {'is' if len(left) == 1 else 'are'} left"


def _way(part: Row, ways: Sequence[str], licence: Licence, config: Config) -> str:
    """Say how a part goes by what lies between; what was assigned runs through it only if nothing else moves it and the outcome."""
    between = join_words([*ways])
    if licence.kind not in ("effect", "adjusted"):
        return f"goes along with {between}"
    return f"runs through {between} (if nothing else moves {'it' if len(ways) == 1 else 'them'} and {_outcome(part, config)})"


def _judge_share(claim: str, direct: Row | None, total: Row) -> str:
    """Say whether a part that is clear and of the whole's direction is all of it, as what is left beside it tells."""
    if direct is None:
        return f"Yes: {claim}."
    if includes_zero(direct):
        return f"Yes: {claim}; whether that is a part or all of it stays open."
    if direct["estimate"] * total["estimate"] > 0:
        return f"Yes, a part: {claim}."
    return f"Yes, and more than all of it: {claim}; what is left beside it has the other direction."


def _without_total(part: Row, way: str, licence: Licence, config: Config) -> str:
    if includes_zero(part):
        return f"Open: {leave_open(part, config)}, as far as it {way}; {AGAINST}."
    return f"Yes: {describe_relation(part, licence, config)}, as far as it {way}."


def _outcome(row: Row, config: Config) -> str:
    return name_in(nodes_of(row["path"])[-1], row["model"], config)


def _label(row: Row, config: Config) -> str:
    return name_in(nodes_of(row["path"])[0], row["model"], config)


def _direction(row: Row, config: Config) -> str:
    return describe_difference(row["estimate"], row, config)
