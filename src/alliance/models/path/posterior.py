"""Posterior of the population parameters: its mode and curvature, draws by NUTS, and a Laplace approximation that is checked.

Random effects are integrated out, so what is left are a few dozen parameters. They are moved in coordinates in which the posterior is
nearly standard normal, position = mode + C standard with C C' the inverse curvature at the mode: the sampler needs few steps.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from alliance.inference.search import Top, climb
from alliance.models.path.engine import Engine, prior_vector, signed_from_factor
from alliance.models.path.maximum import Maximum

_LEAST_SPREAD, _MOST_SPREAD = (
    1e-4,
    2.0,
)  # standard deviations of the coordinates, in directions the data say nothing about
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Posterior:
    """A posterior density and what is known of its shape.

    Parameters
    ----------
    prior
        Settings of the priors in the order of the likelihood.
    mode
        Position in ``signed`` coordinates, (parameter,).
    spread
        C, a factor of the covariance at the mode, (parameter, parameter).
    """

    engine: Engine
    prior: np.ndarray
    mode: np.ndarray
    spread: np.ndarray

    def log_density(self, position: np.ndarray) -> float:
        """Return the log posterior density, normalised as likelihood x prior."""
        return self.engine.log_density(position, self.prior)[0]


def find_posterior(maximum: Maximum, priors: Mapping[str, float]) -> Posterior:
    """Find the mode of the posterior, starting from the maximum of the likelihood."""
    engine, prior = maximum.engine, prior_vector(priors)
    start = signed_from_factor(engine, maximum.top.position)
    guess = np.full(len(start), 0.01)
    fixed = engine.n_beta + len(engine.design.equations)
    spread = np.diag(guess)
    spread[:fixed, :fixed] = maximum.covariance[:fixed, :fixed] + 1e-10 * np.eye(fixed)
    top = climb(lambda position: engine.log_density(position, prior), start, spread)
    return Posterior(engine, prior, top.position, _factor(top))


def _factor(top: Top) -> np.ndarray:
    """Return C with C C' the inverse curvature, within limits where the density is nearly level."""
    values, vectors = linalg.eigh(top.curvature)
    sd = np.clip(1 / np.sqrt(np.clip(values, _MOST_SPREAD**-2, None)), _LEAST_SPREAD, _MOST_SPREAD)
    factor: np.ndarray = vectors * sd
    return factor
