"""Slopes and indirect paths at values of a moderator, how they change with it, and where their intervals exclude zero."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.effects import of_kind
from alliance.report.labels import capitalised_name, label_level_of, label_model, label_of, label_path, label_value
from alliance.report.numbers import format_probability, format_regions
from alliance.report.tables.marks import notes_of, write_estimates
from alliance.report.tables.table import Table
from alliance.results.estimates import regions_of

TITLE = "Moderation"
NEEDS = ("estimates", "moderation")


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return conditional slopes and paths, their change per unit of the moderator, and the Johnson-Neyman region in words."""
    estimates = inputs["estimates"]
    data = estimates[estimates["effect"].isin(of_kind("moderated"))].reset_index(drop=True)
    listed = [_estimate(row, text, config) for row, text in zip(records(data), write_estimates(data), strict=True)]
    keys = ["model", "path", "level", "moderator"]
    listed += [_region(part, config) for _, part in inputs["moderation"].groupby(keys, sort=False) if len(part) > 2]
    # What belongs to one path stands together, in the order in which its estimates come.
    order = list(dict.fromkeys(row["key"] for row in listed))
    listed.sort(key=lambda row: order.index(row["key"]))
    columns = ["Model", "Path", "Moderator", "Level", "Estimate [interval]", "P(direction)"]
    shown = pd.DataFrame([{name: row[name] for name in columns} for row in listed], columns=columns)
    if shown.empty:
        return Table(data, shown, "Moderation", ["No fitted model has a moderator."], "Model")
    notes = [
        "Values of a moderator with more than two: round numbers near its mean, and one standard deviation below and above it. "
        "Change: of the slope or path per unit of the moderator (Hayes 2015). Interval excludes zero: the "
        "Johnson-Neyman region over the central 95% of its values.",
        *notes_of(data),
    ]
    return Table(data, shown, "Slopes and paths at values of the moderator", notes, "Model", bounded=("P(direction)",))


def _estimate(row: Any, written: str, config: Config) -> dict[str, Any]:
    words = (
        f"Change per unit of {label_of(row.moderator, config)}"
        if math.isnan(row.value)
        else capitalised_name(label_value(row.moderator, row.value, config))
    )
    return {
        "key": (row.model, row.path, row.level, row.moderator),
        "Model": label_model(row.model, config),
        "Path": capitalised_name(label_path(row.path, config)),
        "Moderator": words,
        "Level": capitalised_name(label_level_of(row._asdict(), config)),
        "Estimate [interval]": written,
        "P(direction)": format_probability(row.p_direction),
    }


def _region(part: pd.DataFrame, config: Config) -> dict[str, Any]:
    first = part.iloc[0]
    return {
        "key": (first["model"], first["path"], first["level"], first["moderator"]),
        "Model": label_model(first["model"], config),
        "Path": capitalised_name(label_path(first["path"], config)),
        "Moderator": f"Values of {label_of(first['moderator'], config)} at which the interval excludes zero",
        "Level": capitalised_name(label_level_of(first, config)),
        "Estimate [interval]": capitalised_name(
            format_regions(regions_of(part), part["value"].min(), part["value"].max())
        ),
        "P(direction)": "",
    }
