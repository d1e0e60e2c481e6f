"""The headline: a few lines of plain text that end a run and open the report."""

from typing import Any

from alliance.config import Config
from alliance.labels import label_path
from alliance.prose.licence import Licence
from alliance.prose.passage import (
    Inputs,
    Point,
    count_flagged,
    fitted_models,
    licence_for,
    rows_of,
    table_of,
)
from alliance.prose.results import describe_part, select_answers
from alliance.prose.wording import capitalise, count_of, describe_result

_MOST_LINES = 2


def describe_headline(inputs: Inputs, config: Config) -> list[str | Point]:
    """Return two to four lines: the main results, the reverse direction, and what is flagged.

    The first model in ``models.fit`` that answers a question speaks for it, whatever it found; a question is a pair of
    cause and outcome. Questions about a path through a mediator come before those about a single path, results within
    patients before the others. All results stand in the report.
    """
    estimates = table_of(inputs, "estimates")
    answers: dict[tuple[str, str], tuple[dict[str, Any], Licence]] = {}
    for effect in ("indirect", "effect"):
        for name in fitted_models(config, "forward"):
            rows = rows_of(estimates, model=name)
            licence = licence_for(name, rows, config)
            found = _first_of(select_answers(rows, effect, licence))
            if found is not None:
                answers.setdefault((licence.source, licence.target), (found, licence))
    lines: list[str | Point] = [_line(row, licence, config) for row, licence in list(answers.values())[:_MOST_LINES]]
    if not lines:
        lines.append("No fitted model gave an estimate of what the study asks.")
    lines.append(_describe_other_direction(inputs, config))
    flagged = count_flagged(rows_of(estimates))
    if flagged:
        verb = "carries" if flagged == 1 else "carry"
        lines.append(
            f"{count_of(flagged, 'estimate')} of {len(estimates)} {verb} a flag; see the diagnostics in the report."
        )
    return lines


def _line(row: dict[str, Any], licence: Licence, config: Config) -> Point:
    if row["effect"] == "indirect" or licence.kind == "effect":
        return describe_part(row, [], licence, config)
    return Point(capitalise(label_path(row["path"], config)), describe_result(row, licence, config))


def _describe_other_direction(inputs: Inputs, config: Config) -> str | Point:
    for name in fitted_models(config, "reverse"):
        rows = rows_of(table_of(inputs, "estimates"), model=name)
        licence = licence_for(name, rows, config)
        candidates = select_answers(rows, "effect", licence) or select_answers(rows, "indirect", licence)
        found = _first_of(candidates)
        if found is not None:
            return Point("Reverse direction", describe_result(found, licence, config))
    return "The reverse direction was not estimated."


def _first_of(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the result within patients, or the first one where there is none."""
    return next((row for row in rows if row["level"] == "within"), rows[0] if rows else None)
