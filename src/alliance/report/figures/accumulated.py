"""What the indirect path adds up to over sessions, where outcomes depend on their own past."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import count_sessions
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.forest import describe_unit
from alliance.report.figures.thinning import every_marker
from alliance.report.labels import capitalised_name, label_effect, label_model, label_path, units_that_differ
from alliance.report.numbers import format_estimate, format_percent

TITLE = "What adds up over sessions"
CAPTION = (
    "What the model expects by way of the variable between after so many sessions, where the first variable is one unit higher at each of "
    "them and the outcome depends on its own past. For a cause that is the same at all sessions of a patient: the difference with "
    "it at each session, in all, by way of the variable between, and beside it."
)
NEEDS = ("estimates",)
_DODGE = 0.16  # sessions between the models of one panel
_LEGEND_LINE = 11.0  # points


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one panel per path, one line with intervals per model."""
    values = accumulated_rows(inputs["estimates"])
    if values.empty:
        return theme.draw_unavailable(
            "No fitted joint model has an indirect path and an outcome that depends on its own past: there is nothing to add up."
        )
    panels, _ = theme.fill_page([_first_curves(part) for _, part in values.groupby("path", sort=False)], _height_of)
    drawn = {curve for panel in panels for curve in _curves_of(panel)}
    others = [curve for curve in _curves_of(values) if curve not in drawn]
    heights = [_height_of(panel) for panel in panels]
    with theme.applied():
        figure, axes = theme.new_figure(theme.DOUBLE, sum(heights), len(panels), 1, height_ratios=heights)
        for axis, panel in zip(axes, panels, strict=True):
            _draw_panel(axis, panel, config)
    units = units_that_differ(set(values["model"]), config)
    averages = f"Curves are averages over {units}, whose steps differ." if units else ""
    notes = [
        averages,
        f"Intervals: {format_percent(config.inference.interval)}.",
        theme.note_of_others(others, "curves"),
        theme.note_of_flags([flag for panel in panels for flag in panel["flag"]]),
    ]
    return Drawing(figure, values, _describe(panels, config), " ".join(note for note in notes if note))


def _height_of(panel: pd.DataFrame) -> float:
    return 1.85 + _LEGEND_LINE / theme.POINTS * len(_curves_of(panel))


def _curves_of(values: pd.DataFrame) -> list[tuple[str, ...]]:
    """Name the curves by model, path and effect."""
    return [tuple(curve) for curve in values[["model", "path", "effect"]].drop_duplicates().to_numpy()]


def _first_curves(part: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of as many models of a path as there are styles of lines."""
    shown = theme.first_with_styles([(model, effect) for model, _, effect in _curves_of(part)])
    return part[pd.Series(zip(part["model"], part["effect"], strict=True), index=part.index).isin(shown)]


def accumulated_rows(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the accumulated effects with the number of sessions after which each is reached."""
    rows = estimates[estimates["effect"].isin(EFFECTS.names(lambda effect: effect.curve and effect.kind == "path"))]
    values = rows[["model", "path", "effect", "level", "horizon", "estimate", "low", "high", "flag"]].copy()
    values.insert(4, "sessions", [count_sessions(horizon) for horizon in values.pop("horizon")])
    return values.sort_values(["path", "model", "effect", "sessions"], kind="stable", key=_in_order).reset_index(
        drop=True
    )


def _in_order(column: pd.Series) -> pd.Series:
    """Keep names in the order in which they come first; numbers are sorted as numbers."""
    return column if pd.api.types.is_numeric_dtype(column) else pd.Series(pd.factorize(column)[0], index=column.index)


def _draw_panel(axis: Axes, panel: pd.DataFrame, config: Config) -> None:
    curves = list(panel.groupby(["model", "effect"], sort=False))
    for i, ((model, effect), rows) in enumerate(curves):
        colour = theme.SERIES[i % len(theme.SERIES)]
        x = rows["sessions"] + _DODGE * (i - (len(curves) - 1) / 2)
        axis.vlines(x, rows["low"], rows["high"], color=colour, linewidth=1.1, alpha=0.8, zorder=2)
        (label,) = theme.mark_flags([_name_curve(str(model), str(effect), config)], ["".join(rows["flag"])])
        axis.plot(
            x, rows["estimate"], color=colour, linestyle=theme.LINES[i % len(theme.LINES)], marker=theme.MARKERS[i % len(theme.MARKERS)],
            markersize=3.2, markevery=every_marker(len(rows)), linewidth=1, label=label, zorder=3,
        )  # fmt: skip
    last = int(panel["sessions"].max())
    axis.axhline(0, color=theme.MUTED, linewidth=0.7, zorder=1)
    axis.set_xticks(np.arange(1, last + 1, max(1, last // 8)))
    axis.set_xlabel("Sessions")
    path = panel["path"].iloc[0]
    title = theme.wrap(capitalised_name(label_path(path, config)), 100)
    axis.set_title(title, loc="left", pad=_LEGEND_LINE * len(curves) + 6)
    axis.set_ylabel(theme.wrap(describe_unit(path, config), 28), fontsize=theme.SMALL)
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, labelspacing=0.3, borderpad=0)


def _name_curve(model: str, effect: str, config: Config) -> str:
    """Name the model, and which of several curves it is."""
    return f"{label_model(model, config)}: {label_effect(effect).partition(',')[0]}"


def _describe(panels: list[pd.DataFrame], config: Config) -> str:
    parts = []
    for panel in panels:
        for (model, effect), rows in panel.groupby(["model", "effect"], sort=False):
            first, last = records(rows.iloc[[0, -1]])
            parts.append(
                f"{label_path(str(first.path), config)} in '{_name_curve(str(model), str(effect), config)}': "
                f"{format_estimate(first.estimate, first.low, first.high)} at {first.sessions} and "
                f"{format_estimate(last.estimate, last.low, last.high)} at {last.sessions} sessions{' (flagged)' if last.flag else ''}"
            )
    return f"Curves of indirect paths over sessions. {'. '.join(parts)}."
