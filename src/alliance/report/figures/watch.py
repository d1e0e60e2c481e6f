"""Sessions to watch: single patients as individuals control charts, under their codes; only where the configuration asks for it."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from alliance.config import Config
from alliance.config.posing import cast_in
from alliance.data.ruptures.detectors import control_chart
from alliance.data.ruptures.series import Usual, series_of
from alliance.facts.columns import PATIENT, SESSION
from alliance.facts.detectors import DETECTORS
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name, label_of
from alliance.report.numbers import format_count, format_number

TITLE = "Sessions to watch"
CAPTION = (
    "Single patients under their codes, each with the own mean (line) and the limit three standard deviations below it (dashed; from the "
    "mean moving range). Squares: below the limit, or at least four sessions in a row more than one standard deviation below the mean. For "
    "those who treat these patients; not for publication."
)
NEEDS = ("panel",)
_LIMIT: Final = DETECTORS["control_chart"].usual
_LOW, _RUN = 1.0, 4  # standard deviations, and sessions in a row, from which a score stays low
_MOST, _COLUMNS = 24, 4  # patients that are drawn


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw a chart for each patient with a session to watch, those with the most first."""
    if not config.output.watch:
        return theme.draw_unavailable(
            "Courses of single patients are drawn only where the configuration says 'output.watch: true'."
        )
    mediator = cast_in(config).one("mediator").name
    watched = sessions_to_watch(inputs["panel"], mediator)
    counts = watched.groupby(PATIENT)["watch"].sum()
    chosen = list(counts[counts > 0].sort_values(ascending=False, kind="stable").index[:_MOST])
    if not chosen:
        return theme.draw_unavailable("No session lies below a patient's own limit, and no patient stays low.")
    rows = -(-len(chosen) // _COLUMNS)
    with theme.applied():
        figure, axes = theme.new_figure(theme.DOUBLE, 0.5 + 1.35 * rows, rows, _COLUMNS)
        flat: list[Axes] = list(np.asarray(axes, dtype=object).ravel())
        for axis, patient in zip(flat, chosen, strict=False):
            _draw_chart(axis, watched[watched[PATIENT] == patient], str(patient))
        for axis in flat[len(chosen) :]:
            axis.set_visible(False)
        flat[0].set_ylabel(theme.wrap(capitalised_name(label_of(mediator, config)), 18), fontsize=theme.SMALL)
    told = [f"{patient}: session {', '.join(_numbers(watched, patient))}" for patient in chosen[:5]]
    found = format_count((counts > 0).sum())
    more = f"{found} patients have such sessions; drawn are {len(chosen)}, those with the most."
    return Drawing(
        figure, watched[watched[PATIENT].isin(chosen)], f"Sessions to watch. {'; '.join(told)}. {more}", more
    )


def sessions_to_watch(panel: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return the recorded sessions of patients with a chart: score, own mean, limit, and 1 where a session is to be watched."""
    frame = panel.loc[panel[score].notna(), [PATIENT, SESSION, score]].reset_index(drop=True)
    values, patients, sessions = series_of(frame, score)
    own = np.where(np.isfinite(values).sum(axis=1, keepdims=True) >= DETECTORS["control_chart"].fewest, values, np.nan)
    below = control_chart(own, Usual(0.0, 0.0, 1.0, 1.0, 0.0))[patients, sessions]
    mean = frame.groupby(PATIENT)[score].transform("mean")
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = (mean - frame[score]) / below
    sigma = sigma.groupby(frame[PATIENT]).transform("median")
    frame = frame.assign(mean=mean, limit=mean - _LIMIT * sigma, below=below)
    frame = frame[frame["below"].notna()].sort_values([PATIENT, SESSION], ignore_index=True)
    low = frame["below"] > _LOW
    begins = ((low != low.shift()) | (frame[PATIENT] != frame[PATIENT].shift())).cumsum()
    stays = low & (low.groupby(begins).transform("size") >= _RUN)
    return frame.assign(watch=((frame["below"] > _LIMIT) | stays).astype(int))


def _draw_chart(axis: Axes, rows: pd.DataFrame, patient: str) -> None:
    score = rows.columns[2]
    axis.plot(rows[SESSION], rows[score], color=theme.NAVY, linewidth=0.9, marker="o", markersize=2.2)
    watched = rows[rows["watch"] == 1]
    axis.plot(watched[SESSION], watched[score], "s", color=theme.BLUE, markersize=5, markerfacecolor="none")
    axis.axhline(rows["mean"].iloc[0], color=theme.MUTED, linewidth=0.7)
    axis.axhline(rows["limit"].iloc[0], color=theme.MUTED, linewidth=0.7, linestyle="--")
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.set_title(patient, loc="left", fontsize=theme.SMALL)


def _numbers(watched: pd.DataFrame, patient: object) -> list[str]:
    rows = watched[(watched[PATIENT] == patient) & (watched["watch"] == 1)]
    return [format_number(number, 0) for number in rows[SESSION]]
