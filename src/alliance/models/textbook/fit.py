"""Fit the equations of a path diagram, or a variance decomposition, one at a time."""

from typing import Any

import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.facts.analyses import VARIANCE
from alliance.models.container import FitResult
from alliance.models.textbook.paths import fit_paths
from alliance.models.textbook.variance import fit_variance


def fit(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Fit a variance decomposition or the equations of a path diagram, one at a time.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    name
        Name of the model; with the run's seed it determines the random draws.
    settings
        ``seed``, ``lag``, ``monte_carlo_draws`` and ``variables``, see `alliance.models.fitting.settings_for`.

    Returns
    -------
    FitResult
        Draws from the estimated sampling distribution of every quantity (one chain), and the patient flow.

    Raises
    ------
    ModelError
        The model cannot be fitted to these data; the message names equation and column.
    """
    variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    if spec.analysis == VARIANCE:
        return fit_variance(panel, name, spec, variables, settings["seed"], settings["monte_carlo_draws"])
    return fit_paths(panel, name, spec, variables, settings["seed"], settings["monte_carlo_draws"], settings["lag"])
