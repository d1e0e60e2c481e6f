"""Fit simulated studies, one after the other, and keep what users would see: rows of the estimates table, beside the truth."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from alliance.certify.settings import Recovery
from alliance.config import Variable
from alliance.config.schema import Inference, Priors
from alliance.data.panel import make_panel
from alliance.facts.columns import DAYS, PATIENT, THERAPIST, WEEKS
from alliance.inference.montecarlo import generator_for
from alliance.models.fitting import fit_declared
from alliance.results.diagnostics import diagnose
from alliance.results.estimates import summarise_estimates
from alliance.worlds.settings import ARM, World
from alliance.worlds.study import settle, simulate_rows
from alliance.worlds.truth import true_quantities

KEYS = ["path", "effect", "level", "horizon"]
COLUMNS = ["design", "method", "study", *KEYS, "truth", "estimate", "sd", "low", "high", "flag"]
NOT_FITTED = "not fitted"  # how the flag of a study begins that a method refused, or failed on; the reason follows
WITHHELD = "withheld"  # the flag of an effect that the method does not give a number for in this study
_LONGEST = 160  # characters of a reason
_PREDICTIVE_DRAWS = 10  # predictive checks are not looked at here
_SEEDS = 2**31


def recover_studies(
    settings: Recovery, design: str, method: str, studies: range, priors: Priors, inference: Inference
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
        Columns `COLUMNS`: one row per study and true effect. Estimates are missing in a study that the method refuses or fails on, whose
        flag begins with `NOT_FITTED` and says why, and of an effect that it gives no number for, whose flag is `WITHHELD`.
    """
    crowd = int(generator_for(settings.seed, design, "dropout").integers(_SEEDS))
    world = settle(settings.world_of(design).model_copy(update={"seed": crowd}))
    spec = settings.spec_of(design, method)
    truth = true_quantities(world, [(asked.source, asked.target) for asked in spec.every_effects()])
    truth = truth[truth["effect"].isin(settings.compared)].rename(columns={"value": "truth"})[[*KEYS, "truth"]]
    variables = variables_of(world)
    tables = []
    for number in studies:
        rng = generator_for(settings.seed, design, str(number))
        panel = simulate_panel(world.model_copy(update={"seed": int(rng.integers(_SEEDS))}))
        chosen = _settings_of_fit(settings, variables, priors, int(rng.integers(_SEEDS)))
        try:
            tree = fit_declared(panel, method, spec, chosen | {"planned_sessions": world.size.sessions}).tree
            estimates = summarise_estimates(tree, diagnose(tree, inference), inference.interval)
        except Exception as error:  # a defect of the project counts like a refusal, and is named; one study must not end a run of hours
            reason = f"{NOT_FITTED}: {type(error).__name__}: {' '.join(str(error).split())}"[:_LONGEST]
            table = truth.assign(estimate=np.nan, sd=np.nan, low=np.nan, high=np.nan, flag=reason)
        else:
            table = _beside(truth, estimates)
        tables.append(table.assign(design=design, method=method, study=number)[COLUMNS])
    return pd.concat(tables, ignore_index=True)


def _beside(truth: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Put estimates beside the truth; correlations, whose truth stands there in both orders, in the order of the model."""
    table = truth.merge(estimates, on=KEYS, how="left", validate="one_to_one")
    absent = table["estimate"].isna()
    table.loc[absent, "flag"] = WITHHELD
    return table[~absent | (table["effect"] != "correlation")]


def simulate_panel(world: World) -> pd.DataFrame:
    """Simulate a study and build its panel as from an export."""
    rows = simulate_rows(world)
    scores = rows.drop(columns=ARM).assign(**{DAYS: np.nan, WEEKS: np.nan})
    patients = rows.drop_duplicates(PATIENT)[[PATIENT, THERAPIST, *([ARM] if world.arms else [])]]
    therapists = rows.drop_duplicates(THERAPIST)[[THERAPIST]]
    return make_panel(scores, patients, therapists, variables_of(world), lag=1, max_gap_days=None)


def variables_of(world: World) -> dict[str, Variable]:
    """Declare the variables of a world as a config would."""
    found: dict[str, dict[str, Any]] = {
        name: {"table": "sessions", "measured": v.measured} for name, v in world.variables.items()
    }
    for name, measure in world.variables.items():
        if measure.scale is not None and measure.scale.censored:
            found[name] |= {"range": (measure.scale.low, measure.scale.high), "censored": measure.scale.censored}
    found |= {ARM: {"table": "patients"}} if world.arms else {}
    return {name: Variable.model_validate({"label": name, "column": name, **given}) for name, given in found.items()}


def _settings_of_fit(
    settings: Recovery, variables: Mapping[str, Variable], priors: Priors, seed: int
) -> dict[str, Any]:
    return {
        "seed": seed,
        "lag": 1,
        "monte_carlo_draws": settings.monte_carlo_draws,
        "predictive_draws": _PREDICTIVE_DRAWS,
        "variables": {name: variable.model_dump(mode="json") for name, variable in variables.items()},
        "sampling": settings.sampling.model_dump(mode="json"),
        "priors": priors.model_dump(mode="json"),
    }
