"""What warns of answers, in words of those who do therapy and not of those who fit models.

A warning that concerns most answers says little beside each of them: it is told once for all, with the answers that it concerns, and the
answers keep what is their own.
"""

from collections.abc import Collection, Sequence
from typing import Final

from alliance.facts.cautions import CAUTIONS
from alliance.report.numbers import format_count
from alliance.report.prose.told import Told
from alliance.report.prose.wording import capitalise, count_of, join_words

ERROR: Final = CAUTIONS["corrected_error"].title  # told once for all, and by numbers without it
_FEWEST: Final = 4  # answers, so that a warning can concern most of them


def describe_warnings(told: Told, shared: Collection[str] = ()) -> str:
    """Say what the estimates that answer are flagged for; empty where nothing is.

    Parameters
    ----------
    shared
        What is told once for all answers, in plain words; error of scores always is.
    """
    return "; ".join(warning for warning in _warnings_of(told) if warning not in shared)


def explain_flag(flag: str) -> str:
    """Return the plain words of a flag, or the flag itself where none are declared."""
    return next((caution.plain for caution in CAUTIONS.values() if caution.title == flag and caution.plain), flag)


def share_warnings(answers: Sequence[Told]) -> dict[str, list[int]]:
    """Return the warnings that concern more than half of the answers, and the places of these in the list, counted from 1.

    Parameters
    ----------
    answers
        All that people see, in their order; those that were not given count as no answer, but keep their place.
    """
    given = [place for place, one in enumerate(answers, start=1) if one.rows]
    concerned: dict[str, list[int]] = {}
    for place in given:
        for warning in _warnings_of(answers[place - 1]):
            concerned.setdefault(warning, []).append(place)
    if len(given) < _FEWEST:
        return {}
    return {warning: places for warning, places in concerned.items() if 2 * len(places) > len(given)}


def count_warned(answers: Sequence[Told]) -> list[str]:
    """Say whether anything warns of answers, and of how many; what concerns most of them, once for all."""
    told = [one for one in answers if one.rows]
    if not told:
        return []
    shared = share_warnings(answers)
    warned = sum(bool(describe_warnings(one, shared)) for one in told)
    of_error = _describe_error(told)
    said = [
        f"{capitalise(warning)}: this concerns "
        f"{'all answers' if len(places) == len(told) else f'answers {join_places(places)}'}."
        for warning, places in shared.items()
    ]
    if warned:
        begin, end = "Further warnings" if said else "Warnings", "it" if warned == 1 else "them"
        counted = f"{begin} concern {format_count(warned)} of {count_of(len(told), 'answer')} and stand with {end}."
        return [*said, f"{counted}{f' Besides, {of_error}.' if of_error else ''}"]
    if said:
        return [*said, f"Besides, {of_error}."] if of_error else said
    return [f"No warning concerns these answers{f' but one: {of_error}' if of_error else ''}."]


def join_places(places: Sequence[int]) -> str:
    """Write places in a list, three and more that follow one another as a range: ``1 to 4, 6 and 7``."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    parts = [part for run in runs for part in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run))]
    return join_words(parts)


def _warnings_of(told: Told) -> list[str]:
    """Return the warnings of an answer in plain words, each once; without error of scores."""
    return list(dict.fromkeys(explain_flag(flag) for flag in told.flags if flag != ERROR))


def _describe_error(told: Sequence[Told]) -> str:
    """Say what error of scores does; empty where no answer rests on scores that are known to have any."""
    if not any(ERROR in one.flags for one in told):
        return ""
    beside = any(number.corrected for one in told for number in one.numbers)
    return CAUTIONS["corrected_error"].plain + ("; numbers without that error stand beside" if beside else "")
