"""The answer to a question: the model that was declared to give it speaks, with what speaks against it in the same breath.

Its flags stand behind its numbers. Fitted models that find something else follow, and the outcome's own past where the model leaves it out.
"""

from typing import Any

from alliance.config import Config
from alliance.config.answers import REASONS, Answer, answers_of, holds_own_past, not_fitted
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import ends_of, is_at_session, join_nodes, nodes_of
from alliance.report.labels import label_model, label_of, label_path
from alliance.report.numbers import format_count, format_estimate
from alliance.report.prose.courses import describe_course
from alliance.report.prose.licence import Licence
from alliance.report.prose.passage import Inputs, Passage, Point, caution, licence_for, rows_of, table_of
from alliance.report.prose.results import describe_part, select_answers
from alliance.report.prose.unreliable import describe_without_error
from alliance.report.prose.wording import (
    Row,
    capitalise,
    describe_flag,
    describe_probability,
    describe_result,
    describe_when,
    includes_zero,
    join_words,
)

Found = tuple[dict[str, Any], Licence]


def find_answer(answer: Answer, inputs: Inputs, config: Config) -> Found | None:
    """Return the estimate that answers a question, and what may be said of it; None if its model gave none."""
    rows = rows_of(table_of(inputs, "estimates"), model=answer.model)
    if not rows:
        return None
    licence = licence_for(answer.model, rows, config, answer.pair)
    for effect in EFFECTS.names(lambda effect: effect.answer):
        row = _first_of(select_answers(rows, effect, licence))
        if row is None:
            continue
        together = _first_of(select_answers(rows, "indirect_total", licence)) if effect == "indirect" else None
        return together or row, licence
    return None


def describe_answer(answer: Answer, found: Found | None, inputs: Inputs, config: Config, lead: str = "") -> Point:
    """Describe the answer to a question in one point, or say that the model which has to give it gave none.

    Parameters
    ----------
    lead
        What stands before it; by default what it is called.
    """
    if found is None:
        said = f"The model that answers this gave no estimate ({label_model(answer.model, config)}); no other speaks in its place."
        return Point(lead or _name_question(answer, config), said)
    row, licence = found
    if is_at_session(row["horizon"]) and row["effect"] != "intention_to_treat":
        same = [one for one in rows_of(table_of(inputs, "estimates"), model=answer.model) if _same_course(one, row)]
        lead_of_course = capitalise(label_path(join_nodes(*ends_of(row["path"])), config) + describe_when(row, config))
        point = Point(lead_of_course, describe_course(same, licence, inputs, config))
    elif row["effect"] not in ("effect", "intention_to_treat") or licence.kind == "effect":
        point = describe_part(row, [], licence, config)
    else:
        point = Point(capitalise(label_path(row["path"], config)), describe_result(row, licence, config))
    every = rows_of(table_of(inputs, "estimates"), model=answer.model)
    probability = "" if row["effect"] == "total" else describe_probability(row, every, config).strip()
    sentences = [
        point.sentence,
        probability,
        describe_without_error(row, inputs, config),
        _without_own_past(row, licence, config),
        _describe_others(answer, row, inputs, config),
    ]
    return Point(lead or point.lead, " ".join(sentence for sentence in sentences if sentence))


def describe_speakers(config: Config) -> list[Passage]:
    """Say which model answers which question, and why; models that were declared to but are not fitted."""
    points = []
    for answer in answers_of(config):
        back = " (reverse)" if answer.direction == "reverse" else ""
        reason = (
            REASONS[answer.reason] if answer.others or answer.reason == "declared" else "the only model that asks it"
        )
        points.append(
            Point(f"{_name_question(answer, config)}{back}", f"{label_model(answer.model, config)} ({reason}).")
        )
    passages = [Passage(tuple(points), heading="Which model answers which question", kind="list")] if points else []
    absent = [label_model(name, config) for name in not_fitted(config)]
    if absent:
        passages.append(
            caution(f"Declared to answer a question, but not among the models of this run: {join_words(absent)}.")
        )
    return passages


def _same_course(one: Row, row: Row) -> bool:
    """Whether two estimates are of one cause and one outcome at one session."""
    return one["horizon"] == row["horizon"] and ends_of(one["path"]) == ends_of(row["path"])


def _name_question(answer: Answer, config: Config) -> str:
    return capitalise(label_path(join_nodes(answer.pair.source, answer.pair.target), config))


def _without_own_past(row: Row, licence: Licence, config: Config) -> str:
    """Say that an outcome's own past is not held equal; the whole effect of an assignment needs no such thing."""
    outcome = nodes_of(row["path"])[-1]
    if licence.kind == "effect" and row["effect"] in ("effect", "total", "intention_to_treat"):
        return ""
    if holds_own_past(config.models.specs[row["model"]], outcome, config):
        return ""
    label = label_of(outcome, config)
    return (
        f"The model does not hold {label} at the session before equal, so its earlier values may be behind this number."
    )


def _describe_others(answer: Answer, row: Row, inputs: Inputs, config: Config) -> str:
    """Name the other models of the same quantity that find something else, or say that they agree."""
    same = ("path", "effect", "level", "horizon")
    estimates = rows_of(table_of(inputs, "estimates"), **{name: str(row[name]) for name in same})
    others = [other for other in estimates if other["model"] in answer.others]
    apart = [other for other in others if _differs(other, row)]
    if apart:
        listed = "; ".join(
            f"{format_estimate(other['estimate'], other['low'], other['high'])}{describe_flag(other)} ({_name(other, config)})"
            for other in apart
        )
        head = "Another model finds" if len(apart) == 1 else f"{format_count(len(apart))} other models find"
        return f"{head} something else: {listed}."
    if len(others) == 1:
        return f"The other model of this path agrees ({label_model(others[0]['model'], config)})."
    return f"The other {format_count(len(others))} models of this path agree." if others else ""


def _name(row: Row, config: Config) -> str:
    outcome = nodes_of(row["path"])[-1]
    past = holds_own_past(config.models.specs[row["model"]], outcome, config)
    return label_model(row["model"], config) + (
        "" if past else f"; without the own past of {label_of(outcome, config)}"
    )


def _differs(other: Row, row: Row) -> bool:
    """Whether another estimate lies outside the interval of the one that speaks, or its interval says something else of zero."""
    outside = not row["low"] <= other["estimate"] <= row["high"]
    return bool(outside or includes_zero(other) != includes_zero(row))


def _first_of(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the result within patients, or the first one where there is none."""
    return next((row for row in rows if row["level"] == "within"), rows[0] if rows else None)
