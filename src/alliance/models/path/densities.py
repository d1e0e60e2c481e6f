"""Log densities of a model at many positions, on two threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from alliance.likelihood.density import NO_PRIOR
from alliance.likelihood.values import log_values
from alliance.models.path.engine import Engine
from alliance.models.path.posterior import Posterior

_THREADS = 2


def log_densities(posterior: Posterior, positions: np.ndarray) -> np.ndarray:
    """Return the log posterior density, normalised as likelihood x prior, at positions in ``signed`` coordinates.

    Parameters
    ----------
    positions
        Shape (draw, parameter).

    Returns
    -------
    numpy.ndarray
        Shape (draw,); minus infinity where the density cannot be computed.
    """
    return _loop(posterior.engine, posterior.prior, positions)


def log_likelihoods(engine: Engine, positions: np.ndarray) -> np.ndarray:
    """Return the log-likelihood, in standard units, at positions in ``signed`` coordinates: (draw,)."""
    return _loop(engine, NO_PRIOR, positions)


def _loop(engine: Engine, prior: np.ndarray, positions: np.ndarray) -> np.ndarray:
    values = np.empty(len(positions))
    middle = len(positions) // _THREADS
    parts = [slice(0, middle), slice(middle, None)]

    def fill(part: slice) -> None:
        # Parts are slices, so their values are written where they belong.
        log_values(*engine.statistics.arrays, prior, np.ascontiguousarray(positions[part]), values[part])

    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(fill, parts))
    return values
