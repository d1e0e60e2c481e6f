"""The headline: a few lines of plain text that end a run and open the report."""

from typing import Any

from alliance.config import Config
from alliance.facts.effects import EFFECTS
from alliance.report.labels import label_path
from alliance.report.prose.licence import Licence
from alliance.report.prose.passage import (
    Inputs,
    Point,
    count_flagged,
    fitted_models,
    licence_for,
    rows_of,
    table_of,
)
from alliance.report.prose.results import describe_part, has_no_reverse, select_answers
from alliance.report.prose.wording import capitalise, count_of, describe_result, flags_of

_MOST_LINES = 2


def describe_headline(inputs: Inputs, config: Config) -> list[str | Point]:
    """Return two to four lines: the main results, the reverse direction, and what is flagged.

    A question is a pair of cause and outcome. The first model in ``models.fit`` whose answer carries no flag speaks for
    it, or the first one if all are flagged; what the answer is plays no part. Questions about a path through a mediator
    come before those about a single path, results within patients before the others. All results stand in the report.
    """
    estimates = table_of(inputs, "estimates")
    answers: dict[tuple[str, str], list[tuple[dict[str, Any], Licence]]] = {}
    asked: dict[tuple[str, str], str] = {}
    for effect in EFFECTS.names(lambda effect: effect.answer):
        for name in fitted_models(config, "forward"):
            rows = rows_of(estimates, model=name)
            licence = licence_for(name, rows, config)
            question = (licence.source, licence.target)
            found = _first_of(select_answers(rows, effect, licence))
            if found is not None and asked.setdefault(question, effect) == effect:
                answers.setdefault(question, []).append((found, licence))
    chosen = [_prefer_unflagged(found) for found in answers.values()]
    lines: list[str | Point] = [_line(row, licence, config) for row, licence in chosen[:_MOST_LINES]]
    if not lines:
        lines.append("No fitted model gave an estimate of what the study asks.")
    if not has_no_reverse(config):
        lines.append(_describe_other_direction(inputs, config))
    flagged = count_flagged(rows_of(estimates))
    verb = "carries" if flagged == 1 else "carry"
    if flagged:
        lines.append(
            f"{count_of(flagged, 'estimate')} of {len(estimates)} {verb} a flag; see the diagnostics in the report."
        )
    elif len(estimates):
        lines.append("No estimate carries a flag.")
    return lines


def _line(row: dict[str, Any], licence: Licence, config: Config) -> Point:
    if row["effect"] == "indirect" or licence.kind == "effect":
        return describe_part(row, [], licence, config)
    return Point(capitalise(label_path(row["path"], config)), describe_result(row, licence, config))


def _describe_other_direction(inputs: Inputs, config: Config) -> str | Point:
    answers = []
    for name in fitted_models(config, "reverse"):
        rows = rows_of(table_of(inputs, "estimates"), model=name)
        licence = licence_for(name, rows, config)
        candidates = select_answers(rows, "effect", licence) or select_answers(rows, "indirect", licence)
        found = _first_of(candidates)
        if found is not None:
            answers.append((found, licence))
    if not answers:
        return "The reverse direction was not estimated."
    row, licence = _prefer_unflagged(answers)
    return Point("Reverse direction", describe_result(row, licence, config))


def _prefer_unflagged(answers: list[tuple[dict[str, Any], Licence]]) -> tuple[dict[str, Any], Licence]:
    return next((answer for answer in answers if not flags_of(answer[0])), answers[0])


def _first_of(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the result within patients, or the first one where there is none."""
    return next((row for row in rows if row["level"] == "within"), rows[0] if rows else None)
