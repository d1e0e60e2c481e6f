"""Fit all equations of a path diagram at once, with explicit random effects."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec
from alliance.errors import ModelError
from alliance.inference.sampling import draw_prior, sample_posterior
from alliance.models.container import FitResult
from alliance.models.design.arrays import Design
from alliance.models.direct.build import build_model
from alliance.models.joint import PREDICTIVE_DRAWS, Drawn, Findings, compute_effects, make_result, prepare_task
from alliance.models.quantities.population import names_of_population

ENGINE = "PyMC, NUTS (nutpie)"
INTERVAL_KIND = "credible"


def fit(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Fit all equations of a path diagram at once.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        seed, lag, variables, sampling and priors, see `alliance.models.fitting.settings_for`.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, no path leads from the cause to the outcome, residuals of one occasion are correlated, or
        the sampler failed.
    """
    task = prepare_task(panel, name, spec, settings)
    _check_occasions(name, task.design)
    model, kept = build_model(task.design, settings["priors"]), names_of_population(task.design)
    groups = sample_posterior(model, kept, settings["sampling"], task.whole_number("posterior"), name)
    prior = draw_prior(model, kept, PREDICTIVE_DRAWS, task.whole_number("prior"))
    drawn = _flat(groups["posterior"], prior)
    return make_result(task, drawn, compute_effects(task, drawn.values), Findings(ENGINE, INTERVAL_KIND, groups=groups))


def _check_occasions(name: str, design: Design) -> None:
    outcomes, counts = list(design.equations), Counter(k for pair in design.occasions.pairs for k in pair)
    for number, count in counts.items():
        if count > 1:
            raise ModelError(
                f"models.specs.{name}: '{outcomes[number]}' is observed at the same sessions as two other outcomes, and neither predicts "
                f"the other there, so the residuals of three are correlated, which family direct does not have. Use family "
                f"multilevel_path, or let one predict the other."
            )


def _flat(posterior: xr.Dataset, prior: dict[str, np.ndarray]) -> Drawn:
    arrays: dict[str, np.ndarray] = {
        str(name): values.transpose("chain", "draw", ...).to_numpy() for name, values in posterior.data_vars.items()
    }
    flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in arrays.items()}
    return Drawn(flat, posterior.sizes["chain"], prior=prior)
