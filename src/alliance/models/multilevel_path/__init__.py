"""Joint multilevel path models: all equations at once, random effects of patients and therapists integrated out.

One likelihood (`alliance.likelihood`), three depths of inference, chosen by `depth` in the model's declaration:

``ml``       maximum likelihood; draws come from the estimated sampling distribution of the parameters, or from a cluster bootstrap
``laplace``  normal approximation of the posterior at its mode, corrected by importance sampling; NUTS where that fails
``nuts``     draws from the posterior

`engine` lays out the parameters, `maximum` and `posterior` find the tops, `nuts` and `laplace` draw.
"""

from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec
from alliance.models.container import FitResult
from alliance.models.joint.result import PREDICTIVE_DRAWS, Drawn, Findings, Task, make_result, prepare_task
from alliance.models.multilevel_path.engine import Engine, draw_prior, named_draws, natural_of
from alliance.models.multilevel_path.maximum import Maximum, maximise
from alliance.models.multilevel_path.posterior import find_posterior


def fit(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Fit all equations of a path diagram at once.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.panel`.
    settings
        seed, lag, variables, monte_carlo_draws, sampling and priors, see `alliance.models.settings_for`.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, no path leads from the cause to the outcome, or the sampler failed.
    """
    task = prepare_task(panel, name, spec, settings)
    maximum = maximise(task.design)
    if spec.depth == "ml":
        return _fit_maximum(task, maximum)
    return _fit_posterior(task, maximum)


def _fit_maximum(task: Task, maximum: Maximum) -> FitResult:
    positions = maximum.draw(task.settings["monte_carlo_draws"], task.generator("sampling distribution"))
    values, point = (
        named_draws(maximum.engine, natural_of(maximum.engine, chosen, signed=False))
        for chosen in (positions, maximum.top.position[None])
    )
    return make_result(task, Drawn(values, point=point), Findings("maximum likelihood", "Monte Carlo confidence"))


def _fit_posterior(task: Task, maximum: Maximum) -> FitResult:
    # Only here, since PyMC takes seconds to import.
    nuts = import_module("alliance.models.multilevel_path.nuts")
    engine, priors = maximum.engine, task.settings["priors"]
    posterior = find_posterior(maximum, priors)
    positions, statistics = nuts.sample_positions(
        posterior, task.settings["sampling"], task.whole_number("posterior"), task.name
    )
    chains, size, _ = positions.shape
    values = _named(engine, positions.reshape(chains * size, -1))
    prior = _named(engine, draw_prior(engine, priors, PREDICTIVE_DRAWS, task.generator("prior")))
    groups = {"posterior": _grouped(values, chains), "sample_stats": statistics}
    return make_result(task, Drawn(values, chains, prior=prior), Findings("NUTS (nutpie)", "credible", groups=groups))


def _named(engine: Engine, positions: np.ndarray) -> dict[str, np.ndarray]:
    return named_draws(engine, natural_of(engine, positions, signed=True))


def _grouped(values: dict[str, np.ndarray], chains: int) -> xr.Dataset:
    """Return draws as a dataset with dimensions chain and draw."""
    arrays = {}
    for name, flat in values.items():
        shaped = flat.reshape(chains, -1, *flat.shape[1:])
        dims = ("chain", "draw", *(f"{name}_{axis}" for axis in range(shaped.ndim - 2)))
        arrays[name] = (dims, shaped)
    return xr.Dataset(arrays)
