"""What follows where two raters agree or differ: the response surface within the range of the data."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from alliance.config import Config
from alliance.facts.columns import LAG, PATIENT, records
from alliance.facts.quantity import join_names, join_nodes
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name, label_model, label_of, unit_of
from alliance.report.numbers import format_estimate

TITLE = "Congruence of two raters"
CAPTION = (
    "Outcome by both ratings of the session before, in percent of the range of each scale: darker is higher. Lines join equal values; the "
    "number at a line is the difference from the middle of all ratings (plus sign). Dots: where ratings lie, larger with more sessions; "
    "nothing is shown beyond them. Along the solid diagonal both ratings agree; across it, along the dashed one, they differ."
)
NEEDS = ("panel", "estimates", "surface")
_CELL = 5.0  # percent of the range
_PERCENT, _TENTH = 100.0, 10.0
_PARTS = ("b1", "b2", "b3", "b4", "b5")
_LARGEST = 60.0  # area of a dot


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw the surface of each model that has one, where at least `privacy.minimum_cell` patients were rated alike."""
    surfaces = inputs["surface"]
    if surfaces.empty:
        return theme.draw_unavailable("No fitted model has a response surface.")
    row: Any = next(records(surfaces))
    cells = count_cells(inputs["panel"], row, config.privacy.minimum_cell)
    found = _coefficients(inputs["estimates"], row)
    if len(cells) < len(_PARTS) or found is None:
        return theme.draw_unavailable("Too few sessions have both ratings to show where the surface lies.")
    values = cells.assign(
        outcome=surface_at(
            cells["first"].to_numpy(), cells["second"].to_numpy(), found["estimate"].to_numpy(), row.centre
        )
    )
    with theme.applied():
        figure, (axis,) = theme.new_figure(theme.DOUBLE, 4.4)
        contours = _draw_surface(axis, values, found, row)
        bar = figure.colorbar(contours, ax=axis, shrink=0.8)
        bar.set_label(
            f"{capitalised_name(label_of(row.outcome, config))}, {unit_of(row.outcome, config)} from the middle"
        )
        axis.set_xlabel(f"{theme.wrap(capitalised_name(label_of(row.first, config)), 30)} (% of the range)")
        axis.set_ylabel(f"{theme.wrap(capitalised_name(label_of(row.second, config)), 30)} (% of the range)")
    note = theme.note_of_flags(list(found["flag"]))
    return Drawing(figure, values, _describe(row, inputs["estimates"], config), note)


def count_cells(panel: pd.DataFrame, surface: Any, minimum: int) -> pd.DataFrame:
    """Count sessions in squares of both ratings that hold at least so many patients; the middle of each in percent of the range."""
    names = [f"{name}{LAG}" for name in (surface.first, surface.second)]
    names = [name if name in panel else name.removesuffix(LAG) for name in names]
    used = panel.loc[panel[names].notna().all(axis=1), [PATIENT, *names]]
    ends = ((surface.lowest_first, surface.highest_first), (surface.lowest_second, surface.highest_second))
    placed = used[[PATIENT]].assign(
        **{
            side: np.floor(_PERCENT * (used[name] - low) / (high - low) / _CELL) * _CELL + _CELL / 2
            for side, name, (low, high) in zip(("first", "second"), names, ends, strict=True)
        }
    )
    cells = placed.groupby(["first", "second"])[PATIENT].agg(patients="nunique", sessions="size").reset_index()
    shown = cells[cells["patients"] >= max(minimum, 1)]
    return shown.drop(columns="patients").assign(sessions=shown["sessions"] // minimum * minimum).reset_index(drop=True)


def surface_at(first: np.ndarray, second: np.ndarray, b: np.ndarray, centre: float) -> np.ndarray:
    """Return the surface at ratings in percent of their ranges, counted from the common point."""
    x, y = first / _TENTH - centre, second / _TENTH - centre
    return np.asarray(b[0] * x + b[1] * y + b[2] * x**2 + b[3] * x * y + b[4] * y**2)


def _coefficients(estimates: pd.DataFrame, surface: Any) -> pd.DataFrame | None:
    path = join_nodes(join_names(surface.first, surface.second), surface.outcome)
    rows = estimates[(estimates["model"] == surface.model) & (estimates["path"] == path)].set_index("effect")
    wanted = [f"surface_{part}" for part in _PARTS]
    return rows.loc[wanted] if set(wanted) <= set(rows.index) else None


def _draw_surface(axis: Axes, values: pd.DataFrame, found: pd.DataFrame, surface: Any) -> Any:
    side = np.arange(0.0, _PERCENT + 0.5, 1.0)
    x, y = np.meshgrid(side, side)
    z = surface_at(x, y, found["estimate"].to_numpy(), surface.centre)
    cells = {*zip(values["first"].tolist(), values["second"].tolist(), strict=True)}
    middle_of = np.floor(np.minimum(side, _PERCENT - 0.1) / _CELL) * _CELL + _CELL / 2
    inside = np.array([[(one, other) in cells for one in middle_of.tolist()] for other in middle_of.tolist()])
    shown = np.ma.masked_where(~inside, z)
    contours = axis.contourf(x, y, shown, levels=10, cmap="Blues", alpha=0.9)
    lines = axis.contour(
        x,
        y,
        shown,
        levels=np.asarray(contours.levels)[::2].tolist(),
        colors=theme.NAVY,
        linewidths=0.8,
        linestyles="solid",
    )
    axis.clabel(lines, fontsize=theme.SMALL, fmt="%g")
    size = _LARGEST * values["sessions"] / values["sessions"].max()
    axis.scatter(
        values["first"], values["second"], s=size, color=theme.ORANGE, edgecolor=theme.INK, linewidth=0.4, zorder=3
    )
    middle = surface.centre * _TENTH
    low, high = (
        min(values["first"].min(), values["second"].min()) - _CELL,
        max(values["first"].max(), values["second"].max()) + _CELL,
    )
    axis.plot([low, high], [low, high], color=theme.INK, linewidth=1.0, zorder=2)
    axis.plot(
        [low, high], [2 * middle - low, 2 * middle - high], color=theme.INK, linewidth=1.0, linestyle="--", zorder=2
    )
    axis.plot(middle, middle, marker="+", color=theme.INK, markersize=9, zorder=4)
    axis.set_xlim(max(low, 0), min(high, _PERCENT))
    axis.set_ylim(max(low, 0), min(high, _PERCENT))
    axis.set_aspect("equal")
    return contours


def _describe(surface: Any, estimates: pd.DataFrame, config: Config) -> str:
    rows = estimates[(estimates["model"] == surface.model)].set_index("effect")
    told = [
        f"a{number} {format_estimate(row['estimate'], row['low'], row['high'])}"
        for number in range(1, 5)
        for row in [rows.loc[f"surface_a{number}"]]
    ]
    return (
        f"Surface of {label_of(surface.outcome, config)} over both ratings in '{label_model(surface.model, config)}', where data lie: "
        f"{'; '.join(told)}."
    )
