"""Gather what the models found into one table each of estimates, diagnostics, priors, checks, draws and flow."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from alliance.config.schema import Inference
from alliance.errors import ModelError
from alliance.models.container import reason_of_failure
from alliance.results.contrasts import contrast_fits
from alliance.results.fits import tabulate_fit
from alliance.runs.artefacts import read_artefact, write_artefact
from alliance.runs.files import read_tree


def collect_estimates(
    *,
    model_draws: Sequence[str],
    model_flows: Sequence[str],
    flow_data: str,
    inference: dict[str, Any],
    **artefacts: str,
) -> None:
    """Summarise every fitted model in the order in which the config names them.

    Parameters
    ----------
    model_draws, model_flows
        Container and patient flow of each model.
    flow_data
        Patient flow of the cleaning.
    inference
        The settings of that name.
    artefacts
        Files to be written, by their names in `alliance.facts.artefacts`.

    Raises
    ------
    ModelError
        No model could be fitted.
    """
    limits = Inference.model_validate(inference)
    trees = [read_tree(path) for path in model_draws]
    reasons = [reason for tree in trees if (reason := reason_of_failure(tree))]
    if len(reasons) == len(trees):
        raise ModelError("None of the models could be fitted:\n  - " + "\n  - ".join(dict.fromkeys(reasons)))
    fits = [tabulate_fit(tree, limits) for tree in trees]
    parts = {name: [fit[name] for fit in fits] for name in fits[0]}
    parts["contrasts"] = [contrast_fits(trees, parts["estimates"], limits.interval)]
    parts["flow"] = [read_artefact(path, "flow") for path in (flow_data, *model_flows)]
    for name, path in artefacts.items():
        write_artefact(name, _joined(parts[name]), path)


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables below each other; those without rows only say which columns there are, not of which type."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]
