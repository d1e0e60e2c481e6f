"""How the scores develop over sessions: mean and interval by arm; single patients as faint lines if the config allows it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy import stats

from alliance.config import Config
from alliance.facts.columns import PATIENT, SESSION
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.thinning import draw_lots, every_marker, note_of_lots
from alliance.report.labels import capitalised_name, find_roles, label_groups, label_of, order_groups, unit_of
from alliance.report.meanings import Meaning, describe_case, has_case, meaning_of
from alliance.report.numbers import format_number, format_percent
from alliance.results.disclosure import step_for, to_step

TITLE = "Trajectories over sessions"
CAPTION = (
    "Points are means of the patients observed at a session, bands their confidence intervals. Later "
    "means are those of the patients still in treatment, so a trend mixes change with who stayed."
)
NEEDS = ("panel", "meanings")
_MOST_LINES = 150
_ALL = "all patients"
_ROW = 2.5  # inches of a row of panels


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one panel per mediator and outcome; means of fewer than `privacy.minimum_cell` patients are left out."""
    panel = inputs["panel"]
    scores = [name for name in find_roles(config).session_scores if name in panel.columns and panel[name].notna().any()]
    if not scores:
        return theme.draw_unavailable("No mediator or outcome of the fitted models is observed at sessions.")
    # The outcome stands last and is always shown; two panels share a row.
    mediators, others = theme.fill_page(scores[:-1], lambda _: _ROW / 2, _ROW)
    scores = [*mediators, scores[-1]]
    groups = label_groups(panel, config)
    known = pd.Series(_ALL, index=panel.index) if groups is None else groups
    order = [_ALL] if groups is None else order_groups(known, config)
    values = pd.concat([summarise_sessions(panel, score, known, config) for score in scores], ignore_index=True)
    # Not even which sessions are left out stands in the values: the last of them is when the last patient stopped.
    shown, hides = values[~values["suppressed"]].drop(columns="suppressed"), bool(values["suppressed"].any())
    if shown.empty:
        return theme.draw_unavailable("At no session are enough patients observed to show a mean.")
    with theme.applied():
        wide = len(scores) > 1
        columns = min(2, len(scores))
        rows = -(-len(scores) // columns)
        figure, axes = theme.new_figure(theme.DOUBLE if wide else theme.SINGLE, _ROW * rows + 0.25, rows, columns)
        for axis in axes[len(scores) :]:
            axis.remove()
        for axis, score in zip(axes, scores, strict=False):
            _draw_panel(axis, panel, score, known, order, shown[shown["variable"] == score], config)
            _draw_cutoff(axis, meaning_of(score, inputs["meanings"]))
        if len(order) > 1:
            figure.legend(handles=_handles(order), loc="outside upper left", ncols=len(order))
    notes = _notes(panel, inputs["meanings"], scores, config, hides=hides)
    if others:
        named = ", ".join(label_of(name, config) for name in others)
        notes += f" The page does not hold the courses of {named}."
    return Drawing(figure, shown.reset_index(drop=True), _describe(shown, order, config), notes)


def summarise_sessions(panel: pd.DataFrame, score: str, groups: pd.Series, config: Config) -> pd.DataFrame:
    """Return mean and confidence interval of one score by group and session.

    The interval is mean +- t(n - 1) * sd / sqrt(n). Rows of fewer than `privacy.minimum_cell` patients keep no numbers, and the others
    have the digits that their errors justify. How many patients each rests on is not among them, nor the standard deviation, from which
    it could be computed: numbers that go down one by one, beside those of all groups together, say who stopped and who skipped.
    """
    observed = panel.loc[panel[score].notna(), [PATIENT, SESSION, score]].assign(group=groups)
    table = observed.groupby(["group", SESSION])[score].agg(n="count", mean="mean", sd="std").reset_index()
    n = table["n"].to_numpy()
    error: np.ndarray = table["sd"].to_numpy(dtype=float) / np.sqrt(n)
    reach = stats.t.ppf(0.5 + config.inference.interval / 2, np.maximum(n - 1, 1)) * error
    table["low"], table["high"] = table["mean"] - reach, table["mean"] + reach
    for name in ("mean", "low", "high"):
        table[name] = [to_step(value, step_for(one)) for value, one in zip(table[name], error.tolist(), strict=True)]
    table["suppressed"] = n < config.privacy.minimum_cell
    table = table.drop(columns=["n", "sd"])
    table[["mean", "low", "high"]] = table[["mean", "low", "high"]].mask(table["suppressed"])
    table.insert(0, "variable", score)
    return table


def _draw_panel(
    axis: Axes,
    panel: pd.DataFrame,
    score: str,
    groups: pd.Series,
    order: list[str],
    shown: pd.DataFrame,
    config: Config,
) -> None:
    if config.privacy.single_patients:
        axis.add_collection(_lines_of_patients(_drawn_singly(panel, config), score, groups, order, shown))
    for position, group in enumerate(order):
        part = shown[shown["group"] == group]
        colour = theme.SERIES[position % len(theme.SERIES)]
        axis.fill_between(part[SESSION], part["low"], part["high"], color=colour, alpha=0.25, linewidth=0, zorder=3)
        sns.lineplot(
            x=part[SESSION].to_numpy(),
            y=part["mean"].to_numpy(),
            ax=axis,
            color=colour,
            linestyle=theme.LINES[position % len(theme.LINES)],
            marker=theme.MARKERS[position % len(theme.MARKERS)],
            markeredgecolor="white",
            markeredgewidth=0.5,
            markersize=4.5,
            markevery=every_marker(len(part)),
            errorbar=None,
            zorder=4,
        )
    axis.autoscale_view()
    axis.set_title(capitalised_name(label_of(score, config)))
    axis.set_xlabel("Session")
    axis.set_ylabel(capitalised_name(unit_of(score, config)))
    axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def _draw_cutoff(axis: Axes, meaning: Meaning | None) -> None:
    """Draw the line that tells cases from others, where a verified one is declared."""
    if meaning is not None and has_case(meaning):
        axis.axhline(meaning["case_value"], color=theme.MUTED, linestyle=(0, (1, 2)), linewidth=1, zorder=2)


def _drawn_singly(panel: pd.DataFrame, config: Config) -> pd.DataFrame:
    return panel[panel[PATIENT].isin(draw_lots(panel[PATIENT], _MOST_LINES, config))]


def _lines_of_patients(
    panel: pd.DataFrame, score: str, groups: pd.Series, order: list[str], shown: pd.DataFrame
) -> LineCollection:
    """Faint lines of the patients behind the means that are shown: a line of a small arm stands out by its colour."""
    cells = pd.MultiIndex.from_frame(shown[["group", SESSION]])
    behind = pd.MultiIndex.from_arrays([groups.loc[panel.index], panel[SESSION]]).isin(cells)
    observed = panel[panel[score].notna() & behind]
    colours = {group: theme.SERIES[position % len(theme.SERIES)] for position, group in enumerate(order)}
    segments, shades = [], []
    for _, rows in observed.groupby(PATIENT, sort=True):
        segments.append(rows[[SESSION, score]].to_numpy(dtype=float))
        shades.append(colours.get(groups.loc[rows.index[0]], theme.RULE))
    return LineCollection(segments, colors=shades, linewidths=0.4, alpha=0.17, zorder=1, rasterized=True)


def _handles(order: list[str]) -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            color=theme.SERIES[i % 3],
            linestyle=theme.LINES[i % 3],
            marker=theme.MARKERS[i % 3],
            label=capitalised_name(group),
        )
        for i, group in enumerate(order)
    ]


