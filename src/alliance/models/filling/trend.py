"""The course over sessions of what has no equation of its own: the same terms of time as in the equations of the model."""

import numpy as np
import pandas as pd

from alliance.config import ModelSpec
from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import SESSION
from alliance.models.design.bases import basis_columns

_SMALL = 1e-6  # what is left of a column, as a share of it, that others explain


def time_columns(rows: pd.DataFrame, spec: ModelSpec) -> np.ndarray:
    """Return the terms of time of all equations of a model, smooths among them: (row, column), none if time is in no equation.

    Parameters
    ----------
    rows
        Held and skipped sessions. Where weeks are unknown they are those of the other patients at that session.
    """
    named = dict.fromkeys(term for equation in spec.equations.values() for term in equation.on)
    columns: list[np.ndarray] = []
    for term in named:
        basis = spec.bases.get(term)
        time = basis.of if basis else term
        if time not in TIME_TERMS:
            continue
        known = rows[time].astype(float)
        usual = known.groupby(rows[SESSION]).transform("mean")
        values = known.fillna(usual).fillna(known.mean()).to_numpy(dtype=float)
        if np.isnan(values).any():
            continue  # never known: the equation has no rows, which is said elsewhere
        made = basis_columns(f"models.specs (model '{spec.label}')", term, basis, values) if basis else {term: values}
        columns.extend(made.values())
    return np.column_stack([np.empty((len(rows), 0)), *columns])


def independent_columns(columns: np.ndarray) -> np.ndarray:
    """Return columns with mean 0 and standard deviation 1 that span the same courses, each without what those before it explain."""
    found: list[np.ndarray] = []
    for column in columns.T:
        rest = column - column.mean()
        size = np.linalg.norm(rest)
        for _ in range(2):  # the second pass takes away what rounding left
            for known in found:
                rest = rest - known * (known @ rest) / len(rest)
        if np.linalg.norm(rest) > _SMALL * size:
            found.append(rest / rest.std())
    return np.column_stack([np.empty((len(columns), 0)), *found])
