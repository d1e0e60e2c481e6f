"""Joint multilevel path models: all equations at once, random effects of patients and therapists integrated out.

One likelihood (`alliance.likelihood`), three depths of inference, chosen by `depth` in the model's declaration:

``ml``       maximum likelihood; draws come from the estimated sampling distribution of the parameters, or from a cluster bootstrap
``laplace``  normal approximation of the posterior at its mode, corrected by importance sampling; NUTS where that fails
``nuts``     draws from the posterior

`engine` lays out the parameters, `maximum` and `posterior` find the tops, `depths` draws; `caution`, `profile`, `influence`, `sensitivity`
and `units` say what to bear in mind.
"""

from typing import Any

import pandas as pd

from alliance.config import ModelSpec
from alliance.models.container import FitRecord, FitResult
from alliance.models.joint.result import Findings, compute_effects, make_result, prepare_task
from alliance.models.path.caution import check_residuals, mark_fit, mark_parameters
from alliance.models.path.depths import DEPTHS
from alliance.models.path.engine import natural_of
from alliance.models.path.maximum import maximise
from alliance.models.path.robustness import find_influential_units, find_prior_sensitivity
from alliance.models.path.units import describe_units


def fit(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Fit all equations of a path diagram at once.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        seed, lag, variables, monte_carlo_draws, sampling and priors, see `alliance.models.settings_for`.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, no path leads from the cause to the outcome, an outcome is determined by its
        predictors, or the sampler failed.
    """
    task = prepare_task(panel, name, spec, settings)
    maximum = maximise(task.design)
    check_residuals(name, maximum)
    engine = maximum.engine
    found = DEPTHS[spec.depth](task, maximum)
    drawn = found.drawn(engine)
    quantities = compute_effects(task, drawn.values)
    centre = natural_of(engine, found.positions if found.signed else maximum.top.position[None], signed=found.signed)
    marks = [*mark_fit(engine, maximum), *mark_parameters(engine, centre), *found.marks]
    influence, of_influence = find_influential_units(task, maximum, quantities) if spec.influence else ([], [])
    sensitivity, of_priors = find_prior_sensitivity(task, engine, found, quantities) if found.signed else ([], [])
    record = FitRecord(
        marks=[*marks, *of_influence, *of_priors],
        influence=influence,
        sensitivity=sensitivity,
        shrinkage=describe_units(task, engine, found.positions, signed=found.signed) if spec.random_effects else [],
    )
    return make_result(task, drawn, quantities, Findings(found.engine, found.interval_kind, record, found.groups))
