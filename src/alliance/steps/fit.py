"""Fit one declared model."""

from importlib import import_module
from typing import Any

import pandas as pd

from alliance.config import ModelSpec
from alliance.models import family_of
from alliance.runs.files import write_csv, write_tree


def fit_model(*, panel: str, draws: str, flow: str, model: str, spec: dict[str, Any], settings: dict[str, Any]) -> None:
    """Fit a model with its family; write the draws of its paths and the patient flow that led to its rows."""
    declared = ModelSpec.model_validate(spec)
    family = import_module(family_of(model, declared).module)
    result = family.fit(pd.read_parquet(panel), model, declared, settings)
    write_csv(result.flow, flow)
    write_tree(result.tree, draws)
