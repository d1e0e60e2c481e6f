"""Numbers of patients who count as often as they were drawn."""

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT


def weights_of(panel: pd.DataFrame, patients: np.ndarray) -> np.ndarray:
    """Return the row of the panel whose weight is that of each patient, (patient,): all rows of a patient are drawn together."""
    first = panel.reset_index(drop=True).drop_duplicates(PATIENT)
    places: np.ndarray = pd.Series(first.index, index=first[PATIENT]).loc[patients].to_numpy()
    return places


def correlate(y: np.ndarray, x: np.ndarray, held: np.ndarray, weights: np.ndarray) -> float:
    """Return the correlation of y and x with others held equal: of what is left of both after regression on these.

    Parameters
    ----------
    y, x, weights
        Shape (patient,).
    held
        Shape (patient, held); no columns for the plain correlation.
    """
    basis = np.column_stack([np.ones(len(y)), held])
    both, drawn = np.column_stack([y, x]), weights[:, None]
    slopes = np.linalg.lstsq(basis.T @ (drawn * basis), basis.T @ (drawn * both))[0]
    left = both - basis @ slopes
    products = left.T @ (drawn * left)
    square = np.sqrt(products[0, 0] * products[1, 1])
    return float(products[0, 1] / square) if square > 0 else float("nan")
