"""What was published beside what was found here: the same kind of number, and what makes the two differ."""

import pandas as pd

from alliance.config import Config
from alliance.config.answers import answers_of
from alliance.config.posing import cast_in
from alliance.facts.literature import PUBLISHED, Published, is_alliance
from alliance.facts.quantity import NEXT_SESSION, join_nodes, nodes_of
from alliance.questions import Cast
from alliance.report.labels import label_model, label_of
from alliance.report.numbers import format_interval, format_number
from alliance.report.propensity import is_propensity
from alliance.report.prose.passage import Inputs, Passage, rows_of, table_of
from alliance.report.prose.wording import Row, capitalise, describe_evidence, describe_flag
from alliance.results.standardised import within_ratio

_SYMBOLS = {"r": "r = ", "beta": "", "d": "d = ", "share": ""}
_BESIDE = (
    "Numbers of other studies say what is usual, not what is right: their patients, measures and models differ, and scores hold error "
    "there as they do here."
)


def describe_literature(inputs: Inputs, config: Config) -> list[Passage]:
    """Put the effect of the alliance within patients on the next session beside a published one, both in standard deviations.

    Nothing where the process is not the alliance, or no answering model gives the effect at the next session.
    """
    row = find_next_session(inputs, config)
    panel = table_of(inputs, "panel")
    if row is None or panel.empty:
        return []
    cause, outcome = nodes_of(row["path"])
    ratio = within_ratio(panel, cause, outcome)
    if ratio is None:
        return []
    estimate, sd, low, high = ratio.standardise(row["estimate"], row["sd"], row["low"], row["high"])
    moved = {**row, "estimate": estimate, "sd": sd, "low": low, "high": high}
    names = label_of(cause, config), label_of(outcome, config)
    sign = "higher" if estimate > 0 else "lower"
    return [
        Passage(
            (
                f"Where {names[0]} is one standard deviation above a patient's usual level, the level of {names[1]} at the next session "
                f"lies {format_number(abs(estimate), 2)} standard deviations {sign}, both within patients "
                f"{describe_evidence(moved)}{describe_flag(row)} ({label_model(row['model'], config)}). "
                f"{capitalise(say_published(PUBLISHED['alliance_next_session']))}.",
                _BESIDE,
            ),
            heading="Beside the literature",
        )
    ]


def find_next_session(inputs: Inputs, config: Config) -> Row | None:
    """Return the estimate of the alliance on the outcome at the next session, within patients; None where no answering model gives one."""
    cast = cast_in(config)
    pair = _alliance_and_outcome(cast, config)
    if pair is None:
        return None
    estimates = table_of(inputs, "estimates")
    models = dict.fromkeys(answer.model for answer in answers_of(config))
    told = [model for model in models if not any(is_propensity(name, model, config) for name in pair)]
    for effect in ("effect", "b"):  # a model of the alliance itself before one in which it is a step on the way
        for model in told:
            same = {"path": join_nodes(*pair), "effect": effect, "level": "within", "horizon": NEXT_SESSION}
            found = rows_of(estimates, model=model, **same)
            if found and pd.notna(found[0]["estimate"]):
                return found[0]
    return None


def say_published(size: Published) -> str:
    """Say one published size with its interval, its design and its source: "the correlation of ... is r = 0.278 [...] in ..."."""
    source = f"{size.source}{f', doi {size.doi}' if size.doi and size.doi not in size.source else ''}"
    symbol = _SYMBOLS[size.measure]
    digits = 3 if size.measure == "r" else 2
    if size.value is None:
        number = f"{symbol}{format_number(size.low, digits)} to {format_number(size.high, digits)}"
    else:
        interval = "" if size.low is None or size.high is None else f" {format_interval(size.low, size.high, digits)}"
        number = f"{symbol}{format_number(size.value, digits)}{interval}"
    return f"{size.quantity} is {number} in {size.design} ({source})"


def _alliance_and_outcome(cast: Cast, config: Config) -> tuple[str, str] | None:
    """Name the alliance and the outcome; None where the process that is studied is another one."""
    if cast.lacks(("mediator", "outcome")):
        return None
    mediator, outcome = cast.one("mediator").name, cast.one("outcome").name
    variable = config.variables[mediator]
    return (mediator, outcome) if is_alliance(mediator, variable.label, variable.instrument) else None
