"""What inference asks of a model: all that search, sampling, bootstrap, profiles and influence know of a likelihood.

A model is a `Target`: its log-likelihood over a vector of free parameters, the *position*. Where a parameter stands in the vector is known
to the target alone; everything else goes by names. A model with priors also hands out a `Posterior`, which may move in coordinates
of its own: a maximum wants a variance of zero to be an ordinary place, a sampler wants no such edge at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np


@dataclass(frozen=True)
class Start:
    """Where a search starts: a position, (parameter,), and a first guess of the inverse curvature, (parameter, parameter)."""

    position: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Clusters:
    """Units that are drawn again, left out, or taken as independent of each other.

    Parameters
    ----------
    level
        ``patient`` or ``therapist``.
    of_unit
        Position of the cluster of each of the target's smallest units, (unit,).
    codes
        What the clusters are called, in order; none where the target does not say it.
    """

    level: str
    of_unit: np.ndarray
    codes: Sequence[str] = ()

    @property
    def count(self) -> int:
        """Number of clusters."""
        return int(self.of_unit.max()) + 1


@dataclass(frozen=True)
class Mirrors:
    """Changes of sign that leave a density as it is, as that of a standard deviation and its correlations.

    Parameters
    ----------
    places
        Coordinates that are positive in one of each two images, (mirror,).
    turned
        Coordinates that change sign together, (mirror, parameter): 1 or -1.
    """

    places: np.ndarray
    turned: np.ndarray

    @classmethod
    def none(cls, size: int) -> Self:
        """Return the mirrors of a density of `size` parameters that has none."""
        return cls(np.empty(0, dtype=int), np.empty((0, size)))


class Density(Protocol):
    """A log density over free parameters."""

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density at a position, minus infinity where there is none, and its gradient (parameter,)."""

    def named(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Return the parameters at positions (draw, parameter) by their names: (draw, ...)."""


class Target(Density, Protocol):
    """A log-likelihood, in coordinates in which a boundary of the model is an ordinary place.

    Parameters
    ----------
    levels
        Levels whose units can be weighted, from the smallest.
    independent
        The smallest level whose units are independent of each other.
    """

    @property
    def levels(self) -> Sequence[str]: ...

    @property
    def independent(self) -> str: ...

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Named parts of the position, in its order, without gaps."""

    @property
    def compared(self) -> slice:
        """Where two maxima are compared: parameters that mean the same at both, as regression coefficients do."""

    @property
    def quadratic(self) -> slice | None:
        """Parameters in which the log-likelihood is exactly quadratic, whatever the others are, as regression coefficients; or None."""

    def given_variances(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient by the quadratic parameters where all of them are zero, and minus the curvature: (quadratic,) and squared.

        Of a position only the other parameters are looked at. Never asked where nothing is quadratic.
        """

    def slopes_of_squares(self, position: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return derivatives of -1/2 sum_d d'H d, H that curvature, by the position: (parameter,).

        The directions d, (quadratic, direction), are held. Never asked where nothing is quadratic.
        """

    def draw_variances(
        self, position: np.ndarray, covariance: np.ndarray, size: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw the parameters that are not quadratic from their sampling distribution around an estimate: positions (draw, parameter).

        Never asked where nothing is quadratic.
        """

    def starts(self) -> Sequence[Start]:
        """Return where searches start; there are several where the likelihood may have several maxima."""

    def off_boundary(self, position: np.ndarray) -> np.ndarray:
        """Move a position off places that are level without being a maximum, which no search would leave."""

    def is_determined(self) -> bool:
        """Return whether the (weighted) data can tell the parameters apart at all."""

    def clusters(self, level: str) -> Clusters:
        """Find the units of a level. Raises `ModelError` where the data do not say which unit belongs where."""

    def weigh(self, clusters: Clusters, weights: np.ndarray) -> Self:
        """Count clusters more or less often than once, (cluster,): 0 leaves one out, 2 adds another one with the same data."""

    def scores(self, position: np.ndarray, clusters: Clusters) -> np.ndarray:
        """Return what each cluster contributes to the gradient: (cluster, parameter)."""


class Posterior(Density, Protocol):
    """A log posterior density, normalised as likelihood x prior, over coordinates without an edge."""

    @property
    def mirrors(self) -> Mirrors: ...

    def start(self, position: np.ndarray, covariance: np.ndarray) -> Start:
        """Return where the search for the mode starts, given a maximum of the likelihood and its inverse curvature."""

    def values(self, positions: np.ndarray) -> np.ndarray:
        """Return the log posterior density at positions (draw, parameter): (draw,)."""

    def log_likelihoods(self, positions: np.ndarray) -> np.ndarray:
        """Return the log-likelihood at positions (draw, parameter): (draw,)."""

    def log_priors(self, positions: np.ndarray) -> np.ndarray:
        """Return the log prior density at positions (draw, parameter), with the Jacobians of the coordinates: (draw,)."""

    def regular(self, positions: np.ndarray) -> np.ndarray:
        """Return coordinates in which the log-likelihood of many units is nearly quadratic, as covariances are: (draw, parameter)."""

    def slopes(self, place: np.ndarray) -> np.ndarray:
        """Return the gradient of the log-likelihood by regular coordinates, at a place in these: (parameter,), nan where there is none."""

    def prior_blocks(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Return the log prior density of each block of parameters, up to a constant: (draw,)."""

    def draw_prior(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw positions from the priors: (draw, parameter)."""
