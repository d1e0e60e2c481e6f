"""The headline: a few lines of plain text that end a run and open the report."""

from alliance.config import Config
from alliance.config.answers import Answer, answers_of
from alliance.facts.effects import EFFECTS
from alliance.report.labels import label_model
from alliance.report.prose.answers import Found, describe_answer, find_answer
from alliance.report.prose.passage import Inputs, Point, count_flagged, rows_of, table_of
from alliance.report.prose.results import has_no_reverse
from alliance.report.prose.unreliable import describe_assumption
from alliance.report.prose.wording import count_of, join_words

_FEWEST_LINES = 2  # questions that are answered where fewer are declared
_Answered = tuple[Answer, Found | None]


def describe_headline(inputs: Inputs, config: Config) -> list[str | Point]:
    """Return a few lines: the answers to the study's questions, the reverse direction, what corrections assume, and what is flagged.

    The questions are those declared under ``models.answers``, in their order. Where fewer than two are declared, others follow: those about
    a path through a mediator before those about a single path. What is found and flagged plays no part.
    """
    answers = [(answer, find_answer(answer, inputs, config)) for answer in answers_of(config)]
    known = [one for one in answers if one[1] is not None or one[0].reason == "declared"]
    forward = _select([one for one in known if one[0].direction == "forward"])
    reverse = _select([one for one in known if one[0].direction == "reverse"])[:1]
    lines: list[str | Point] = [describe_answer(answer, found, inputs, config) for answer, found in forward]
    if not lines:
        lines.append("No fitted model gave an estimate of what the study asks.")
    if reverse:
        lines += [describe_answer(answer, found, inputs, config, "Reverse direction") for answer, found in reverse]
    elif not has_no_reverse(config):
        lines.append("The reverse direction was not estimated.")
    assumption = describe_assumption(inputs, config)
    return [*lines, *([assumption] if assumption else []), *_name_failed(inputs, config), *_count_flags(inputs)]


def _select(answers: list[_Answered]) -> list[_Answered]:
    """Return all declared answers, and others until there are two."""
    declared = [one for one in answers if one[0].reason == "declared"]
    order = EFFECTS.names(lambda effect: effect.answer)
    others = sorted(
        (one for one in answers if one[0].reason != "declared"),
        key=lambda one: order.index(one[1][0]["effect"]) if one[1] and one[1][0]["effect"] in order else 0,
    )
    return [*declared, *others[: max(0, _FEWEST_LINES - len(declared))]]


def _name_failed(inputs: Inputs, config: Config) -> list[str]:
    failed = rows_of(table_of(inputs, "diagnostics"), caution="not_fitted")
    if not failed:
        return []
    named = join_words([label_model(row["model"], config) for row in failed])
    return [f"{count_of(len(failed), 'model')} could not be fitted: {named}; the report says why."]


def _count_flags(inputs: Inputs) -> list[str]:
    estimates = table_of(inputs, "estimates")
    flagged = count_flagged(rows_of(estimates))
    if not flagged:
        return ["No estimate carries a flag."] if len(estimates) else []
    verb = "carries" if flagged == 1 else "carry"
    return [f"{count_of(flagged, 'estimate')} of {len(estimates)} {verb} a flag; see the diagnostics in the report."]
