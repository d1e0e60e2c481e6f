"""Bias and coverage in the recovery studies, method beside method."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from alliance.certify.summary import COVERAGE, MOST_BIAS
from alliance.facts.columns import LAG, records
from alliance.facts.effects import EFFECTS
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import label_level

_COLOURS = (*theme.SERIES, theme.MUTED)
_MARKERS = (*theme.MARKERS, "D")
_WIDEST = 30.0  # percent; bias beyond it is drawn at the edge
_LOWEST = 60.0  # percent; so is coverage below it
_NORMAL = 1.96
_INCHES = 0.19  # per effect


def draw_recovery(summary: pd.DataFrame, designs: Mapping[str, str], methods: Mapping[str, str]) -> Drawing:
    """Draw bias in percent of the truth and coverage of the intervals, each with its interval, one row of panels per design.

    Parameters
    ----------
    summary
        Rows of `alliance.certify.summary.summarise_recovery`.
    designs, methods
        Name -> label, in the order in which they are shown.
    """
    shown = [(name, label) for name, label in designs.items() if (summary["design"] == name).any()]
    counts = [len(_effects(summary, name)) for name, _ in shown]
    with theme.applied():
        figure, axes = theme.new_figure(
            theme.DOUBLE, _INCHES * sum(counts) + 0.55 * len(shown) + 0.4, len(shown), 2, height_ratios=counts
        )
        for row, (design, label) in enumerate(shown):
            bias, coverage = axes[2 * row : 2 * row + 2]
            _draw_design(bias, coverage, summary[summary["design"] == design], _effects(summary, design), methods)
            bias.set_title(label)
        axes[-2].set_xlabel("Bias, percent of the true effect")
        axes[-1].set_xlabel("Coverage of the intervals, percent")
        handles = [
            Line2D([], [], color=colour, marker=marker, linestyle="", label=label)
            for label, colour, marker in zip(methods.values(), _COLOURS, _MARKERS, strict=False)
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    notes = (
        f"Bars: 95 % intervals for the error of the simulation. Grey: bias within {MOST_BIAS:g} %, coverage from "
        f"{100 * COVERAGE[0]:g} to {100 * COVERAGE[1]:g} %. Bias beyond {_WIDEST:g} % and coverage below "
        f"{_LOWEST:g} % stand at the edge."
    )
    return Drawing(figure, summary, _describe(summary, designs, methods), notes)


def _effects(summary: pd.DataFrame, design: str) -> pd.DataFrame:
    return summary.loc[summary["design"] == design, ["path", "effect", "level"]].drop_duplicates()


def _draw_design(
    bias: Axes, coverage: Axes, rows: pd.DataFrame, effects: pd.DataFrame, methods: Mapping[str, str]
) -> None:
    bias.axvspan(-MOST_BIAS, MOST_BIAS, color=theme.PALE, alpha=0.6, linewidth=0)
    coverage.axvspan(100 * COVERAGE[0], 100 * COVERAGE[1], color=theme.PALE, alpha=0.6, linewidth=0)
    bias.axvline(0, color=theme.MUTED, linewidth=0.8)
    offsets = np.linspace(-0.27, 0.27, len(methods)) if len(methods) > 1 else np.zeros(1)
    for offset, method, colour, marker in zip(offsets, methods, _COLOURS, _MARKERS, strict=False):
        found = effects.reset_index(drop=True).reset_index().merge(rows[rows["method"] == method], how="inner")
        y = found["index"] + offset
        half = _NORMAL * found["bias_percent_se"]
        centre = found["bias_percent"].clip(-_WIDEST, _WIDEST)
        low, high = ((found["bias_percent"] + side * half).clip(-_WIDEST, _WIDEST) for side in (-1, 1))
        bias.hlines(y, low, high, color=colour, linewidth=1)
        bias.plot(centre, y, color=colour, marker=marker, linestyle="", markersize=3.2)
        low, centre, high = (
            (100 * found[name]).clip(_LOWEST, None) for name in ("coverage_low", "coverage", "coverage_high")
        )
        coverage.hlines(y, low, high, color=colour, linewidth=1)
        coverage.plot(centre, y, color=colour, marker=marker, linestyle="", markersize=3.2)
    names = [_name(row.path, row.effect, row.level) for row in records(effects)]
    bias.set_yticks(range(len(names)), names)
    coverage.set_yticks(range(len(names)), [])
    bias.set_xlim(-_WIDEST * 1.03, _WIDEST * 1.03)
    coverage.set_xlim(_LOWEST - 1, 101)
    for axis in (bias, coverage):
        axis.set_ylim(len(names) - 0.4, -0.6)
        axis.tick_params(axis="y", length=0)


def _name(path: str, effect: str, level: str) -> str:
    name = EFFECTS[effect].symbol or re.sub(rf"(\w+){LAG}\b", r"earlier \1", path).replace("->", "→")
    return f"{name}, {label_level(level)}"


def _describe(summary: pd.DataFrame, designs: Mapping[str, str], methods: Mapping[str, str]) -> str:
    parts = []
    for (design, method), rows in summary.groupby(["design", "method"], sort=False):
        biased = int(rows["verdict_bias"].isin(["missed", "probably missed"]).sum())
        off = int(rows["verdict_coverage"].isin(["missed", "probably missed"]).sum())
        parts.append(
            f"{designs[str(design)]}, {methods[str(method)]}: bias beyond its limit in {biased}, coverage in {off} of {len(rows)} effects"
        )
    return "Bias and coverage by design and method. " + "; ".join(parts) + "."
