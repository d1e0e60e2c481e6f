"""Fit one declared model."""

from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec
from alliance.errors import ModelError
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.families import FAMILIES
from alliance.models.container import make_failed_tree
from alliance.models.fitting import fit_declared, needs_items, with_meanings, with_reliability
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_csv, write_tree

_SINGULAR = (
    "A matrix that the fit needs has no inverse: some of its effects cannot be told apart in these data, usually because too many vary "
    "between units. Take varying slopes or predictors out of the model."
)


def fit_model(
    *,
    panel: str,
    draws: str,
    flow: str,
    model: str,
    spec: dict[str, Any],
    settings: dict[str, Any],
    reliability: str | None = None,
    meanings: str | None = None,
) -> None:
    """Fit a model with its family; write the draws of its paths and the patient flow that led to its rows.

    A model that these data do not allow costs its own part of the report and no more: what is written then holds the reason.
    """
    declared = ModelSpec.model_validate(spec)
    if reliability is not None and needs_items(settings):
        settings = with_reliability(settings, read_artefact(reliability, "reliability"))
    if meanings is not None and FAMILIES[declared.family].meanings:
        settings = with_meanings(settings, read_artefact(meanings, "meanings"))
    try:
        result = fit_declared(pd.read_parquet(panel), model, declared, settings)
    except (ModelError, np.linalg.LinAlgError) as error:
        write_csv(pd.DataFrame(columns=ARTEFACTS["flow"].header), flow)
        reason = _SINGULAR if isinstance(error, np.linalg.LinAlgError) else str(error)
        write_tree(make_failed_tree(model=model, family=declared.family, reason=reason), draws)
        print(f"Model '{model}' could not be fitted; the report does without it. {reason}")
        return
    write_csv(result.flow, flow)
    write_tree(result.tree, draws)
