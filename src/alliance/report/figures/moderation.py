"""How a slope or an indirect path depends on a moderator."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.forest import describe_unit
from alliance.report.labels import (
    capitalised_name,
    label_level,
    label_model,
    label_of,
    label_path,
    label_value,
    variable_of,
)
from alliance.report.numbers import format_estimate, format_percent
from alliance.results.estimates import regions_of

TITLE = "Slopes and paths at values of the moderator"
CAPTION = (
    "Estimate and interval over the central 95% of the moderator's values. Shaded: values at which the interval excludes zero "
    "(Johnson-Neyman region); a value outside it does not show that there is nothing."
)
NEEDS = ("moderation",)
_PANEL = ["model", "path", "level", "moderator"]
_COLUMNS = 2
_TITLE = 38  # characters to a line
_HEIGHT = 2.3  # inches of a panel


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one panel per slope or path and moderator."""
    values = inputs["moderation"].reset_index(drop=True)
    if values.empty:
        return theme.draw_unavailable("No fitted model has a moderator.")
    panels = [part for _, part in values.groupby(_PANEL, sort=False)]
    panels, others = theme.fill_page(panels, lambda _: _HEIGHT / _COLUMNS)
    rows = -(-len(panels) // _COLUMNS)
    with theme.applied():
        figure, axes = theme.new_figure(theme.DOUBLE, _HEIGHT * rows, rows, _COLUMNS)
        for axis, part in zip(axes, panels, strict=False):
            _draw_panel(axis, part, config)
        for axis in axes[len(panels) :]:
            axis.set_axis_off()
    notes = [f"Intervals: {format_percent(config.inference.interval)}.", theme.note_of_others(others, "panels")]
    return Drawing(figure, values, _describe(panels, config), " ".join(note for note in notes if note))


def _draw_panel(axis: Axes, part: pd.DataFrame, config: Config) -> None:
    first: Any = next(records(part))
    colour = theme.LEVEL_COLOURS.get(first.level, theme.NAVY)
    if len(part) > 2:
        _draw_band(axis, part, colour)
    else:
        _draw_points(axis, part, colour, config)
    axis.axhline(0, color=theme.MUTED, linewidth=0.7, zorder=1)
    label = label_of(first.moderator, config)
    variable = variable_of(first.moderator, config)
    unit = f" ({variable.unit})" if variable is not None and variable.kind != "category" else ""
    axis.set_xlabel(
        f"{theme.wrap(capitalised_name(label) + unit, 46)}\n{theme.wrap(label_model(first.model, config), 46)}",
        fontsize=theme.SMALL,
    )
    axis.set_ylabel(theme.wrap(describe_unit(first.path, config), 28), fontsize=theme.SMALL)
    axis.set_title(theme.wrap(capitalised_name(label_path(first.path, config)), _TITLE))


def _draw_band(axis: Axes, part: pd.DataFrame, colour: str) -> None:
    x = part["value"].to_numpy(dtype=float)
    axis.fill_between(x, part["low"], part["high"], color=colour, alpha=0.22, linewidth=0, zorder=2)
    axis.plot(x, part["estimate"], color=colour, linewidth=1.6, zorder=3)
    for low, high in regions_of(part):
        axis.axvspan(low, high, color=theme.PALE, alpha=0.5, linewidth=0, zorder=0)
    axis.set_xlim(x.min(), x.max())


def _draw_points(axis: Axes, part: pd.DataFrame, colour: str, config: Config) -> None:
    labels = []
    for position, row in enumerate(records(part)):
        if row.excludes_zero:
            axis.axvspan(position - 0.35, position + 0.35, color=theme.PALE, alpha=0.5, linewidth=0, zorder=0)
        axis.plot([position, position], [row.low, row.high], color=colour, linewidth=1.3, zorder=2)
        axis.plot(
            position, row.estimate, marker=theme.LEVEL_MARKERS.get(row.level, "o"), markersize=5, color=colour, zorder=3
        )
        labels.append(theme.wrap(short_value(row.moderator, row.value, config), 20))
    axis.set_xticks(range(len(part)), labels)
    axis.set_xlim(-0.6, len(part) - 0.4)


def short_value(moderator: str, value: float, config: Config) -> str:
    """Return a value of a moderator in words without the moderator's name; of a group without that of the category."""
    variable, text = variable_of(moderator, config), label_value(moderator, value, config)
    of_category = variable is not None and text.startswith(f"{variable.label}:")
    text = text.removeprefix(variable.label if variable is not None and of_category else label_of(moderator, config))
    return text.removeprefix(":").removeprefix(" =").strip()


def _describe(panels: list[pd.DataFrame], config: Config) -> str:
    parts = []
    for part in panels:
        ends: Any = list(records(part.iloc[[0, -1]]))
        listed = ", ".join(
            f"{label_value(row.moderator, row.value, config)}: {format_estimate(row.estimate, row.low, row.high)}"
            for row in ends
        )
        first = ends[0]
        parts.append(
            f"{label_path(first.path, config)} ({label_level(first.level)}) in '{label_model(first.model, config)}': {listed}"
        )
    return f"Lines or points with intervals against the moderator. {'; '.join(parts)}."
