"""How much the steps of the path differ between patients and between therapists."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from alliance.config import Config
from alliance.config.posing import asked_in, speaker_of
from alliance.facts.columns import THERAPIST, records
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.thinning import draw_lots, note_of_lots
from alliance.report.labels import capitalised_name, label_effect, label_model, label_path
from alliance.report.numbers import format_count, format_number, format_percent
from alliance.results.disclosure import in_multiples, step_for, to_step

TITLE = "Differences between patients and between therapists"
CAPTION = (
    "Each step of the path, and the path itself, for patients and therapists, from the smallest to the largest. Points and bars: "
    "estimates and their intervals, which borrow strength from everybody else. Dashed line: the average."
)
NEEDS = ("shrinkage",)
_QUESTION = "responsiveness"
_HEIGHT = 2.2  # inches of a panel
_MOST_GROUPS = 20
_MOST_SINGLE = 300
_PANEL = ["model", "unit", "quantity", "path"]
_ALONE = "Faint points: what the sessions of that patient alone say."
_REACH = 0.35  # share of the intervals' range by which points of single units may exceed it


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one row of panels per model and kind of unit, one panel per step; those that a question shows stand with it."""
    table = inputs["shrinkage"]
    return draw_units(table[~asked_for(table, config)], config)


def asked_for(table: pd.DataFrame, config: Config) -> pd.Series:
    """Say which rows are the therapists of the model that answers how far therapists differ."""
    if _QUESTION not in asked_in(config):
        return pd.Series(False, index=table.index)
    return (table["model"] == speaker_of(_QUESTION, config)) & (table["unit"] == THERAPIST)


def draw_units(table: pd.DataFrame, config: Config) -> Drawing:
    """Draw the effects of single units, rows of the artefact `shrinkage`."""
    if table.empty:
        return theme.draw_unavailable("No fitted model was asked for the slopes of single patients or therapists.")
    values = publish_units(table, config)
    if values.empty:
        return theme.draw_unavailable("There are too few patients or therapists to show how they differ.")
    everyone, values = values, _draw_lots(values, config)
    averages = everyone.groupby(_PANEL)["estimate"].mean()
    rows = [part for _, part in values.groupby(["model", "unit"], sort=False)]
    columns = max(part.groupby(["quantity", "path"]).ngroups for part in rows)
    cut = 0
    with theme.applied():
        figure, axes = theme.new_figure(theme.DOUBLE, _HEIGHT * len(rows) + 0.3, len(rows), columns)
        for position, part in enumerate(rows):
            panels = [panel for _, panel in part.groupby(["quantity", "path"], sort=False)]
            line = axes[position * columns : (position + 1) * columns]
            for axis, panel in zip(line, panels, strict=False):
                cut += _draw_panel(axis, panel, float(averages.loc[tuple(panel[_PANEL].iloc[0])]), config)
            for axis in line[len(panels) :]:
                axis.set_axis_off()
        figure.legend(handles=_handles(values), loc="outside upper left", ncols=3)
    notes = [f"Intervals: {format_percent(config.inference.interval)}."]
    if values["alone"].notna().any():
        notes.append(_ALONE)
    if (values["units"] > 1).any():
        least = int(values.loc[values["units"] > 1, "units"].min())
        notes.append(
            f"Points are averages of at least {format_count(least)} {_units_of(values)} who follow one another in order."
        )
    for unit in dict.fromkeys(values["unit"]):
        drawn, of = (int(part[part["unit"] == unit].groupby(_PANEL).size().max()) for part in (values, everyone))
        if drawn < of:
            notes.append(note_of_lots(drawn, of, "In a panel are", f"{unit}s"))
    sizes = table.groupby(_PANEL, sort=False)["order"].agg(["size", "max"])
    samples = sizes[sizes["size"] < sizes["max"]]["size"].groupby("unit", sort=False).max()
    notes += [
        f"Effects are those of a random sample of {format_count(int(size))} {unit}s." for unit, size in samples.items()
    ]
    if cut:
        notes.append(f"{cut} faint {'point lies' if cut == 1 else 'points lie'} beyond the axes.")
    return Drawing(figure, values, _describe(everyone, config), " ".join(notes))


