"""What the recovery found: bias and coverage of what readers look at first, and the verdict on every number, method beside method."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from alliance.certify.summary import COVERAGE, FLAGGED, FLAGGED_RIGHTLY, MOST_BIAS, RIGHT, UNDECIDED, WRONG
from alliance.facts.columns import LAG, records
from alliance.facts.effects import COVARIANCE, EFFECTS
from alliance.facts.quantity import ends_of
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import label_level

_COLOURS = (theme.NAVY, theme.ORANGE, theme.BLUE, theme.MUTED)
_MARKERS = ("o", "D", "s", "^")
_WIDEST = 30.0  # percent; bias beyond it is drawn at the edge
_LOWEST = 60.0  # percent; so is coverage below it
_NORMAL = 1.96
_INCHES = 0.125  # per row
_FEWEST_ROWS = 8  # a panel is as high as if it had so many
_LOOKS = {  # marker, colour, size
    RIGHT: ("o", theme.BLUE, 3.2),
    FLAGGED_RIGHTLY: ("^", theme.ORANGE, 3.8),
    UNDECIDED: (".", theme.RULE, 3.0),
    WRONG: ("X", theme.INK, 4.6),
}
Labels = Mapping[str, str]


def draw_recovery(summary: pd.DataFrame, designs: Labels, methods: Labels) -> Drawing:
    """Draw bias in percent of the truth and coverage of the intervals, each with its Monte Carlo interval, of what is read first.

    Parameters
    ----------
    summary
        Rows of `alliance.certify.summary.summarise_recovery`.
    designs, methods
        Name -> label, in the order in which they are shown.
    """
    shown = {name: label for name, label in designs.items() if (summary["design"] == name).any()}
    panels = {title: rows for title, rows in _headlines(summary).items() if len(rows)}
    with theme.applied():
        height = (_INCHES * max(len(shown), _FEWEST_ROWS) + 0.45) * -(-len(panels) // 2) + 0.5
        figure, axes = theme.new_figure(theme.DOUBLE, height, -(-len(panels) // 2), 4)
        for number, (title, rows) in enumerate(panels.items()):
            bias, coverage = axes[2 * number : 2 * number + 2]
            _draw_quantity(bias, coverage, rows, list(shown), methods)
            bias.set_title(title)
            bias.set_yticks(range(len(shown)), list(shown.values()) if number % 2 == 0 else [])
        for unused in axes[2 * len(panels) :]:
            unused.set_axis_off()
        for number, axis in enumerate(axes[:4]):
            axis.xaxis.set_label_position("top")
            axis.set_xlabel(("Bias, %", "Coverage, %")[number % 2], labelpad=12)
        figure.legend(handles=_legend(methods), loc="outside upper left", ncols=len(methods))
    notes = (
        f"Bias in percent of the truth. Bars: 95% intervals for the error of the simulation. Shaded: bias within {MOST_BIAS:g}%, "
        f"coverage from {100 * COVERAGE[0]:g} to {100 * COVERAGE[1]:g}%. Bias beyond {_WIDEST:g}% and coverage below "
        f"{_LOWEST:g}% stand at the edge. Open: at least four in five of the estimates are flagged or withheld."
    )
    return Drawing(figure, summary, _describe(summary, designs, methods), notes)


def draw_verdicts(summary: pd.DataFrame, designs: Labels, methods: Labels) -> Drawing:
    """Draw the verdict on every number (rows) in every world (columns), one panel per method."""
    shown = {name: label for name, label in designs.items() if (summary["design"] == name).any()}
    named = _at_the_end(summary[summary["verdict"].isin(list(_LOOKS))])
    named = named.assign(row=[_name(row) for row in records(named)])
    rows = list(dict.fromkeys(named["row"]))
    with theme.applied():
        height = 0.115 * len(rows) + 0.075 * max(map(len, shown.values())) + 0.6
        figure, axes = theme.new_figure(
            2.9 + max(1.6, 0.135 * len(shown)) * len(methods), height, 1, len(methods), sharey=True
        )
        for axis, (method, label) in zip(axes, methods.items(), strict=True):
            of_method = named[named["method"] == method]
            for verdict, (marker, colour, size) in _LOOKS.items():
                found = of_method[of_method["verdict"] == verdict]
                x, y = (
                    found[key].map({name: place for place, name in enumerate(of)})
                    for key, of in (("design", shown), ("row", rows))
                )
                axis.plot(x, y, marker=marker, color=colour, markersize=size, linestyle="", markeredgewidth=0)
            axis.set_xticks(range(len(shown)), list(shown.values()), rotation=90)
            axis.set_xlim(-0.7, len(shown) - 0.3)
            axis.set_title(textwrap.fill(label, 26))
            axis.grid(axis="both", color=theme.PALE, linewidth=0.3)
            axis.tick_params(length=0)
        axes[0].set_yticks(range(len(rows)), rows)
        axes[0].set_ylim(len(rows) - 0.4, -0.6)
        handles = [
            Line2D(
                [], [], color=colour, marker=marker, linestyle="", markersize=size + 1, markeredgewidth=0, label=name
            )
            for name, (marker, colour, size) in _LOOKS.items()
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    notes = (
        "Empty: the world has no such number, or the method gives none. Effects of an arm stand at the last session."
    )
    return Drawing(figure, named, _describe(summary, designs, methods), notes)


def _at_the_end(summary: pd.DataFrame) -> pd.DataFrame:
    """Keep of what stands at single sessions only the last one."""
    session = summary["horizon"].astype(str).str.extract(r"session (\d+)$", expand=False).astype(float)
    last = session.groupby(summary["design"]).transform("max")
    return summary[session.isna() | (session == last)]


def _headlines(summary: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Pick what readers look at first; at most one row per design and method each."""
    end, within = _at_the_end(summary), summary["level"] == "within"
    ends = [
        ends_of(path) if effect == "coefficient" else ("", "")
        for path, effect in zip(summary["path"], summary["effect"], strict=True)
    ]
    own_past = pd.Series([cause == f"{outcome}{LAG}" for cause, outcome in ends], index=summary.index)
    chosen = {
        "b, or the single slope": summary[within & summary["effect"].isin(["b", "effect"])],
        "Indirect": summary[within & (summary["effect"] == "indirect")],
        "Covariance of a and b": summary[within & (summary["effect"] == COVARIANCE)],
        "The outcome's own past": summary[own_past].groupby(["design", "method"], sort=False).tail(1),
        "Total between patients": summary[(summary["effect"] == "total") & (summary["level"] == "between_patient")],
        "Of the arm, at the end": end[(end["level"] == "overall") & (end["effect"] == "total")],
    }
    return {title: rows.groupby(["design", "method"], sort=False).head(1) for title, rows in chosen.items()}


