"""Cells that lie at an end of their scale or beyond: draws from a normal distribution that is cut off there.

A score at an end of its scale stands for a value at that end or beyond (Tobin 1958, doi 10.2307/1907382). Given the parameters and the
random effects the cells of a patient follow N(Q^-1 h, Q^-1) cut off at these ends; they are drawn one at a time given the others
(Geweke 1991), by the inverse of the distribution function in logarithms, which holds far in the tails:

    d_i | others ~ N(d_i + (h_i - sum_j Q_ij d_j) / Q_ii, 1 / Q_ii), cut off
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Limits:
    """What is known of the values of cells.

    Parameters
    ----------
    end
        The end of the scale that a cell lies at or beyond, infinite where it was not observed at all: (cell,).
    side
        1: the cell lies below its end, -1: above, (cell,).
    """

    end: np.ndarray
    side: np.ndarray

    @property
    def censored(self) -> np.ndarray:
        """Which cells are scores at an end of their scale, (cell,)."""
        return np.isfinite(self.end)


def draw_beyond(q: np.ndarray, h: np.ndarray, room: np.ndarray, side: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Draw how cells change from values within their limits: the k-th cells of all patients at a time, given their other cells.

    Parameters
    ----------
    q, h
        Precision and linear part of the normal density of the change, (patient, cell, cell) and (patient, cell).
    room
        What a cell can change by until it reaches its end, infinite where it has none: (patient, cell).
    side
        See `Limits`, (patient, cell).
    chances
        Uniform random numbers, (sweep, patient, cell).

    Returns
    -------
    numpy.ndarray
        Shape (patient, cell).
    """
    from scipy.special import log_ndtr, ndtri_exp  # brings all of its linear algebra along

    moved = np.zeros(h.shape)
    for sweep in chances:
        for k in range(h.shape[1]):
            spread = 1 / np.sqrt(q[:, k, k])
            mean = moved[:, k] + (h[:, k] - (q[:, k] * moved).sum(axis=1)) * spread**2
            # Turned so that the cell lies below its end: the part of the distribution there, then the quantile of a chance in it.
            below = log_ndtr(side[:, k] * (room[:, k] - mean) / spread)
            drawn = mean + side[:, k] * spread * ndtri_exp(np.log1p(-sweep[:, k]) + below)
            moved[:, k] = np.where(side[:, k] > 0, np.minimum(drawn, room[:, k]), np.maximum(drawn, room[:, k]))
    return moved
