"""The estimates, and the same corrected for unreliable scores, beside the known truth of a simulated study."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.report.accounts import account_of, write_accounts, write_values
from alliance.report.labels import label_model
from alliance.report.naming import name_estimate
from alliance.report.numbers import format_count
from alliance.report.tables.marks import mark_of
from alliance.report.tables.table import FLAG, Table

TITLE = "Truth and estimates"
NEEDS = ("truth",)
_HOLD = {(True, True): "both", (True, False): "not corrected", (False, True): "corrected", (False, False): "neither"}
_COLUMNS = ["Model", "Estimate of", "Truth", "Estimate", "Corrected", "Interval holds it", "Patients, sessions"]


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per estimate whose true value is known, and whether the interval holds it."""
    data = inputs["truth"]
    listed = data.to_dict("records")
    effects = [row["effect"] for row in listed]
    estimates, corrected = write_accounts(
        effects,
        [account_of(row) for row in listed],
        [account_of(row, "_corrected") if pd.notna(row["estimate_corrected"]) else None for row in listed],
    )
    truths = write_values(effects, data["truth"].tolist())
    shown = pd.DataFrame(
        [
            _shown(row, truth, one, other, config)
            for row, truth, one, other in zip(listed, truths, estimates, corrected, strict=True)
        ],
        columns=_COLUMNS,
    )
    if not data["estimate_corrected"].notna().any():
        shown = shown.drop(columns="Corrected")
    flagged = (data["flag"] != "").any()
    notes = [
        "Within patients the truth is what one session adds, given the past; between patients and between therapists it is how averages go "
        "together, and only models in which every variable of sessions has an equation compare such averages."
    ]
    if "Corrected" in shown:
        notes.append(
            "Corrected: for unreliable scores. The truth is that of scores without error; said is which of the two intervals holds it."
        )
    notes += (
        [] if len(data) else ["Nothing that this run estimates has a known true value, at other lags for instance."]
    )
    notes += [f"{FLAG} Flagged by the diagnostics, see there."] if flagged else []
    return Table(data, shown, "Truth and estimates", notes, "Model")


def _shown(row: Mapping[Any, Any], truth: str, estimate: str, corrected: str, config: Config) -> dict[str, str]:
    """Return what is shown of an estimate; of one that is corrected too, which of the two intervals holds the truth."""
    holds = "yes" if row["holds"] else "no"
    if pd.notna(row["estimate_corrected"]):
        holds = _HOLD[bool(row["holds"]), bool(row["low_corrected"] <= row["truth"] <= row["high_corrected"])]
    return {
        "Model": label_model(row["model"], config),
        "Estimate of": name_estimate(row, config),
        "Truth": truth,
        "Estimate": estimate + mark_of(row["flag"]),
        "Corrected": corrected,
        "Interval holds it": holds,
        "Patients, sessions": f"{format_count(row['n_patients'])}, {format_count(row['n_sessions'])}",
    }
