"""What comes first: both directions in one answer."""

from typing import Final

from alliance.config import Config
from alliance.config.answers import answers_of
from alliance.config.posing import cast_in
from alliance.report.labels import label_of
from alliance.report.prose.answers import Spoken, find_answer, tell_all
from alliance.report.prose.claims import describe_others, describe_own_past
from alliance.report.prose.passage import Inputs
from alliance.report.prose.told import Told
from alliance.report.prose.verdicts import AGAINST, leave_open
from alliance.report.prose.wording import capitalise, describe_relation, includes_zero

_NAME: Final = "first"
_BOTH: Final = 2


def tell_first(inputs: Inputs, config: Config) -> Told | None:
    """Say whether each predicts the other, one alone, or neither, as far as the intervals tell; from the mediator on first.

    Where another model is declared for one of the directions, the other is told alone.
    """
    answers = [answer for answer in answers_of(config) if answer.question == _NAME]
    forth = cast_in(config).one("mediator").name
    answers.sort(key=lambda answer: answer.pair.source != forth)
    spoken = [one for answer in answers if (one := find_answer(answer, inputs, config))]
    if not spoken:
        return None
    told = tell_all(spoken, inputs, config)
    if len(spoken) != _BOTH or any(one.row["effect"] != "effect" for one in spoken):
        return told
    return Told(_judge(spoken, config), told.rows, told.numbers, told.claim, _change(spoken, inputs, config))


def _change(spoken: list[Spoken], inputs: Inputs, config: Config) -> str:
    """Say what would change the answer: the limit of both directions once, and what concerns one of them."""
    sentences = ["Something outside the model that changes along with the one and moves the other."]
    for one in spoken:
        sentences.append(describe_own_past(one.row, one.licence, config))
        sentences.append(describe_others(one.answer, one.row, inputs, config))
    return " ".join(dict.fromkeys(sentence for sentence in sentences if sentence))


def _judge(spoken: list[Spoken], config: Config) -> str:
    clear = [one for one in spoken if not includes_zero(one.row)]
    relations = [describe_relation(one.row, one.licence, config) for one in clear]
    if len(clear) == _BOTH:
        return f"Each predicts the other: {relations[0]}, and {relations[1]}."
    if not clear:
        opened = "; ".join(leave_open(one.row, config) for one in spoken)
        return f"Open in both directions: {opened}; {AGAINST}."
    other = next(one for one in spoken if one not in clear)
    cause, outcome = (label_of(node, config) for node in (other.licence.source, other.licence.target))
    lead = capitalise(label_of(clear[0].licence.source, config))
    return (
        f"{lead} predicts {label_of(clear[0].licence.target, config)}: {relations[0]}. Whether {cause} predicts {outcome} stays open: "
        f"{leave_open(other.row, config)}; {AGAINST}."
    )
