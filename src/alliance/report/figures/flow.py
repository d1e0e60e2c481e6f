"""Who was analysed: from the export, through cleaning, to the rows of every equation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from alliance.config import Config
from alliance.facts.columns import records
from alliance.models.rows import AT_FIRST
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name, label_model, label_of, label_reason
from alliance.report.numbers import MINUS, format_count
from alliance.results.disclosure import publish_flow

TITLE = "Patient flow"
CAPTION = (
    "From the export to the sessions behind every equation. Reasons are counted one after the other, so each removal is counted once and "
    "the numbers add up."
)
NEEDS = ("flow",)
_WIDTH = theme.DOUBLE * theme.POINTS
_TRUNK, _SIDE = 190.0, 250.0  # widths of boxes, in points
_MARGIN, _PAD, _GAP = 6.0, 6.0, 10.0
_PAGE = 690.0  # height that fits a printed page
_CHARACTER = 0.52 * theme.SMALL  # points that a character of small text takes on average


@dataclass(frozen=True)
class _Box:
    """Text in a box: a heading in bold, and lines below it."""

    heading: list[str]
    lines: list[str]
    width: float

    @property
    def height(self) -> float:
        return (len(self.heading) + len(self.lines)) * theme.LINE + 2 * _PAD


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw the trunk of the flow with what was removed at its side, and below it a box per model."""
    flow = publish_flow(inputs["flow"], config.privacy.minimum_cell)
    trunk = flow[flow["model"].fillna("") == ""]
    branches = flow[flow["model"].fillna("") != ""]
    if flow.empty:
        return theme.draw_unavailable("The run has recorded no patient flow.")
    rows = _pair_boxes(trunk)
    columns, total = _place_models(rows, branches, config, reasons=True)
    if total > _PAGE:  # reasons are in the table of the flow, too
        columns, total = _place_models(rows, branches, config, reasons=False)
    with theme.applied():
        figure, axes = theme.new_canvas(_WIDTH, total)
        top = total - _MARGIN
        for position, (main, side) in enumerate(rows):
            last = position == len(rows) - 1
            height = max(main.height, side.height if side else 0)
            _draw_box(axes, main, _MARGIN, top)
            if side:
                _draw_box(axes, side, _WIDTH - _MARGIN - _SIDE, top)
                _draw_arrow(
                    axes, (_MARGIN + _TRUNK, top - main.height / 2), (_WIDTH - _MARGIN - _SIDE, top - main.height / 2)
                )
            if not last or columns[0]:
                _draw_arrow(
                    axes,
                    (_MARGIN + _TRUNK / 2, top - main.height),
                    (_MARGIN + _TRUNK / 2, top - height - (2 if last else 1) * _GAP),
                )
            top -= height + _GAP
        for position, column in enumerate(columns):
            place = total - _MARGIN - _upper_height(rows, columns)
            for box in column:
                _draw_box(axes, box, _MARGIN + position * (_WIDTH - _MARGIN) / 2, place)
                place -= box.height + _GAP
    values = flow.reset_index(drop=True)
    few = f"Numbers of fewer than {config.privacy.minimum_cell} patients, and those from which they could be computed, are not shown. "
    hidden = flow[["n_patients", "removed_patients"]].isna().any(axis=None)
    notes = few * bool(hidden) + _describe_losses(branches)
    return Drawing(figure, values, _describe(trunk, branches, config), notes.strip())


def _place_models(
    rows: list[tuple[_Box, _Box | None]], branches: pd.DataFrame, config: Config, *, reasons: bool
) -> tuple[list[list[_Box]], float]:
    """Return the boxes of the models in two columns, and the height of the whole figure."""
    columns: list[list[_Box]] = [[], []]
    for model, part in branches.groupby("model", sort=False):
        min(columns, key=_height).append(_model_box(str(model), part, config, reasons=reasons))
    return columns, _upper_height(rows, columns) + max(_height(column) for column in columns) + 2 * _MARGIN - _GAP


def _upper_height(rows: list[tuple[_Box, _Box | None]], columns: list[list[_Box]]) -> float:
    return sum(max(main.height, side.height if side else 0) + _GAP for main, side in rows) + (_GAP if columns[0] else 0)


def _height(column: list[_Box]) -> float:
    return sum(box.height + _GAP for box in column)


def _pair_boxes(trunk: pd.DataFrame) -> list[tuple[_Box, _Box | None]]:
    """Boxes of what was there, each with the box of what was removed from it; a stage that removed nothing is skipped."""
    removing = (trunk["removed_patients"] > 0) | trunk["removed_patients"].isna() | (trunk["removed_sessions"] > 0)
    kept = trunk[~removing]
    if kept.empty:
        return []
    first, last = kept.iloc[0], kept.iloc[-1]
    lost = trunk[removing]
    side = None
    if len(lost):
        lines = []
        for row in records(lost):
            lines += _wrapped(f"{capitalised_name(row.stage)}: {_removed(row)}", _SIDE)
        side = _Box(["Left out"], lines, _SIDE)
    ends = [(_counted(first, str(first["stage"])), side)]
    if len(kept) > 1:
        ends.append((_counted(last, str(last["stage"])), None))
    return ends


