"""Everything that tables hold of one fit, in the words of the registry of artefacts."""

from typing import Any

import pandas as pd
import xarray as xr

from alliance.config.schema import Inference
from alliance.contracts import (
    INFLUENCE_COLUMNS,
    MODERATION_COLUMNS,
    PREDICTIVE_COLUMNS,
    PRIOR_COLUMNS,
    SENSITIVITY_COLUMNS,
    SHRINKAGE_COLUMNS,
)
from alliance.models.container import record_of
from alliance.results.diagnostics import diagnose, tabulate_marks
from alliance.results.estimates import summarise_estimates, thin_draws

# Tables that fits may add to.
_RECORDED = {
    "priors": PRIOR_COLUMNS,
    "predictive": PREDICTIVE_COLUMNS,
    "influence": INFLUENCE_COLUMNS,
    "sensitivity": SENSITIVITY_COLUMNS,
    "shrinkage": SHRINKAGE_COLUMNS,
    "moderation": MODERATION_COLUMNS,
}


def tabulate_fit(tree: xr.DataTree, inference: Inference) -> dict[str, pd.DataFrame]:
    """Return what one fit adds to the artefacts of a run: name of the artefact -> its rows.

    A table the fit has nothing for has its columns and no rows.
    """
    marks, record = diagnose(tree, inference), record_of(tree)
    return {
        "estimates": summarise_estimates(tree, marks, inference.interval),
        "diagnostics": tabulate_marks(tree, marks),
        "draws": thin_draws(tree),
        **{name: _named(getattr(record, name), tree.attrs["model"], columns) for name, columns in _RECORDED.items()},
    }


def _named(rows: list[dict[str, Any]], model: str, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame([{"model": model, **row} for row in rows], columns=columns)
