"""Sentences on what a cause that is constant within patients has done by a session: in all, by way of something, and beside it.

Beside it stands the difference from a model without mediators and without a past, where one was fitted: it needs fewer assumptions.
"""

from typing import Any

from alliance.config import Config
from alliance.config.answers import questions_of
from alliance.facts.quantity import ends_of, is_at_session
from alliance.report.labels import label_model, label_of, label_path, units_that_differ
from alliance.report.numbers import format_estimate, format_number, share_and_ends
from alliance.report.propensity import name_in
from alliance.report.prose.licence import Licence, held_equal
from alliance.report.prose.passage import (
    Inputs,
    Passage,
    Point,
    caution,
    licence_for,
    rows_between,
    rows_of,
    table_of,
    text,
)
from alliance.report.prose.results import describe_assumptions
from alliance.report.prose.wording import (
    capitalise,
    decimals_of,
    describe_contrast,
    describe_difference,
    describe_flag,
    describe_openness,
    describe_probability,
    describe_result,
    describe_size,
    describe_when,
    join_words,
    mediators_of,
    name_end,
    name_interval,
    shape_over_time,
)

_PARTS = ("indirect", "indirect_total", "direct")


def describe_treatment(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe, for each model that follows a constant cause over sessions, what it has done by the last one, and its parts."""
    passages: list[Passage] = []
    followed, end = [], ""
    for name, pair in questions_of(config, "forward"):
        estimates = table_of(inputs, "estimates")
        rows = rows_of(estimates, model=name)
        found = [row for row in rows_between(rows, pair) if is_at_session(row["horizon"])]
        total = [row for row in found if row["effect"] == "total"]
        if not total or not any(row["effect"] in _PARTS for row in found):
            continue
        followed.append(name)
        licence = licence_for(name, rows, config, pair)
        lead = capitalise(label_path(total[0]["path"], config) + describe_when(total[0], config))
        point = Point(lead, describe_course(found, licence, inputs, config))
        passages += [
            Passage((point,), heading=label_model(name, config), kind="list"),
            *describe_assumptions(licence, [], config),
            *_cautions(found, config),
        ]
        end = name_end(total[0], config)
    if passages:
        units = units_that_differ(followed, config)
        over = (
            f"and are averages over {units}, whose steps differ"
            if units
            else "with steps that are the same for all patients"
        )
        passages.insert(
            0,
            text(
                f"These numbers follow each model from the first session that the cause can act on, session by session, {over}. "
                f"{capitalise(end)}."
            ),
        )
    return passages


def describe_course(rows: list[dict[str, Any]], licence: Licence, inputs: Inputs, config: Config) -> str:
    """Say what a constant cause has done by a session in all, what of it by way of something, and what beside it.

    Parameters
    ----------
    rows
        Estimates of one model and one pair of cause and outcome, at that session.
    """
    total = next(row for row in rows if row["effect"] == "total")
    parts = [row for row in rows if row["effect"] in _PARTS]
    told = [f"{_amount(row, config)} {_way(row, config)}" for row in parts]
    sentences = [_claim(total, licence, config), f"Of this, {join_words(told)}."]
    for row in rows:
        if row["effect"] == "proportion":
            share, low, high = share_and_ends(row["estimate"], row["low"], row["high"])
            sentences.append(f"The first part is {share}{describe_flag(row)} of the whole ({low} to {high}).")
    if licence.kind == "adjusted":
        sentences.append(f"All this with {join_words(held_equal(licence, config))} held equal.")
    every = rows_of(table_of(inputs, "estimates"), model=total["model"])
    further = [describe_probability(total, every, config).strip(), _beside(total, inputs, config)]
    return " ".join([*sentences, *(sentence for sentence in further if sentence)])


def _claim(row: dict[str, Any], licence: Licence, config: Config) -> str:
    if licence.kind != "effect":
        return describe_result(row, licence, config)
    outcome = name_in(ends_of(row["path"])[1], row["model"], config)
    size = f"{describe_difference(row['estimate'], row, config)}{describe_flag(row)}{describe_when(row, config)}"
    low, high = (format_number(row[end], decimals_of(row)) for end in ("low", "high"))
    evidence = f"({name_interval(row)} {low} to {high}; {describe_size(row)})"
    return f"{capitalise(outcome)} {size} with {describe_contrast(row, config)} {evidence}.{describe_openness(row, config)}"


def _amount(row: dict[str, Any], config: Config) -> str:
    low, high = (format_number(row[end], decimals_of(row)) for end in ("low", "high"))
    return f"{describe_difference(row['estimate'], row, config)} [{low}, {high}]{describe_flag(row)}"


def _way(row: dict[str, Any], config: Config) -> str:
    if row["effect"] == "direct":
        return "beside that"
    ways = [label_of(node, config) for node in mediators_of(row)]
    return f"by way of {join_words(ways)}" if ways else "by all ways together"


def _beside(total: dict[str, Any], inputs: Inputs, config: Config) -> str:
    """Give the difference from models without mediators and without a past, for the same cause and outcome."""
    others = rows_of(table_of(inputs, "estimates"), effect="intention_to_treat", path=total["path"])
    told = [
        f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)}{describe_when(row, config)} "
        f"({label_model(row['model'], config)})"
        for row in others
    ]
    if not told:
        return "No fitted model gives the whole difference without assumptions on what lies between."
    shapes = dict.fromkeys(
        shape_over_time(config.models.specs[row["model"]], ends_of(row["path"])[0]) for row in others
    )
    shape = "".join(f", {_SHAPES[shape]}" for shape in shapes) if len(shapes) == 1 else ""
    warning = "Where a difference levels off, a straight line overstates it at the end." if "line" in shapes else ""
    return f"The whole difference without anything that lies between{shape}: {join_words(told)}. {warning}".strip()


_SHAPES = {
    "curve": "as a curve over sessions",
    "line": "as a straight line over sessions",
    "same": "taken to be the same at every session",
}


def _cautions(rows: list[dict[str, Any]], config: Config) -> list[Passage]:
    ways = list(dict.fromkeys(label_of(node, config) for row in rows for node in mediators_of(row)))
    outcome = label_of(ends_of(rows[0]["path"])[1], config)
    between = join_words(ways) if ways else "what lies between"
    return [
        caution(
            f"The parts ask what {outcome} would be if {between} took the course that it takes without the cause. Earlier {outcome}, which "
            f"the cause changes, may change {between} later; so these are interventional parts, not natural ones, and they hold if nothing "
            f"outside the model influences both {between} and later {outcome}."
        )
    ]
