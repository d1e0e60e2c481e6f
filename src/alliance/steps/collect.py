"""Gather what the models found into one table each of estimates, diagnostics, priors, checks, draws and flow."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from alliance.config.schema import Inference
from alliance.contracts import FLOW_COLUMNS
from alliance.results.fits import tabulate_fit
from alliance.runs.files import read_tree, write_csv, write_parquet


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
    fits = [tabulate_fit(read_tree(path), limits) for path in model_draws]
    written = {
        "estimates": estimates,
        "diagnostics": diagnostics,
        "priors": priors,
        "predictive": predictive,
        "influence": influence,
        "sensitivity": sensitivity,
        "shrinkage": shrinkage,
        "moderation": moderation,
    }
    for name, path in written.items():
        write_csv(_joined([fit[name] for fit in fits]), path)
    write_parquet(_joined([fit["draws"] for fit in fits]), draws)
    stages = [
        pd.read_csv(path, keep_default_na=False, dtype={"model": str, "outcome": str, "reason": str})
        for path in [flow_data, *model_flows]
    ]
    write_csv(_joined(stages)[FLOW_COLUMNS], flow)


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables below each other; those without rows only say which columns there are, not of which type."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]
