"""Forest plot of the sites of one study: each alone, what partial pooling makes of it, the mean, and where another site is expected."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.facts.quantity import nodes_of
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.intervals import ROW_HEIGHT, draw_intervals
from alliance.report.labels import capitalised_name, label_effect, label_path, label_value
from alliance.report.numbers import format_count, format_estimate, format_interval, format_percent
from alliance.results.sites import KEY

TITLE = "Sites, each alone and pooled partially"
CAPTION = (
    "Filled: what each site says alone, with its patients and its weight in the mean. Open, below it: what partial pooling makes of it. "
    "Then the mean over sites with its interval, and where the effect of another such site is expected."
)
NEEDS = ("sites", "pooled")
_SHOWN = ("a", "b", "effect", "indirect")
_BY = ["model", *KEY]
_MOST = 8  # sites with which all steps are drawn; of more, the path through them only


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw the steps and the path through them, one below the other, each on an axis of its own."""
    pooled = inputs["pooled"]
    told = sorted(pooled[pooled["effect"].isin(_SHOWN)].to_dict("records"), key=lambda row: len(nodes_of(row["path"])))
    if not told:
        return theme.draw_unavailable("No fitted model was fitted to each site alone.")
    told = told if max(row["sites"] for row in told) <= _MOST else told[-1:]
    panels = [_panel(row, inputs["sites"], config) for row in told]
    with theme.applied():
        heights = [len(panel) + 3.0 for panel in panels]
        figure, axes = theme.new_figure(
            theme.DOUBLE, ROW_HEIGHT * sum(heights) + 0.2, len(panels), 1, height_ratios=heights
        )
        for axis, panel, row in zip(axes, panels, told, strict=True):
            texts = theme.mark_flags(list(panel["text"]), list(panel["flag"]))
            draw_intervals(axis, panel.assign(level=panel["look"]), texts)
            axis.axhline(2 * row["sites"] - 0.5, color=theme.RULE, linewidth=0.6)
            axis.set_title(theme.wrap(_name(row, config), 88), loc="left")
    values = pd.concat(panels, ignore_index=True).drop(columns=["text", "filled", "look"])
    notes = [f"Intervals: {format_percent(told[0]['interval'])}.", theme.note_of_flags(list(values["flag"]))]
    parts = [
        f"{_name(row, config)}: mean {format_estimate(row['estimate'], row['low'], row['high'])} over {row['sites']} sites, SD between "
        f"them {format_estimate(row['tau'], row['tau_low'], row['tau_high'])}"
        for row in told
    ]
    return Drawing(
        figure, values, f"Forest plot by site. {'; '.join(parts)}.", " ".join(note for note in notes if note)
    )


def _name(row: Mapping[Any, Any], config: Config) -> str:
    return f"{capitalised_name(label_path(row['path'], config))} ({label_effect(row['effect'])})"


def _panel(row: Mapping[Any, Any], sites: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the rows of one quantity from top to bottom."""
    shown: list[dict[str, Any]] = []
    for one in sites[(sites[_BY] == [row[name] for name in _BY]).all(axis=1)].to_dict("records"):
        site = label_value(one["moderator"], one["value"], config)
        count = "" if np.isnan(one["n_patients"]) else f" ({format_count(one['n_patients'])})"
        alone = format_estimate(one["estimate"], one["low"], one["high"])
        shown += [
            _row(
                f"{site}{count}",
                (one["estimate"], one["low"], one["high"]),
                f"{alone}  {format_percent(one['weight'])}",
                one["flag"],
            ),
            _row(f"{site}, pooled partially", (one["shrunk"], one["shrunk_low"], one["shrunk_high"]), filled=False),
        ]
    mean = (row["estimate"], row["low"], row["high"])
    shown.append(_row("Mean over sites", mean) | {"look": "overall"})
    if row["sites"] > 2:
        low, high = row["predicted_low"], row["predicted_high"]
        ahead = _row("Another site", (row["estimate"], low, high), format_interval(low, high), filled=False)
        shown.append(ahead | {"look": "overall"})
    return pd.DataFrame(shown).assign(**{name: row[name] for name in _BY})


def _row(
    label: str, numbers: tuple[float, float, float], text: str = "", flag: str = "", *, filled: bool = True
) -> dict[str, Any]:
    estimate, low, high = numbers
    about = {"label": label, "estimate": estimate, "low": low, "high": high, "flag": flag, "filled": filled}
    return about | {"look": "within", "text": text or format_estimate(*numbers)}
