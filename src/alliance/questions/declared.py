"""What a question is: what it needs, the models it poses, and which of them answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alliance.questions.cast import Cast

Specs = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Posed:
    """The models of a question.

    Parameters
    ----------
    specs
        Name -> what would stand under ``models.specs``, in the order in which they are shown.
    answer
        The model that answers, whatever is found and flagged; the others stand beside it for comparison.
    """

    specs: Specs
    answer: str


@dataclass(frozen=True)
class Question:
    """A question of the field.

    Parameters
    ----------
    name
        What configurations call it.
    title
        The question in plain words; ``{mediator}`` and other parts in braces stand for the label of who plays them.
    needs
        The parts that have to be played (`alliance.facts.roles`).
    pose
        Returns its models for those who play.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    pose: Callable[[Cast], Posed]
