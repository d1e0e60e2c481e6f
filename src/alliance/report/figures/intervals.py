"""Rows of points with intervals, numbers beside them: what the forest plot, both directions and variance share."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from alliance.facts.columns import records
from alliance.report.figures import theme
from alliance.report.labels import capitalised_name, label_level

ROW_HEIGHT = 0.2  # inches per row of a figure made of rows
_CUT, _PAD = 0.25, 0.06  # shares of the range: how far therapists' intervals may exceed the others, and empty margin


def axis_limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis: zero and all intervals, except those of therapists where they would dwarf the others.

    Therapists are few, so their intervals are often many times as wide as those of the other levels. They may reach a
    quarter of the others' range beyond them; what is longer is cut and drawn as an arrow.

    Parameters
    ----------
    rows
        Columns level, low and high; rows without numbers count for nothing.
    """
    everything = _range_of(rows)
    others = rows[rows["level"] != "between_therapist"]
    low, high = _range_of(others if others["low"].notna().any() else rows)
    reach = _CUT * (high - low)
    low, high = max(everything[0], low - reach), min(everything[1], high + reach)
    return low - _PAD * (high - low), high + _PAD * (high - low)


def _range_of(rows: pd.DataFrame) -> tuple[float, float]:
    return min(0.0, float(rows["low"].min())), max(0.0, float(rows["high"].max()))


def note_of_cuts(panels: Sequence[pd.DataFrame]) -> str:
    """Return the note on arrows if any interval of the panels goes on beyond its axis, else an empty string."""
    for rows in panels:
        low, high = axis_limits(rows)
        if ((rows["low"] < low) | (rows["high"] > high)).any():
            return "Arrows: the interval goes on beyond the axis; its numbers stand at the right."
    return ""


def head_rows(text: str) -> pd.DataFrame:
    """Return the rows of a heading for `draw_intervals`: one for each of its lines, the last holds the text."""
    blank = {"label": "", "estimate": np.nan, "low": np.nan, "high": np.nan, "level": "", "flag": ""}
    return pd.DataFrame([*([blank] * text.count("\n")), blank | {"label": text}])


def draw_intervals(axis: Axes, rows: pd.DataFrame, texts: Sequence[str], heading: str = "") -> None:
    """Draw one row per estimate from top to bottom, the flagged ones with a sign at the point and in the text.

    Parameters
    ----------
    rows
        Columns label, estimate, low, high, level, filled (False: open marker) and flag, in the order shown; a row without an
        estimate (NaN) is a heading across the axes, see `head_rows`.
    texts
        Text at the right of each row, usually the numbers.
    heading
        Text above that column.
    """
    start, end = axis_limits(rows)
    for y, (row, text) in enumerate(zip(records(rows), texts, strict=True)):
        axis.text(1.02, y, text, transform=axis.get_yaxis_transform(), va="center", ha="left", fontsize=theme.SMALL)
        if np.isnan(row.estimate):
            axis.text(
                0, y + 0.45, row.label, transform=axis.get_yaxis_transform(), va="bottom", ha="left", fontsize=theme.SMALL,
                fontweight="bold", bbox=theme.CLEAR, zorder=1.5,
            )  # fmt: skip
            continue
        colour = theme.LEVEL_COLOURS.get(row.level, theme.NAVY)
        low, high = float(np.clip(row.low, start, end)), float(np.clip(row.high, start, end))
        axis.plot([low, high], [y, y], color=colour, linewidth=1.3, solid_capstyle="butt", zorder=2)
        for cut, place, arrow in ((row.low < start, start, "<"), (row.high > end, end, ">")):
            if cut:
                axis.plot(place, y, marker=arrow, color=colour, markersize=4, clip_on=False, zorder=3)
        if start <= row.estimate <= end:
            axis.plot(
            row.estimate, y, marker=theme.LEVEL_MARKERS.get(row.level, "o"), markersize=5, color=colour,
            markerfacecolor=colour if row.filled else "white", markeredgecolor=colour, markeredgewidth=1, zorder=3,
        )  # fmt: skip
        if row.flag:
            beyond = row.high > end  # outside the axes stand the numbers
            axis.annotate(
                theme.FLAG, (high, y), (-8, 5) if beyond else (3.5, 0), textcoords="offset points", va="center", ha="left",
                fontsize=theme.TEXT, fontweight="bold", color=theme.INK,
            )  # fmt: skip
    shown = rows["estimate"].notna().to_numpy()
    axis.set_yticks(np.flatnonzero(shown), rows.loc[shown, "label"])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.axvline(0, color=theme.MUTED, linewidth=0.7, zorder=1)
    axis.set_xlim(start, end)
    if heading:
        axis.text(
            1.02, -0.75, heading, transform=axis.get_yaxis_transform(), va="bottom", ha="left", fontsize=theme.SMALL
        )


def level_handles(levels: Sequence[str], *, open_label: str = "", lines: bool = True) -> list[Line2D]:
    """Return legend entries for the levels present, and for open markers if `open_label` says what they are."""
    width = 1.3 if lines else 0
    handles = [
        Line2D([], [], color=theme.LEVEL_COLOURS.get(level, theme.NAVY), marker=theme.LEVEL_MARKERS.get(level, "o"), linewidth=width,
               label=capitalised_name(label_level(level)))
        for level in dict.fromkeys(levels)
    ]  # fmt: skip
    if open_label:
        handles.append(
            Line2D([], [], color=theme.MUTED, marker="o", markerfacecolor="white", linewidth=width, label=open_label)
        )
    return handles
