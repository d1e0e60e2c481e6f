"""The headline: a few lines of plain text that end a run and open the report."""

from alliance.config import Config
from alliance.config.answers import Answer, answers_of
from alliance.facts.cautions import CAUTIONS
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import nodes_of
from alliance.questions import QUESTIONS
from alliance.report.labels import label_model
from alliance.report.numbers import format_count
from alliance.report.prose.answers import Found, describe_answer, find_answer
from alliance.report.prose.asked import describe_several, name_question
from alliance.report.prose.passage import Inputs, Point, count_flagged, rows_of, table_of
from alliance.report.prose.results import has_no_reverse
from alliance.report.prose.unreliable import describe_assumption
from alliance.report.prose.wording import count_of, flags_of, join_words

_FEWEST_LINES = 2  # questions that are answered where fewer are declared
_MOST_APART = 2  # answers to one question that are told one by one
_Answered = tuple[Answer, Found | None]


def describe_headline(inputs: Inputs, config: Config) -> list[str | Point]:
    """Return a few lines: the answers to the study's questions, the reverse direction, what corrections assume, and what is flagged.

    The questions are those declared under ``models.answers``, in their order, each with all that its model compares. Where fewer than two
    are declared, others follow: those about a path through a mediator before those about a single path. What is found and flagged plays
    no part.
    """
    answers = [(answer, find_answer(answer, inputs, config)) for answer in answers_of(config)]
    declared: dict[str, list[_Answered]] = {}
    for one in answers:
        if one[0].question:
            declared.setdefault(one[0].question, []).append(one)
    lines: list[str | Point] = [_answer_question(name, found, inputs, config) for name, found in declared.items()]
    rest = [one for one in answers if not one[0].question and one[1] is not None]
    forward = _by_kind([one for one in rest if one[0].direction == "forward"])[: max(0, _FEWEST_LINES - len(lines))]
    lines += [describe_answer(answer, found, inputs, config) for answer, found in forward]
    if not lines:
        lines.append("No fitted model gave an estimate of what the study asks.")
    if not any(answer.question and answer.direction == "reverse" for answer, _ in answers):
        reverse = _by_kind([one for one in rest if one[0].direction == "reverse"])[:1]
        lines += [describe_answer(answer, found, inputs, config, "Reverse direction") for answer, found in reverse]
        if not reverse and not has_no_reverse(config):
            lines.append("The reverse direction was not estimated.")
    assumption = describe_assumption(inputs, config)
    return [*lines, *([assumption] if assumption else []), *_name_failed(inputs, config), *_count_flags(inputs)]


def _answer_question(name: str, answers: list[_Answered], inputs: Inputs, config: Config) -> Point:
    """Answer a question that is declared with all that its model compares."""
    if name not in QUESTIONS:
        answer, found = answers[0]
        lead = "Reverse direction" if answer.direction == "reverse" else ""
        return describe_answer(answer, found, inputs, config, lead)
    title = name_question(name, config)
    known = [found for _, found in answers if found is not None]
    together = len(known) > _MOST_APART or all(row["effect"] == "intention_to_treat" for row, _ in known)
    if together and len(known) == len(answers) and len({_told_alike(one) for one in known}) == 1:
        return Point(title, describe_several([row for row, _ in known], known[0][1], config))
    return Point(title, " ".join(str(describe_answer(answer, found, inputs, config)) for answer, found in answers))


def _told_alike(found: Found) -> tuple[object, ...]:
    """Return what answers must have in common to be told in one sentence."""
    row, licence = found
    return (*(row[name] for name in ("effect", "level", "horizon")), *nodes_of(row["path"])[1:], licence.kind)


def _by_kind(answers: list[_Answered]) -> list[_Answered]:
    """Sort answers by what they are about, indirect paths first."""
    order = EFFECTS.names(lambda effect: effect.answer)
    return sorted(
        answers, key=lambda one: order.index(one[1][0]["effect"]) if one[1] and one[1][0]["effect"] in order else 0
    )


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
    alone = sum(flags_of(row) == [CAUTIONS["corrected_error"].title] for row in rows_of(estimates))
    of_error = f", {format_count(alone)} of them for error of measurement alone" if alone else ""
    return [
        f"{count_of(flagged, 'estimate')} of {len(estimates)} {verb} a flag{of_error}; see the diagnostics in the report."
    ]
