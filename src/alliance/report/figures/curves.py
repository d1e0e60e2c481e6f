"""Answers of several runs, one panel for each, over a board of what differs in which run: a specification curve in the declared order."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name, label_model
from alliance.report.naming import name_estimate
from alliance.report.numbers import format_estimate, format_percent
from alliance.report.words import shield
from alliance.results.comparison import OTHER_UNITS, answering_blocks
from alliance.results.sameness import DIFFERENCES, DISTANCE, METHOD, PREDICTORS, ROWS, UNITS

THIS = "This run"
_BOARD = {UNITS: "units", DISTANCE: "distance in time", PREDICTORS: "predictors", METHOD: "method", ROWS: "rows"}
# Settings beside what makes an estimate one of something else.
_SETTINGS = {"priors": "priors", "sampling": "sampling", "run.seed": "seed"}
_PANEL, _LINE, _NAMES = 1.0, 0.17, 0.75  # inches: a panel, a line of the board, the names of runs below it
_NOTE = (
    "One panel for each answer, in its own units; dots with intervals from left to right in the order in which the configuration names the "
    "runs, this run last. Open dots: not an estimate of the same as in this run; ×: in other units, not drawn; –: not estimated. Squares "
    "in the board: what differs from this run in at least one of the answers."
)


def draw_curves(comparison: pd.DataFrame, differences: pd.DataFrame, config: Config) -> Drawing:
    """Draw a panel for each estimate that answers a question in this run, and below them what differs in which run."""
    values = answers_of_all(comparison, config)
    if values.empty:
        return theme.draw_unavailable("No estimate that answers a question stands in this run.")
    runs = list(dict.fromkeys(values["run"]))
    board = board_of(values, differences, runs)
    panels = [panel for _, panel in values.groupby("order", sort=False)]
    columns = 1 if len(panels) < 4 else 2
    foot = _LINE * len(board) + _NAMES
    rows, others = theme.fill_page(
        [panels[start : start + columns] for start in range(0, len(panels), columns)], lambda _: _PANEL, foot
    )
    drawn = [panel for row in rows for panel in row]
    with theme.applied():
        figure = Figure(
            figsize=(theme.DOUBLE, _PANEL * len(rows) + foot),
            layout=ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.03, wspace=0.04, hspace=0.03),
        )
        heights = [*([_PANEL] * len(rows)), foot - 0.2]
        grid = figure.subplots(len(rows) + 1, columns, squeeze=False, sharex=True, height_ratios=heights)
        places = list(grid[:-1].ravel())
        for axis, panel in zip(places, drawn, strict=False):
            _draw_panel(axis, panel, runs, 96 // columns, config)
        for axis in places[len(drawn) :]:
            axis.set_axis_off()
        for place, axis in enumerate(grid[-1]):
            _draw_board(axis, board, runs, named=place == 0)
    notes = [
        _NOTE,
        f"Intervals: {format_percent(config.inference.interval)}.",
        theme.note_of_flags([flag for panel in drawn for flag in panel["flag"]]),
        theme.note_of_others([panel for row in others for panel in row], "answers"),
    ]
    return Drawing(figure, values, _describe(values, runs, config), " ".join(filter(None, notes)))


def answers_of_all(comparison: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return a row for each answer and run: order, model, name, run, estimate, low, high, flag, differs, change.

    Estimates in other units than this run's are left blank: they have no place on its axis.
    """
    names = list(dict.fromkeys(comparison["run"]))
    rows: list[dict[str, Any]] = []
    for place, block in enumerate(answering_blocks(comparison, config)):
        first = block[0]
        name = name_estimate(first | {"horizon": first["horizon_this"]}, config)
        about = {"order": place, "model": first["model"], "name": name}
        of_run = {str(row["run"]): row for row in block}
        for run in names:
            row = of_run.get(run, {})
            drawn = bool(row) and row["change"] != OTHER_UNITS
            ends = {end: row[f"{end}_base"] if drawn else np.nan for end in ("estimate", "low", "high")}
            told = {name: row.get(name, "") for name in ("differs", "change")}
            rows.append({**about, "run": run, **ends, "flag": row["flag_base"] if drawn else "", **told})
        ends = {end: first[f"{end}_this"] for end in ("estimate", "low", "high")}
        rows.append({**about, "run": THIS, **ends, "flag": first["flag_this"], "differs": "", "change": ""})
    frame = pd.DataFrame(rows)
    return frame.assign(flag=frame["flag"].fillna("")) if rows else frame


