"""Rows of points with intervals, numbers beside them: what the forest plot, both directions and variance share."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from alliance.figures import theme
from alliance.labels import capitalised_name, label_level
from alliance.records import records

ROW_HEIGHT = 0.2  # inches per row of a figure made of rows


def draw_intervals(axis: Axes, rows: pd.DataFrame, texts: Sequence[str], heading: str = "") -> None:
    """Draw one row per estimate from top to bottom, the flagged ones with a sign at the point and in the text.

    Parameters
    ----------
    rows
        Columns label, estimate, low, high, level, filled (False: open marker) and flag, in the order shown; a row without an
        estimate (NaN) is a heading across the axes.
    texts
        Text at the right of each row, usually the numbers.
    heading
        Text above that column.
    """
    for y, (row, text) in enumerate(zip(records(rows), texts, strict=True)):
        axis.text(1.02, y, text, transform=axis.get_yaxis_transform(), va="center", ha="left", fontsize=theme.SMALL)
        if np.isnan(row.estimate):
            axis.text(
                0,
                y + 0.1,
                row.label,
                transform=axis.get_yaxis_transform(),
                va="center",
                ha="left",
                fontsize=theme.SMALL,
                fontweight="bold",
            )
            continue
        colour = theme.LEVEL_COLOURS.get(row.level, theme.NAVY)
        axis.plot(
            [row.low, row.high], [y, y], color=colour, linewidth=1.3, linestyle="-", solid_capstyle="butt", zorder=2
        )
        axis.plot(
            row.estimate, y, marker=theme.LEVEL_MARKERS.get(row.level, "o"), markersize=5, color=colour,
            markerfacecolor=colour if row.filled else "white", markeredgecolor=colour, markeredgewidth=1, zorder=3,
        )  # fmt: skip
        if row.flag:
            axis.annotate(
                theme.FLAG, (row.high, y), (2.5, 0), textcoords="offset points", va="center", ha="left",
                fontsize=theme.TEXT, fontweight="bold", color=theme.INK,
            )  # fmt: skip
    shown = rows["estimate"].notna().to_numpy()
    axis.set_yticks(np.flatnonzero(shown), rows.loc[shown, "label"])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.axvline(0, color=theme.MUTED, linewidth=0.7, zorder=1)
    axis.margins(x=0.06)
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
