"""How a process develops: averages at each session, the shapes that are compared, and how far patients' own courses spread."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from alliance.config import Config
from alliance.facts.quantity import count_sessions
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import SHAPES, capitalised_name, label_of, unit_of
from alliance.report.numbers import format_estimate, format_number, format_percent

TITLE = "Course over the sessions"
CAPTION = (
    "Points: average at each session with its interval, those who left taken into account. Lines: average courses of the shapes that are "
    "compared. Shaded: where the courses of the middle 80% of patients lie, error and fluctuation left out."
)
NEEDS = ("estimates", "courses")
_MIDDLE: Final = 1.2816  # standard deviations between which 80 % of a normal distribution lie
_LINES: Final[Mapping[str, Any]] = {
    "line": {"color": theme.NAVY, "linestyle": "-"},
    "plateau": {"color": theme.BLUE, "linestyle": "--"},
    "turn": {"color": theme.ORANGE, "linestyle": "-."},
}


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one panel per process."""
    estimates = inputs["estimates"]
    averages = estimates[estimates["effect"] == "average"]
    if averages.empty:
        return theme.draw_unavailable("No fitted model follows a course over the sessions.")
    parts = []
    for (model, outcome), rows in averages.groupby(["model", "outcome"], sort=False):
        same = (estimates["model"] == model) & (estimates["outcome"] == outcome)
        spread = estimates[same & (estimates["effect"] == "spread")].set_index("horizon")["estimate"]
        table = rows[["model", "outcome", "estimate", "low", "high"]].assign(
            session=[count_sessions(horizon) for horizon in rows["horizon"]],
            spread=spread.reindex(rows["horizon"]).to_numpy(),
        )
        shapes = inputs["courses"][inputs["courses"]["model"] == model]
        wide = shapes.pivot_table(index="session", columns="shape", values="value", sort=False)
        parts.append(table.join(wide, on="session").reset_index(drop=True))
    with theme.applied():
        figure, axes = theme.new_figure(theme.SINGLE if len(parts) == 1 else theme.DOUBLE, 2.9, 1, len(parts))
        for axis, part in zip(axes, parts, strict=True):
            _draw_panel(axis, part, config)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=1)
    values = pd.concat(parts, ignore_index=True)
    return Drawing(figure, values, _describe(parts, config), f"Intervals: {format_percent(config.inference.interval)}.")


def _draw_panel(axis: Axes, part: pd.DataFrame, config: Config) -> None:
    x, y = part["session"].to_numpy(), part["estimate"].to_numpy(dtype=float)
    reach = _MIDDLE * part["spread"].to_numpy(dtype=float)
    axis.fill_between(
        x, y - reach, y + reach, color=theme.PALE, alpha=0.6, linewidth=0, zorder=1, label="middle 80% of patients"
    )
    for shape, style in _LINES.items():
        if shape in part:
            axis.plot(x, part[shape], linewidth=1.3, zorder=2, label=SHAPES[shape], **style)
    error = np.array([y - part["low"], part["high"] - y])
    axis.errorbar(
        x,
        y,
        error,
        fmt="o",
        markersize=4,
        color=theme.INK,
        elinewidth=0.9,
        capsize=0,
        zorder=3,
        label="average at a session",
    )
    outcome = part["outcome"].iloc[0]
    axis.set_title(theme.wrap(capitalised_name(label_of(outcome, config)), 38))
    axis.set_xlabel("Session")
    axis.set_ylabel(capitalised_name(unit_of(outcome, config)))
    axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def _describe(parts: list[pd.DataFrame], config: Config) -> str:
    told = []
    for part in parts:
        first, last = part.iloc[0], part.iloc[-1]
        told.append(
            f"{label_of(first['outcome'], config)}: {format_estimate(first['estimate'], first['low'], first['high'])} at session "
            f"{first['session']}, {format_estimate(last['estimate'], last['low'], last['high'])} at session {last['session']}, standard "
            f"deviation of patients' courses there {format_number(last['spread'])}"
        )
    return f"Averages with intervals at each session, lines of the shapes compared. {'; '.join(told)}."
