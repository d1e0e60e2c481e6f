"""Variances and covariances in place of the coordinates of a path model's covariances: what its log-likelihood is nearly quadratic in."""

import numpy as np

from alliance.models.covariances import by_factor
from alliance.models.path.layout import Natural
from alliance.models.path.target import PathTarget


def regular(natural: Natural, positions: np.ndarray) -> np.ndarray:
    """Return positions with the lower triangles of the covariances of units, row by row, in place of their coordinates.

    Parameters
    ----------
    natural
        The same positions, (draw, parameter), as parameters.
    """
    changed = positions.copy()
    for level, covariance in natural.covariances.items():
        row, column = np.tril_indices(covariance.shape[1])
        changed[:, natural.layout.between(level)] = covariance[:, row, column]
    return changed


def slopes(target: PathTarget, place: np.ndarray) -> np.ndarray:
    """Return the gradient of the log-likelihood by regular coordinates: (parameter,), nan where there is none.

    With G the derivative of a covariance by its factor, a gradient by the factor is G' times that by the covariance.
    """
    layout, position, turns = target.layout, place.copy(), {}
    for level, q in layout.effects.items():
        row, column = np.tril_indices(q)
        covariance = np.zeros((q, q))
        covariance[row, column] = covariance[column, row] = place[layout.between(level)]
        try:
            factor = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            return np.full_like(place, np.nan)
        position[layout.between(level)] = factor[row, column]
        turns[level] = by_factor(factor)
    value, gradient = target.value(position)
    if not np.isfinite(value):
        return np.full_like(place, np.nan)
    gradient[layout.residuals][list(layout.unit)] = 0.0  # of a normal density that a search for the maximum wants
    for level, turn in turns.items():
        gradient[layout.between(level)] = np.linalg.solve(turn.T, gradient[layout.between(level)])
    return gradient
