"""Fit one declared model."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from alliance.config import ModelSpec
from alliance.errors import ModelError
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import DAYS, ENDINGS, LAG, PATIENT, SESSION, THERAPIST, WEEKS
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
        result = fit_declared(read_panel(panel, declared, settings), model, declared, settings)
    except (ModelError, np.linalg.LinAlgError) as error:
        write_csv(pd.DataFrame(columns=ARTEFACTS["flow"].header), flow)
        reason = _SINGULAR if isinstance(error, np.linalg.LinAlgError) else str(error)
        write_tree(make_failed_tree(model=model, family=declared.family, reason=reason), draws)
        print(f"Model '{model}' could not be fitted; the report does without it. {reason}")
        return
    write_csv(result.flow, flow)
    write_tree(result.tree, draws)


def read_panel(path: str, spec: ModelSpec, settings: dict[str, Any]) -> pd.DataFrame:
    """Read what a model may look at: keys, columns of its variables, and those that its declaration names, with all that the panel derives.

    Of all other variables, whether anything was observed in a session and the one before it is told by their values and earlier values.
    All columns where one that is named is not there, so that what is said of it knows the names there are.
    """
    there = pq.read_schema(path).names
    if not {*spec.named_columns(), *getattr(spec, "pooled_over", [])} <= set(there):
        return pd.read_parquet(path)
    words = {PATIENT, THERAPIST, SESSION, DAYS, WEEKS, *_words_in(spec.model_dump()), *_words_in(settings["variables"])}
    earlier = {name for name in there if name.endswith(LAG)}
    kept = {f"{word}{ending}" for word in words for ending in ("", *ENDINGS)} | earlier
    kept |= {name.removesuffix(LAG) for name in earlier}
    own = tuple(f"{variable}_" for variable in settings["variables"])
    return pd.read_parquet(path, columns=[name for name in there if name in kept or name.startswith(own)])


def _words_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from (*_words_in(key), *_words_in(held))
    elif isinstance(value, list | tuple | set):
        for held in value:
            yield from _words_in(held)
