"""The headline: a few lines of plain text that end a run, from the same answers as the first screen of the report."""

from collections.abc import Collection

from alliance.config import Config
from alliance.report.labels import label_model
from alliance.report.prose.front import Answered, answer_questions, lacks_reverse
from alliance.report.prose.passage import Inputs, Point, rows_of, table_of
from alliance.report.prose.warnings import count_warned, describe_warnings, share_warnings
from alliance.report.prose.wording import count_of, join_words


def describe_headline(inputs: Inputs, config: Config) -> list[str | Point]:
    """Return a line for each question with its answer, its numbers and its N, and one for what warns of them."""
    answered = answer_questions(inputs, config)
    shared = share_warnings([one.told for one in answered])
    # Warnings that concern most answers name them by their place.
    places = [f"{place}. " if shared else "" for place in range(1, len(answered) + 1)]
    lines: list[str | Point] = [
        Point(f"{place}{one.title}", _line(one, shared)) for place, one in zip(places, answered, strict=True)
    ]
    if not lines:
        lines.append("No fitted model gave an estimate of what the study asks.")
    return [*lines, *describe_notes(answered, inputs, config)]


def describe_notes(answered: list[Answered], inputs: Inputs, config: Config) -> list[str]:
    """Say what concerns all answers: what was not estimated, which models failed, and whether anything warns of them."""
    failed = rows_of(table_of(inputs, "diagnostics"), caution="not_fitted")
    notes = []
    if lacks_reverse(config):
        notes.append("Whether anything runs back, from the outcome to what is meant to precede it, was not estimated.")
    if failed:
        named = join_words([label_model(row["model"], config) for row in failed])
        notes.append(f"{count_of(len(failed), 'model')} could not be fitted: {named}; the report says why.")
    return [*notes, *count_warned([one.told for one in answered])]


def _line(answered: Answered, shared: Collection[str]) -> str:
    told = answered.told
    numbers = "; ".join(f"{number.of}: {number.value}" if number.of else number.value for number in told.numbers)
    evidence = "; ".join(part for part in (numbers, told.who) if part)
    warned = describe_warnings(told, shared)
    return f"{told.answer}{f' ({evidence})' if evidence else ''}{f' Warning: {warned}.' if warned else ''}"
