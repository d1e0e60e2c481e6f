"""Answers as an export words them ("never" ... "always"), in the order of the numbers they stand for."""

from typing import Annotated

from pydantic import AfterValidator, Field

from alliance.config.section import Text
from alliance.facts.plain import folded_text


def _no_answer_twice(answers: list[str | list[str]]) -> list[str | list[str]]:
    seen: set[str] = set()
    for label in (label for answer in answers for label in _wordings(answer)):
        if folded_text(label) in seen:
            raise ValueError(f"'{label}' is named twice")
        seen.add(folded_text(label))
    return answers


# From the lowest number to the highest; several wordings of one answer (languages, versions) as a list.
Answers = Annotated[
    list[Text | Annotated[list[Text], Field(min_length=1)]], Field(min_length=2), AfterValidator(_no_answer_twice)
]


def _wordings(answer: str | list[str]) -> list[str]:
    return [answer] if isinstance(answer, str) else answer


def numbered(answers: list[str | list[str]] | None, low: float) -> dict[str, float]:
    """Return the number of each label, written as `folded_text` does; the first answer is the lowest number."""
    return {folded_text(label): low + step for step, answer in enumerate(answers or []) for label in _wordings(answer)}


def check_wording(answers: list[str | list[str]], ends: tuple[float, float]) -> None:
    """Refuse a list of answers that does not give one for each whole number of a range.

    Raises
    ------
    ValueError
        There are more answers than numbers, or fewer.
    """
    steps = ends[1] - ends[0] + 1
    if len(answers) != steps:
        raise ValueError(
            f"'answers' must list one answer for each number from {ends[0]:g} to {ends[1]:g}, which is {steps:g}, but lists {len(answers)}"
        )


def check_answers(
    answers: list[str | list[str]], kind: str, ends: tuple[float, float] | None, made_of_others: bool
) -> None:
    """Refuse wordings of answers at a variable that has labels of another sort, or no answers of its own, or numbers without ends.

    Raises
    ------
    ValueError
        Says where to give them, or what else.
    """
    if kind == "category":
        raise ValueError(
            "a category has 'levels' (label: number) or a 'reference'; 'answers' are for numbers and scales"
        )
    if made_of_others:
        raise ValueError(f"a {kind} has no cells of its own; give 'answers' at its parts")
    if kind == "number":
        if ends is None:
            raise ValueError("'answers' need a 'range': the numbers of the first and of the last answer")
        check_wording(answers, ends)
