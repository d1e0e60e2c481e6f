"""What kind of claim the design allows an answer to be, and what would change it; neither follows from the size that was found."""

from collections.abc import Sequence

from alliance.config import Config
from alliance.config.answers import Answer, holds_own_past
from alliance.facts.quantity import nodes_of
from alliance.report.labels import is_constant, label_model, label_of
from alliance.report.numbers import format_count, format_estimate
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
    """Say what would change an answer: the main limit of its design, a past that is not held equal, other models that differ."""
    sentences = [
        _limit(row, ways, licence, config),
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


def describe_others(answer: Answer, row: Row, inputs: Inputs, config: Config) -> str:
    """Name the other models of the same quantity that find something else; nothing where they agree."""
    same = ("path", "effect", "level", "horizon")
    estimates = rows_of(table_of(inputs, "estimates"), **{name: str(row[name]) for name in same})
    apart = [other for other in estimates if other["model"] in answer.others and _differs(other, row)]
    if not apart:
        return ""
    listed = "; ".join(
        f"{format_estimate(other['estimate'], other['low'], other['high'])}{describe_flag(other)} ({_name(other, config)})"
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
    return f"Something outside the model that changes along with {source} and moves {moved}."


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
