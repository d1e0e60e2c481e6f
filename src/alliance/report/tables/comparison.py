"""The estimates of this run beside those of the run it is compared with."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.report.labels import label_model
from alliance.report.naming import name_estimate
from alliance.report.numbers import column_decimals, common_decimals, format_estimates, format_number, format_shares
from alliance.report.tables.marks import account_of, describe_counts, mark_of
from alliance.report.tables.table import FLAG, Table

TITLE = "Comparison of two runs"
NEEDS = ("comparison",)
_SIDES = ("base", "this")


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per estimate that either run has: both with their intervals and counts, and what changed."""
    data = inputs["comparison"]
    headings = (f"Run “{config.run.compare_to}”", "This run")
    listed = data.to_dict("records")
    written = format_estimates(
        *(
            [None if pd.isna(row[f"estimate_{side}"]) else account_of(row, f"_{side}") for row in listed]
            for side in _SIDES
        )
    )
    digits = column_decimals(
        common_decimals([row["difference"]], row["high_base"] - row["low_base"])
        for row in listed
        if pd.notna(row["difference"]) and row["difference"]
    )
    (overlaps,) = format_shares([(row["overlap"],) for row in listed])
    shown = pd.DataFrame(
        [
            {
                "Model": label_model(row["model"], config),
                "Estimate of": name_estimate(row | {"horizon": _horizon(row)}, config),
                **{
                    heading: _side(row, side, texts[place])
                    for heading, side, texts in zip(headings, _SIDES, written, strict=True)
                },
                "Difference": format_number(row["difference"], digits if row["difference"] else None),
                "Overlap": overlaps[place],
                "Change": row["change"],
                "Not the same": row["differs"],
            }
            for place, row in enumerate(listed)
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


def _side(row: Mapping[Hashable, Any], side: str, written: str) -> str:
    if not written:
        return "not estimated"
    counts = describe_counts(*(row[f"n_{unit}_{side}"] for unit in ("patients", "sessions", "therapists")))
    return f"{written}{mark_of(row[f'flag_{side}'])} ({counts})"
