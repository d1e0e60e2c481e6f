"""Maxima of data that differ little from data whose maximum is known: drawn again, or with a patient or therapist left out.

The curvature of the known maximum makes coordinates in which a new one is near, and in which the curvature is nearly one: position =
centre + C standard with C C' the inverse curvature. There BFGS starts with a Newton step and needs no curvature of its own, which is most
of the work of `alliance.models.path.maximum`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import linalg

from alliance.inference.search import ascend
from alliance.likelihood.density import NO_PRIOR, log_density_around
from alliance.models.path.engine import Engine
from alliance.models.path.maximum import Maximum, maximise_engine

_OFF_BOUNDARY: Final = 0.05  # standard deviations in standard units
_MOST_SPREAD: Final = 0.5  # of a coordinate in directions the data say little about
_ENOUGH: Final = 1e-8  # gain of log-likelihood that a further step promises
_SMALLEST_EIGENVALUE: Final = 1e-8  # of the mean cross-product of standardised predictors


@dataclass(frozen=True)
class Neighbourhood:
    """Coordinates around a maximum.

    Parameters
    ----------
    centre
        Position in ``factor`` coordinates, (parameter,).
    spread
        C, (parameter, parameter).
    """

    centre: np.ndarray
    spread: np.ndarray


def neighbourhood(maximum: Maximum) -> Neighbourhood:
    """Return coordinates in which the maxima of similar data are found quickly."""
    values, vectors = linalg.eigh(maximum.top.curvature)
    spread: np.ndarray = vectors / np.sqrt(np.clip(values, _MOST_SPREAD**-2, None))
    return Neighbourhood(leave_boundary(maximum.engine, maximum.top.position), spread)


def refit(engine: Engine, around: Neighbourhood) -> np.ndarray | None:
    """Find the maximum for other weights of the same data.

    Returns
    -------
    numpy.ndarray or None
        Position in ``factor`` coordinates, (parameter,); None if there is no maximum or it was not found.
    """
    if not _determined(engine):
        return None
    arrays = engine.statistics.arrays

    def function(standard: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty_like(standard)
        return log_density_around(*arrays, NO_PRIOR, around.centre, around.spread, standard, gradient), gradient

    size = len(around.centre)
    found, arrived = ascend(function, np.zeros(size), np.eye(size), _ENOUGH)
    if arrived:
        return np.asarray(around.centre + around.spread @ found)
    maximum = maximise_engine(engine, around.centre)
    return maximum.top.position if maximum.converged else None


def leave_boundary(engine: Engine, position: np.ndarray) -> np.ndarray:
    """Move the diagonals of the factors off zero: the likelihood is the same on both sides, so no search would leave it there."""
    result = position.copy()
    used = engine.n_beta + len(engine.design.equations)
    for q in engine.n_effects:
        diagonal = used + np.cumsum(np.arange(1, q + 1)) - 1
        small = np.abs(result[diagonal]) < _OFF_BOUNDARY
        result[diagonal] = np.where(small, np.copysign(_OFF_BOUNDARY, result[diagonal]), result[diagonal])
        used += q * (q + 1) // 2
    return result


def _determined(engine: Engine) -> bool:
    """Return whether the weighted rows tell all fixed effects apart."""
    for products, count in engine.statistics.cross_products:
        if count < len(products) or np.linalg.eigvalsh(products[:-1, :-1] / count)[0] < _SMALLEST_EIGENVALUE:
            return False
    return True
