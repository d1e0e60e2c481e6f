"""The path through the mediator in every fitted model, side by side."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.quantity import ends_of
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.intervals import ROW_HEIGHT, draw_intervals, head_rows, level_handles, note_of_cuts
from alliance.report.labels import capitalised_name, label_level_of, label_levels, label_model, label_path
from alliance.report.numbers import format_estimate, format_percent
from alliance.report.propensity import is_propensity, name_in, unit_in

TITLE = "Indirect paths in all models"
CAPTION = (
    "Estimate and interval of the path from the first variable through the one between to the outcome, by model and level. Models that "
    "disagree make different assumptions; the table of equations lists what they adjust for."
)
NEEDS = ("estimates",)
_VERSIONS = {"indirect": True, "indirect_product": False}  # effect -> filled marker
_OPEN = "Product without the covariance"


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one panel per path, since paths from different causes have different units."""
    values = indirect_rows(inputs["estimates"])
    if values.empty:
        return theme.draw_unavailable(
            "None of the fitted models has a mediator between cause and outcome, so there is no indirect path to show."
        )
    panels = [_with_headings(part, config) for _, part in theme.first_models(values).groupby("path", sort=False)]
    panels, others = theme.fill_page(panels, lambda panel: ROW_HEIGHT * (len(panel) + 2.6), 0.45)
    heights = [len(panel) + 2.6 for panel in panels]
    with theme.applied():
        figure, axes = theme.new_figure(
            theme.DOUBLE, ROW_HEIGHT * sum(heights) + 0.45, len(panels), 1, height_ratios=heights
        )
        for axis, panel in zip(axes, panels, strict=True):
            path = panel["path"].iloc[-1]
            texts = [
                "" if np.isnan(row.estimate) else format_estimate(row.estimate, row.low, row.high)
                for row in records(panel)
            ]
            draw_intervals(axis, panel, theme.mark_flags(texts, list(panel["flag"])))
            axis.set_title(theme.wrap(capitalised_name(label_path(path, config)), 100), loc="left")
            axis.set_xlabel(describe_unit(path, config))
        product = _OPEN if "indirect_product" in set(values["effect"]) else ""
        handles = level_handles(list(values["level"]), open_label=product)
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    notes = [
        f"Intervals: {format_percent(config.inference.interval)}.",
        note_of_cuts(panels),
        theme.note_of_others(others, "paths"),
        theme.note_of_flags(list(values["flag"])),
    ]
    return Drawing(figure, values, _describe(values, config), " ".join(note for note in notes if note))


def indirect_rows(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the indirect estimates; a product without covariance only where it differs from the indirect path."""
    rows = estimates[estimates["effect"].isin(_VERSIONS)].copy()
    keys = ["model", "path", "level", "horizon"]
    full = rows[rows["effect"] == "indirect"].drop_duplicates(keys).set_index(keys)["estimate"]
    same = [
        row.effect == "indirect_product"
        and (row.model, row.path, row.level, row.horizon) in full.index
        and bool(np.isclose(full.loc[(row.model, row.path, row.level, row.horizon)], row.estimate, rtol=1e-9))
        for row in records(rows)
    ]
    columns = [
        "model",
        "outcome",
        "path",
        "effect",
        "level",
        "horizon",
        "estimate",
        "low",
        "high",
        "interval_kind",
        "p_direction",
        "flag",
    ]
    return rows.loc[~np.array(same, dtype=bool), columns].reset_index(drop=True)


def describe_unit(path: str, config: Config) -> str:
    """Say what one unit of an estimate is: points of the outcome per unit of the cause."""
    (source, of_source), (target, of_target) = (_measure(node, config) for node in ends_of(path))
    variable = config.variables.get(ends_of(path)[0])
    step = f"({of_source})" if variable is not None and variable.kind == "category" else f"({_one(of_source)})"
    return f"{capitalised_name(target)} ({of_target}) per {source} {step}"


def _measure(node: str, config: Config) -> tuple[str, str]:
    """Return label and unit of a node, those of a propensity where a fitted model takes it for one."""
    model = next((name for name in config.models.fit if is_propensity(node, name, config)), "")
    return name_in(node, model, config), unit_in(node, model, config)


def _one(unit: str) -> str:
    return f"1 {unit.removesuffix('s')}"


def _with_headings(part: pd.DataFrame, config: Config) -> pd.DataFrame:
    blocks = []
    for model, rows in part.groupby("model", sort=False):
        heading = head_rows(theme.wrap(label_model(str(model), config), 90)).assign(path=rows["path"].iloc[0])
        rows = rows.assign(
            label=label_levels(rows, config),
            filled=rows["effect"].map(_VERSIONS),
        )
        blocks.append(pd.concat([heading, rows], ignore_index=True))
    return pd.concat(blocks, ignore_index=True)


def _describe(values: pd.DataFrame, config: Config) -> str:
    parts = []
    for (path, model), rows in values[values["effect"] == "indirect"].groupby(["path", "model"], sort=False):
        listed = describe_levels(rows, config)
        parts.append(f"{label_path(str(path), config)} in '{label_model(str(model), config)}': {listed}")
    return "Forest plot of indirect paths. " + "; ".join(parts) + "."


def describe_levels(rows: pd.DataFrame, config: Config) -> str:
    """List estimate and interval of each row by its level, for descriptions of figures."""
    return ", ".join(
        f"{label_level_of(row._asdict(), config)} {format_estimate(row.estimate, row.low, row.high)}"
        f"{' (flagged)' if row.flag else ''}"
        for row in records(rows)
    )
