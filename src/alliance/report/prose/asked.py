"""Which questions of the field are asked of these data, and what would have to be measured to ask the others."""

from alliance.config import Config
from alliance.config.posing import cast_in
from alliance.facts.roles import ROLES
from alliance.questions import QUESTIONS, Cast, Question
from alliance.report.labels import label_of
from alliance.report.prose.passage import Inputs, Passage, Point
from alliance.report.prose.wording import (
    capitalise,
    join_words,
)


def name_question(name: str, config: Config) -> str:
    """Return a question in plain words, with the labels of who plays its parts; a part that nobody plays keeps its name."""
    return fill_roles(QUESTIONS[name].title, config)


def fill_roles(words: str, config: Config) -> str:
    """Return words with the labels of who plays the parts that stand there in braces."""
    cast = cast_in(config)
    played = {role: label_of(cast.one(role).name, config) if cast.all(role) else role for role in ROLES}
    return capitalise(words.format(**played))


def describe_asked(_: Inputs, config: Config) -> list[Passage]:
    """List the questions that the data do not allow, and what each would need; nothing where the study chose its questions itself."""
    if config.questions != "possible":
        return []
    cast = cast_in(config)
    points = [
        Point(name_question(name, config), why)
        for name, question in QUESTIONS.items()
        if (why := _why_left_open(question, cast))
    ]
    return [Passage(tuple(points), heading="Questions that these data leave open", kind="list")] if points else []


def _why_left_open(question: Question, cast: Cast) -> str:
    """Say what would have to be measured; empty where the data allow the question."""
    lacking = [f"{role} ({cast.describe(role)})" for role in cast.lacks(question.needs)]
    said = [f"No variable that holds numbers plays: {join_words(lacking)}."] if lacking else []
    hindrance = question.hindrance(cast)
    said += [f"{capitalise(hindrance.found)}."] if hindrance is not None else []
    return " ".join(said)
