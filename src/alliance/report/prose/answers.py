"""The answer to a question: the model that was declared to give it speaks, whatever it finds; others are told where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from alliance.config import Config
from alliance.config.answers import REASONS, Answer, answers_of, not_fitted
from alliance.config.declared import Effects
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import ends_of, is_at_session, join_nodes, nodes_of, shorten
from alliance.report.accounts import account_of, write_account
from alliance.report.labels import label_model, label_of, label_path, variable_of
from alliance.report.prose.claims import describe_alike, describe_change, describe_claim, name_left_out
from alliance.report.prose.licence import Licence
from alliance.report.prose.passage import Inputs, Passage, Point, caution, licence_for, rows_of, table_of
from alliance.report.prose.results import select_answers
from alliance.report.prose.size import describe_share
from alliance.report.prose.told import Number, Told, name_part, number_of
from alliance.report.prose.verdicts import judge_path, judge_several, judge_single
from alliance.report.prose.wording import Row, capitalise, describe_contrast, join_words, mediators_of

_SHOWN: Final = ("total", "indirect_total", "indirect", "direct", "proportion")  # in the order of the small table
_MOST_APART: Final = 2  # answers to one question that are told one by one


@dataclass(frozen=True)
class Spoken:
    """What the model that answers found for one cause and one outcome, and what may be said of it."""

    answer: Answer
    row: dict[str, Any]
    licence: Licence

    def beside(self, inputs: Inputs, effect: str) -> list[dict[str, Any]]:
        """Return estimates of another effect of the same model, cause, outcome, level and distance."""
        found = rows_of(table_of(inputs, "estimates"), model=self.row["model"], effect=effect, level=self.row["level"])
        ends = ends_of(self.row["path"])
        return [one for one in found if one["horizon"] == self.row["horizon"] and ends_of(one["path"]) == ends]

    def between(self, inputs: Inputs) -> list[str]:
        """Return what lies between cause and outcome, as nodes of the diagram."""
        return list(dict.fromkeys(node for one in self.beside(inputs, "indirect") for node in mediators_of(one)))


def find_answer(answer: Answer, inputs: Inputs, config: Config) -> Spoken | None:
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
        return Spoken(answer, together or row, licence)
    return None


def tell_pair(spoken: Spoken, inputs: Inputs, config: Config) -> Told:
    """Tell the answer about one cause and one outcome."""
    row, licence = spoken.row, spoken.licence
    ways = [label_of(node, config) for node in spoken.between(inputs)]
    rows: list[Row] = [one for effect in _SHOWN for one in spoken.beside(inputs, effect)]
    if row["effect"] in ("effect", "intention_to_treat"):
        answer, rows = judge_single(row, licence, config), [row]
        numbers = [_number(row, "", inputs, config)]
    else:
        total, direct = (next(iter(spoken.beside(inputs, effect)), None) for effect in ("total", "direct"))
        answer = judge_path(row, total, direct, ways, licence, config)
        numbers = [
            _number(one, name_part(one, config), inputs, config)
            for one in rows
            if one["effect"] not in ("direct", "proportion")
        ]
        assigned = _as_assigned(spoken, inputs)
        numbers += [_number(one, name_part(one, config), inputs, config) for one in assigned]
        rows += assigned
    probable = spoken.beside(inputs, "probability")
    rows += probable
    numbers += [_number_of_probability(one, config) for one in probable]
    return Told(
        answer,
        tuple(rows),
        tuple(numbers),
        describe_claim(row, ways, licence, config) + _claim_as_assigned(rows, licence, inputs, config),
        describe_change(spoken.answer, row, ways, licence, inputs, config),
    )


def tell_all(spoken: Sequence[Spoken], inputs: Inputs, config: Config) -> Told:
    """Tell the answers to one question: together where many are about the same outcome, else one after the other."""
    alike = len({_told_alike(one) for one in spoken}) == 1
    if len(spoken) > 1 and alike and (len(spoken) > _MOST_APART or spoken[0].row["effect"] == "intention_to_treat"):
        return _tell_together(spoken, inputs, config)
    told = [tell_pair(one, inputs, config) for one in spoken]
    if len(told) == 1:
        return told[0]
    leads = [capitalise(label_path(shorten(one.row["path"]), config)) for one in spoken]
    return Told(
        " ".join(f"{lead}: {one.answer}" for lead, one in zip(leads, told, strict=True)),
        tuple(row for one in told for row in one.rows),
        tuple(
            replace(number, of=join_of(lead, number.of))
            for lead, one in zip(leads, told, strict=True)
            for number in one.numbers
        ),
        " ".join(dict.fromkeys(one.claim for one in told)),
        " ".join(dict.fromkeys(one.change for one in told)),
    )


def join_of(*parts: str) -> str:
    """Say what a number is of in several parts, some of which may be empty."""
    return ", ".join(part for part in parts if part)


def describe_speakers(config: Config) -> list[Passage]:
    """Say which model answers which question, and why; models that were declared to but are not fitted."""
    points = []
    for answer in answers_of(config):
        back = " (reverse)" if answer.direction == "reverse" else ""
        reason = (
            REASONS[answer.reason] if answer.others or answer.reason == "declared" else "the only model that asks it"
        )
        pair = capitalise(label_path(join_nodes(answer.pair.source, answer.pair.target), config))
        points.append(Point(f"{pair}{back}", f"{label_model(answer.model, config)} ({reason})."))
    passages = [Passage(tuple(points), heading="Which model answers which question", kind="list")] if points else []
    absent = [label_model(name, config) for name in not_fitted(config)]
    if absent:
        passages.append(
            caution(f"Declared to answer a question, but not among the models of this run: {join_words(absent)}.")
        )
    return passages


def _tell_together(spoken: Sequence[Spoken], inputs: Inputs, config: Config) -> Told:
    """Tell which of several causes go along with one outcome, each with the others held equal."""
    rows = [one.row for one in spoken]
    told = [tell_pair(one, inputs, config) for one in spoken]
    randomised = any(one.licence.kind in ("effect", "adjusted") for one in spoken)
    claims = (
        dict.fromkeys(one.claim for one in told)
        if randomised
        else ["Associations; none of these was assigned at random."]
    )
    limits = dict.fromkeys(one.change for one in told)
    left_out = name_left_out(rows[0], config)
    same = f"Something outside the model that goes along with one of these and moves what lies after it{left_out}."
    return Told(
        f"{judge_several(rows, config)} Each with the others held equal.",
        tuple(row for one in told for row in one.rows),
        tuple(_number(row, describe_contrast(row, config), inputs, config) for row in rows),
        " ".join(claims),
        f"{same} {describe_alike(rows, config)}".strip() if len(limits) > 1 else " ".join(limits),
    )


def _told_alike(spoken: Spoken) -> tuple[object, ...]:
    """Return what answers must have in common to be told together."""
    row = spoken.row
    return (*(row[name] for name in ("effect", "level", "horizon")), *nodes_of(row["path"])[1:], spoken.licence.kind)


def _number(row: Row, of: str, inputs: Inputs, config: Config) -> Number:
    number = number_of(row, config, of, describe_share(row, inputs, config))
    found = corrected_of(row, inputs)
    if found is None:
        return number
    return replace(number, corrected=write_account(row["effect"], account_of(found, "_corrected")))


def _number_of_probability(row: Row, config: Config) -> Number:
    """Write a difference in the probability of a yes, or of the highest answer given, in percentage points."""
    points = write_account(row["effect"], account_of(row))
    outcome = nodes_of(row["path"])[-1]
    variable = variable_of(outcome, config)
    highest = "the highest answer to " if variable is not None and variable.ordered else ""
    return Number(f"in the probability of {highest}{label_of(outcome, config)}", f"{points} percentage points")


def corrected_of(row: Row, inputs: Inputs) -> Row | None:
    """Return the row of an estimate that is corrected for the error of scores, None where there is none."""
    found = rows_of(
        table_of(inputs, "corrected"),
        **{name: str(row[name]) for name in ("model", "path", "effect", "level", "horizon")},
    )
    return found[0] if found else None


def _as_assigned(spoken: Spoken, inputs: Inputs) -> list[dict[str, Any]]:
    """Return the whole difference from other fitted models, for a cause whose course is followed."""
    if not is_at_session(spoken.row["horizon"]):
        return []
    path = shorten(spoken.row["path"])
    return rows_of(table_of(inputs, "estimates"), effect="intention_to_treat", path=path)


def _claim_as_assigned(rows: Sequence[Row], licence: Licence, inputs: Inputs, config: Config) -> str:
    """Say of the whole difference beside a model that holds something equal that it is an effect, where it is; with a leading blank."""
    if licence.kind != "adjusted":
        return ""
    models = [row["model"] for row in rows if row["effect"] == "intention_to_treat"]
    pair = Effects.model_validate({"from": licence.source, "to": licence.target})
    kinds = {
        licence_for(name, rows_of(table_of(inputs, "estimates"), model=name), config, pair).kind for name in models
    }
    return " The difference as a whole is an effect of the assignment." if kinds == {"effect"} else ""


def _first_of(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the result within patients, or the first one where there is none."""
    return next((row for row in rows if row["level"] == "within"), rows[0] if rows else None)
