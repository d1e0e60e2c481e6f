"""Cells that lie at an end of their scale or beyond, or between two ends: draws from a normal distribution that is cut off there.

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
    width
        How far from its end a cell lies at most, infinite where nothing else bounds it: (cell,).
    """

    end: np.ndarray
    side: np.ndarray
    width: np.ndarray

    @property
    def censored(self) -> np.ndarray:
        """Which cells are scores at an end of their scale, (cell,)."""
        return np.isfinite(self.end)


def draw_beyond(
    q: np.ndarray, h: np.ndarray, room: np.ndarray, side: np.ndarray, width: np.ndarray, chances: np.ndarray
) -> np.ndarray:
    """Draw how cells change from values within their limits: the k-th cells of all patients at a time, given their other cells.

    Parameters
    ----------
    q, h
        Precision and linear part of the normal density of the change, (patient, cell, cell) and (patient, cell).
    room
        What a cell can change by until it reaches its end, infinite where it has none: (patient, cell).
    side, width
        See `Limits`, (patient, cell).
    chances
        Uniform random numbers, (sweep, patient, cell).

    Returns
    -------
    numpy.ndarray
        Shape (patient, cell).
    """
    from scipy.special import log_ndtr, ndtri_exp  # brings all of its linear algebra along

    moved, two = np.zeros(h.shape), np.isfinite(width)
    size = np.where(two, width, 0.0)
    other, middle = np.where(two, room - side * size, -side * np.inf), room - side * size / 2
    for sweep in chances:
        for k in range(h.shape[1]):
            spread = 1 / np.sqrt(q[:, k, k])
            mean = moved[:, k] + (h[:, k] - (q[:, k] * moved).sum(axis=1)) * spread**2
            # Turned so that the cell lies below its end, of two the one nearer to the mean: the part of the distribution there, then the
            # quantile of a chance in it.
            swap = two[:, k] & (side[:, k] * (middle[:, k] - mean) > 0)
            turn = np.where(swap, -side[:, k], side[:, k])
            end, far = np.where(swap, other[:, k], room[:, k]), np.where(swap, room[:, k], other[:, k])
            below = log_ndtr(turn * (end - mean) / spread)
            inside = -np.expm1(np.minimum(log_ndtr(turn * (far - mean) / spread) - below, 0.0))
            drawn = mean + turn * spread * ndtri_exp(np.log1p(-sweep[:, k] * inside) + below)
            moved[:, k] = np.clip(drawn, np.minimum(end, far), np.maximum(end, far))
    return moved
