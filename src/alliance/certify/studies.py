"""Fit simulated studies, one after the other, and keep what users would see: rows of the estimates table, beside the truth."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from alliance.certify.generator import OUTCOMES, find_leaving, simulate_study
from alliance.certify.settings import StudySettings
from alliance.certify.truth import KEYS, true_effects
from alliance.config import Variable
from alliance.config.schema import Inference, Priors
from alliance.errors import ModelError
from alliance.inference.montecarlo import generator_for
from alliance.models import family_of
from alliance.results.diagnostics import diagnose
from alliance.results.estimates import summarise_estimates

COLUMNS = ["design", "method", "study", *KEYS, "truth", "estimate", "sd", "low", "high", "flag"]
NOT_FITTED = "not fitted"
_PREDICTIVE_DRAWS = 10  # predictive checks are not looked at here

# When each variable is measured: order of the arrows within a row.
_MEASURED = {
    "static": {"technique": "before", "alliance": "during", "symptoms": "after"},
    "dynamic": {"symptoms": "before", "technique": "during", "alliance": "after"},
}


def recover_studies(
    settings: StudySettings, design: str, method: str, studies: range, priors: Priors, inference: Inference
) -> pd.DataFrame:
    """Simulate studies of one design, fit each by one method, and compare with the truth.

    A study depends on the seed, its design and its number only, so every method sees the same ones.

    Parameters
    ----------
    studies
        Numbers of the studies.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`: one row per study and true effect. A study that the method refuses has missing estimates and the flag
        `NOT_FITTED`; an effect that the method does not report is left out.
    """
    chosen = settings.designs[design]
    truth = true_effects(settings.population, chosen)
    crowd = generator_for(settings.seed, design, "dropout")
    leaving = find_leaving(settings.population, chosen, settings.dropout, settings.patients_per_therapist, crowd)
    spec = settings.spec(design, method)
    family = import_module(family_of(method, spec).module)
    tables = []
    for number in studies:
        rng = generator_for(settings.seed, design, str(number))
        study = simulate_study(settings.population, chosen, settings.patients_per_therapist, leaving, rng)
        given = _settings_of_fit(settings, chosen.model, priors, int(rng.integers(2**31)))
        try:
            tree = family.fit(study.panel, method, spec, given).tree
        except ModelError:
            table = truth.assign(estimate=np.nan, sd=np.nan, low=np.nan, high=np.nan, flag=NOT_FITTED)
        else:
            estimates = summarise_estimates(tree, diagnose(tree, inference), inference.interval)
            table = truth.merge(estimates, on=KEYS, validate="one_to_one")
        tables.append(table.assign(design=design, method=method, study=number)[COLUMNS])
    return pd.concat(tables, ignore_index=True)


def _settings_of_fit(settings: StudySettings, model: str, priors: Priors, seed: int) -> Mapping[str, Any]:
    variables = {
        name: Variable.model_validate({"label": name, "column": name, "measured": _MEASURED[model][name]})
        for name in OUTCOMES
    }
    return {
        "seed": seed,
        "lag": 1,
        "monte_carlo_draws": settings.monte_carlo_draws,
        "predictive_draws": _PREDICTIVE_DRAWS,
        "variables": {name: variable.model_dump(mode="json") for name, variable in variables.items()},
        "sampling": settings.sampling.model_dump(mode="json"),
        "priors": priors.model_dump(mode="json"),
    }
