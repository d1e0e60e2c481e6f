"""The estimates, and the same corrected for unreliable scores, beside the known truth of a simulated study."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.report.labels import label_model
from alliance.report.numbers import common_decimals, format_estimate, format_number
from alliance.report.tables.marks import FLAG, describe_counts, mark_of, name_estimate
from alliance.report.tables.table import Table

TITLE = "Truth and estimates"
NEEDS = ("truth",)
_COLUMNS = [
    "Model",
    "Estimate of",
    "Truth",
    "Estimate",
    "Patients / sessions / therapists",
    "Interval holds the truth",
]
_CORRECTED = ["Corrected", "Corrected interval holds it"]


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per estimate whose true value is known, and whether the interval holds it."""
    data = inputs["truth"]
    shown = pd.DataFrame(
        [
            {
                "Model": label_model(row["model"], config),
                "Estimate of": name_estimate(row, config),
                "Truth": format_number(row["truth"], common_decimals([row["truth"]], row["high"] - row["low"])),
                "Estimate": format_estimate(row["estimate"], row["low"], row["high"]) + mark_of(row["flag"]),
                "Patients / sessions / therapists": describe_counts(
                    row["n_patients"], row["n_sessions"], row["n_therapists"]
                ),
                "Interval holds the truth": "yes" if row["holds"] else "no",
                **dict(zip(_CORRECTED, _corrected(row), strict=True)),
            }
            for row in data.to_dict("records")
        ],
        columns=[*_COLUMNS, *_CORRECTED] if data["estimate_corrected"].notna().any() else _COLUMNS,
    )
    flagged = (data["flag"] != "").any()
    notes = [
        "Within patients the truth is what one session adds, given the past; between patients and between therapists it is how averages go "
        "together, and only models in which every variable of sessions has an equation compare such averages."
    ]
    notes += (
        [] if len(data) else ["Nothing that this run estimates has a known true value, at other lags for instance."]
    )
    notes += [f"{FLAG} Flagged by the diagnostics, see there."] if flagged else []
    return Table(data, shown, "Truth and estimates", notes, "Model")


def _corrected(row: Mapping[Any, Any]) -> tuple[str, str]:
    """Return the corrected estimate with its interval, and whether that holds the truth; nothing where none was corrected."""
    estimate, low, high = (row[f"{name}_corrected"] for name in ("estimate", "low", "high"))
    if pd.isna(estimate):
        return "", ""
    return format_estimate(estimate, low, high), "yes" if low <= row["truth"] <= high else "no"
