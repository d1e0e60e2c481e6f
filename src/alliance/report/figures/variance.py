"""Where the variance lies: shares of sessions, patients and therapists in each measure."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from alliance.config import Config
from alliance.facts.columns import records
from alliance.facts.effects import COMPONENT_LEVELS
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import capitalised_name, label_level, label_model, label_of
from alliance.report.numbers import format_percent, format_share

TITLE = "What varies where"
CAPTION = (
    "Share of the variance of each measure between sessions of the same patient (measurement error included), between patients and, "
    "where they are known, between therapists. Left: the shares together; right: each share with its interval."
)
NEEDS = ("estimates",)


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw a stacked bar per measure and, beside it, the shares with their intervals."""
    values = shares_of_variance(inputs["estimates"])
    if values.empty:
        return theme.draw_unavailable("No variance decomposition is among the fitted models (models.fit).")
    levels = [level for level in COMPONENT_LEVELS if level in set(values["level"])]
    bars = values[["model", "variable"]].drop_duplicates().reset_index(drop=True)
    several = bars["model"].nunique() > 1
    names = [
        theme.wrap(
            capitalised_name(label_of(bar.variable, config))
            + (f" ({label_model(bar.model, config)})" if several else ""),
            26,
        )
        for bar in records(bars)
    ]
    with theme.applied():
        height = 0.75 + 0.26 * len(levels) * len(bars)
        figure, (left, right) = theme.new_figure(theme.DOUBLE, height, 1, 2, sharey=True, width_ratios=[1, 1])
        for position, bar in enumerate(records(bars)):
            part = values[(values["model"] == bar.model) & (values["variable"] == bar.variable)].set_index("level")
            _draw_bar(left, position, part, levels)
            _draw_points(right, position, part, levels)
        left.set_yticks(range(len(bars)), names)
        left.set_ylim(len(bars) - 0.45, -0.55)
        left.set_xlim(0, 1)
        right.set_xlim(0, max(1.0, float(np.nanmax([values["high"].max(), values["estimate"].max()]))))
        for axis in (left, right):
            axis.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
            axis.tick_params(axis="y", length=0)
            axis.set_xlabel("Share of variance")
        right.grid(axis="x", color=theme.RULE, linewidth=0.4)
        right.set_axisbelow(True)
        handles = [
            Patch(
                facecolor=theme.LEVEL_COLOURS[level],
                hatch=theme.LEVEL_HATCHES[level],
                edgecolor="white",
                label=capitalised_name(label_level(level)),
            )
            for level in levels
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=len(levels))
    notes = [
        theme.note_of_flags(list(values["flag"])),
        "" if "therapist" in levels else "Therapists are not known in these data.",
    ]
    return Drawing(figure, values, _describe(values, levels, config), " ".join(note for note in notes if note))


def shares_of_variance(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return estimate and interval of each share by model, variable and level; a share left out is what remains to 1."""
    rows = estimates[(estimates["effect"] == "icc") & estimates["level"].isin(COMPONENT_LEVELS)]
    table = rows[["model", "outcome", "level", "estimate", "low", "high", "flag"]].rename(
        columns={"outcome": "variable"}
    )
    added = []
    for (model, variable), part in table.groupby(["model", "variable"], sort=False):
        if "session" not in set(part["level"]):
            rest = 1 - part["estimate"].sum()
            added.append(
                {
                    "model": model,
                    "variable": variable,
                    "level": "session",
                    "estimate": rest,
                    "low": np.nan,
                    "high": np.nan,
                    "flag": "",
                }
            )
    if added:
        table = pd.concat([table, pd.DataFrame(added)], ignore_index=True)
    # Measures in the order of the estimates, levels from the smallest unit to the largest.
    measures = pd.factorize(pd.MultiIndex.from_frame(table[["model", "variable"]]))[0]
    order = pd.DataFrame({"measure": measures, "level": table["level"].map(COMPONENT_LEVELS.index).to_numpy()})
    return table.iloc[order.sort_values(["measure", "level"], kind="stable").index].reset_index(drop=True)


def _draw_bar(axis: Axes, position: int, part: pd.DataFrame, levels: list[str]) -> None:
    start = 0.0
    shares = {str(name): float(share) for name, share in part["estimate"].items()}
    for level in levels:
        if level not in shares:
            continue
        share = shares[level]
        axis.barh(
            position,
            share,
            left=start,
            height=0.6,
            color=theme.LEVEL_COLOURS[level],
            hatch=theme.LEVEL_HATCHES[level],
            edgecolor="white",
        )
        if share > 0.12:
            colour = theme.INK if level == "therapist" else "white"
            axis.text(
                start + share / 2,
                position,
                format_percent(share),
                ha="center",
                va="center",
                fontsize=theme.SMALL,
                color=colour,
            )
        start += share


def _draw_points(axis: Axes, position: int, part: pd.DataFrame, levels: list[str]) -> None:
    rows = part.to_dict("index")
    for step, level in enumerate(levels):
        if level not in rows:
            continue
        row = rows[level]
        y = position + (step - (len(levels) - 1) / 2) * 0.8 / len(levels)
        colour = theme.LEVEL_COLOURS[level]
        if not np.isnan(row["low"]):
            axis.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.4)
        axis.plot(row["estimate"], y, marker=("o", "s", "^")[step], color=colour, markersize=5)
        told = (
            format_percent(row["estimate"])
            if np.isnan(row["low"])
            else format_share(row["estimate"], row["low"], row["high"])
        )
        (text,) = theme.mark_flags([told], [row["flag"]])
        axis.text(1.02, y, text, transform=axis.get_yaxis_transform(), va="center", ha="left", fontsize=theme.SMALL)


def _describe(values: pd.DataFrame, levels: list[str], config: Config) -> str:
    parts = []
    for (_, variable), part in values.groupby(["model", "variable"], sort=False):
        shares = dict(zip(part["level"], part["estimate"], strict=True))
        listed = ", ".join(
            f"{format_percent(shares[level])} {label_level(level)}" for level in levels if level in shares
        )
        parts.append(f"{label_of(str(variable), config)}: {listed}")
    return "Stacked bars of shares of variance. " + "; ".join(parts) + "."
