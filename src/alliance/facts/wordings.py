"""Answers as words: in which order they stand, from the lowest to the highest."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from alliance.facts.plain import folded_text

_CODED = re.compile(r"([A-Za-z]{1,3})0*(\d+)")
_NUMBERED = re.compile(r"(-?\d+)\s*[-=:.)]\s*\S.*")

# Answers from the lowest to the highest; several wordings of one answer are divided by a bar.
_ORDERS = (
    "never, rarely|seldom|hardly ever, occasionally, sometimes, often, very often, always",
    "never, rarely|seldom|hardly ever, sometimes, often|frequently, always|almost always|very often",
    "never, rarely|seldom, sometimes, fairly often, always",
    "never, only occasionally|occasionally, sometimes, often, most or all the time|most of the time",
    "seldom|rarely, sometimes, fairly often, very often, always",
    "nie|niemals, selten, gelegentlich, manchmal, oft|häufig, sehr oft|sehr häufig, immer",
    "nie|niemals, selten, manchmal, oft|häufig, immer|fast immer|sehr oft",
    "selten, manchmal, öfter|oft, sehr oft, immer",
    "not at all, several days, more than half the days|more than half of the days, nearly every day|almost every day",
    "überhaupt nicht, an einzelnen tagen, an mehr als der hälfte der tage, beinahe jeden tag|fast jeden tag",
    "not at all, a little bit|a little, moderately|somewhat, quite a bit|a lot, extremely|very much",
    "strongly disagree, disagree, slightly disagree, slightly agree, agree, strongly agree",
    "strongly disagree, disagree, neither agree nor disagree|neutral|undecided, agree, strongly agree",
)  # fmt: skip


def _known_orders() -> Iterable[tuple[list[list[str]], dict[str, int]]]:
    for order in _ORDERS:
        answers = [answer.strip().split("|") for answer in order.split(",")]
        yield answers, {wording: place for place, wordings in enumerate(answers) for wording in wordings}


def run_of_codes(labels: Mapping[float, str]) -> int:
    """Say whether codes rise (1) or fall (-1) along a known order of their labels; 0 if no order has all of them.

    >>> run_of_codes({1: "Always", 2: "Often", 5: "Never"}), run_of_codes({1: "agree", 2: "yes"})
    (-1, 0)
    """
    said = [folded_text(labels[code]) for code in sorted(labels)]
    runs = set()
    for _, known in _known_orders():
        if len(said) > 1 and set(said) <= set(known):
            places = [known[label] for label in said]
            steps = [after - before for before, after in pairwise(places)]
            runs.add(1 if min(steps) > 0 else -1 if max(steps) < 0 else 0)
    return runs.pop() if len(runs) == 1 else 0


def is_coded(answers: Iterable[str]) -> bool:
    """Whether answers are codes of a program (A1, A2) that say nothing of what they mean."""
    return all(_CODED.fullmatch(answer) for answer in answers)


def answers_in_order(labels: Iterable[str], steps: int) -> list[str] | None:
    """Return one answer for each of so many numbers, from the lowest to the highest; None if their order is not known.

    Labels that begin with their number say the order themselves, and so do codes such as A1 to A5; of others the order is known where
    all are among the answers of one known list. Answers that nobody gave are named as that list does.
    """
    found = {folded_text(label): label.strip() for label in labels}
    for shape in (_CODED, _NUMBERED):
        matches = {label: shape.fullmatch(label) for label in found.values()}
        if len(found) == steps and all(matches.values()):
            numbers = {label: int(match.group(match.lastindex or 1)) for label, match in matches.items() if match}
            if sorted(numbers.values()) == list(range(min(numbers.values()), min(numbers.values()) + steps)):
                return sorted(numbers, key=lambda label: numbers[label])
    for answers, known in _known_orders():
        if len(answers) != steps or not set(found) <= set(known):
            continue
        places = {known[label]: said for label, said in found.items()}
        if len(places) == len(found):
            return [places.get(place, wordings[0]) for place, wordings in enumerate(answers)]
    return None
