"""Thresholds between the answers of ordered outcomes.

Answer c says that the propensity z lies between thresholds t_c and t_c+1, of which the first is zero, the lowest answer has no lower and
the highest no upper one. What is unknown are their distances w_c = t_c+1 - t_c, one for each answer between the lowest and the highest.

Given the propensities themselves a threshold has hardly any room: it lies between the highest of one answer and the lowest of the next,
and a chain that draws one given the other hardly moves (Cowles 1996, doi 10.1007/BF00162520). So what is held is where a propensity lies
*between its thresholds*. Propensities then move along with w, those of answer c by (z - t_c) / w_c, those of higher answers by one,
dz = D dw, and with the density of the change of cells that `alliance.likelihood.cells` has, exp(h'd - d'Qd / 2), that of w is

    log p(w) = g'(w - w0) - (w - w0)' H (w - w0) / 2 + sum_c n_c log w_c        g = D'(h - Qd)        H = D'QD

where n_c answers are c, from the Jacobian of z by where it lies. It is concave; rounds of stochastic EM take its maximum, proper draws come
from the normal approximation of log w around it.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from alliance.likelihood.limits import Limits

_ROUNDS: Final = 50
_CLOSE: Final = 1e-10  # a step, relative to the distance
_SHRINK: Final = 0.25  # the most that a distance shrinks to at a time


@dataclass(frozen=True)
class Thresholds:
    """The distances between thresholds, and what moves along with them.

    Parameters
    ----------
    widths
        Distances, the outcomes one after the other: (distance,).
    within
        Which cells have the answer whose thresholds lie so far apart, (cell, distance).
    beyond
        Which cells have a higher answer to the same question, (cell, distance).
    drawn
        Whether distances are drawn rather than maximised.
    """

    widths: np.ndarray
    within: np.ndarray
    beyond: np.ndarray
    drawn: bool = False

    def limit(self, limits: Limits) -> Limits:
        """Return the limits of all cells, from those that hold if all thresholds are zero."""
        if not len(self.widths):
            return limits
        own = self.within.any(axis=1)
        end = limits.end + (self.within | self.beyond) @ self.widths
        return replace(limits, end=end, width=np.where(own, self.within @ self.widths, limits.width))

    def moves(self, values: np.ndarray, limits: Limits) -> np.ndarray:
        """Return D, (cell, distance), at values within their limits."""
        left = np.where(self.within, limits.end[:, None] - values[:, None], 0.0)
        return np.where(self.within, 1 - left / self.widths, self.beyond)

    def settle(self, g: np.ndarray, h: np.ndarray, rng: np.random.Generator) -> Self:
        """Return the distances that maximise the density, or a draw of them: g (distance,) and H (distance, distance)."""
        start, counts = self.widths, self.within.sum(axis=0)
        widths = start
        for _ in range(_ROUNDS):
            slope = g - h @ (widths - start) + counts / widths
            step = np.linalg.solve(h + np.diag(counts / widths**2), slope)
            widths = np.maximum(widths + step, _SHRINK * widths)
            if (np.abs(step) <= _CLOSE * widths).all():
                break
        if self.drawn:
            root = np.linalg.cholesky(h * np.outer(widths, widths) + np.diag(counts))
            widths = widths * np.exp(np.linalg.solve(root.T, rng.standard_normal(len(widths))))
        return replace(self, widths=widths)
