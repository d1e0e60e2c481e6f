"""Who was analysed: from the export, through cleaning and the arms, to the rows of the models that answer the questions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from alliance.config import Config
from alliance.config.posing import heard_in
from alliance.data.panel import sessions_held
from alliance.facts.columns import PATIENT, records
from alliance.models.rows import AT_FIRST
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name, label_groups, label_model, label_of, order_groups
from alliance.report.numbers import format_count
from alliance.results.disclosure import publish_flow

TITLE = "Patient flow"
CAPTION = (
    "From the export to the sessions behind the models that answer the questions. Reasons are counted one after the other, so each removal "
    "is counted once and the numbers add up."
)
NEEDS = ("flow", "panel")
_WIDTH = theme.DOUBLE * theme.POINTS
_TRUNK, _SIDE = 190.0, 250.0  # widths of boxes, in points
_MARGIN, _PAD, _GAP = 6.0, 6.0, 10.0
_MOST_MODELS = 6  # that leave the figure its place on a page with a table
_MOST_ARMS = 4  # that find room side by side
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
    groups = _count_arms(inputs["panel"], config)
    rows, arms = _pair_boxes(trunk), _box_arms(groups)
    chosen = branches["model"].isin(heard_in(config))
    answering = branches[chosen] if chosen.any() else branches
    drawn = list(dict.fromkeys(answering["model"]))[:_MOST_MODELS]
    columns = _place_models(answering[answering["model"].isin(drawn)], config)
    above = _upper_height(rows, columns) + (arms[0].height + 2 * _GAP if arms else 0)
    total = above + max(map(_height, columns)) + 2 * _MARGIN - _GAP
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
        if arms:
            _draw_arms(axes, arms, top - _GAP)
        for position, column in enumerate(columns):
            place = total - _MARGIN - above
            for box in column:
                _draw_box(axes, box, _MARGIN + position * (_WIDTH - _MARGIN) / 2, place)
                place -= box.height + _GAP
    values = pd.concat([trunk, groups.drop(columns="median", errors="ignore"), answering], ignore_index=True)
    values = values.fillna(dict.fromkeys(("model", "outcome", "reason"), ""))
    few = f"Numbers of fewer than {config.privacy.minimum_cell} patients, and those from which they could be computed, are not shown. "
    hidden = flow[["n_patients", "removed_patients"]].isna().any(axis=None)
    others = [model for model in dict.fromkeys(answering["model"]) if model not in drawn]
    notes = [(few * bool(hidden)).strip(), _describe_losses(answering), theme.note_of_others(others, "models")]
    return Drawing(
        figure, values, _describe(trunk, groups, answering, config), " ".join(note.strip() for note in notes if note)
    )


def _place_models(branches: pd.DataFrame, config: Config) -> list[list[_Box]]:
    """Return the boxes of the models in two columns."""
    columns: list[list[_Box]] = [[], []]
    for model, part in branches.groupby("model", sort=False):
        min(columns, key=_height).append(_model_box(str(model), part, config))
    return columns


def _count_arms(panel: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Count patients and sessions of each arm: no rows where nothing was randomised or an arm is too small to be told."""
    groups = label_groups(panel, config)
    if groups is None or groups.isna().any():
        return pd.DataFrame()
    held = panel.assign(group=groups, held=sessions_held(panel, config.variables))
    each = held.groupby(["group", PATIENT])["held"].sum().groupby("group")
    counts = pd.DataFrame({"n_patients": each.size(), "n_sessions": each.sum(), "median": each.median()})
    few = counts["n_patients"].min() < config.privacy.minimum_cell
    if few or len(counts) > _MOST_ARMS:
        return pd.DataFrame()
    return counts.loc[order_groups(groups, config)].rename_axis("stage").reset_index()


def _box_arms(arms: pd.DataFrame) -> list[_Box]:
    """Return a box for each arm, side by side and all of one height."""
    width = (_WIDTH - 2 * _MARGIN - (len(arms) - 1) * _GAP) / max(1, len(arms))
    texts = []
    for row in records(arms):
        lines = [_counts(row._asdict()), f"median of {row.median:g} sessions per patient"]
        texts.append(
            (
                _wrapped(capitalised_name(str(row.stage)), width),
                [part for line in lines for part in _wrapped(line, width)],
            )
        )
    most = max((len(heading) + len(lines) for heading, lines in texts), default=0)
    return [_Box(heading, [*lines, *[""] * (most - len(heading) - len(lines))], width) for heading, lines in texts]


def _draw_arms(axes: Axes, arms: list[_Box], top: float) -> None:
    """Draw the arms side by side, with a line from what is above to each."""
    height, root = top + _GAP / 2, _MARGIN + _TRUNK / 2  # the first arm lies below what is above
    lefts = [_MARGIN + position * (box.width + _GAP) for position, box in enumerate(arms)]
    middles = [root, *(left + box.width / 2 for left, box in zip(lefts[1:], arms[1:], strict=True))]
    axes.plot([middles[0], middles[-1]], [height, height], color=theme.NAVY, linewidth=1)
    for box, left, middle in zip(arms, lefts, middles, strict=True):
        _draw_box(axes, box, left, top)
        _draw_arrow(axes, (middle, height), (middle, top))


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


def _counts(row: "Mapping[str, Any] | pd.Series[Any]") -> str:
    patients = "" if math.isnan(row["n_patients"]) else f"{format_count(row['n_patients'])} patients, "
    text = f"{patients}{format_count(row['n_sessions'])} sessions"
    return text + (f", {format_count(row['n_therapists'])} therapists" if row.get("n_therapists") else "")


def _removed(row: Any) -> str:
    sessions, patients = int(row.removed_sessions), row.removed_patients
    text = f"{format_count(sessions)} session{'s' * (sessions != 1)}"
    if math.isnan(patients):
        return text
    return text + (f" ({format_count(patients)} patient{'s' * (patients != 1)})" if patients else "")


def _model_box(model: str, part: pd.DataFrame, config: Config) -> _Box:
    width = (_WIDTH - _MARGIN) / 2 - _MARGIN
    heading = _wrapped(label_model(model, config), width * 0.9)
    lines: list[str] = []
    ends = {
        str(outcome): _counts(rows.iloc[-1].drop("n_therapists"))
        for outcome, rows in part.groupby("outcome", sort=False)
    }
    if len(set(ends.values())) == 1:
        return _Box(heading, _wrapped(next(iter(ends.values())), width), width)
    for outcome, counts in ends.items():
        lines += _wrapped(f"{capitalised_name(label_of(outcome, config))}: {counts}", width)
    return _Box(heading, lines, width)


def _wrapped(text: str, width: float) -> list[str]:
    return theme.wrap(text, int((width - 2 * _PAD) / _CHARACTER)).split("\n")


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


def _describe(trunk: pd.DataFrame, arms: pd.DataFrame, branches: pd.DataFrame, config: Config) -> str:
    parts = []
    if len(trunk):
        parts.append(f"{_counts(trunk.iloc[0])} in the export; {_counts(trunk.iloc[-1])} after cleaning")
    parts += [f"{row.stage}: {_counts(row._asdict())}" for row in records(arms)]
    for model, rows in branches.groupby("model", sort=False):
        ends = rows.groupby("outcome").tail(1)
        largest = ends.sort_values("n_sessions").iloc[-1].drop("n_therapists")
        parts.append(
            f"{label_model(str(model), config)}: {'up to ' * (ends['n_sessions'].nunique() > 1)}{_counts(largest)}"
        )
    return "Flow diagram. " + ". ".join(parts) + "."