def _describe(shown: pd.DataFrame, order: list[str], config: Config) -> str:
    parts = []
    for score in shown["variable"].unique():
        for group in order:
            part = shown[(shown["variable"] == score) & (shown["group"] == group)]
            if part.empty:
                continue
            first, last = part.iloc[0], part.iloc[-1]
            parts.append(
                f"{label_of(score, config)}, {group}: mean {format_number(first['mean'])} at session {first[SESSION]} "
                f"and {format_number(last['mean'])} at session {last[SESSION]}"
            )
    return "Line chart of mean scores over sessions. " + "; ".join(parts) + "."


def _notes(panel: pd.DataFrame, meanings: pd.DataFrame, scores: list[str], config: Config, *, hides: bool) -> str:
    note = f"Intervals: {format_percent(config.inference.interval)}."
    if config.privacy.single_patients:
        note += f" {note_of_lots(_drawn_singly(panel, config)[PATIENT].nunique(), panel[PATIENT].nunique())}"
    if hides:
        note += f" Sessions with fewer than {config.privacy.minimum_cell} patients are not shown."
    for score in scores:
        meaning = meaning_of(score, meanings)
        if meaning is not None and has_case(meaning):
            note += f" Dotted line: {label_of(score, config)} of a case ({describe_case(meaning, config)})."
    return note
