"""Finding the top of a log density, and its curvature there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alliance.inference.densities import at_each

_STEP = 1e-4  # of the central differences of the gradient; parameters are near one in size
_ROUNDS = 30
_FLAT = 1e-9  # curvature below this share of the largest is none
_NORMAL = 1.96
_MOST_FALL = 1.5  # times the fall of a normal density; less is skewness that a normal density cannot follow anyway
_MOST_STEPS, _MOST_HALVINGS = 500, 30
_ARMIJO = 1e-4
_NEARLY = 1e-5  # gain of log density that ends the first climb
_ENOUGH = 1e-7  # gain of log density that a further step promises
_SETTLED = 1e-18  # the same, of a step of 1.4e-9 standard errors
_MOST_SETTLING = 20
_PROGRESS = 0.25  # of the promise of a step, left over by the step
_ROUNDING = 1e-12  # of a density

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Top:
    """Where a search ended.

    Parameters
    ----------
    position
        Shape (parameter,).
    value
        Log density there.
    curvature
        Minus the matrix of second derivatives, (parameter, parameter).
    promise
        What a further Newton step would gain; near zero at a top.
    """

    position: np.ndarray
    value: float
    curvature: np.ndarray
    promise: float

    @property
    def converged(self) -> bool:
        """Whether no step promises a gain and the density falls in every direction (or is level in some)."""
        values = np.linalg.eigvalsh(self.curvature)
        return bool(self.promise < 1e-4 and values[0] > -1e-6 * max(values[-1], 1.0))


def climb(function: Function, start: np.ndarray, spread: np.ndarray) -> Top:
    """Find a maximum: BFGS from a guess of the curvature, then from the curvature itself.

    Parameters
    ----------
    function
        Returns log density and gradient at a position.
    spread
        First guess of the inverse curvature, (parameter, parameter).
    """
    return polish(function, ascend(function, start, spread)[0])


def ascend(
    function: Function, start: np.ndarray, spread: np.ndarray, enough: float = _NEARLY
) -> tuple[np.ndarray, bool]:
    """Climb by BFGS with halved steps; return where it ended, and whether the gradient is nothing there.

    Plainer than a library's, whose bookkeeping takes longer than the density of a small study.

    Parameters
    ----------
    spread
        First guess of the inverse curvature, (parameter, parameter).
    enough
        Gain of log density, as a further step promises it, that is nothing.
    """
    position, inverse = start, (spread + spread.T) / 2
    value, gradient = function(position)
    for _ in range(_MOST_STEPS):
        direction = inverse @ gradient
        slope = float(gradient @ direction)
        if slope < 2 * enough:
            return position, True
        share = 1.0
        for _ in range(_MOST_HALVINGS):
            there, changed = function(position + share * direction)
            if there >= value + _ARMIJO * share * slope:
                break
            share /= 2
        else:
            return position, False
        step, bend = share * direction, gradient - changed
        position, value, gradient = position + step, there, changed
        product = float(step @ bend)
        if product > 0:
            turned = inverse @ bend
            inverse = inverse + np.outer(step, step) * ((1 + bend @ turned / product) / product)
            inverse -= (np.outer(step, turned) + np.outer(turned, step)) / product
    return position, False


def polish(function: Function, position: np.ndarray) -> Top:
    """Climb on with the curvature of the place reached, by Newton steps until rounding alone decides where the top is.

    So the same data in another order, or another start, give the same maximum. Where Newton steps do not work, as at places that are level
    without being a top, BFGS starts again from the curvature.
    """
    value, gradient = function(position)
    for _ in range(_ROUNDS):
        spread = _absolute_inverse(curvature_at(function, position))
        position, value, gradient, promise = _settle(function, position, value, gradient, spread)
        if promise < _ENOUGH:
            break
        reached, _ = ascend(function, position, spread, _ENOUGH)
        there, slope = function(reached)
        if there <= value:
            break
        position, value, gradient = reached, there, slope
    return Top(position, value, curvature_at(function, position), promise)


def _settle(
    function: Function, position: np.ndarray, value: float, gradient: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray, float]:
    """Take Newton steps with one curvature while each leaves less than half the distance; return where, and what a further one promises.

    It is the gradient that tells: close to a top the density is level to the last digit.
    """
    promise = float(gradient @ spread @ gradient) / 2
    for _ in range(_MOST_SETTLING):
        there = position + spread @ gradient
        reached, slope = function(there)
        left = float(slope @ spread @ slope) / 2
        if promise < _SETTLED or left > _PROGRESS * promise or reached < value - _ROUNDING * abs(value):
            break
        position, value, gradient, promise = there, reached, slope, left
    return position, value, gradient, promise


def curvature_at(function: Function, position: np.ndarray) -> np.ndarray:
    """Return minus the second derivatives, from central differences of the gradient: (parameter, parameter)."""
    steps = np.diag(_STEP * np.maximum(1.0, np.abs(position)))

    def bend(step: np.ndarray) -> np.ndarray:
        return np.asarray((function(position - step)[1] - function(position + step)[1]) / (2 * step.max()))

    rows = np.array(at_each(bend, list(steps))).reshape(steps.shape)
    symmetric: np.ndarray = (rows + rows.T) / 2
    return symmetric


def invert(curvature: np.ndarray) -> np.ndarray:
    """Return the inverse of a curvature; directions in which the density is level or rises get no spread."""
    inverse, vectors = decompose_inverse(curvature)
    result: np.ndarray = (vectors * inverse) @ vectors.T
    return result


def decompose_inverse(curvature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvalues and eigenvectors, in columns, of the inverse of a curvature, see `invert`."""
    values, vectors = np.linalg.eigh(curvature)
    kept = values > _FLAT * max(values[-1], 1.0)
    return np.where(kept, 1 / np.where(kept, values, 1.0), 0.0), vectors


def limited_inverse(function: Function, top: Top) -> np.ndarray:
    """Return an inverse curvature whose principal directions are no longer than the density allows.

    Near a boundary a density can be level at its top and still fall steeply further out; the inverse curvature would then
    promise far too much. Along each principal direction the standard deviation is shortened until, at the ends of a
    95 % interval, the log density has fallen on average by what a normal density falls there, 1.96^2 / 2.
    """
    vectors = np.linalg.eigh(top.curvature)[1]
    sd = np.sqrt(np.diagonal(vectors.T @ invert(top.curvature) @ vectors).clip(0))
    for i, direction in enumerate(vectors.T):
        for _ in range(_MOST_HALVINGS):
            step = _NORMAL * sd[i] * direction
            fall = top.value - (function(top.position + step)[0] + function(top.position - step)[0]) / 2
            if fall <= _MOST_FALL * _NORMAL**2 / 2:
                break
            sd[i] *= max(0.5, float(np.sqrt(_NORMAL**2 / 2 / fall)))
    result: np.ndarray = (vectors * sd**2) @ vectors.T
    return result


def _absolute_inverse(curvature: np.ndarray) -> np.ndarray:
    """Return the inverse of a curvature; where the density curves upwards it is turned round, so that steps lead uphill."""
    values, vectors = np.linalg.eigh(curvature)
    size = np.maximum(np.abs(values), 1e-6 * max(values[-1], 1.0))
    inverse: np.ndarray = (vectors / size) @ vectors.T
    return inverse
