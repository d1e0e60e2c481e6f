"""How much single patients and therapists move the path of a model: the estimate without each of the most influential ones."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from alliance.config import Config
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.forest import describe_unit
from alliance.report.labels import capitalised_name, label_level_of, label_model, label_path
from alliance.report.numbers import format_number, format_percent
from alliance.results.disclosure import publish_influence
from alliance.results.estimates import main_rows

TITLE = "Influence of single patients and therapists"
CAPTION = (
    "The estimate of the path when one patient, or one therapist with all patients, is left out. Line: the estimate with everybody, at "
    "the maximum of the likelihood as the others are. Band: the interval that the model reports."
)
NEEDS = ("influence", "estimates")
_UNITS = ("patient", "therapist")
_KEYS = ["model", "path", "effect", "level"]
_POINT = 0.075  # inches per point
_FRAME = 0.78  # inches of a panel's title, axis and label
_LEGEND = 0.3
_FLAT = 4  # points that a panel without single units is high


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one row of panels per model, path and level: patients left, therapists right."""
    table = main_rows(inputs["influence"])
    rows = publish_influence(table, config.privacy.single_patients, config.privacy.minimum_cell)
    if rows.empty:
        return theme.draw_unavailable("No fitted model was asked how much single patients move its path.")
    whole = inputs["estimates"].drop_duplicates(_KEYS).set_index(_KEYS)[["low", "high", "flag"]]
    joined = rows.join(whole, on=_KEYS).fillna({"flag": ""})
    groups = [part.sort_values(["unit", "rank"]) for _, part in joined.groupby(_KEYS, sort=False)]
    values = pd.concat(groups, ignore_index=True)
    units = [unit for unit in _UNITS if (values["unit"] == unit).any()]
    single = bool((values["rank"] > 1).any())
    heights = [_FRAME + _POINT * (int(part["rank"].max()) if single else _FLAT) for part in groups]
    with theme.applied():
        figure, axes = theme.new_figure(
            theme.DOUBLE, sum(heights) + _LEGEND, len(groups), len(units), height_ratios=heights, sharex="row", sharey="row"
        )  # fmt: skip
        for i, part in enumerate(groups):
            for j, unit in enumerate(units):
                _draw_panel(axes[i * len(units) + j], part, unit, single=single)
            first = axes[i * len(units)]
            title = f"{label_model(part['model'].iloc[0], config)}\n{_subject(part, config)}"
            first.set_title("\n".join(theme.wrap(line, 100) for line in title.split("\n")), loc="left")
            first.set_ylabel("Rank of influence" if single else "")
            figure.align_labels()
            for axis in axes[i * len(units) : (i + 1) * len(units)]:
                axis.set_xlabel(theme.wrap(describe_unit(part["path"].iloc[0], config), 46 if len(units) > 1 else 90))
        figure.legend(handles=_handles(units, single=single), loc="outside upper left", ncols=len(units) + 2)
    notes = [
        f"Intervals: {format_percent(config.inference.interval)}. Codes of patients and therapists are not shown.",
        "The most influential stands at the top."
        if single
        else "Bars run from the lowest to the highest of these estimates.",
        theme.note_of_flags(list(values["flag"])),
    ]
    return Drawing(figure, values, _describe(groups, units, config), " ".join(note for note in notes if note))


def _draw_panel(axis: Axes, part: pd.DataFrame, unit: str, *, single: bool) -> None:
    rows = part[part["unit"] == unit]
    estimate, low, high = (float(part[name].iloc[0]) for name in ("estimate", "low", "high"))
    if low < high:
        axis.axvspan(low, high, color=theme.PALE, alpha=0.6, linewidth=0, zorder=0)
    axis.axvline(estimate, color=theme.INK, linewidth=1, zorder=1)
    axis.axvline(0, color=theme.MUTED, linewidth=0.7, linestyle=theme.LINES[2], zorder=1)
    if not (rows["rank"] > 1).any():  # the range of all units instead of single ones
        axis.hlines(
            rows["rank"],
            rows["lowest"],
            rows["highest"],
            color=theme.SERIES[_UNITS.index(unit)],
            linewidth=2.5,
            zorder=3,
        )
    if not single:
        axis.set_yticks([])
        axis.set_ylim(2, 0)
        return
    axis.hlines(rows["rank"], estimate, rows["without"], color=theme.RULE, linewidth=0.6, zorder=2)
    axis.plot(
        rows["without"], rows["rank"], linestyle="", marker=theme.MARKERS[_UNITS.index(unit)], markersize=3.2,
        color=theme.SERIES[_UNITS.index(unit)], zorder=3,
    )  # fmt: skip
    last = int(part["rank"].max())
    axis.set_yticks([1, *range(5, last + 1, 5)])
    axis.set_ylim(last + 0.9, 0.1)


def _subject(part: pd.DataFrame, config: Config) -> str:
    row = part.iloc[0]
    level = label_level_of(row, config)
    return capitalised_name(f"{label_path(row['path'], config)}, {level}")


def _handles(units: list[str], *, single: bool) -> list[Line2D | Patch]:
    points = [
        Line2D(
            [],
            [],
            linestyle="" if single else "-",
            linewidth=2.5,
            marker=theme.MARKERS[i] if single else "",
            color=theme.SERIES[i],
            label=f"Without one {unit}",
        )
        for i, unit in enumerate(_UNITS)
        if unit in units
    ]
    return [
        *points,
        Line2D([], [], color=theme.INK, linewidth=1, label="With everybody"),
        Patch(facecolor=theme.PALE, label="Interval reported"),
    ]


def _describe(groups: list[pd.DataFrame], units: list[str], config: Config) -> str:
    parts = []
    for part in groups:
        whole = part.iloc[0]
        low, high = format_number(whole["low"]), format_number(whole["high"])
        interval = "" if np.isnan(whole["low"]) else f" (interval reported {low} to {high})"
        ranges = [
            f"without one {unit} from {format_number(rows['lowest'].iloc[0])} to {format_number(rows['highest'].iloc[0])}"
            for unit in units
            if len(rows := part[part["unit"] == unit])
        ]
        flagged = " (flagged)" if whole["flag"] else ""
        parts.append(
            f"{_subject(part, config)} in '{label_model(whole['model'], config)}': {format_number(whole['estimate'])} with everybody"
            f"{interval}{flagged}, {', '.join(ranges)}"
        )
    return f"Estimates of paths without single patients or therapists. {'. '.join(parts)}."