def _draw_quantity(bias: Axes, coverage: Axes, rows: pd.DataFrame, designs: list[str], methods: Labels) -> None:
    bias.axvspan(-MOST_BIAS, MOST_BIAS, color=theme.PALE, alpha=0.6, linewidth=0)
    coverage.axvspan(100 * COVERAGE[0], 100 * COVERAGE[1], color=theme.PALE, alpha=0.6, linewidth=0)
    bias.axvline(0, color=theme.MUTED, linewidth=0.8)
    places = {name: place for place, name in enumerate(designs)}
    offsets = np.linspace(-0.25, 0.25, len(methods)) if len(methods) > 1 else np.zeros(1)
    for offset, method, colour, marker in zip(offsets, methods, _COLOURS, _MARKERS, strict=False):
        found = rows[(rows["method"] == method) & (rows["n_studies"] > 0)]
        y, marked = (
            found["design"].map(places).to_numpy(dtype=float) + offset,
            (found["share_flagged"] >= FLAGGED).to_numpy(),
        )
        half = _NORMAL * found["bias_percent_se"]
        of_bias = [(found["bias_percent"] + side * half).clip(-_WIDEST, _WIDEST).to_numpy() for side in (-1, 0, 1)]
        of_coverage = [
            (100 * found[name]).clip(_LOWEST, None).to_numpy() for name in ("coverage_low", "coverage", "coverage_high")
        ]
        for axis, (low, centre, high) in ((bias, of_bias), (coverage, of_coverage)):
            axis.hlines(y, low, high, color=colour, linewidth=0.9)
            style: dict[str, Any] = {
                "color": colour,
                "marker": marker,
                "linestyle": "",
                "markersize": 2.6,
                "markeredgewidth": 0.7,
            }
            axis.plot(centre[~marked], y[~marked], **style)
            axis.plot(centre[marked], y[marked], markerfacecolor="white", **style)
    coverage.set_yticks(range(len(designs)), [])
    bias.set_xlim(-_WIDEST * 1.05, _WIDEST * 1.05)
    coverage.set_xlim(_LOWEST - 1.5, 101.5)
    for axis in (bias, coverage):
        axis.set_ylim(len(designs) - 0.4, -0.6)
        axis.tick_params(axis="y", length=0)


def _legend(methods: Labels) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, marker=marker, linestyle="", label=label)
        for label, colour, marker in zip(methods.values(), _COLOURS, _MARKERS, strict=False)
    ]


def _name(row: object) -> str:
    """Name a number so that the same one of different worlds has the same name, whenever its effect arrives."""
    path, effect, level = (getattr(row, part) for part in ("path", "effect", "level"))
    text = path.replace(LAG, "").replace("->", "→")
    if effect == "coefficient":
        cause, outcome = ends_of(path)
        text = f"own past of {outcome}" if cause == f"{outcome}{LAG}" else text
    name = {"sd": f"sd, {text}", "correlation": f"cor, {text}"}.get(effect) or EFFECTS[effect].symbol
    if effect in ("direct", "indirect", "indirect_product", "intention_to_treat"):
        name = EFFECTS[effect].label
    return f"{name or text}, {label_level(level)}"


def _describe(summary: pd.DataFrame, designs: Labels, methods: Labels) -> str:
    parts = []
    for (design, method), rows in summary.groupby(["design", "method"], sort=False):
        counts = rows["verdict"].value_counts()
        said = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in _LOOKS)
        parts.append(f"{designs[str(design)]}, {methods[str(method)]}: {said}")
    return "Bias, coverage and verdicts by world and method. " + "; ".join(parts) + "."
