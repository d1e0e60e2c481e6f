"""One figure of everything that was measured against sizes: sampling, maximum likelihood, growth."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

_ML_PEERS = {
    "lme4": ("#E9A53A", "s"),
    "nlme": ("#3B86BE", "^"),
    "statsmodels": ("#8A8A8A", "D"),
    "mixedlm": ("#4F9D69", "v"),
    "lme-python": ("#B0516F", "P"),
}
_STYLES = {"alliance": ("#12355B", "o"), "brms": ("#E9A53A", "s"), "numpyro": ("#4F9D69", "v"), **_ML_PEERS}


def draw_figure(results: dict[str, dict[str, Any]], folder: Path) -> None:
    """Write plot.svg and plot.png, with a panel for each part that was measured."""
    panels = [
        (name, draw)
        for name, draw in (("nuts_brms", _draw_sampling), ("ml_peers", _draw_maximum), ("growth", _draw_growth))
        if any(row["status"] == "ok" for row in results.get(name, {}).get("rows", []))
    ]
    if not panels:
        return
    style: dict[Any, Any] = {
        "font.size": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "benchmarks",
    }
    with mpl.rc_context(style):
        figure, axes = plt.subplots(
            1, len(panels), figsize=(3.7 * len(panels), 3.7), layout="constrained", squeeze=False
        )
        for (name, draw), ax in zip(panels, axes[0], strict=True):
            draw(ax, results[name])
        figure.savefig(folder / "plot.svg", metadata={"Date": None})
        figure.savefig(folder / "plot.png", dpi=150, metadata={"Software": None})
        plt.close(figure)


def _draw_sampling(ax: Axes, found: dict[str, Any]) -> None:
    rows = [row for row in found["rows"] if row["status"] == "ok"]
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    kinds = {"per_second_sampling": ("sampling", 0.1, True), "per_second_whole": ("start to draws", -0.1, False)}
    for row in rows:
        colour, marker = _STYLES[row["engine"]]
        for key, (label, shift, filled) in kinds.items():
            x, y = row[key], len(sizes) - 1 - sizes.index(row["size"]) + shift
            text = f"{row['engine']}, {label}" if row["size"] == sizes[0] else None
            fill = colour if filled else "white"
            ax.plot(x, y, marker, color=colour, markerfacecolor=fill, markersize=6, label=text)
    ax.set_xscale("log")
    ax.set_yticks(range(len(sizes)), sizes[::-1])
    ax.set_ylim(-0.6, len(sizes) - 0.3)
    ax.tick_params(axis="y", length=0)
    slowest, fastest = min(row["per_second_whole"] for row in rows), max(row["per_second_sampling"] for row in rows)
    ax.set_xlim(slowest / 3, fastest * 3)
    ax.set_xlabel("smallest bulk ESS per second (higher is better)")
    ax.set_ylabel("patients x sessions")
    _put_legend(ax)
    ax.set_title("NUTS: all population parameters", loc="left", fontsize=8.5)
    ax.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


def _draw_maximum(ax: Axes, found: dict[str, Any]) -> None:
    rows = [row for row in found["rows"] if row["status"] == "ok"]
    for engine in ("alliance", *_ML_PEERS):
        colour, marker = _STYLES[engine]
        model = "joint" if engine == "alliance" else "separate"
        for levels, line in ((2, "-"), (3, ":")):
            points = [row for row in rows if (row["engine"], row["model"], row["levels"]) == (engine, model, levels)]
            if points:
                label = f"{engine}{', joint' if engine == 'alliance' else ''}" if levels == 2 else None
                ax.plot(
                    [row["patients"] for row in points],
                    [row["seconds"] for row in points],
                    line,
                    marker=marker,
                    color=colour,
                    markersize=4.5,
                    label=label,
                )
    patients = sorted({row["patients"] for row in rows})
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(patients, [f"{count:,}" for count in patients])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("patients (20 sessions each)")
    ax.set_ylabel("seconds, data frame to fit (lower is better)")
    ax.set_title("Maximum likelihood (dotted: three levels)", loc="left", fontsize=8.5)
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    _put_legend(ax)


def _draw_growth(ax: Axes, found: dict[str, Any]) -> None:
    rows = [row for row in found["rows"] if row["status"] == "ok"]
    series = (
        ("patients", "seconds_evaluation", "value and gradient, more patients", "#12355B", "-"),
        ("patients", "seconds_maximum", "maximum, more patients", "#12355B", "--"),
        ("sessions", "seconds_evaluation", "value and gradient, more sessions", "#E9A53A", "-"),
        ("sessions", "seconds_maximum", "maximum, more sessions", "#E9A53A", "--"),
    )
    for along, key, label, colour, line in series:
        points = [row for row in rows if row["along"] == along]
        if points:
            times = [row[along] / points[0][along] for row in points]
            ax.plot(times, [row[key] for row in points], line, marker="o", color=colour, markersize=4, label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("times as many patients or sessions as in the smallest study")
    ax.set_ylabel("seconds")
    ax.set_title("Growth with patients and with sessions", loc="left", fontsize=8.5)
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    _put_legend(ax)


def _put_legend(ax: Axes) -> None:
    """Put the legend below the panel, where it hides nothing."""
    ax.legend(frameon=False, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
