"""Sentences on patients who differ in variability: how much, and what else differs along with it."""

import math
from typing import Any

from alliance.config import Config
from alliance.config.answers import holds_own_past
from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import LAG, PATIENT, VARIABILITY
from alliance.facts.quantity import nodes_of, varying_on
from alliance.report.labels import label_model, label_of
from alliance.report.numbers import format_estimate, format_number, format_probability
from alliance.report.prose.passage import Inputs, Passage, Point, rows_of, table_of, text
from alliance.report.prose.wording import describe_flag, includes_zero

_INTERCEPT = "intercept"


def describe_variability(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how much patients differ in how far outcomes lie from what is expected of them, and what goes along with it."""
    estimates = table_of(inputs, "estimates")
    spreads = [row for row in rows_of(estimates, effect="sd", level=PATIENT) if nodes_of(row["path"])[0] == VARIABILITY]
    if not spreads:
        return []
    tests = {row["model"]: row for row in rows_of(table_of(inputs, "diagnostics"), caution="differing_variability")}
    points = []
    for model in dict.fromkeys(row["model"] for row in spreads):
        together = [
            row
            for row in rows_of(estimates, effect="correlation", level=PATIENT)
            if row["model"] == model and any(nodes_of(one)[0] == VARIABILITY for one in varying_on(row["path"]))
        ]
        residuals = {
            row["outcome"]: row for row in rows_of(estimates, effect="sd", level="session") if row["model"] == model
        }
        told = [
            _describe_spread(row, residuals.get(row["outcome"]), config) for row in spreads if row["model"] == model
        ]
        told += [_describe_together(row, config) for row in together]
        test = tests.get(model)
        if test is not None and not math.isnan(test["value"]):
            told.append(_describe_test(test["value"]))
        points.append(Point(label_model(model, config), " ".join(told)))
    return [
        text(
            "Patients can differ in how much they fluctuate: how far an outcome lies, session by session, from what the model expects of "
            "them. A model that takes them as alike gives those who fluctuate most too much weight. Where a model lets them differ, "
            "these are the differences. Inertia is the slope of an outcome on its own past."
        ),
        Passage(tuple(points), kind="list"),
    ]


def _describe_spread(row: dict[str, Any], residual: dict[str, Any] | None, config: Config) -> str:
    """Say what the standard deviation of log variances means: one above the middle lie one patient in six."""
    more = format_estimate(*(math.exp(row[name] / 2) for name in ("estimate", "low", "high")))
    less = format_number(math.exp(-row["estimate"] / 2), 2)
    name = label_of(row["outcome"], config)
    told = f"Patients differ in the standard deviation of what is left of {name} at a session. "
    if residual is not None:
        middle = format_estimate(residual["estimate"], residual["low"], residual["high"])
        told = (
            f"What is left of {name} at a session has, in the patient in the middle, a standard deviation of {middle}"
            f"{describe_flag(residual)}. "
        )
    return (
        f"{told}In a patient at the upper sixth, who fluctuates more in {name} than five in six do, it is {more} times as large, at the "
        f"lower sixth {less} times{describe_flag(row)}."
    )


def _describe_together(row: dict[str, Any], config: Config) -> str:
    effects = sorted(varying_on(row["path"]))
    other = next((one for one in effects if nodes_of(one)[0] != VARIABILITY), "")
    number = f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)}"
    if not other:
        both = " and ".join(label_of(nodes_of(one)[-1], config) for one in effects)
        return f"The variabilities of {both} are correlated by {number}."
    what = _name_effect(nodes_of(other), row["model"], config)
    if includes_zero(row):
        return f"Whether variability goes along with the {what} stays open (correlation {number})."
    return f"Patients with {'more' if row['estimate'] > 0 else 'less'} variability have a higher {what} (correlation {number})."


def _name_effect(effect: list[str], model: str, config: Config) -> str:
    """Name an intercept or a slope, as term and outcome, by what is high or low in a patient."""
    term, outcome = effect
    label = label_of(outcome, config)
    if term == _INTERCEPT:
        given = holds_own_past(config.models.specs[model], outcome, config)
        return f"level of {label}{' given the first value' if given else ''}"
    if term == f"{outcome}{LAG}":
        return f"inertia of {label}"
    if term in TIME_TERMS:
        return f"change of {label} per {term}"
    return f"slope of {label} on {label_of(term, config)}"


def _describe_test(chance: float) -> str:
    said = format_probability(chance)
    said = f"less than {said[1:].strip()}" if said[0] == "<" else said
    return f"If patients were alike, letting them differ would explain the data as much better as it does with a probability of {said}."