def _counted(row: pd.Series, heading: str) -> _Box:
    return _Box([capitalised_name(heading)], _wrapped(_counts(row), _TRUNK), _TRUNK)


def _counts(row: pd.Series) -> str:
    patients = "" if math.isnan(row["n_patients"]) else f"{format_count(row['n_patients'])} patients, "
    text = f"{patients}{format_count(row['n_sessions'])} sessions"
    return text + (f", {format_count(row['n_therapists'])} therapists" if row["n_therapists"] else "")


def _removed(row: Any) -> str:
    sessions, patients = int(row.removed_sessions), row.removed_patients
    text = f"{format_count(sessions)} session{'s' * (sessions != 1)}"
    if math.isnan(patients):
        return text
    return text + (f" ({format_count(patients)} patient{'s' * (patients != 1)})" if patients else "")


def _model_box(model: str, part: pd.DataFrame, config: Config, *, reasons: bool) -> _Box:
    width = (_WIDTH - _MARGIN) / 2 - _MARGIN
    heading = _wrapped(label_model(model, config), width * 0.9)
    lines: list[str] = []
    for outcome, rows in part.groupby("outcome", sort=False):
        lines += _wrapped(f"{capitalised_name(label_of(str(outcome), config))}: {_counts(rows.iloc[-1])}", width)
        for row in records(rows):
            if reasons and row.removed_sessions > 0:
                lines += _wrapped(f"{MINUS} {_removed(row)}: {label_reason(row.reason, config)}", width, indent="    ")
    return _Box(heading, lines, width)


def _wrapped(text: str, width: float, indent: str = "") -> list[str]:
    fitting = int((width - 2 * _PAD) / _CHARACTER) - len(indent)
    return [indent + line for line in theme.wrap(text, fitting).split("\n")]


def _draw_box(axes: Axes, box: _Box, left: float, top: float) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (left, top - box.height), box.width, box.height, boxstyle="round,pad=0,rounding_size=3",
            facecolor="white", edgecolor=theme.NAVY, linewidth=0.9,
        )
    )  # fmt: skip
    for position, line in enumerate([*box.heading, *box.lines]):
        y = top - _PAD - (position + 0.5) * theme.LINE
        weight = "bold" if position < len(box.heading) else "normal"
        axes.text(left + _PAD, y, line, fontsize=theme.SMALL, va="center", ha="left", fontweight=weight)


def _draw_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=8, linewidth=1, color=theme.NAVY, shrinkA=0, shrinkB=0
        )
    )


def _describe_losses(branches: pd.DataFrame) -> str:
    """Say how much the equations leave out at most; values that are filled in leave nothing out."""
    if branches.empty:
        return ""
    if not branches["removed_sessions"].any():
        return "Every equation uses every session."
    removed = branches[branches["stage"] == "left out"]
    first = removed["reason"] == AT_FIRST
    initial, missing = (_most(rows, "removed_sessions") for rows in (removed[first], removed[~first]))
    whole, patients = int(branches["n_sessions"].max()), _most(removed, "removed_patients")
    said = (
        f"An equation leaves out up to {format_count(missing)} of {format_count(whole)} sessions, because a value it needs is missing"
        if missing
        else "No equation leaves a session out because a value is missing; an outcome that was not observed is an unknown of the model"
    )
    verb = "patient is" if patients == 1 else "patients are"
    said += f"; up to {format_count(patients)} {verb} left out altogether." if patients else "; no patient is left out."
    if initial:
        said += f" Up to {format_count(initial)} first sessions are no outcomes: their values are the initial values of a model."
    return said


def _most(rows: pd.DataFrame, column: str) -> int:
    """Return what is removed from an equation in all, of the one that loses most."""
    return int(rows.groupby(["model", "outcome"])[column].sum().max()) if len(rows) else 0


def _describe(trunk: pd.DataFrame, branches: pd.DataFrame, config: Config) -> str:
    parts = []
    if len(trunk):
        parts.append(f"{_counts(trunk.iloc[0])} in the export; {_counts(trunk.iloc[-1])} after cleaning")
    for (model, outcome), rows in branches.groupby(["model", "outcome"], sort=False):
        parts.append(f"{label_model(str(model), config)}, {label_of(str(outcome), config)}: {_counts(rows.iloc[-1])}")
    return "Flow diagram. " + ". ".join(parts) + "."
