"""Sentences on scores with error of measurement: what becomes of estimates once it is taken off, and where it cannot be."""

from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.models.checking.unreliable import FITTED
from alliance.report.errors import corrected_scores, declared_reliability, indicators_of, say_assumptions
from alliance.report.labels import label_effect, label_level_of, label_model, label_names, label_of, label_path
from alliance.report.numbers import format_beside, format_number
from alliance.report.prose.passage import Inputs, Passage, Point, rows_of, table_of, text
from alliance.report.prose.wording import capitalise, describe_flag, join_words
from alliance.results.estimates import main_rows


def describe_corrected(inputs: Inputs, config: Config) -> list[Passage]:
    """Put answers corrected for unreliable scores beside those as they are, and say of which models that does not hold."""
    found = table_of(inputs, "diagnostics")
    refused, corrected = (rows_of(found, caution=f"{name}_error") for name in ("uncorrected", "corrected"))
    if not refused and not corrected:
        return []
    known = dict.fromkeys(row["subject"] for row in (*corrected, *refused))
    passages = [text(f"{capitalise(join_words([_reliability(name, inputs, config) for name in known]))}.")]
    constructs = [row for row in corrected if indicators_of(row["subject"], config) and pd.notna(row["value"])]
    if constructs:
        passages.append(Passage(tuple(_measured(row, config) for row in constructs), kind="list"))
    answers = _answers(inputs, config)
    if answers:
        passages += [
            text(
                "Below are estimates as they are and corrected for that error. The correction assumes "
                f"{say_assumptions(corrected_scores(found), config)}.{_by_fit(corrected)}"
            ),
            Passage(tuple(answers), kind="list"),
        ]
    reasons = [
        Point(
            label_model(model, config),
            f"Not corrected. {_reasons([row for row in refused if row['model'] == model], config)}",
        )
        for model in dict.fromkeys(row["model"] for row in refused)
    ]
    if reasons:
        passages += [
            text(
                "In other models the error is not taken off, and their estimates are as the scores have them: what the score predicts "
                "looks smaller than it is."
                if answers
                else "The error is not taken off in the models that were fitted, and their estimates are as the scores have them: what "
                "the score predicts looks smaller than it is.",
                _of_assigned(config),
            ),
            Passage(tuple(reasons), kind="list"),
        ]
    return passages


def _of_assigned(config: Config) -> str:
    """Say what error does not do to effects of an assignment; nothing where nothing was assigned."""
    assigned = [label_of(name, config) for name in config.study.randomised]
    if not assigned:
        return ""
    return f"Effects of what was assigned at random ({join_words(assigned)}) are not moved by error in values from before it."


def _reasons(rows: list[dict[str, Any]], config: Config) -> str:
    """Say why scores of a model are not corrected, those with one reason together."""
    scores: dict[str, list[str]] = {}
    for row in rows:
        scores.setdefault(label_names(str(row["detail"]), config), []).append(label_of(row["subject"], config))
    return " ".join(f"{capitalise(join_words(names))}: {reason}." for reason, names in scores.items())


def describe_assumption(inputs: Inputs, config: Config) -> str:
    """Say in one sentence what estimates without the error of scores assume; nothing where there are none."""
    names = corrected_scores(table_of(inputs, "diagnostics"))
    if not names or table_of(inputs, "corrected").empty:
        return ""
    labels = join_words([label_of(name, config) for name in names])
    return f"What is given without the error of {labels} assumes {say_assumptions(names, config)}."


def _reliability(name: str, inputs: Inputs, config: Config) -> str:
    """Say how reliable a score is at each level, and who says it."""
    parts = indicators_of(name, config)
    if parts:
        return f"{label_of(name, config)} is a construct whose indicators are {join_words([label_of(part, config) for part in parts])}"
    declared = declared_reliability(name, config)
    if declared != "items" and declared is not None:
        levels = {"for changes within a patient": declared.within, "for differences between patients": declared.between}
        said = [f"{format_number(value, 2)} {level}" for level, value in levels.items() if value < 1]
        return f"{label_of(name, config)} is declared with a reliability of {join_words(said)}"
    for row in rows_of(table_of(inputs, "reliability")):
        column = row["variable"] if row["scale"] == "total" else f"{row['variable']}_{row['scale']}"
        if column == name and pd.notna(row["omega_within"]) and pd.notna(row["omega_between"]):
            within, between = format_number(row["omega_within"], 2), format_number(row["omega_between"], 2)
            return (
                f"{label_of(name, config)} has by its items a reliability of {within} for changes within a patient and {between} for "
                "differences between patients (omega)"
            )
    return f"the reliability of {label_of(name, config)} could not be computed from its items"


def _measured(row: dict[str, Any], config: Config) -> Point:
    """Say how a model sees the indicators of a construct."""
    said = str(row["detail"]).removeprefix(FITTED).removeprefix("; ")
    return Point(
        f"{capitalise(label_of(row['subject'], config))} ({label_model(row['model'], config)})",
        f"The composite has a reliability of {format_number(row['value'], 2)} for changes within a patient; {label_names(said, config)}.",
    )


def _by_fit(corrected: list[dict[str, Any]]) -> str:
    """Say of models that were fitted again how."""
    if not any(str(row["detail"]).startswith(FITTED) for row in corrected):
        return ""
    return (
        " Where a value with error lasts, as in an own past, or a construct has indicators, no formula takes it off; there the model was "
        "fitted once more, by maximum likelihood, with all true values as unknowns."
    )


def _answers(inputs: Inputs, config: Config) -> list[Point]:
    table, estimates = table_of(inputs, "corrected"), table_of(inputs, "estimates")
    if table.empty:
        return []
    points = []
    for row in rows_of(main_rows(table)):
        as_it_is = rows_of(
            estimates, **{name: str(row[name]) for name in ("model", "path", "effect", "level", "horizon")}
        )
        flag = describe_flag(as_it_is[0]) if as_it_is else ""
        one, other = format_beside(
            (row["estimate"], row["low"], row["high"]),
            (row["estimate_corrected"], row["low_corrected"], row["high_corrected"]),
        )
        points.append(
            Point(
                f"{capitalise(label_path(row['path'], config))}, {label_effect(row['effect'])}, {label_level_of(row, config)}",
                f"{one} as it is{flag}, {other} corrected{describe_flag(row)} ({label_model(row['model'], config)}).",
                table="corrected",
            )
        )
    return points
