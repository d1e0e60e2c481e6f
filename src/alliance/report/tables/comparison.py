"""The estimates of this run beside those of the run it is compared with."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.report.labels import label_model
from alliance.report.naming import name_estimate
from alliance.report.numbers import MISSING, common_decimals, format_estimate, format_number, format_percent
from alliance.report.tables.marks import FLAG, describe_counts, mark_of
from alliance.report.tables.table import Table

TITLE = "Comparison of two runs"
NEEDS = ("comparison",)
_SIDES = ("base", "this")


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per estimate that either run has: both with their intervals and counts, and what changed."""
    data = inputs["comparison"]
    headings = (f"Run “{config.run.compare_to}”", "This run")
    shown = pd.DataFrame(
        [
            {
                "Model": label_model(row["model"], config),
                "Estimate of": name_estimate(row | {"horizon": _horizon(row)}, config),
                **{heading: _side(row, side) for heading, side in zip(headings, _SIDES, strict=True)},
                "Difference": _difference(row),
                "Overlap": format_percent(row["overlap"]),
                "Change": row["change"],
                "Not the same": row["differs"],
            }
            for row in data.to_dict("records")
        ],
        columns=["Model", "Estimate of", *headings, "Difference", "Overlap", "Change", "Not the same"],
    )
    notes = [
        "Estimate [interval] (patients / sessions / therapists). Overlap: share of the shorter interval that lies in the other one. "
        "Not the same: in what the two are estimates of different things; in other units no difference has a meaning."
    ]
    if any((data[f"flag_{side}"] != "").any() for side in _SIDES):
        notes.append(f"{FLAG} Flagged by the diagnostics of its run, see there.")
    return Table(data, shown, "Estimates of both runs side by side", notes, "Model")


def _horizon(row: Mapping[Hashable, Any]) -> str:
    return " / ".join(dict.fromkeys(row[f"horizon_{side}"] for side in _SIDES if row[f"horizon_{side}"]))


def _side(row: Mapping[Hashable, Any], side: str) -> str:
    if pd.isna(row[f"estimate_{side}"]):
        return "not estimated"
    estimate, low, high = (row[f"{name}_{side}"] for name in ("estimate", "low", "high"))
    counts = describe_counts(*(row[f"n_{unit}_{side}"] for unit in ("patients", "sessions", "therapists")))
    return f"{format_estimate(estimate, low, high)}{mark_of(row[f'flag_{side}'])} ({counts})"


def _difference(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["difference"]):
        return MISSING
    if row["difference"] == 0:
        return format_number(0)
    width = row["high_base"] - row["low_base"]
    return format_number(row["difference"], common_decimals([row["difference"]], width))
