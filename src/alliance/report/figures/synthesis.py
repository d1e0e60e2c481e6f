"""Forest plot of a synthesis: each site with its N, the mean over sites, and where another site is expected."""

import numpy as np
import pandas as pd

from alliance.facts.columns import records
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.intervals import ROW_HEIGHT, draw_intervals
from alliance.report.labels import capitalised_name
from alliance.report.numbers import format_count, format_estimate, format_interval, format_percent
from alliance.synthesis.combine import KEY, Synthesis
from alliance.synthesis.names import PREDICTION, Row, name_quantity, name_unit, told_rows

TITLE = "What each site found, and what they say together"
CAPTION = (
    "Estimate and interval of each site, with its patients and its weight in the mean; the mean over sites like these with its interval; "
    "and where the effect of another such site is expected."
)
_MEAN, _ANOTHER = "Mean over sites", "Another site"


def draw_synthesis(found: Synthesis) -> Drawing:
    """Draw the quantities that are told first, one below the other, each on an axis of its own."""
    told = told_rows(found.pooled)
    panels = [_panel(row, found) for row in told.to_dict("records")]
    with theme.applied():
        heights = [len(panel) + 3.2 for panel in panels]
        figure, axes = theme.new_figure(
            theme.DOUBLE, ROW_HEIGHT * sum(heights) + 0.2, len(panels), 1, height_ratios=heights
        )
        for axis, panel, row in zip(axes, panels, told.to_dict("records"), strict=True):
            draw_intervals(
                axis, panel.assign(level=panel["look"]), theme.mark_flags(list(panel["text"]), list(panel["flag"]))
            )
            axis.axhline(len(panel) - 2.5 if row["sites"] > 2 else len(panel) - 1.5, color=theme.RULE, linewidth=0.6)
            axis.set_title(theme.wrap(name_quantity(row, found.labels), 88), loc="left")
            axis.set_xlabel(theme.wrap(capitalised_name(name_unit(row, found.labels)), 80))
    values = pd.concat(panels, ignore_index=True).drop(columns=["text", "filled", "look"])
    ahead = PREDICTION if (told["sites"] > 2).any() else ""
    notes = [
        f"Intervals: {format_percent(told['interval'].iloc[0])}.",
        ahead,
        theme.note_of_flags(list(values["flag"])),
    ]
    return Drawing(figure, values, _describe(panels, told, found), " ".join(note for note in notes if note))


def _panel(row: Row, found: Synthesis) -> pd.DataFrame:
    """Return the rows of one quantity from top to bottom: sites, their mean, another site."""
    sites = found.sites
    for name in [*KEY, "unit"]:
        sites = sites[sites[name] == row[name]]
    shown = [
        {
            "label": f"{one.site} ({format_count(one.n_patients)})", "estimate": one.estimate, "low": one.low, "high": one.high,
            "look": "within", "filled": True, "flag": one.flags,
            "text": f"{format_estimate(one.estimate, one.low, one.high)}  {format_percent(one.weight)}",
        }
        for one in records(sites)
    ]  # fmt: skip
    flags = "; ".join(sorted({flag for site in shown for flag in str(site["flag"]).split("; ") if flag}))
    mean = {
        "label": _MEAN,
        "estimate": row["estimate"],
        "low": row["low"],
        "high": row["high"],
        "look": "overall",
        "filled": True,
        "flag": flags,
    }
    low, high = row["predicted_low"], row["predicted_high"]
    shown.append(mean | {"text": format_estimate(mean["estimate"], mean["low"], mean["high"])})
    if np.isfinite(low):
        text = format_interval(low, high)
        shown.append(mean | {"label": _ANOTHER, "low": low, "high": high, "filled": False, "text": text})
    panel = pd.DataFrame(shown)
    for name in [*KEY, "unit"]:
        panel[name] = row[name]
    return panel


def _describe(panels: list[pd.DataFrame], told: pd.DataFrame, found: Synthesis) -> str:
    parts = [
        f"{name_quantity(row, found.labels)}: mean {format_estimate(row['estimate'], row['low'], row['high'])} over {row['sites']} sites"
        for row in told.to_dict("records")
    ]
    return f"Forest plot of {len(panels)} quantities by site. {'; '.join(parts)}."
