"""The mode of a posterior and its curvature: coordinates in which the density is nearly standard normal.

position = mode + C standard with C C' the inverse curvature at the mode. Samplers need few steps there.
"""

from dataclasses import dataclass

import numpy as np

from alliance.inference.maximum import Maximum
from alliance.inference.search import Top, climb
from alliance.inference.target import Posterior, Target

# Standard deviations of the coordinates, in directions the data say nothing about.
_LEAST_SPREAD, _MOST_SPREAD = 1e-4, 2.0


@dataclass(frozen=True)
class Mode[P: Posterior]:
    """A posterior and what is known of its shape.

    Parameters
    ----------
    position
        The mode, (parameter,).
    spread
        C, a factor of the covariance at the mode, (parameter, parameter).
    """

    posterior: P
    position: np.ndarray
    spread: np.ndarray


def find_mode[T: Target, P: Posterior](posterior: P, maximum: Maximum[T]) -> Mode[P]:
    """Find the mode of a posterior, starting from the maximum of the likelihood."""
    start = posterior.start(maximum.top.position, maximum.covariance)
    top = climb(posterior.value, start.position, start.spread)
    return Mode(posterior, top.position, _factor(top))


def _factor(top: Top) -> np.ndarray:
    """Return C with C C' the inverse curvature, within limits where the density is nearly level.

    Lower triangular: unlike eigenvectors, whose signs are arbitrary, it hardly moves with rounding, and neither do draws from it.
    """
    values, vectors = np.linalg.eigh(top.curvature)
    sd = np.clip(1 / np.sqrt(np.clip(values, _MOST_SPREAD**-2, None)), _LEAST_SPREAD, _MOST_SPREAD)
    return np.linalg.cholesky((vectors * sd**2) @ vectors.T)
