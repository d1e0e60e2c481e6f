"""How two raters see the same over sessions: both means on the range of their scale, and how they go together."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from alliance.config import Config
from alliance.config.posing import cast_in
from alliance.facts.columns import SESSION, records
from alliance.facts.quantity import count_sessions, is_at_session, join_names
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name, label_of
from alliance.report.numbers import format_estimate, format_percent
from alliance.results.disclosure import step_for, to_step

TITLE = "Two raters over sessions"
CAPTION = (
    "Left: means of both ratings at sessions at which both are there, in percent of the range of each scale. Right: correlation of "
    "both across patients at a session; the line and its intervals at both ends are the estimated course."
)
NEEDS = ("panel", "reliability", "estimates")
_FEWEST = 10  # patients behind a correlation
_PERCENT = 100.0


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw means and correlations by session; those of fewer than `privacy.minimum_cell` patients are left out."""
    cast = cast_in(config)
    if cast.lacks(("mediator", "rater")):
        return theme.draw_unavailable("No variable has the role of a second rater.")
    names = [cast.one(role).name for role in ("mediator", "rater")]
    values = summarise(inputs["panel"], inputs["reliability"], names, config)
    if values.empty:
        return theme.draw_unavailable(
            "At no session are enough patients rated by both, on scales whose range is known."
        )
    estimates = inputs["estimates"]
    course = estimates[
        (estimates["path"] == join_names(*names))
        & (estimates["effect"] == "correlation")
        & estimates["horizon"].map(is_at_session).astype(bool)
    ]
    if course.empty:
        return theme.draw_unavailable("No fitted model compares two raters.")
    course = course.assign(session=[count_sessions(horizon) for horizon in course["horizon"]]).sort_values("session")
    with theme.applied():
        figure, (left, right) = theme.new_figure(theme.DOUBLE, 2.6, 1, 2)
        handles = _draw_means(left, values, names, config)
        _draw_correlations(right, values, course)
        figure.legend(handles=handles, loc="outside upper left", ncols=2)
    notes = [
        f"Intervals: {format_percent(config.inference.interval)}.",
        f"Sessions with fewer than {max(config.privacy.minimum_cell, _FEWEST)} patients are not shown.",
        theme.note_of_flags(list(course["flag"])),
    ]
    return Drawing(figure, values, _describe(values, course, names, config), " ".join(note for note in notes if note))


def summarise(panel: pd.DataFrame, reliability: pd.DataFrame, names: list[str], config: Config) -> pd.DataFrame:
    """Return by session the mean of each rating in percent of the range of its scale, and the correlation across patients."""
    totals = reliability[reliability["scale"] == "total"].drop_duplicates("variable").set_index("variable")
    if not set(names) <= set(totals.index) or totals.loc[names, ["lowest", "highest"]].isna().to_numpy().any():
        return pd.DataFrame()
    both = panel.loc[panel[names].notna().all(axis=1), [SESSION, *names]].astype(float)
    for name in names:
        low, high = (totals[end].astype(float)[name] for end in ("lowest", "highest"))
        both[name] = _PERCENT * (both[name] - low) / (high - low)
    rows = []
    for _, part in both.groupby(SESSION):
        if len(part) < max(config.privacy.minimum_cell, _FEWEST):
            continue
        errors = {name: float(part[name].std() / np.sqrt(len(part))) for name in names}
        correlation = part[names[0]].corr(part[names[1]])
        rows.append(
            {
                SESSION: int(part[SESSION].iloc[0]),
                **{name: to_step(float(part[name].mean()), step_for(errors[name])) for name in names},
                "correlation": to_step(float(correlation), step_for(1 / np.sqrt(len(part)))),
            }
        )
    return pd.DataFrame(rows)


def _draw_means(axis: Axes, values: pd.DataFrame, names: list[str], config: Config) -> list[Line2D]:
    handles = []
    for place, name in enumerate(names):
        style = {"color": theme.SERIES[place], "linestyle": theme.LINES[place], "marker": theme.MARKERS[place]}
        axis.plot(values[SESSION], values[name], markersize=4.5, **style)
        handles.append(Line2D([], [], label=theme.wrap(capitalised_name(label_of(name, config)), 40), **style))
    axis.set_title("Means")
    axis.set_ylabel("Percent of the range")
    _label_sessions(axis)
    return handles


def _draw_correlations(axis: Axes, values: pd.DataFrame, course: pd.DataFrame) -> None:
    axis.plot(values[SESSION], values["correlation"], color=theme.BLUE, linestyle="none", marker="o", markersize=4.5)
    axis.plot(course["session"], course["estimate"], color=theme.NAVY, zorder=3)
    for row in records(course):
        axis.plot([row.session, row.session], [row.low, row.high], color=theme.NAVY, linewidth=1.3, zorder=3)
    axis.axhline(0, color=theme.MUTED, linewidth=0.7)
    axis.set_title("Correlation across patients")
    axis.set_ylabel("Correlation")
    _label_sessions(axis)


def _label_sessions(axis: Axes) -> None:
    axis.set_xlabel("Session")
    axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def _describe(values: pd.DataFrame, course: pd.DataFrame, names: list[str], config: Config) -> str:
    first, last = values.iloc[0], values.iloc[-1]
    told = [
        f"{label_of(name, config)} {first[name]:g} percent at session {first[SESSION]:g}, {last[name]:g} at session {last[SESSION]:g}"
        for name in names
    ]
    told += [f"correlation {row.horizon} {format_estimate(row.estimate, row.low, row.high)}" for row in records(course)]
    return f"Means and correlation of two ratings over sessions: {'; '.join(told)}."
