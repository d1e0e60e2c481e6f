"""Everything that tables hold of one fit, in the words of the registry of artefacts."""

import pandas as pd
import xarray as xr

from alliance.config.schema import Inference
from alliance.facts.artefacts import ARTEFACTS
from alliance.models.container import reason_of_failure, rows_of
from alliance.results.diagnostics import diagnose, tabulate_marks
from alliance.results.estimates import (
    summarise_corrected,
    summarise_estimates,
    summarise_moderation,
    summarise_predictive,
    summarise_priors,
    summarise_units,
    thin_draws,
)
from alliance.results.sites import summarise_pooled, summarise_sites

# What turns a group into rows, where they are not the group itself.
_SUMMARIES = {
    "priors": summarise_priors,
    "predictive": summarise_predictive,
    "shrinkage": summarise_units,
    "moderation": summarise_moderation,
    "sites": summarise_sites,
    "pooled": summarise_pooled,
}
_GROUPS = {"pooled": "sites"}  # artefacts made from the group of another one


def tabulate_fit(tree: xr.DataTree, inference: Inference) -> dict[str, pd.DataFrame]:
    """Return what one fit adds to the artefacts of a run: name of the artefact -> its rows.

    A table the fit has nothing for has its columns and no rows; a model that could not be fitted has nothing but the reason.
    """
    marks = diagnose(tree, inference)
    if reason_of_failure(tree):
        empty = {
            name: pd.DataFrame(columns=artefact.header) for name, artefact in ARTEFACTS.items() if artefact.from_fit
        }
        empty |= {name: pd.DataFrame(columns=ARTEFACTS[name].header) for name in ("estimates", "draws")}
        return {"diagnostics": tabulate_marks(tree, marks), **empty}
    return {
        "estimates": summarise_estimates(tree, marks, inference.interval),
        "diagnostics": tabulate_marks(tree, marks),
        "draws": thin_draws(tree),
        **{
            name: _tabulate(tree, name, inference.interval) for name, artefact in ARTEFACTS.items() if artefact.from_fit
        },
        "corrected": summarise_corrected(tree, marks, inference.interval),
    }


def _tabulate(tree: xr.DataTree, name: str, interval: float) -> pd.DataFrame:
    columns = ARTEFACTS[name].header
    made_from = _GROUPS.get(name, name)
    if made_from not in tree.children or name == "corrected":
        return pd.DataFrame(columns=columns)
    group = tree.children[made_from]
    table = _SUMMARIES[name](group, interval) if name in _SUMMARIES else rows_of(group)
    return table.assign(model=tree.attrs["model"])[columns]
