"""Does the mediator precede the outcome, or the outcome the mediator? Both, in comparable units."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.facts.columns import BETWEEN, BETWEEN_THERAPIST, PATIENT, THERAPIST, WITHIN, records
from alliance.facts.effects import of_kind
from alliance.facts.quantity import ends_of, join_nodes
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.forest import describe_levels
from alliance.report.figures.intervals import ROW_HEIGHT, draw_intervals, head_rows, level_handles, note_of_cuts
from alliance.report.labels import capitalised_name, find_roles, label_levels, label_model, label_path
from alliance.report.numbers import format_estimate, format_percent

TITLE = "Both directions"
CAPTION = (
    "Slopes from the process variable to the outcome and from the outcome to the process variable. So that the two can be "
    "compared, the axis shows standard deviations of the outcome per standard deviation of the cause, each at its own level "
    "(within patients: of the deviations from the patient's mean). The numbers at the right are in the measures' own units."
)
NEEDS = ("estimates", "panel")
_SPREAD = {
    "within": (WITHIN, None),
    "between_patient": (BETWEEN, PATIENT),
    "between_therapist": (BETWEEN_THERAPIST, THERAPIST),
}


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw both directions as rows of one axis, grouped by direction."""
    values = directed_slopes(inputs["estimates"], inputs["panel"], config)
    if values.empty:
        return theme.draw_unavailable(
            "No fitted model holds a slope between a process variable and the outcome at sessions."
        )
    rows = _with_headings(values, config)
    texts = [
        "" if np.isnan(row.estimate) else format_estimate(row.raw_estimate, row.raw_low, row.raw_high)
        for row in records(rows)
    ]
    with theme.applied():
        figure, (axis,) = theme.new_figure(theme.DOUBLE, ROW_HEIGHT * len(rows) + 1.0)
        draw_intervals(axis, rows, theme.mark_flags(texts, list(rows["flag"])), "Own units")
        axis.set_xlabel("Standard deviations of the outcome per standard deviation of the cause")
        handles = level_handles(list(values["level"]))
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    missing = set(values["direction"]) ^ {"forward", "reverse"}
    notes = [
        f"Intervals: {format_percent(config.inference.interval)}.",
        f"No fitted model estimates the {missing.pop()} direction." if missing else "",
        note_of_cuts([values]),
        theme.note_of_flags(list(values["flag"])),
    ]
    return Drawing(figure, values, _describe(values, config), " ".join(note for note in notes if note))


def directed_slopes(estimates: pd.DataFrame, panel: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the slopes mediator -> outcome and outcome -> mediator, standardised at their level and in own units.

    A slope b of y on x becomes b * sd(x) / sd(y), both standard deviations observed at the level of the slope: of the
    deviations from the patient's mean, of the patients' means, or of the therapists' means.
    """
    roles = find_roles(config)
    outcome = roles.outcome or ""
    directions = {join_nodes(mediator, outcome): "forward" for mediator in roles.mediators}
    directions |= {join_nodes(outcome, mediator): "reverse" for mediator in roles.mediators}
    wanted = estimates[
        estimates["path"].isin(directions)
        & estimates["effect"].isin(of_kind("step"))
        & estimates["level"].isin(_SPREAD)
    ]
    # Models of the single step answer the question; steps of mediation models stand in where a direction has none.
    kept = [
        part[part["effect"] == "effect"] if (part["effect"] == "effect").any() else part
        for _, part in wanted.groupby(wanted["path"].map(directions), sort=True)
    ]
    rows = []
    for row in records(pd.concat(kept) if kept else wanted):
        source, target = ends_of(row.path)
        factor = _spread(panel, source, row.level) / _spread(panel, target, row.level)
        rows.append(
            {
                "direction": directions[row.path],
                "model": row.model,
                "path": row.path,
                "effect": row.effect,
                "level": row.level,
                "horizon": row.horizon,
                "estimate": row.estimate * factor,
                "low": row.low * factor,
                "high": row.high * factor,
                "raw_estimate": row.estimate,
                "raw_low": row.low,
                "raw_high": row.high,
                "flag": row.flag,
            }
        )
    return pd.DataFrame(rows).dropna(subset=["estimate"]).reset_index(drop=True) if rows else pd.DataFrame()


def _spread(panel: pd.DataFrame, score: str, level: str) -> float:
    suffix, unit = _SPREAD[level]
    column = score + suffix
    if column not in panel.columns:
        return float("nan")
    values = panel[column] if unit is None else panel.drop_duplicates(unit)[column]
    spread = float(values.std())
    return spread if spread > 0 else float("nan")


def _with_headings(values: pd.DataFrame, config: Config) -> pd.DataFrame:
    blocks = []
    for (path, model), rows in values.groupby(["path", "model"], sort=False):
        horizon = rows["horizon"].iloc[0]
        when = f", {horizon}" if horizon else ""
        name = f" ({label_model(str(model), config)})" if values.groupby("path")["model"].nunique().max() > 1 else ""
        title = theme.wrap(f"{capitalised_name(label_path(str(path), config))}{when}{name}", 90)
        labelled = rows.assign(label=label_levels(rows, config), filled=True)
        blocks.append(pd.concat([head_rows(title), labelled], ignore_index=True))
    return pd.concat(blocks, ignore_index=True)


def _describe(values: pd.DataFrame, config: Config) -> str:
    parts = [
        f"{label_path(str(path), config)} in '{label_model(str(model), config)}': {describe_levels(rows, config)}"
        for (path, model), rows in values.groupby(["path", "model"], sort=False)
    ]
    return "Points and intervals of both directions in standard deviations. " + "; ".join(parts) + "."
