"""Logistic regression over patients: odds ratios, and the difference in probability that they come to.

    log p_i / (1 - p_i) = x_i'b

by maximum likelihood (Newton's method), rows weighted by how often they were drawn. The difference in probability between two values of a
predictor is the mean over patients, each with their other predictors, of p at one value minus p at the other (standardisation; Lane and
Nelder 1982, Biometrics 38, 613).
"""

from typing import Final

import numpy as np

_MOST_STEPS: Final = 30
_ARRIVED: Final = 1e-8  # change of the coefficients
_SURE: Final = 30.0  # a linear predictor beyond it is that of groups which are told apart wholly


def fit_logistic(
    y: np.ndarray, x: np.ndarray, weights: np.ndarray | None = None, start: np.ndarray | None = None
) -> np.ndarray:
    """Return the coefficients, (term,); NaN where the predictors tell the two groups apart wholly, so that there is no maximum.

    Parameters
    ----------
    y
        0 or 1, (row,).
    x
        Predictors with a column of ones, (row, term).
    weights
        How often each row counts, (row,).
    start
        Where to begin; zeros by default.
    """
    counted = np.ones(len(y)) if weights is None else weights
    b = np.zeros(x.shape[1]) if start is None else start.copy()
    for _ in range(_MOST_STEPS):
        eta = x @ b
        if np.abs(eta[counted > 0]).max(initial=0.0) > _SURE:
            break
        p = 1 / (1 + np.exp(-eta))
        information = x.T @ (x * (counted * p * (1 - p))[:, None])
        try:
            step = np.linalg.solve(information, x.T @ (counted * (y - p)))
        except np.linalg.LinAlgError:
            break
        b = b + step
        if np.abs(step).max() < _ARRIVED:
            return np.asarray(b)
    return np.full(x.shape[1], np.nan)


def difference_in_probability(
    b: np.ndarray, x: np.ndarray, term: int, values: tuple[float, float], weights: np.ndarray | None = None
) -> float:
    """Return the mean probability with the predictor at the second value minus that at the first one, in everybody.

    Parameters
    ----------
    b, x
        See `fit_logistic`.
    term
        Place of the predictor.
    """
    counted = np.ones(len(x)) if weights is None else weights
    rest = x @ b - x[:, term] * b[term]
    low, high = (1 / (1 + np.exp(-(rest + b[term] * value))) for value in values)
    return float(np.average(high - low, weights=counted))
