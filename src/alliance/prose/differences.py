"""Sentences on what results depend on: a moderator, the patient or therapist at hand, and how long it goes on."""

import re
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.contracts import AT, BY
from alliance.labels import capitalised_name, label_effect, label_level, label_model, label_of, label_path, label_value
from alliance.numbers import common_decimals, format_number, format_regions
from alliance.prose.passage import Inputs, Passage, Point, caution, rows_of, table_of
from alliance.prose.wording import (
    capitalise,
    count_of,
    describe_contrast,
    describe_difference,
    describe_evidence,
    describe_flag,
    includes_zero,
    is_constant,
    join_words,
    mediators_of,
    nodes_of,
)

_COUNT = re.compile(r"\d+")
_MIDDLE = (0.05, 0.95)  # quantiles between which nine of ten lie


def describe_moderation(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe indirect paths (slopes, where there are none) at values of a moderator, and how they change with it."""
    rows = rows_of(table_of(inputs, "estimates"))
    conditional = [row for row in rows if row["effect"] == "conditional"]
    grid = table_of(inputs, "moderation")
    passages = []
    for model in dict.fromkeys(row["model"] for row in conditional):
        own = [row for row in conditional if row["model"] == model]
        longer = [row for row in own if mediators_of(_bare(row, AT))]
        groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for row in longer or own:
            path, _, condition = row["path"].partition(AT)
            groups.setdefault((path, row["level"], condition.partition(" = ")[0]), []).append(row)
        points = []
        for (path, level, moderator), members in groups.items():
            index = [row for row in rows_of(table_of(inputs, "estimates"), model=model, effect="index", level=level)
                     if row["path"] == f"{path}{BY}{moderator}"]  # fmt: skip
            sentences = [_at_values(members, config), *(_change(row, moderator, config) for row in index)]
            region = _region(grid, model, path, level, moderator, config)
            points.append(
                Point(capitalise(f"{label_path(path, config)}, {label_level(level)}"), " ".join([*sentences, *region]))
            )
        passages.append(Passage(tuple(points), heading=label_model(model, config), kind="list"))
    if passages:
        passages.append(
            caution(
                "A difference between values of a moderator is shown by the change, not by one interval that excludes zero beside another "
                "that does not. Nobody was assigned to a value of a moderator unless the design says so."
            )
        )
    return passages


def describe_units(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how much the steps of the path differ between patients and between therapists."""
    table = table_of(inputs, "shrinkage")
    if table.empty:
        return []
    points = []
    for (model, unit, quantity, path), part in table.groupby(["model", "unit", "quantity", "path"], sort=False):
        low, high = part["estimate"].quantile(list(_MIDDLE))
        mean = part["estimate"].mean()
        digits = common_decimals([low, mean, high], high - low)
        first, middle, last = (format_number(value, digits) for value in (low, mean, high))
        lead = f"{label_model(str(model), config)}: {label_effect(str(quantity))}, {label_path(str(path), config)}"
        points.append(
            Point(lead, f"Nine of ten of {count_of(len(part), str(unit))} lie between {first} and {last}, around {middle}.")
        )
    lead = (
        "Estimates of single patients and therapists are drawn towards the average, the more so the fewer sessions they rest on. So they "
        "differ less from each other than patients and therapists do, and none of them is a diagnosis."
    )
    return [Passage(tuple(points), heading="Single patients and therapists", kind="list"), caution(lead)]


def describe_accumulation(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe what the indirect path adds up to over sessions where outcomes depend on their own past."""
    rows = rows_of(table_of(inputs, "estimates"), effect="accumulated")
    points = []
    for key in dict.fromkeys((row["model"], row["path"], row["level"]) for row in rows):
        own = [row for row in rows if (row["model"], row["path"], row["level"]) == key]
        own.sort(key=lambda row: int(_COUNT.findall(row["horizon"])[0]))
        points.append(Point(label_model(key[0], config), _add_up(own[0], own[-1], config)))
    return [Passage(tuple(points), heading="Added up over sessions", kind="list")] if points else []


def _bare(row: dict[str, Any], separator: str) -> dict[str, Any]:
    return row | {"path": row["path"].partition(separator)[0]}


def _at_values(rows: list[dict[str, Any]], config: Config) -> str:
    parts = []
    for row in rows:
        moderator, _, value = row["path"].partition(AT)[2].partition(" = ")
        digits = common_decimals([row["estimate"], row["low"], row["high"]], row["high"] - row["low"])
        where = label_value(moderator, float(value), config)
        parts.append(f"{format_number(row['estimate'], digits)}{describe_flag(row)} at {where} {describe_evidence(row)}")
    return f"{capitalised_name(join_words(parts, last='and'))}."


def _change(row: dict[str, Any], moderator: str, config: Config) -> str:
    digits = common_decimals([row["estimate"], row["low"], row["high"]], row["high"] - row["low"])
    change = f"{format_number(row['estimate'], digits)}{describe_flag(row)}"
    sentence = f"Change per unit of {label_of(moderator, config)}: {change} {describe_evidence(row)}."
    if includes_zero(row):
        sentence += " The data are compatible with no change, and with everything in this interval."
    return sentence


def _region(grid: pd.DataFrame, model: str, path: str, level: str, moderator: str, config: Config) -> list[str]:
    """Say at which observed values the interval excludes zero, for moderators with more than two."""
    rows = rows_of(grid, model=model, path=path, level=level, moderator=moderator)
    if len(rows) <= 2:
        return []
    values = [float(row["value"]) for row in rows]
    outside = [str(row["excludes_zero"]).lower() == "true" for row in rows]
    regions: list[tuple[float, float]] = []
    for i, excluded in enumerate(outside):
        if excluded:
            first = regions.pop()[0] if i and outside[i - 1] else values[i]
            regions.append((first, values[i]))
    label = label_of(moderator, config)
    return [f"The interval excludes zero at these values of {label}: {format_regions(regions, values[0], values[-1])}."]


def _add_up(first: dict[str, Any], last: dict[str, Any], config: Config) -> str:
    ways = join_words([label_of(node, config) for node in mediators_of(first)])
    outcome = label_of(nodes_of(first)[-1], config)
    lasting = "" if is_constant(nodes_of(first)[0], config) else " at every session"
    start, end = (
        f"{describe_difference(row['estimate'], row, config)}{describe_flag(row)} {row['horizon']} {describe_evidence(row)}"
        for row in (first, last)
    )
    contrast = describe_contrast(first, config)
    return f"With {contrast}{lasting}, what runs by way of {ways} adds up from {outcome} {start} to {end}."
