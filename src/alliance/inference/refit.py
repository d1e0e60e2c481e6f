"""Maxima of data that differ little from data whose maximum is known: drawn again, or with a patient or therapist left out.

The curvature of the known maximum makes coordinates in which a new one is near, and in which the curvature is nearly one: position =
centre + C standard with C C' the inverse curvature. There BFGS starts with a Newton step and needs no curvature of its own, which is most
of the work of `alliance.inference.maximum`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alliance.inference.maximum import Maximum, find_maximum
from alliance.inference.search import Function, ascend
from alliance.inference.target import Target

_MOST_SPREAD: Final = 0.5  # of a coordinate in directions the data say little about
_ENOUGH: Final = 1e-8  # gain of log-likelihood that a further step promises


@dataclass(frozen=True)
class Neighbourhood:
    """Coordinates around a maximum.

    Parameters
    ----------
    centre
        Position, (parameter,).
    spread
        C, (parameter, parameter).
    """

    centre: np.ndarray
    spread: np.ndarray

    def around(self, function: Function) -> Function:
        """Return a function of positions as one of standard coordinates."""

        def standardised(standard: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = function(self.centre + self.spread @ standard)
            return value, self.spread.T @ gradient

        return standardised


def neighbourhood(maximum: Maximum[Target]) -> Neighbourhood:
    """Return coordinates in which the maxima of similar data are found quickly."""
    values, vectors = np.linalg.eigh(maximum.top.curvature)
    spread: np.ndarray = vectors / np.sqrt(np.clip(values, _MOST_SPREAD**-2, None))
    return Neighbourhood(maximum.target.off_boundary(maximum.top.position), spread)


def refit(target: Target, near: Neighbourhood, start: np.ndarray | None = None) -> np.ndarray | None:
    """Find the maximum for other weights of the same data.

    Parameters
    ----------
    start
        Position from which the search begins, (parameter,); None: the centre of the neighbourhood.

    Returns
    -------
    numpy.ndarray or None
        Position, (parameter,); None if there is no maximum or it was not found.
    """
    if not target.is_determined():
        return None
    size = len(near.centre)
    begins = np.zeros(size) if start is None else np.linalg.solve(near.spread, start - near.centre)
    found, arrived = ascend(near.around(target.value), begins, np.eye(size), _ENOUGH)
    if arrived:
        return np.asarray(near.centre + near.spread @ found)
    maximum = find_maximum(target, near.centre)
    return maximum.top.position if maximum.converged else None
