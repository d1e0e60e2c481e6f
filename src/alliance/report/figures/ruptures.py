"""How many patients ruptures are told of, beside chance, and how far the ways to tell them agree."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from alliance.config import Config
from alliance.config.posing import speaker_of
from alliance.facts.columns import records
from alliance.facts.quantity import join_names
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name
from alliance.report.numbers import format_number, format_percent
from alliance.report.ruptures import NAME, label_detector, marks_in, statistic_of

TITLE = "Ruptures by detector"
CAPTION = (
    "Left: patients of whom a rupture is told, with interval; the dashed line is what limits of this study mark by chance, crosses what "
    "limits in use would. Right: agreement on the sessions in which ruptures begin (Cohen's kappa: 0 by chance, 1 complete; blank where "
    "fewer than ten patients tell it)."
)
NEEDS = ("detectors", "estimates")
_ROW = 0.36  # inches


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw shares of patients and the matrix of kappas."""
    told = list(records(inputs["detectors"]))
    if not told:
        return theme.draw_unavailable("No ruptures were asked for: add the question 'ruptures'.")
    estimates, marks, model = inputs["estimates"], marks_in(config), speaker_of(NAME, config)
    names = [capitalised_name(label_detector(row.detector)) for row in told]
    opens = [marks[row.detector]["open"] for row in told]
    shares = [statistic_of(estimates, model, name, "ruptured") for name in opens]
    kappas = _kappas(estimates, model, opens)
    with theme.applied():
        figure, (left, right) = theme.new_figure(theme.DOUBLE, 1.35 + _ROW * len(told), 1, 2, width_ratios=[1, 1.1])
        _draw_shares(left, told, shares, names)
        _draw_kappas(right, kappas, names)
    values = pd.DataFrame(
        [
            {"detector": row.detector, "by_chance": row.by_chance, "usual_by_chance": row.usual_by_chance}
            | {key: share[key] if share else np.nan for key in ("estimate", "low", "high")}
            | dict(zip((f"kappa_{other.detector}" for other in told), kappas[place], strict=True))
            for place, (row, share) in enumerate(zip(told, shares, strict=True))
        ]
    )
    said = [f"{name} {format_percent(share['estimate'])}" for name, share in zip(names, shares, strict=True) if share]
    known = kappas[np.isfinite(kappas)]
    spread = f" Kappa from {format_number(known.min(), 2)} to {format_number(known.max(), 2)}." if len(known) else ""
    return Drawing(
        figure,
        values,
        f"Patients of whom a rupture is told: {', '.join(said)}.{spread}",
        f"Intervals: {format_percent(config.inference.interval)}.",
    )


def _kappas(estimates: pd.DataFrame, model: str, opens: list[str]) -> np.ndarray:
    kappas = np.full((len(opens), len(opens)), np.nan)
    for i, one in enumerate(opens):
        for j, other in enumerate(opens):
            row = statistic_of(estimates, model, join_names(one, other), "kappa")
            if row is not None:
                kappas[i, j] = kappas[j, i] = row["estimate"]
    return kappas


def _draw_shares(axis: Axes, told: list[Any], shares: list[Any], names: list[str]) -> None:
    places = np.arange(len(told))
    for place, (row, share) in enumerate(zip(told, shares, strict=True)):
        if share is not None:
            axis.hlines(place, 100 * share["low"], 100 * share["high"], color=theme.SERIES[0], linewidth=1.4)
            axis.plot(100 * share["estimate"], place, "o", color=theme.SERIES[0], markersize=4.5)
        if pd.notna(row.usual_by_chance):
            axis.plot(100 * row.usual_by_chance, place, "x", color=theme.BLUE, markersize=5)
    chance = (
        np.nanmax([row.by_chance for row in told] + [np.nan])
        if any(pd.notna(row.by_chance) for row in told)
        else np.nan
    )
    if np.isfinite(chance):
        axis.axvline(100 * chance, color=theme.MUTED, linestyle="--", linewidth=0.9)
    axis.set_yticks(places, names)
    axis.set_ylim(len(told) - 0.5, -0.5)
    axis.set_xlim(0, 100)
    axis.set_xlabel("Patients with a rupture (%)")


def _draw_kappas(axis: Axes, kappas: np.ndarray, names: list[str]) -> None:
    shown = np.ma.masked_invalid(kappas)
    axis.imshow(shown, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, j in zip(*np.nonzero(np.isfinite(kappas)), strict=True):
        axis.text(
            j,
            i,
            format_number(kappas[i, j], 2),
            ha="center",
            va="center",
            fontsize=theme.SMALL,
            color="white" if kappas[i, j] > 0.55 else theme.INK,
        )
    axis.set_xticks(range(len(names)), [theme.wrap(name, 12) for name in names], rotation=90, fontsize=theme.SMALL)
    axis.set_yticks(range(len(names)), [""] * len(names))
    axis.set_title("Agreement (kappa)", loc="left")