def _draw_lots(values: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return of each panel as many units as can be told apart, anew from the first to the last."""
    parts = []
    for _, panel in values.groupby(_PANEL, sort=False):
        if len(panel) > _MOST_SINGLE:
            panel = panel[panel["order"].isin(draw_lots(panel["order"], _MOST_SINGLE, config))].sort_values("order")
            panel = panel.assign(order=np.arange(1, len(panel) + 1))
        parts.append(panel)
    return pd.concat(parts, ignore_index=True)


def _units_of(values: pd.DataFrame) -> str:
    return " or ".join(f"{unit}s" for unit in dict.fromkeys(values.loc[values["units"] > 1, "unit"]))


def publish_units(table: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return what may be shown of the effects of single units: their averages over neighbours in order, `minimum_cell` or more at a time.

    Single patients stand in it only if `privacy.single_patients` allows it; therapists do not, since some may have few patients. Where
    there are fewer units than that, nothing is shown.
    """
    least, parts = config.privacy.minimum_cell, []
    for (_, unit, *_), rows in table.groupby(_PANEL, sort=False):
        if len(rows) < least:
            continue
        if least == 1 or (config.privacy.single_patients and unit == "patient"):
            parts.append(rows.assign(units=1))
            continue
        count = max(1, min(_MOST_GROUPS, len(rows) // least))
        ordered = rows.sort_values("order").reset_index(drop=True)
        group = pd.Series(np.arange(len(rows)) * count // len(rows))
        means = ordered[["estimate", "low", "high"]].groupby(group).mean()
        spread = (
            float((means["high"] - means["low"]).mean()) / 4
        )  # of one unit; an average of n is surer by the root of n
        step = step_for(spread / math.sqrt(len(rows) / count))
        for name in means:
            means[name] = [to_step(value, step) for value in means[name]]
        first = ordered.groupby(group)[_PANEL].first()
        sizes = [in_multiples(size, least) for size in group.value_counts(sort=False)]
        parts.append(first.join(means).assign(order=np.arange(1, count + 1), alone=np.nan, units=sizes))
    columns = [*table.columns, "units"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _draw_panel(axis: Axes, panel: pd.DataFrame, average: float, config: Config) -> int:
    """Draw one panel and return how many faint points its axis does not hold."""
    first: Any = next(records(panel))
    colour = theme.LEVEL_COLOURS.get(first.unit, theme.NAVY)
    order = panel["order"].to_numpy(dtype=float)
    size = float(np.clip(100 / len(panel), 0.9, 3.2))
    low, high = float(panel["low"].min()), float(panel["high"].max())
    low, high = low - _REACH * (high - low), high + _REACH * (high - low)
    alone = panel["alone"].to_numpy(dtype=float)
    beyond = int(((alone < low) | (alone > high)).sum())
    axis.vlines(
        order, panel["low"], panel["high"], color=colour, alpha=0.35, linewidth=min(1.2, 1.5 * size / 2), zorder=2
    )
    axis.plot(order, alone, linestyle="none", marker="o", markersize=1.8, color=theme.RULE, zorder=1)
    axis.plot(order, panel["estimate"], linestyle="none", marker="o", markersize=size, color=colour, zorder=3)
    axis.axhline(0, color=theme.MUTED, linewidth=0.7, zorder=1)
    axis.axhline(average, color=theme.INK, linewidth=0.9, linestyle="--", zorder=4)
    axis.set_ylim(low, high)
    axis.set_xlim(0, len(panel) + 1)
    axis.set_title(theme.wrap(capitalised_name(label_path(first.path, config)), 26))
    axis.set_xlabel(
        f"{capitalised_name(first.unit)}s in order{' (averages)' * (first.units > 1)}\n{theme.wrap(label_model(first.model, config), 34)}",
        fontsize=theme.SMALL,
    )
    axis.set_ylabel(label_effect(first.quantity), fontsize=theme.SMALL)
    return beyond


def _handles(values: pd.DataFrame) -> list[Line2D]:
    colour = theme.LEVEL_COLOURS.get(values["unit"].iloc[0], theme.NAVY)
    handles = [Line2D([], [], color=colour, marker="o", linewidth=1.2, label="Estimate and interval")]
    if values["alone"].notna().any():
        handles.append(Line2D([], [], color=theme.RULE, marker="o", linewidth=0, label="From own sessions alone"))
    return [*handles, Line2D([], [], color=theme.INK, linestyle="--", linewidth=0.9, label="Average")]


def _describe(values: pd.DataFrame, config: Config) -> str:
    parts = []
    for (model, unit, quantity, path), rows in values.groupby(_PANEL, sort=False):
        low, mean, high = (format_number(rows["estimate"].agg(name)) for name in ("min", "mean", "max"))
        parts.append(
            f"{label_effect(str(quantity))}, {label_path(str(path), config)}, in '{label_model(str(model), config)}': {unit}s "
            f"from {low} to {high}, average {mean}"
        )
    return f"Estimates of patients and therapists in order of size. {'; '.join(parts)}."