def board_of(values: pd.DataFrame, differences: pd.DataFrame, runs: list[str]) -> dict[str, list[bool]]:
    """Return what differs -> for each run, whether it does in one of the answers; settings beside them are those of the whole run."""
    differing = {
        run: {part.split(" (")[0] for told in values.loc[values["run"] == run, "differs"] for part in told.split("; ")}
        for run in runs
    }
    board = {_BOARD[what]: [what in differing[run] for run in runs] for what in DIFFERENCES}
    for prefix, label in _SETTINGS.items():
        changed = set(differences.loc[differences["setting"].str.match(rf"{prefix}(\.|$)"), "run"])
        board[label] = [run in changed for run in runs]
    return board


def _draw_panel(axis: Axes, panel: pd.DataFrame, runs: list[str], width: int, config: Config) -> None:
    """Draw the intervals of one answer, from left to right."""
    for x, row in enumerate(records(panel)):
        mine = row.run == THIS
        if np.isnan(row.estimate):
            sign = "×" if row.change == OTHER_UNITS else "–"
            axis.text(x, 0.5, sign, transform=axis.get_xaxis_transform(), ha="center", va="center", color=theme.INK)
            continue
        colour = theme.BLUE if mine else theme.NAVY
        axis.plot([x, x], [row.low, row.high], color=colour, linewidth=1.8 if mine else 1.2, solid_capstyle="butt")
        axis.plot(
            x, row.estimate, marker="D" if mine else "o", markersize=4.5, color=colour, markeredgecolor=colour,
            markerfacecolor="white" if row.differs else colour,
        )  # fmt: skip
        if row.flag:
            above = (3, 0)
            axis.annotate(
                theme.FLAG, (x, row.high), above, textcoords="offset points", fontsize=theme.SMALL, va="center"
            )
    axis.axhline(0, color=theme.MUTED, linewidth=0.7, zorder=1)
    title = f"{label_model(panel['model'].iloc[0], config)}. {panel['name'].iloc[0]}"
    axis.set_title(theme.wrap(capitalised_name(title), width), fontsize=theme.SMALL, fontweight="normal")
    axis.set_xlim(-0.6, len(runs) - 0.4)
    axis.locator_params(axis="y", nbins=4)
    axis.tick_params(axis="x", length=0, labelbottom=False)


def _draw_board(axis: Axes, board: dict[str, list[bool]], runs: list[str], *, named: bool) -> None:
    """Draw a square where a run differs from this one, above the names of the runs."""
    for y, marks in enumerate(board.values()):
        axis.axhline(y, color=theme.PALE, linewidth=0.6, zorder=0)
        found = np.flatnonzero(marks)
        axis.plot(found, [y] * len(found), "s", color=theme.NAVY, markersize=4)
    axis.set_yticks(range(len(board)), [capitalised_name(label) for label in board] if named else [""] * len(board))
    axis.set_ylim(len(board) - 0.5, -0.6)
    axis.set_xticks(range(len(runs)), [shield(run) for run in runs], rotation=40, ha="right", rotation_mode="anchor")
    axis.tick_params(axis="both", length=0, labelbottom=True)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _describe(values: pd.DataFrame, runs: list[str], config: Config) -> str:
    """Say of how many answers there are panels, and the first one run by run."""
    first = values[values["order"] == 0]
    told = [
        f"{shield(row.run)} "
        + ("not shown" if np.isnan(row.estimate) else format_estimate(row.estimate, row.low, row.high))
        for row in records(first)
    ]
    return (
        f"Intervals of {values['order'].nunique()} answers, each in {len(runs)} runs. {label_model(first['model'].iloc[0], config)}, "
        f"{first['name'].iloc[0]}: {'; '.join(told)}."
    )
