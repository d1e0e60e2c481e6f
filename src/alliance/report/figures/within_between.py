"""Within patients and between patients: the same two variables, two different slopes."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from alliance.config import Config
from alliance.config.timing import moment, parse_term
from alliance.facts.columns import LAG, PATIENT
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.thinning import draw_lots, note_of_lots
from alliance.report.labels import capitalised_name, find_roles, label_of, unit_of
from alliance.report.numbers import format_number
from alliance.results.disclosure import in_multiples, step_for, to_step

TITLE = "Within patients and between patients"
CAPTION = (
    "Left: deviations of sessions from the patient's own mean. Right: the patients' means. Points average equal "
    "parts of the patients' values along the horizontal axis; lines are unadjusted least-squares slopes, so they describe and do not "
    "estimate the models' effects."
)
NEEDS = ("panel",)
_BINS = 10
_MOST_DOTS = 500  # patients
_FEWEST_ROWS = 10


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw the clouds, binned means and slopes of the first mediator and the outcome."""
    panel, roles = inputs["panel"], find_roles(config)
    if not roles.mediators or roles.outcome is None:
        return theme.draw_unavailable(
            "The fitted models have no process variable measured at sessions, so slopes within and between patients cannot be compared."
        )
    outcome = roles.outcome
    cause = earlier_term(roles.mediators[0], outcome, config)
    if not {cause, outcome} <= set(panel.columns):
        return theme.draw_unavailable(
            f"The panel has no values of {label_of(cause, config)} together with {label_of(outcome, config)}."
        )
    rows = panel[[PATIENT, cause, outcome]].dropna()
    means = rows.groupby(PATIENT)[[cause, outcome]].mean()
    within = rows[[cause, outcome]] - rows.groupby(PATIENT)[[cause, outcome]].transform("mean")
    several = rows.groupby(PATIENT)[cause].transform("size") > 1
    parts = {
        "within": within[several.to_numpy()].assign(patient=rows[PATIENT]),
        "between_patient": means.assign(patient=means.index),
    }
    if any(len(part) < _FEWEST_ROWS or part[cause].std() == 0 for part in parts.values()):
        return theme.draw_unavailable(
            f"Too few sessions with {label_of(cause, config)} and {label_of(outcome, config)} to compare slopes."
        )
    values = pd.concat([_bins(part, cause, outcome, level, config) for level, part in parts.items()], ignore_index=True)
    if set(values["level"]) != set(parts):
        return theme.draw_unavailable(f"There are fewer than {config.privacy.minimum_cell} patients to average.")
    with theme.applied():
        figure, axes = theme.new_figure(theme.DOUBLE, 2.9, 1, 2)
        for axis, (level, part) in zip(axes, parts.items(), strict=True):
            _draw_panel(axis, part, values[values["level"] == level], cause, outcome, level, config)
    slopes = values.drop_duplicates("level").set_index("level")["slope"]
    dots = (
        note_of_lots(min(len(means), _MOST_DOTS), len(means), "Grey dots are sessions and means of")
        if config.privacy.single_patients
        else ""
    )
    return Drawing(figure, values, _describe(slopes, cause, outcome, config), dots)


def earlier_term(cause: str, outcome: str, config: Config) -> str:
    """Return the column of `cause` that was measured before `outcome`: of the same session if it was, else the lag."""
    first, second = parse_term(cause, config.variables), parse_term(outcome, config.variables)
    if first is not None and second is not None and moment(first, config) < moment(second, config):
        return cause
    return cause + LAG


def _bins(part: pd.DataFrame, cause: str, outcome: str, level: str, config: Config) -> pd.DataFrame:
    """Means of equally large parts of the cloud, each of at least `privacy.minimum_cell` patients, and the slope."""
    n = part["patient"].nunique()
    count = max(1, min(_BINS, n // max(1, config.privacy.minimum_cell)))
    groups = pd.Series(np.arange(len(part)) * count // len(part), index=part[cause].argsort())
    binned = part.reset_index(drop=True).groupby(groups)
    table = binned.agg(
        n_patients=("patient", "nunique"), n_points=(cause, "size"), cause=(cause, "mean"), outcome=(outcome, "mean")
    )
    (slope, intercept), covariance = np.polyfit(part[cause], part[outcome], 1, cov=True)
    slope = to_step(float(slope), step_for(math.sqrt(covariance[0, 0])))
    intercept = to_step(float(intercept), step_for(math.sqrt(covariance[1, 1])))
    errors = binned[[cause, outcome]].std() / np.sqrt(n / count)
    for name, column in (("cause", cause), ("outcome", outcome)):
        table[name] = [to_step(value, step_for(one)) for value, one in zip(table[name], errors[column], strict=False)]
    table = table[table["n_patients"] >= config.privacy.minimum_cell].reset_index(drop=True)
    for name in ("n_patients", "n_points"):
        table[name] = [in_multiples(value, config.privacy.minimum_cell) for value in table[name]]
    named = table.assign(level=level, x=cause, y=outcome, slope=slope, intercept=intercept)
    return named.rename(columns={"cause": "x_mean", "outcome": "y_mean"})


def _draw_panel(
    axis: Axes, part: pd.DataFrame, bins: pd.DataFrame, cause: str, outcome: str, level: str, config: Config
) -> None:
    colour = theme.LEVEL_COLOURS[level]
    if config.privacy.single_patients:
        dots = part[part["patient"].isin(draw_lots(part["patient"], _MOST_DOTS, config))]
        axis.scatter(
            dots[cause], dots[outcome], s=5, color=theme.MUTED, alpha=0.18, linewidths=0, rasterized=True, zorder=1
        )
    slope, intercept = bins["slope"].iloc[0], bins["intercept"].iloc[0]
    step = step_for(float(part[cause].std()) / math.sqrt(part["patient"].nunique()))
    mean, sd = (to_step(float(number), step) for number in (part[cause].mean(), part[cause].std()))
    ends = mean + sd * np.array([-1.5, 1.5])  # not those of single patients, nor exact: an SVG can be measured
    axis.plot(ends, intercept + slope * ends, color=colour, linestyle=theme.LEVEL_LINES[level], linewidth=2, zorder=3)
    axis.scatter(
        bins["x_mean"],
        bins["y_mean"],
        s=26,
        color=colour,
        marker=theme.LEVEL_MARKERS[level],
        edgecolors="white",
        linewidths=0.7,
        zorder=4,
    )
    where = "Within patients" if level == "within" else "Between patients"
    axis.set_title(f"{where}: slope {format_number(slope)}")
    of = "deviation from own mean" if level == "within" else "patient's mean"
    axis.set_xlabel(theme.wrap(f"{capitalised_name(label_of(cause, config))}: {of} ({unit_of(cause, config)})", 46))
    axis.set_ylabel(theme.wrap(f"{capitalised_name(label_of(outcome, config))}: {of} ({unit_of(outcome, config)})", 38))


def _describe(slopes: pd.Series, cause: str, outcome: str, config: Config) -> str:
    return (
        f"Two scatter plots of {label_of(outcome, config)} against {label_of(cause, config)}. Unadjusted slope within patients "
        f"{format_number(slopes['within'])}, between patients {format_number(slopes['between_patient'])} "
        f"{unit_of(outcome, config)} per unit."
    )
