"""The whole distribution of the indirect path in every model, not only its interval."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import stats

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.forest import describe_levels, describe_unit
from alliance.report.figures.intervals import axis_limits
from alliance.report.labels import capitalised_name, label_level_of, label_model, label_path
from alliance.report.numbers import format_estimate, format_percent, format_probability

TITLE = "Distribution of the indirect path"
CAPTION = (
    "Densities of the draws behind each interval: posterior draws of Bayesian models, draws from the estimated sampling "
    "distribution or bootstrap samples of the others. Point and bar: estimate and interval; vertical line: zero. Wide "
    "distributions of therapists are cut at the axis."
)
NEEDS = ("draws", "estimates")
_KEYS = ["model", "outcome", "path", "effect", "level", "horizon"]
_GRID = 161
_HEIGHT = 0.82  # of a density, in rows
_HEADING = 0.55  # height of a model's name, in rows
_TEXT_ABOVE = 0.25  # how far above the base of a density its texts are centred, in rows


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one density per model and level, one panel per path."""
    table = inputs["estimates"]
    rows = table[table["effect"] == "indirect"].reset_index(drop=True)
    drawn = inputs["draws"]
    drawn = drawn[drawn["effect"] == "indirect"] if len(drawn) else drawn
    if rows.empty or drawn.empty:
        return theme.draw_unavailable(
            "None of the fitted models has a mediator between cause and outcome, so there is no distribution to show."
        )
    samples = {key: part["value"].to_numpy(dtype=float) for key, part in drawn.groupby(_KEYS, sort=False)}
    values = pd.concat(
        [density_of(samples[key], key) for key in map(tuple, rows[_KEYS].to_numpy()) if key in samples],
        ignore_index=True,
    )
    rows["below"] = [
        bool(np.median(samples.get(key, np.array([np.nan]))) < 0) for key in map(tuple, rows[_KEYS].to_numpy())
    ]
    panels = [part for _, part in theme.first_models(rows).groupby("path", sort=False)]
    panels, others = theme.fill_page(panels, _height_of)
    heights = [_height_of(panel) for panel in panels]
    with theme.applied():
        figure, axes = theme.new_figure(theme.DOUBLE, sum(heights) + 0.1, len(panels), 1, height_ratios=heights)
        for axis, panel in zip(axes, panels, strict=True):
            _draw_panel(axis, panel, values, config)
    notes = [
        f"Intervals: {format_percent(config.inference.interval)}. Beside them: share of the draws on the side of zero where most lie.",
        theme.note_of_others(others, "densities"),
        theme.note_of_flags(list(rows["flag"])),
    ]
    return Drawing(figure, values, _describe(rows, config), " ".join(note for note in notes if note))


def _height_of(panel: pd.DataFrame) -> float:
    return float(len(panel) * 0.42 + panel["model"].nunique() * 0.42 * _HEADING + 0.68)


def density_of(draws: np.ndarray, key: tuple[str, ...]) -> pd.DataFrame:
    """Return a Gaussian kernel density of draws (bandwidth by Scott's rule) on a grid over their central 99.8 %.

    Draws without spread have no density: one point of density NaN is returned.
    """
    low, high = np.quantile(draws, [0.001, 0.999])
    head = dict(zip(_KEYS, key, strict=True))
    if not high > low or np.isclose(draws.std(), 0, atol=1e-300):
        return pd.DataFrame({**head, "x": [draws.mean()], "density": [np.nan]})
    grid = np.linspace(low, high, _GRID)
    return pd.DataFrame({**head, "x": grid, "density": stats.gaussian_kde(draws)(grid)})


def _draw_panel(axis: Axes, panel: pd.DataFrame, values: pd.DataFrame, config: Config) -> None:
    labels, bases, y, model = [], [], 0.0, None
    for row in records(panel):
        if row.model != model:
            model = row.model
            axis.text(
                0, y + 0.42, theme.wrap(label_model(model, config), 80), transform=axis.get_yaxis_transform(), va="center", ha="left",
                fontsize=theme.SMALL, fontweight="bold", bbox=theme.CLEAR, zorder=1.5,
            )  # fmt: skip
            y += _HEADING
        y += 1
        _draw_density(axis, row, values, y)
        labels.append(capitalised_name(label_level_of(row._asdict(), config)))
        bases.append(y)
    axis.axvline(0, color=theme.MUTED, linewidth=0.8, zorder=1)
    axis.set_yticks(np.array(bases) - _TEXT_ABOVE, labels)
    axis.set_ylim(y + 0.25, 0)
    axis.set_xlim(*axis_limits(_extents(panel, values)))
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    path = panel["path"].iloc[0]
    axis.set_title(theme.wrap(capitalised_name(label_path(path, config)), 100))
    axis.set_xlabel(describe_unit(path, config))


def _extents(panel: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Level, low and high of each distribution of a panel: what its axis has to hold."""
    drawn = panel[_KEYS].merge(values, on=_KEYS, how="inner").groupby(_KEYS, sort=False)["x"]
    return drawn.agg(low="min", high="max").reset_index()


def _draw_density(axis: Axes, row: Any, values: pd.DataFrame, base: float) -> None:
    same = (values[_KEYS] == [getattr(row, key) for key in _KEYS]).all(axis=1)
    curve = values[same].dropna()
    colour = theme.LEVEL_COLOURS.get(row.level, theme.NAVY)
    if len(curve):
        x, top = curve["x"].to_numpy(), base - _HEIGHT * curve["density"].to_numpy() / curve["density"].max()
        inside = (x >= row.low) & (x <= row.high)
        axis.fill_between(x, base, top, color=colour, alpha=0.18, linewidth=0, zorder=2)
        axis.fill_between(x, base, top, where=inside, color=colour, alpha=0.45, linewidth=0, zorder=2)
        axis.plot(x, top, color=colour, linewidth=0.9, zorder=3)
    axis.plot([row.low, row.high], [base, base], color=theme.INK, linewidth=1.6, solid_capstyle="butt", zorder=4)
    axis.plot(
        row.estimate, base, marker=theme.LEVEL_MARKERS.get(row.level, "o"), color=theme.INK, markersize=4.5, zorder=5
    )
    (text,) = theme.mark_flags([format_estimate(row.estimate, row.low, row.high)], [row.flag])
    axis.text(
        1.02, base - _TEXT_ABOVE, f"{text}\n{_direction(row)}", transform=axis.get_yaxis_transform(), va="center", ha="left",
        fontsize=theme.SMALL, linespacing=1.15,
    )  # fmt: skip


def _direction(row: Any) -> str:
    return f"{format_probability(row.p_direction)} {'below' if row.below else 'above'} zero"


def _describe(rows: pd.DataFrame, config: Config) -> str:
    parts = []
    for (path, model), part in rows.groupby(["path", "model"], sort=False):
        directions = ", ".join(_direction(row) for row in records(part))
        parts.append(
            f"{label_path(str(path), config)} in '{label_model(str(model), config)}': {describe_levels(part, config)}; "
            f"share of draws {directions}"
        )
    return "Density curves of indirect paths. " + ". ".join(parts) + "."
