"""Fit one declared model."""

from typing import Any

import pandas as pd

from alliance.config import ModelSpec
from alliance.models.fitting import fit_declared
from alliance.runs.files import write_csv, write_tree


def fit_model(*, panel: str, draws: str, flow: str, model: str, spec: dict[str, Any], settings: dict[str, Any]) -> None:
    """Fit a model with its family; write the draws of its paths and the patient flow that led to its rows."""
    result = fit_declared(pd.read_parquet(panel), model, ModelSpec.model_validate(spec), settings)
    write_csv(result.flow, flow)
    write_tree(result.tree, draws)
