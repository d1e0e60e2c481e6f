"""First against last score: who is reliably better or worse, and who is a case before and after."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from alliance.config import Config
from alliance.data.scoring.change import Norm, norm_of
from alliance.facts.columns import PATIENT, records
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.thinning import draw_lots, note_of_lots
from alliance.report.labels import capitalised_name, label_of, unit_of
from alliance.report.meanings import counts_changes, find_changed
from alliance.report.numbers import format_count, format_value
from alliance.results.disclosure import in_multiples

TITLE = "First and last score"
CAPTION = "Patients by first and last score observed. Between the dashed lines no change is reliable; dotted lines tell cases from others."
NEEDS = ("panel", "norms")
_SQUARES: Final = 9  # along each side, about
_MOST_POINTS: Final = 500
_FULL: Final = 0.92  # of a square, for the largest count


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw squares that grow with the number of patients, or single patients where these may be shown."""
    rows = [row for row in records(inputs["norms"]) if counts_changes(row.model, config)]
    if not rows:
        return theme.draw_unavailable("No fitted model counts who changed.")
    row, least = rows[0], config.privacy.minimum_cell
    norm = norm_of(row._asdict())
    table = find_changed(inputs["panel"], row.variable, norm).query("n > 1")
    squares = _squares(table, least)
    if squares.empty and not config.privacy.single_patients:
        return theme.draw_unavailable(f"Nowhere do {least} patients or more have alike first and last scores.")
    drawn = table[table[PATIENT].isin(draw_lots(table[PATIENT], _MOST_POINTS, config))]
    with theme.applied():
        figure, (axis,) = theme.new_figure(theme.SINGLE, 3.2)
        _draw_lines(axis, table, squares, norm)
        if config.privacy.single_patients:
            rng = np.random.default_rng(0)
            jitter = rng.uniform(-0.25, 0.25, (2, len(drawn)))
            axis.scatter(
                drawn["first"] + jitter[0],
                drawn["last"] + jitter[1],
                s=9,
                color=theme.NAVY,
                alpha=0.5,
                linewidths=0,
                zorder=3,
            )
        else:
            _draw_squares(axis, squares)
        unit = unit_of(row.variable, config)
        axis.set_xlabel(f"First score ({unit})")
        axis.set_ylabel(f"Last score ({unit})")
        axis.set_title(theme.wrap(capitalised_name(label_of(row.variable, config)), 38))
        axis.set_aspect("equal")
    notes = (
        note_of_lots(len(drawn), len(table), "Points are")
        if config.privacy.single_patients
        else (
            f"Squares grow with the number of patients in them, to the nearest {format_count(least)}; where there are fewer than "
            f"{format_count(least)}, nothing is drawn."
        )
    )
    values = squares if not config.privacy.single_patients else drawn[["first", "last", "category"]]
    return Drawing(figure, values.reset_index(drop=True), _describe(row.variable, norm, config), notes)


def _squares(table: pd.DataFrame, least: int) -> pd.DataFrame:
    """Count patients in squares of equal width; only those with enough of them, in multiples of the minimum."""
    both = table[["first", "last"]].to_numpy(dtype=float)
    span = float(both.max() - both.min()) if len(both) else 0.0
    if not span > 0:
        return pd.DataFrame(columns=["first", "last", "width", "count"])
    width = span / _SQUARES if span < _SQUARES else float(np.ceil(span / _SQUARES))
    places = np.floor(both / width)
    counted = pd.DataFrame(places, columns=["first", "last"]).value_counts().rename("count").reset_index()
    counted = counted[counted["count"] >= least].sort_values(["first", "last"])
    middles = (counted[["first", "last"]] + 0.5) * width - (0.5 if width >= 1 else 0.0)
    return middles.assign(width=width, count=[in_multiples(count, least) for count in counted["count"]])


def _draw_squares(axis: Axes, squares: pd.DataFrame) -> None:
    most = squares["count"].max()
    for square in records(squares):
        side = square.width * _FULL * np.sqrt(square.count / most)
        corner = (square.first - side / 2, square.last - side / 2)
        axis.add_patch(Rectangle(corner, side, side, facecolor=theme.NAVY, alpha=0.8, linewidth=0, zorder=3))


def _draw_lines(axis: Axes, table: pd.DataFrame, squares: pd.DataFrame, norm: Norm) -> None:
    """Draw no change, the ends of what is not reliable, and the cut-off; limits are those of the squares, not of single patients."""
    if len(squares):
        half = squares["width"].iloc[0]
        low = float(squares[["first", "last"]].min().min() - half)
        high = float(squares[["first", "last"]].max().max() + half)
    else:
        low, high = (
            float(value) for value in (table[["first", "last"]].min().min(), table[["first", "last"]].max().max())
        )
    ends = np.array([low, high])
    axis.plot(ends, ends, color=theme.MUTED, linewidth=0.7, zorder=1)
    if norm.change > 0:
        for sign in (-1, 1):
            axis.plot(ends, ends + sign * norm.change, color=theme.ORANGE, linestyle="--", linewidth=1.2, zorder=2)
    if norm.case_rule:
        for line in (axis.axhline, axis.axvline):
            line(norm.case_value, color=theme.MUTED, linestyle=(0, (1, 2)), linewidth=1, zorder=2)
    axis.set_xlim(low, high)
    axis.set_ylim(low, high)


def _describe(variable: str, norm: Norm, config: Config) -> str:
    unit = unit_of(variable, config)
    parts = [f"Last against first score of {label_of(variable, config)}."]
    if norm.change > 0:
        parts.append(f"Changes of {format_value(norm.change)} {unit} or more are reliable.")
    if norm.case_rule:
        parts.append(f"The cut-off for cases lies at {format_value(norm.case_value)} {unit}.")
    return " ".join(parts)
