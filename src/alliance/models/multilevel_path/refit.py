"""Maxima of data that differ little from data whose maximum is known: drawn again, or with a patient or therapist left out.

The curvature of the known maximum makes coordinates in which a new one is near, and in which the curvature is nearly one: position =
centre + C standard with C C' the inverse curvature. There BFGS starts with a Newton step and needs no curvature of its own, which is most
of the work of `alliance.models.multilevel_path.maximum`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import linalg

from alliance.likelihood.density import NO_PRIOR, log_density_around
from alliance.models.multilevel_path.engine import Engine
from alliance.models.multilevel_path.maximum import Maximum, maximise_engine

_OFF_BOUNDARY: Final = 0.05  # standard deviations in standard units
_MOST_SPREAD: Final = 0.5  # of a coordinate in directions the data say little about
_ENOUGH: Final = 1e-4  # gradient by coordinates whose standard error is one
_MOST_STEPS: Final = 60
_MOST_HALVINGS: Final = 20
_ARMIJO: Final = 1e-4
_SMALLEST_EIGENVALUE: Final = 1e-8  # of the mean cross-product of standardised predictors

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


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

    found = _climb_bfgs(function, len(around.centre))
    if found is not None:
        return np.asarray(around.centre + around.spread @ found)
    maximum = maximise_engine(engine, around.centre)
    return maximum.top.position if maximum.converged else None


def _climb_bfgs(function: Function, size: int) -> np.ndarray | None:
    """Climb from zero, where the curvature is nearly one; None if the top is not reached."""
    position, inverse = np.zeros(size), np.eye(size)
    value, gradient = function(position)
    for _ in range(_MOST_STEPS):
        if np.abs(gradient).max() < _ENOUGH:
            return position
        direction = inverse @ gradient
        slope, share = float(gradient @ direction), 1.0
        for _ in range(_MOST_HALVINGS):
            there, changed = function(position + share * direction)
            if there >= value + _ARMIJO * share * slope:
                break
            share /= 2
        else:
            return None
        step, bend = share * direction, gradient - changed
        position, value, gradient = position + step, there, changed
        product = float(step @ bend)
        if product > 0:
            turned = inverse @ bend
            inverse += np.outer(step, step) * ((1 + bend @ turned / product) / product)
            inverse -= (np.outer(step, turned) + np.outer(turned, step)) / product
    return None


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
    pooled, start = engine.statistics.pooled, 0
    counts = pooled[len(pooled) - len(engine.statistics.equations) :]
    for rows, count in zip(engine.statistics.equations, counts, strict=True):
        size = rows.x.shape[1] + 1
        products = pooled[start : start + size * size].reshape(size, size)[:-1, :-1]
        if count < size or np.linalg.eigvalsh(products / count)[0] < _SMALLEST_EIGENVALUE:
            return False
        start += size * size
    return True
