"""What warns of answers, in words of those who do therapy and not of those who fit models."""

from collections.abc import Sequence
from typing import Final

from alliance.facts.cautions import CAUTIONS
from alliance.report.numbers import format_count
from alliance.report.prose.told import Told
from alliance.report.prose.wording import count_of

ERROR: Final = CAUTIONS["corrected_error"].title  # told once for all, and by numbers without it


def describe_warnings(told: Told) -> str:
    """Say what the estimates that answer are flagged for, without the error of scores; empty where nothing is."""
    return "; ".join(explain_flag(flag) for flag in told.flags if flag != ERROR)


def explain_flag(flag: str) -> str:
    """Return the plain words of a flag, or the flag itself where none are declared."""
    return next((caution.plain for caution in CAUTIONS.values() if caution.title == flag and caution.plain), flag)


def count_warned(answers: Sequence[Told]) -> list[str]:
    """Say whether anything warns of answers, and of how many; error of scores, which concerns nearly all, once for all."""
    told = [one for one in answers if one.rows]
    if not told:
        return []
    warned = sum(bool(describe_warnings(one)) for one in told)
    of_error = _describe_error(told)
    if not warned:
        return [f"No warning concerns these answers{f' but one: {of_error}' if of_error else ''}."]
    return [
        f"Warnings concern {format_count(warned)} of {count_of(len(told), 'answer')} and stand with "
        f"{'it' if warned == 1 else 'them'}.{f' Besides, {of_error}.' if of_error else ''}"
    ]


def _describe_error(told: Sequence[Told]) -> str:
    """Say what error of scores does; empty where no answer rests on scores that are known to have any."""
    if not any(ERROR in one.flags for one in told):
        return ""
    beside = any(number.corrected for one in told for number in one.numbers)
    return CAUTIONS["corrected_error"].plain + ("; numbers without that error stand beside" if beside else "")
