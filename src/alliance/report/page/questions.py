"""What the page shows of each question: a row of its first screen, and a section of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from alliance.config import Config
from alliance.facts.effects import LEVELS
from alliance.facts.quantity import ends_of, shorten
from alliance.questions import QUESTIONS
from alliance.report.accounts import account_of, write_accounts
from alliance.report.labels import capitalised_name, label_level_of, label_model, label_of
from alliance.report.page.blocks import Block
from alliance.report.propensity import path_in
from alliance.report.prose.answers import corrected_of
from alliance.report.prose.front import Answered, answer_questions
from alliance.report.prose.passage import Inputs
from alliance.report.prose.told import Number, name_part
from alliance.report.prose.warnings import describe_warnings
from alliance.report.prose.wording import Row, capitalise
from alliance.report.tables.marks import are_bounded, mark_of, notes_of
from alliance.report.tables.table import Table, said_table
from alliance.report.words import Speech

_OVERALL: Final = LEVELS["overall"].label.capitalize()  # says nothing of what cannot vary within patients
_VALUE, _WITHOUT = "Value [interval]", "Without the error of scores"
_BETWEEN_MODELS: Final = "Differences between these"
_LONGEST_VERDICT: Final = 45  # letters before the colon; what is longer is no verdict


@dataclass(frozen=True)
class Card:
    """A question as the first screen and its section show it: plain text in the words of the study.

    Parameters
    ----------
    name
        Of the question, for links.
    verdict, answer
        What stands before the first colon of the answer, and what follows.
    numbers, who
        What answers, and whom it rests on.
    claim, change, warning
        What kind of claim it is, what would change it, and what warns of it; empty where there is nothing to say.
    follows
        Published studies whose design the question follows.
    """

    name: str
    title: str
    verdict: str
    answer: str
    numbers: tuple[Number, ...]
    who: str
    claim: str
    change: str
    warning: str
    follows: str

    @property
    def id(self) -> str:
        """Of its section."""
        return f"question-{self.name.replace('_', '-')}"


def make_card(answered: Answered, speech: Speech) -> Card:
    """Return what the page shows of a question."""
    told = answered.told
    lead, colon, rest = told.answer.partition(": ")
    short = bool(colon) and len(lead) <= _LONGEST_VERDICT
    verdict, answer = (lead, capitalise(rest)) if short else ("", told.answer)
    question = QUESTIONS.get(answered.name)
    said = speech.say
    return Card(
        answered.name,
        said(answered.title),
        said(verdict),
        said(answer),
        tuple(Number(said(one.of), said(one.value), said(one.size), said(one.corrected)) for one in told.numbers),
        said(told.who),
        said(told.claim),
        said(told.change),
        said(describe_warnings(told)),
        "; ".join(question.follows) if question is not None else "",
    )


def tabulate_answers(inputs: Inputs, config: Config) -> list[Table]:
    """Return the small tables of all questions as a manuscript needs them: numbered as on the page, and each with its question."""
    speech = Speech(config)
    tables = []
    for number, one in enumerate(answer_questions(inputs, speech.config), start=1):
        block = tabulate_estimates(one, inputs, speech.config, speech, str(number))
        if block is not None and block.table is not None:
            tables.append(replace(block.table, caption=f"{speech.say(one.title)} {block.table.caption}"))
    return tables


def tabulate_estimates(
    answered: Answered, inputs: Inputs, config: Config, speech: Speech, number: str = ""
) -> Block | None:
    """Return the estimates that answer as a small table, those without the error of scores beside them; None without any.

    What is the same for all of them (level, distance) stands below the table and not in it. `number` is that of the table in the report.
    """
    rows = answered.told.rows
    if not rows:
        return None
    corrected = [corrected_of(row, inputs) for row in rows]
    cells = pd.DataFrame({"Estimate": [_name(row, rows, config) for row in rows]})
    fixed = []
    for column, values in (
        ("Level", [_level(row, config) for row in rows]),
        ("When", [capitalised_name(str(row["horizon"])) if row["horizon"] else "" for row in rows]),
    ):
        if len(set(values)) > 1:
            cells[column] = values
        elif values[0] and values[0] != _OVERALL:
            fixed.append(values[0].lower())
    written, without = write_accounts(
        [row["effect"] for row in rows],
        [account_of(row) for row in rows],
        [None if found is None else account_of(found, "_corrected") for found in corrected],
    )
    cells[_VALUE] = [text + mark_of(row["flag"]) for text, row in zip(written, rows, strict=True)]
    if any(corrected):
        cells[_WITHOUT] = without
    of_rows = [_model(row, config) for row in rows]
    models = list(dict.fromkeys(of_rows))
    if len(models) > 1:
        cells.insert(0, "Model", of_rows)
    frame = pd.DataFrame(list(rows))
    below = ", ".join([*fixed, answered.told.counts])
    notes = [f"{capitalise(below)}.", *notes_of(frame)]
    caption = f"Estimates that answer{f' ({models[0]})' if len(models) == 1 else ''}"
    table = Table(cells, cells, caption, notes, "Model" if len(models) > 1 else None, number=number)
    if are_bounded(rows):
        table = replace(table, bounded=tuple(name for name in (_VALUE, _WITHOUT) if name in cells))
    return Block(caption, said_table(table, speech), name=f"answer-{answered.name}")


def _name(row: Row, rows: Sequence[Row], config: Config) -> str:
    """Name an estimate; cause and outcome are told where the table has several."""
    what = capitalise(name_part(row, config))
    ends = {ends_of(one["path"]) if one["path"] else (one["outcome"],) for one in rows}
    if len(ends) == 1:
        return what
    pair = path_in(shorten(row["path"]), row["model"], config) if row["path"] else label_of(row["outcome"], config)
    return (
        capitalise(pair) if row["effect"] in ("effect", "icc") else f"{capitalise(pair)}: {what[:1].lower()}{what[1:]}"
    )


def _model(row: Row, config: Config) -> str:
    """Name the model of an estimate; a difference of two has none of its own."""
    return _BETWEEN_MODELS if row.get("model_other") else label_model(row["model"], config)


def _level(row: Row, config: Config) -> str:
    return capitalise(label_level_of(row, config))
