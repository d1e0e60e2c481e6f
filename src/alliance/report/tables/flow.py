"""The patient flow, stage by stage and equation by equation."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.labels import capitalised_name, label_model, label_of, label_reason
from alliance.report.numbers import format_count
from alliance.report.tables.table import Table
from alliance.results.disclosure import publish_flow

TITLE = "Patient flow"
NEEDS = ("flow",)
_CLEANING = "Data"


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every stage with what was left and what was removed; removals are counted one after the other."""
    flow = publish_flow(inputs["flow"], config.privacy.minimum_cell)
    shown = pd.DataFrame(
        {
            "Part": [_part(row, config) for row in records(flow)],
            "Stage": [_stage(row, config) for row in records(flow)],
            "Patients": flow["n_patients"].map(format_count),
            "Sessions": flow["n_sessions"].map(format_count),
            "Therapists": flow["n_therapists"].map(format_count),
            "Patients removed": flow["removed_patients"].map(format_count),
            "Sessions removed": flow["removed_sessions"].map(format_count),
        }
    )
    if not flow["n_therapists"].any():
        shown = shown.drop(columns="Therapists")
    notes = [
        "Each row states what is left after its stage; reasons are counted one after the other, so every removal is counted once."
    ]
    if flow[["n_patients", "removed_patients"]].isna().any(axis=None):
        notes.append(
            f"Of the data, numbers of fewer than {config.privacy.minimum_cell} patients, and those from which they could be computed, are "
            "not shown (–); how many patients an equation has is always exact, and so is how many it leaves out."
        )
    return Table(flow, shown, "Patient flow from the export to the rows of every equation", notes, "Part")


def _part(row: Any, config: Config) -> str:
    model, outcome = row.model, row.outcome
    return f"{label_model(model, config)}: {label_of(outcome, config)}" if model else _CLEANING


def _stage(row: Any, config: Config) -> str:
    stage, reason = capitalised_name(row.stage), label_reason(row.reason, config)
    return f"{stage}: {reason}" if reason else stage
