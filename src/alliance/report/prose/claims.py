"""What kind of claim the design allows an answer to be, and what would change it; neither follows from the size that was found."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from alliance.config import Config
from alliance.config.answers import Answer, holds_own_past
from alliance.config.posing import cast_in
from alliance.config.timing import parse_term
from alliance.facts.columns import BETWEEN, PATIENT
from alliance.facts.quantity import nodes_of
from alliance.report.accounts import account_of, write_account
from alliance.report.labels import is_constant, label_model, label_of
from alliance.report.numbers import format_count
from alliance.report.prose.licence import Licence, held_equal
from alliance.report.prose.passage import Inputs, rows_of, table_of
from alliance.report.prose.wording import (
    Row,
    describe_flag,
    includes_zero,
    is_between,
    join_words,
)

_WHOLE = ("effect", "total", "intention_to_treat")
_TECHNIQUE: Final = "technique"


def describe_claim(row: Row, ways: Sequence[str], licence: Licence, config: Config) -> str:
    """Say in a sentence what kind of claim the design allows the estimate that answers to be.

    Parameters
    ----------
    ways
        Labels of what lies between cause and outcome.
    """
    source = label_of(licence.source, config)
    part = f" The part through {join_words([*ways])} is an effect only under an assumption." if ways else ""
    if licence.kind == "effect":
        return f"Effect of an assignment at random.{part}"
    if licence.kind == "adjusted":
        held = join_words(held_equal(licence, config))
        return f"Random assignment of {source}, but {held} held equal: a difference that remains then, not the whole effect.{part}"
    if is_between(row, config):
        return "Association of averages, without random assignment and without order in time."
    if licence.signed_off:
        return "Association; that the one came before the other was not measured, but taken for granted."
    if is_constant(licence.source, config):
        return "Association, without random assignment."
    return "Association in time, without random assignment: the one precedes and predicts the other, no more."


def describe_change(
    answer: Answer, row: Row, ways: Sequence[str], licence: Licence, inputs: Inputs, config: Config
) -> str:
    """Say what would change an answer: the main limit of its design, steps and a past that it leaves out, other models that differ."""
    sentences = [
        _limit(row, ways, licence, config),
        describe_alike([row], config),
        describe_own_past(row, licence, config),
        describe_others(answer, row, inputs, config),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def describe_own_past(row: Row, licence: Licence, config: Config) -> str:
    """Say that an outcome's own past is not held equal; the whole effect of an assignment needs no such thing."""
    outcome = nodes_of(row["path"])[-1]
    if row["effect"] == "intention_to_treat" or (licence.kind == "effect" and row["effect"] in _WHOLE):
        return ""
    spec = config.models.specs[row["model"]]
    if outcome not in spec.equations or holds_own_past(spec, outcome, config):
        return ""
    label = label_of(outcome, config)
    return (
        f"The model does not hold {label} at the session before equal, so its earlier values may be behind this number."
    )


def describe_alike(rows: Sequence[Row], config: Config) -> str:
    """Say that steps of ways within patients are the same for all patients in the model; empty where all of them may differ.

    Where steps a and b differ between patients, the mean of what runs through is  E[a] E[b] + cov(a, b)  (Kenny, Korchmaros and Bolger
    2003, doi 10.1037/1082-989X.8.2.115). A model in which one of them is the same for all leaves the covariance out.
    """
    steps = dict.fromkeys(
        step
        for row in rows
        if row["effect"] == "indirect"
        and row["level"] == "within"
        and not is_constant(nodes_of(row["path"])[0], config)
        for step in pairwise(nodes_of(row["path"]))
        if not _differs_between_patients(row["model"], *step, config)
    )
    if not steps:
        return ""
    if len(steps) == 1:
        ((cause, outcome),) = steps
        named = f"the step from {label_of(cause, config)} to {label_of(outcome, config)} is"
    else:
        targets = dict.fromkeys(label_of(outcome, config) for _, outcome in steps)
        named = f"the steps to {join_words([*targets])} are"
    return (
        f"In the model {named} the same for all patients; should patients differ there, and along with that in the rest of the way, "
        "more or less runs through than is told."
    )


def _differs_between_patients(model: str, cause: str, outcome: str, config: Config) -> bool:
    """Whether a model lets the step from a cause to an outcome differ between patients."""
    equation = config.models.specs[model].equations.get(outcome)
    return equation is not None and cause in _bases(equation.vary.get(PATIENT, []), config)


def _bases(names: Sequence[str], config: Config) -> set[str]:
    """Return what the terms of an equation are, whenever they were measured; a patient's mean is none of a session."""
    terms = [parse_term(name, config.variables) for name in names]
    return {term.base for term in terms if term is not None and term.suffix != BETWEEN}


def name_left_out(row: Row, config: Config) -> str:
    """Name what a model of sessions leaves out although it was measured: techniques, where it holds none; with a comma before it."""
    if row["level"] != "within" or is_constant(nodes_of(row["path"])[0], config):
        return ""
    equations = config.models.specs[row["model"]].equations
    held = set(equations).union(*(_bases(equation.on, config) for equation in equations.values()))
    techniques = [player.name for player in cast_in(config).all(_TECHNIQUE)]
    if not techniques or held & set(techniques):
        return ""
    return f", such as {join_words([label_of(name, config) for name in techniques], 'or')}"


def describe_others(answer: Answer, row: Row, inputs: Inputs, config: Config) -> str:
    """Name the other models of the same quantity that find something else; nothing where they agree."""
    same = ("path", "effect", "level", "horizon")
    estimates = rows_of(table_of(inputs, "estimates"), **{name: str(row[name]) for name in same})
    apart = [other for other in estimates if other["model"] in answer.others and _differs(other, row)]
    if not apart:
        return ""
    listed = "; ".join(
        f"{write_account(other['effect'], account_of(other))}{describe_flag(other)} ({_name(other, config)})"
        for other in apart
    )
    head = "Another model finds" if len(apart) == 1 else f"{format_count(len(apart))} other models find"
    return f"{head} something else: {listed}."


def _limit(row: Row, ways: Sequence[str], licence: Licence, config: Config) -> str:
    """Name what the design cannot exclude."""
    source, target = label_of(licence.source, config), label_of(licence.target, config)
    moved = join_words([*ways, target])
    if licence.kind == "effect" and not ways:
        return "Patients who were lost for reasons that the data do not hold."
    if licence.kind in ("effect", "adjusted"):
        return f"Something outside the model that moves {'both ' if len(ways) == 1 else ''}{moved}."
    if is_constant(licence.source, config) or is_between(row, config):
        return f"Something else that those with more and with less of {source} differ in."
    return (
        f"Something outside the model that changes along with {source} and moves {moved}{name_left_out(row, config)}."
    )


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
