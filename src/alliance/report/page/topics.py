"""How the first screen of the report lists its answers: one under the other, or, where there are many, in short rows under headings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from alliance.config import Config
from alliance.questions import TOPICS
from alliance.report.page.blocks import Block
from alliance.report.page.questions import Card, make_card
from alliance.report.prose.asked import fill_roles
from alliance.report.prose.front import Answered
from alliance.report.prose.warnings import describe_warnings, share_warnings
from alliance.report.words import Speech

_MOST_ESTIMATES: Final = 8  # in the section of a question
MANY: Final = 8  # answers; of more than that, kind of claim and limits are told in the sections only


@dataclass(frozen=True)
class Topic:
    """Answers under one heading, each with its place among all; without heading where they are few."""

    heading: str
    cards: tuple[tuple[int, Card], ...]


def make_cards(answered: Sequence[Answered], speech: Speech) -> list[Card]:
    """Return what the page shows of each question; what warns of most answers is told once for all and left out of them."""
    shared = share_warnings([one.told for one in answered])
    return [
        replace(make_card(one, speech), warning=speech.say(describe_warnings(one.told, shared))) for one in answered
    ]


def group_cards(cards: Sequence[Card], config: Config, speech: Speech) -> list[Topic]:
    """Return the answers in their order; questions that somebody made up belong to the first heading."""
    placed = list(enumerate(cards, start=1))
    if len(cards) <= MANY:
        return [Topic("", tuple(placed))] if placed else []
    first = next(iter(TOPICS))
    heading_of = {question.name: heading for heading, questions in TOPICS.items() for question in questions}
    found: dict[str, list[tuple[int, Card]]] = {}
    for place, card in placed:
        found.setdefault(heading_of.get(card.name, first), []).append((place, card))
    return [Topic(speech.say(fill_roles(heading, config)), tuple(held)) for heading, held in found.items()]


def fold_if_long(block: Block, answered: Answered) -> Block:
    """Return the estimates that answer; where they are many, folded: the numbers of the answer are shown in their place."""
    return replace(block, folded=True) if len(answered.told.rows) > _MOST_ESTIMATES else block
