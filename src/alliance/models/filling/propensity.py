"""First guesses of the propensity behind answers of yes and no.

Yes (1) says that the propensity y* lies above zero, no (0) that it lies below. What lies behind an answer is drawn along with all that is
unknown; the search starts at its expectation where nothing but the share of yes is known.
"""

import numpy as np
import pandas as pd

_LEAST_SHARE = 0.001  # where nobody, or everybody, said yes


def guess_propensity(answers: pd.Series) -> np.ndarray:
    """Return E[y* | y] for y* ~ N(c, 1) with c = Phi^-1(share of yes): c + phi(c) / share for a yes, c - phi(c) / (1 - share) for a no.

    Parameters
    ----------
    answers
        0, 1, or missing: (row,). Where an answer is missing the expectation is c.
    """
    from scipy.special import ndtri  # brings all of its linear algebra along

    values = answers.to_numpy(dtype=float)
    share = float(np.clip(np.nanmean(values), _LEAST_SHARE, 1 - _LEAST_SHARE))
    centre = float(ndtri(share))
    density = float(np.exp(-(centre**2) / 2) / np.sqrt(2 * np.pi))
    guess = np.where(values > 0, centre + density / share, centre - density / (1 - share))
    return np.where(np.isnan(values), centre, guess)
