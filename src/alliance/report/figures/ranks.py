"""Ranks of true values among draws of the posterior: distribution functions with simultaneous bands, and histograms."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from alliance.certify.uniformity import bands, counts_below, null_extremeness
from alliance.inference.montecarlo import generator_for
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing

_COLUMNS = 4
_INCHES = 1.25  # per row of panels
_BINS = 20
_COLOURS = (theme.NAVY, theme.ORANGE)


def draw_rank_ecdf(ranks: pd.DataFrame, engines: Mapping[str, str], level: float, seed: int) -> Drawing:
    """Draw how far the distribution function of the ranks is from that of uniform ranks, quantity by quantity.

    Parameters
    ----------
    ranks
        Rows of `alliance.certify.calibration.rank_data_sets`.
    engines
        Name -> label, in the order in which they are shown.
    level
        Probability that all of a uniform quantity's ranks lie within the band.
    """
    rng = generator_for(seed, "calibration", "bands")
    limits = {}
    for engine, rows in ranks.groupby("engine", sort=False):
        size, draws = rows["data_set"].nunique(), int(rows["draws"].iloc[0])
        limits[engine] = bands(size, draws, null_extremeness(size, draws, rng), level)
    with theme.applied():
        figure, panels = _panels(ranks, engines)
        values = []
        for quantity, axis in panels.items():
            axis.axhline(0, color=theme.MUTED, linewidth=0.6)
            for engine, colour in zip(engines, _COLOURS, strict=False):
                rows = ranks[(ranks["engine"] == engine) & (ranks["quantity"] == quantity)]
                draws = int(rows["draws"].iloc[0])
                share = np.arange(1, draws + 1) / (draws + 1)
                low, high = limits[engine]
                difference = counts_below(rows["rank"].to_numpy(), draws) / len(rows) - share
                axis.fill_between(share, low - share, high - share, color=colour, alpha=0.15, linewidth=0)
                axis.plot(share, difference, color=colour, linewidth=1)
                kept = {"low": low - share, "difference": difference, "high": high - share}
                values.append(pd.DataFrame({"engine": engine, "quantity": quantity, "share": share, **kept}))
        figure.supylabel("Distribution function of the ranks minus uniform", fontsize=theme.TEXT)
        figure.supxlabel("Rank as a share of the draws", fontsize=theme.TEXT)
    table = pd.concat(values, ignore_index=True)
    outside = table[(table["difference"] < table["low"]) | (table["difference"] > table["high"])]
    count = len(outside[["engine", "quantity"]].drop_duplicates())
    alt = f"Distribution functions of {len(panels)} quantities; {count} of {len(panels) * len(engines)} lines leave their band."
    return Drawing(figure, table, alt, f"Bands: {100 * level:g}%, simultaneous over all ranks of one quantity.")


def draw_histograms(ranks: pd.DataFrame, engines: Mapping[str, str], level: float) -> Drawing:
    """Draw how often ranks occurred, in bins, with the limits of the counts of single bins under uniform ranks."""
    with theme.applied():
        figure, panels = _panels(ranks, engines)
        values = []
        for quantity, axis in panels.items():
            for engine, colour in zip(engines, _COLOURS, strict=False):
                rows = ranks[(ranks["engine"] == engine) & (ranks["quantity"] == quantity)]
                draws = int(rows["draws"].iloc[0])
                # Ranks 0 .. L in bins that hold equally many of them, up to one.
                edges = np.linspace(0, draws + 1, _BINS + 1).round()
                counts, _ = np.histogram(rows["rank"], bins=edges - 0.5)
                expected = np.diff(edges) / (draws + 1)
                low, high = (stats.binom.ppf(tail, len(rows), expected) for tail in ((1 - level) / 2, (1 + level) / 2))
                axis.fill_between(
                    edges, np.append(low, low[-1]), np.append(high, high[-1]), step="post", color=colour, alpha=0.12, linewidth=0
                )  # fmt: skip
                axis.stairs(counts, edges, color=colour, linewidth=0.9)
                bins = {"first_rank": edges[:-1].astype(int), "count": counts, "expected": expected * len(rows)}
                values.append(pd.DataFrame({"engine": engine, "quantity": quantity, **bins}))
            axis.set_ylim(0, None)
        figure.supylabel("Data sets", fontsize=theme.TEXT)
        figure.supxlabel("Rank", fontsize=theme.TEXT)
    alt = f"Histograms of the ranks of {len(panels)} quantities in {_BINS} bins."
    return Drawing(
        figure, pd.concat(values, ignore_index=True), alt, f"Bands: {100 * level:g}% of the counts of each bin."
    )


def _panels(ranks: pd.DataFrame, engines: Mapping[str, str]) -> tuple[Figure, dict[str, Axes]]:
    """Return a figure with one pair of axes per quantity, and a legend of the engines."""
    quantities = list(dict.fromkeys(ranks["quantity"]))
    rows = -(-len(quantities) // _COLUMNS)
    figure, axes = theme.new_figure(theme.DOUBLE, _INCHES * rows + 0.6, rows, _COLUMNS, sharex=True)
    for axis, quantity in zip(axes, quantities, strict=False):
        axis.set_title(theme.wrap(quantity, 27), fontsize=theme.SMALL, fontweight="normal")
    for axis in axes[len(quantities) :]:
        axis.set_axis_off()
    handles = [Line2D([], [], color=c, label=label) for c, label in zip(_COLOURS, engines.values(), strict=False)]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return figure, dict(zip(quantities, axes, strict=False))
