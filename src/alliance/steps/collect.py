"""Gather what the models found into one table each of estimates, diagnostics, priors, checks, draws and flow."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import xarray as xr

from alliance.config.schema import Inference
from alliance.contracts import (
    DIAGNOSTIC_COLUMNS,
    FLOW_COLUMNS,
    INFLUENCE_COLUMNS,
    MODERATION_COLUMNS,
    PREDICTIVE_COLUMNS,
    PRIOR_COLUMNS,
    SENSITIVITY_COLUMNS,
    SHRINKAGE_COLUMNS,
)
from alliance.models.container import record_of
from alliance.results.diagnostics import diagnose, tabulate_marks
from alliance.results.estimates import summarise_estimates, thin_draws
from alliance.runs.files import write_csv, write_parquet

# Tables that fits may add to; a table nobody adds to is written with its columns and no rows.
_RECORDED = {
    "priors": PRIOR_COLUMNS,
    "predictive": PREDICTIVE_COLUMNS,
    "influence": INFLUENCE_COLUMNS,
    "sensitivity": SENSITIVITY_COLUMNS,
    "shrinkage": SHRINKAGE_COLUMNS,
    "moderation": MODERATION_COLUMNS,
}


def collect_estimates(
    *,
    model_draws: Sequence[str],
    model_flows: Sequence[str],
    flow_data: str,
    estimates: str,
    diagnostics: str,
    priors: str,
    predictive: str,
    influence: str,
    sensitivity: str,
    shrinkage: str,
    moderation: str,
    draws: str,
    flow: str,
    inference: dict[str, Any],
) -> None:
    """Summarise every fitted model in the order in which the config names them."""
    limits = Inference.model_validate(inference)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in ("estimates", "diagnostics", "draws", *_RECORDED)}
    for path in model_draws:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            marks = diagnose(tree, limits)
            record = record_of(tree)
            tables["estimates"].append(summarise_estimates(tree, marks, limits.interval))
            tables["diagnostics"].append(tabulate_marks(tree, marks))
            tables["draws"].append(thin_draws(tree))
            for name, columns in _RECORDED.items():
                tables[name].append(_named(getattr(record, name), tree.attrs["model"], columns))
    write_csv(_joined(tables["estimates"]), estimates)
    write_csv(_joined(tables["diagnostics"], DIAGNOSTIC_COLUMNS), diagnostics)
    recorded = {
        "priors": priors,
        "predictive": predictive,
        "influence": influence,
        "sensitivity": sensitivity,
        "shrinkage": shrinkage,
        "moderation": moderation,
    }
    for name, path in recorded.items():
        write_csv(_joined(tables[name], _RECORDED[name]), path)
    write_parquet(_joined(tables["draws"]), draws)
    stages = [
        pd.read_csv(path, keep_default_na=False, dtype={"model": str, "outcome": str, "reason": str})
        for path in [flow_data, *model_flows]
    ]
    write_csv(_joined(stages)[FLOW_COLUMNS], flow)


def _named(rows: list[dict[str, Any]], model: str, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame([{"model": model, **row} for row in rows], columns=columns)


def _joined(tables: list[pd.DataFrame], columns: list[str] | None = None) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
