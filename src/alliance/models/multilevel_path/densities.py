"""Log densities at many positions: a loop over draws in compiled code, on two threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.density import NO_PRIOR, log_density
from alliance.models.multilevel_path.engine import Engine, factors_of
from alliance.models.multilevel_path.posterior import Posterior

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
    parts = [positions[:, : engine.n_beta + len(engine.design.equations)]]
    for factors in factors_of(engine, positions, signed=True).values():
        row, column = np.tril_indices(factors.shape[1])
        parts.append(factors[:, row, column])
    return _loop(engine, NO_PRIOR, np.concatenate(parts, axis=1))


def _loop(engine: Engine, prior: np.ndarray, positions: np.ndarray) -> np.ndarray:
    values = np.empty(len(positions))
    parts = np.array_split(np.arange(len(positions)), _THREADS)

    def fill(part: np.ndarray) -> None:
        values[part] = _evaluate(*engine.statistics.arrays, prior, np.ascontiguousarray(positions[part]))

    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(fill, parts))
    return values


@compiled
def _evaluate(layout, owner, products, pooled, weights, therapist_weights, prior, positions):
    values, gradient = np.empty(positions.shape[0]), np.empty(positions.shape[1])
    for draw in range(positions.shape[0]):
        values[draw] = log_density(
            layout, owner, products, pooled, weights, therapist_weights, prior, positions[draw], gradient
        )
    return values
