"""Sentences on what a path depends on: a moderator, the number of sessions, and who the patient or therapist is."""

from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.config.declared import Effects
from alliance.config.timing import parse_term
from alliance.facts.columns import WITHIN
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import is_at_session, nodes_of
from alliance.report.labels import (
    is_constant,
    join_units,
    label_effect,
    label_level,
    label_model,
    label_of,
    label_path,
    label_value,
    units_that_differ,
)
from alliance.report.numbers import common_decimals, format_count, format_estimate, format_number, format_regions
from alliance.report.prose.passage import Inputs, Passage, Point, caution, licence_for, rows_of, table_of, text
from alliance.report.prose.wording import (
    capitalise,
    categories_of,
    describe_flag,
    describe_size,
    includes_zero,
    join_words,
    mediators_of,
    name_interval,
)
from alliance.results.estimates import regions_of

_Key = tuple[str, str, str, str]


def describe_moderation(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe slopes and paths at values of each moderator; nothing where no model has one."""
    groups: dict[_Key, list[dict[str, Any]]] = {}
    for row in rows_of(table_of(inputs, "estimates")):
        if EFFECTS[row["effect"]].kind == "moderated":
            groups.setdefault((row["model"], row["path"], row["level"], row["moderator"]), []).append(row)
    if not groups:
        return []
    regions = _regions(table_of(inputs, "moderation"))
    passages = []
    for model in dict.fromkeys(key[0] for key in groups):
        points = [_describe_moderated(key, rows, regions, config) for key, rows in groups.items() if key[0] == model]
        passages.append(Passage(tuple(points), heading=label_model(model, config), kind="list"))
    moderators = dict.fromkeys(key[3] for key in groups)
    given = [label_of(name, config) for name in moderators if not _is_randomised(name, config)]
    cautions = [
        "Whether a path differs between values of a moderator is shown by its change, not by one interval that excludes zero "
        "beside another one that does not."
    ]
    if given:
        cautions.append(
            f"There was no random assignment of {join_words(given)}: what goes along with it may be behind a difference."
        )
    return [*passages, caution(*cautions)]


def describe_accumulated(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe what indirect paths add up to over sessions; nothing where no outcome depends on its own past."""
    curves: dict[tuple[str, str], list[dict[str, Any]]] = {}
    rows = rows_of(table_of(inputs, "estimates"), effect="accumulated")
    # What a constant cause has done by a session has sentences of its own, `alliance.report.prose.courses`.
    for row in (row for row in rows if not is_at_session(row["horizon"])):
        curves.setdefault((row["model"], row["path"]), []).append(row)
    if not curves:
        return []
    estimates = table_of(inputs, "estimates")
    points = tuple(_describe_curve(rows, estimates, config) for rows in curves.values())
    units = units_that_differ(dict.fromkeys(model for model, _ in curves), config)
    steps = (
        f"These numbers are averages over {units}, whose steps differ and may go together. Each one's steps are taken to stay the same"
        if units
        else "Steps are taken to be the same for all patients and"
    )
    return [
        Passage(points, heading="Accumulated over sessions", kind="list"),
        text(
            f"{steps} at every session, and what is usual for a patient is taken to stay as it is.",
            _count_from(config.panel.lag),
        ),
    ]


def _count_from(lag: int) -> str:
    """Say what sessions are counted where what the last of them does arrives later than at the next one."""
    if lag == 1:
        return ""
    return (
        f"Sessions are counted at which the value is higher; what the last of them does is seen {lag} sessions later."
    )


def describe_differences(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how much steps and paths differ between patients and between therapists."""
    table = table_of(inputs, "shrinkage")
    if table.empty:
        return []
    points = [
        _describe_spread(str(unit), str(quantity), str(path), str(model), rows, config)
        for (model, unit, quantity, path), rows in table.groupby(["model", "unit", "quantity", "path"], sort=False)
    ]
    units = join_units(set(table["unit"]))
    return [
        Passage(tuple(points), heading=f"Differences between {units.replace(' and ', ' and between ')}", kind="list"),
        text(
            f"Estimates of single {units} are drawn towards the average, the more so the fewer sessions they rest on. "
            f"So they differ less from each other than {units} do."
        ),
    ]


def _regions(moderation: pd.DataFrame) -> dict[_Key, str]:
    """Say for each moderator with more than two values where the interval excludes zero."""
    found: dict[_Key, str] = {}
    if moderation.empty:
        return found
    for key, part in moderation.groupby(["model", "path", "level", "moderator"], sort=False):
        if len(part) > 2:
            model, path, level, moderator = (str(name) for name in key)
            words = format_regions(regions_of(part), part["value"].min(), part["value"].max())
            found[model, path, level, moderator] = words
    return found


def _describe_moderated(key: _Key, rows: list[dict[str, Any]], regions: dict[_Key, str], config: Config) -> Point:
    _, path, level, moderator = key
    label = label_of(moderator, config)
    at = [
        f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)} at "
        f"{label_value(moderator, row['value'], config)}"
        for row in rows
        if row["effect"] == "conditional"
    ]
    sentences = [f"{capitalise(join_words(at))} ({name_interval(rows[0])}s; {describe_size(rows[0])})."] if at else []
    for row in rows:
        if row["effect"] == "index":
            change = f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)}"
            openness = "; its interval holds zero, so it stays open whether there is any" if includes_zero(row) else ""
            categories = categories_of(moderator, config)
            name = f"“{categories[1]}” minus “{categories[0]}”" if categories else f"Change per unit of {label}"
            sentences.append(f"{name}: {change}{openness}.")
    if key in regions:
        sentences.append(f"Values of {label} at which the interval excludes zero: {regions[key]}.")
    return Point(f"{capitalise(label_path(path, config))} by {label}, {label_level(level)}", " ".join(sentences))


def _is_randomised(moderator: str, config: Config) -> bool:
    term = parse_term(moderator.removesuffix(WITHIN), config.variables)
    return term is not None and term.variable in config.study.randomised


def _describe_curve(rows: list[dict[str, Any]], estimates: pd.DataFrame, config: Config) -> Point:
    """Describe the ends of a curve: of what an assignment brings about, or of what a difference predicts."""
    ends = [rows[0], rows[-1]] if len(rows) > 1 else rows
    source = nodes_of(rows[0]["path"])[0]
    label, categories = label_of(source, config), categories_of(source, config)
    higher = f"{label} “{categories[1]}” rather than “{categories[0]}”" if categories else f"{label} one unit higher"
    ways = join_words([label_of(node, config) for node in mediators_of(rows[0])])
    model, pair = rows[0]["model"], Effects(**{"from": source, "to": nodes_of(rows[0]["path"])[-1]})
    licence = licence_for(model, rows_of(estimates, model=model), config, pair)
    claim = f"With {higher} from the first session on"
    if licence.kind != "effect":
        when = "" if is_constant(source, config) else " at each session from the first on"
        claim = f"{capitalise(higher)}{when} predicts, by way of {ways}"
    listed = [
        f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)} {row['horizon']}"
        for row in ends
    ]
    return Point(
        capitalise(label_path(rows[0]["path"], config)),
        f"{claim}: {join_words(listed)} ({name_interval(rows[0])}s; {describe_size(rows[0])}; "
        f"{label_model(rows[0]['model'], config)}).",
    )


def _describe_spread(unit: str, quantity: str, path: str, model: str, rows: pd.DataFrame, config: Config) -> Point:
    low, middle, high = (float(value) for value in rows["estimate"].quantile([0.25, 0.5, 0.75]))
    digits = common_decimals([low, high], high - low)
    first, median, last = (format_number(value, digits) for value in (low, middle, high))
    count = int(rows["order"].max())
    sampled = f"; told by a random sample of {format_count(len(rows))}" if len(rows) < count else ""
    return Point(
        f"{capitalise(label_effect(quantity))}, {label_path(path, config)}",
        f"The middle half of {format_count(count)} {unit}s lies between {first} and {last}, median {median} "
        f"({label_model(model, config)}{sampled}).",
    )
