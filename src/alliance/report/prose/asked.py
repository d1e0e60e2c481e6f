"""Which questions of the field are asked of these data, and what would have to be measured to ask the others."""

from collections.abc import Sequence

from alliance.config import Config
from alliance.config.posing import cast_in
from alliance.facts.quantity import nodes_of
from alliance.facts.roles import ROLES
from alliance.questions import QUESTIONS
from alliance.report.labels import label_of
from alliance.report.numbers import common_decimals, format_number
from alliance.report.propensity import name_in
from alliance.report.prose.licence import Licence
from alliance.report.prose.passage import Inputs, Passage, Point
from alliance.report.prose.wording import (
    Row,
    capitalise,
    describe_contrast,
    describe_difference,
    describe_flag,
    describe_size,
    describe_when,
    join_words,
    mediators_of,
    name_interval,
    shape_over_time,
)


def name_question(name: str, config: Config) -> str:
    """Return a question in plain words, with the labels of who plays its parts; a part that nobody plays keeps its name."""
    cast = cast_in(config)
    played = {role: label_of(cast.one(role).name, config) if cast.all(role) else role for role in ROLES}
    return capitalise(QUESTIONS[name].title.format(**played))


def describe_several(rows: Sequence[Row], licence: Licence, config: Config) -> str:
    """Say in one sentence how several causes go along with one outcome, each with the others held equal.

    Parameters
    ----------
    rows
        Estimates of one effect on one outcome at one level and distance, by way of the same, in the order in which they are told.
    licence
        What may be said of each of them.
    """
    first = rows[0]
    outcome = name_in(nodes_of(first["path"])[-1], first["model"], config)
    when = " at every session" if _is_same_throughout(first, config) else describe_when(first, config)
    ways = [label_of(node, config) for node in mediators_of(first)]
    where = f"{outcome}{when}{f', by way of {join_words(ways)}' if ways else ''}"
    told = []
    for row in rows:
        digits = common_decimals([row["estimate"], row["low"], row["high"]], row["high"] - row["low"])
        low, high = (format_number(row[end], digits) for end in ("low", "high"))
        told.append(
            f"{describe_contrast(row, config)}, {describe_difference(row['estimate'], row, config)} [{low}, {high}]{describe_flag(row)}"
        )
    others = " Each with the others held equal." if len(rows) > 1 else ""
    chance = (
        ""
        if licence.kind == "effect"
        else " Not assigned at random: something else may be behind what goes together here."
    )
    return f"{capitalise(where)} ({name_interval(first)} in brackets; {describe_size(first)}): with {'; with '.join(told)}.{others}{chance}"


def _is_same_throughout(row: Row, config: Config) -> bool:
    """Whether an estimate of a cause that is constant within patients is taken to be the same at every session."""
    spec, cause = config.models.specs[row["model"]], nodes_of(row["path"])[0]
    return row["effect"] == "intention_to_treat" and shape_over_time(spec, cause) == "same"


def describe_asked(_: Inputs, config: Config) -> list[Passage]:
    """List the questions that the data do not allow, and what each would need; nothing where the study chose its questions itself."""
    if config.questions != "possible":
        return []
    cast = cast_in(config)
    points = [
        Point(
            name_question(name, config),
            f"No variable that holds numbers plays: {join_words([f'{role} ({ROLES[role].meaning})' for role in lacking])}.",
        )
        for name, question in QUESTIONS.items()
        if (lacking := cast.lacks(question.needs))
    ]
    return [Passage(tuple(points), heading="Questions that these data leave open", kind="list")] if points else []
