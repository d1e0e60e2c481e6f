"""Fit a declared model: the one place where a family's name becomes a call."""

from importlib import import_module
from typing import Any

import pandas as pd

from alliance.config import ModelSpec
from alliance.models import family_of
from alliance.models.container import FitResult


def fit_declared(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Fit a declared model with its family.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        What `alliance.models.settings_for` gives.

    Raises
    ------
    ConfigError
        There is no such family.
    ModelError
        Panel and declaration do not go together.
    """
    result: FitResult = import_module(family_of(name, spec).module).fit(panel, name, spec, settings)
    return result
