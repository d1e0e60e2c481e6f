"""Fit one declared model."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from alliance.config import ModelSpec
from alliance.errors import ModelError
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import (
    BASELINE,
    BETWEEN,
    DAYS,
    ENDINGS,
    LAG,
    PATIENT,
    SESSION,
    THERAPIST,
    WEEKS,
)
from alliance.facts.families import FAMILIES
from alliance.models.container import make_failed_tree
from alliance.models.fitting import fit_declared, needs_items, with_meanings, with_reliability
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_csv, write_tree

OTHERS: Final = "(others)"  # no variable can have this name
# What a family looks at of a variable that is named, without naming it: models of equations take no deviations that others made.
_LOOKED_AT: Final = {True: (LAG, BETWEEN, BASELINE), False: ENDINGS}

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
    """Read what a model may look at: keys, columns of its variables, and those that its declaration names.

    All columns where one that is named is not there, so that what is said of it knows the names there are. Of the measures that a model
    of equations does not name, all that matters is in which sessions anything was observed, and where that is known of the session before
    (`OTHERS`): an earlier session was held if anything at all was, and a pause is where something was and is no earlier value.
    """
    there = pq.read_schema(path).names
    named = {*spec.named_columns(), *getattr(spec, "pooled_over", [])}
    if not named <= set(there):
        return pd.read_parquet(path)
    words = {PATIENT, THERAPIST, SESSION, DAYS, WEEKS, *_words_in(spec.model_dump()), *_words_in(settings["variables"])}
    derived = _LOOKED_AT[FAMILIES[spec.family].joint]
    kept = {f"{word}{ending}" for word in words for ending in ("", *derived)}
    # Subscales and categories of its variables, and whatever has a name that columns of its own must not have.
    own = tuple(f"{name}_" for name in (*settings["variables"], *spec.bases, *spec.products))
    left = tuple({*ENDINGS} - {*derived})
    mine = [name for name in there if name in kept or (name.startswith(own) and not name.endswith(left))]
    # What Arrow held of a file goes back to the machine: in a register it is as much as the panel.
    panel = pd.read_parquet(path, columns=mine)
    for name, observed in _observed_in_others(path, there, set(mine)).items():
        panel[name] = observed
    pa.default_memory_pool().release_unused()
    return panel


def _observed_in_others(path: str, there: list[str], mine: set[str]) -> dict[str, np.ndarray]:
    """Return 1 where any of the measures that are not read was observed and NaN elsewhere, and the same of their earlier values."""
    others = [name for name in there if f"{name}{LAG}" in there and name not in mine]
    found: dict[str, np.ndarray] = {}
    for ending in ("", LAG) if others else ():
        seen = np.zeros(pq.read_metadata(path).num_rows, dtype=bool)
        for name in others:
            seen |= pd.read_parquet(path, columns=[f"{name}{ending}"]).iloc[:, 0].notna().to_numpy()
        found[f"{OTHERS}{ending}"] = np.where(seen, 1.0, np.nan)
    return found


def _words_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from (*_words_in(key), *_words_in(held))
    elif isinstance(value, list | tuple | set):
        for held in value:
            yield from _words_in(held)
