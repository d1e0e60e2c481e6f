"""The questions of a study with their answers, in the order in which the report gives them: its first screen, and the end of a run.

First stand questions that somebody made up and declared, then those of the field that are asked and whose model is fitted, then, where
there are fewer than two, others that the fitted models ask. What is found and flagged plays no part in that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alliance.config import Config
from alliance.config.answers import Answer, answers_beside, answers_of
from alliance.config.posing import named_in, speaker_of
from alliance.facts.effects import EFFECTS
from alliance.questions import QUESTIONS
from alliance.report.labels import label_model, label_of
from alliance.report.prose.answers import find_answer, tell_all
from alliance.report.prose.asked import name_question
from alliance.report.prose.passage import Inputs, rows_of, table_of
from alliance.report.prose.results import has_no_reverse
from alliance.report.prose.tells import TELLS
from alliance.report.prose.told import Told
from alliance.report.prose.wording import join_words


@dataclass(frozen=True)
class Answered:
    """A question with its answer.

    Parameters
    ----------
    name
        Tells it from others; what `alliance.questions.QUESTIONS` calls it, if it is there.
    title
        The question in plain words.
    told
        Its answer; without rows where its model gave none.
    model
        The model that speaks.
    """

    name: str
    title: str
    told: Told
    model: str


def answer_questions(inputs: Inputs, config: Config) -> list[Answered]:
    """Return the questions of a run with their answers."""
    answers = answers_of(config)
    found = [
        _answer(name, [one for one in answers if one.question == name], inputs, config) for name in named_in(config)
    ]
    for candidates, most in answers_beside(config, len(found)).values():
        spoken = _by_kind([one for one in candidates if find_answer(one, inputs, config)], inputs, config)
        found += [_answer_pair(one, inputs, config) for one in spoken[:most]]
    return found


def lacks_reverse(config: Config) -> bool:
    """Whether something could run back from an outcome and no fitted model looks there."""
    return not any(one.direction == "reverse" for one in answers_of(config)) and not has_no_reverse(config)


def _answer(name: str, answers: Sequence[Answer], inputs: Inputs, config: Config) -> Answered:
    question = QUESTIONS.get(name)
    told = TELLS[question.tells](inputs, config) if question is not None and question.tells else None
    spoken = [one for answer in answers if (one := find_answer(answer, inputs, config))]
    if told is None and spoken:
        told = tell_all(spoken, inputs, config)
    speaker = answers[0].model if answers else speaker_of(name, config)
    title = name_question(name, config) if question is not None else _ask(answers[0], inputs, config)
    return Answered(name, title, told or _not_answered(speaker, inputs, config), speaker)


def _answer_pair(answer: Answer, inputs: Inputs, config: Config) -> Answered:
    """Answer what a fitted model asks under no name."""
    spoken = find_answer(answer, inputs, config)
    told = tell_all([spoken], inputs, config) if spoken else _not_answered(answer.model, inputs, config)
    name = f"{answer.pair.source}_{answer.pair.target}"
    return Answered(name, _ask(answer, inputs, config), told, answer.model)


def _ask(answer: Answer, inputs: Inputs, config: Config) -> str:
    """Ask in plain words whether one thing predicts another, or reaches it through a third."""
    spoken = find_answer(answer, inputs, config)
    between = spoken.between(inputs) if spoken else []
    source, target = (label_of(node, config) for node in (answer.pair.source, answer.pair.target))
    back = "In reverse: does" if answer.direction == "reverse" else "Does"
    if between:
        return f"{back} {source} reach {target} through {join_words([label_of(node, config) for node in between])}?"
    return f"{back} {source} predict {target}?"


def _not_answered(model: str, inputs: Inputs, config: Config) -> Told:
    failed = rows_of(table_of(inputs, "diagnostics"), caution="not_fitted", model=model)
    why = "could not be fitted" if failed else "gave no estimate of it"
    return Told(
        f"Not answered: the model that has to answer this {why} ({label_model(model, config)}). No other speaks in its place.",
        (),
    )


def _by_kind(answers: Sequence[Answer], inputs: Inputs, config: Config) -> list[Answer]:
    """Sort answers by what they are about, paths through a third thing first."""
    order = EFFECTS.names(lambda effect: effect.answer)

    def place(answer: Answer) -> int:
        spoken = find_answer(answer, inputs, config)
        return order.index(spoken.row["effect"]) if spoken and spoken.row["effect"] in order else 0

    return sorted(answers, key=place)
