"""Restricted maximum likelihood: variances that know how many fixed effects were estimated beside them.

Where the log-likelihood l is exactly quadratic in some parameters, the *coefficients* b, given all others, the *variances* v, with
curvature H(v), X'V^-1 X for regressions, the restricted log-likelihood is what is left when b is integrated out under a flat prior,

    l_R(v) = l(b_hat(v), v) - 1/2 log|H(v)|

(Patterson & Thompson 1971, doi 10.1093/biomet/58.3.545; Harville 1974, doi 10.1093/biomet/61.2.383). Plain maximum likelihood takes
estimated coefficients for known ones: its variances between few units are too small, and so are all intervals that rest on them.

The target gives H, and the derivatives of d'H d by the variances in given directions d. Those of log|H| are their sum over the columns of
a root of H^-1: d log|H| = tr(H^-1 dH) = sum_d d'dH d.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from alliance.facts.marks import Mark
from alliance.inference.densities import at_each
from alliance.inference.maximum import Maximum
from alliance.inference.search import Top, ascend, climb, decompose_inverse, invert
from alliance.inference.target import Target

_MOST_VARIANCES: Final = 1000  # draws of the variances
_ENOUGH: Final = 1e-11  # gain of log-likelihood that a further step promises, near data whose maximum is known
_FEWEST_VARIANCES: Final = 100  # of each completed data set


@dataclass(frozen=True)
class Coefficients:
    """The coefficients given the variances: their estimate, (coefficient,), and a root of their covariance."""

    estimate: np.ndarray
    root: np.ndarray


@dataclass(frozen=True)
class Arrival:
    """Where a search for the maximum of a restricted likelihood started and ended, without the data.

    Parameters
    ----------
    start
        Variances at the maximum of the likelihood.
    top
        The maximum of the restricted likelihood over them.
    """

    start: np.ndarray
    top: Top


@dataclass(frozen=True)
class Restricted[T: Target]:
    """The restricted likelihood of a target, and its maximum.

    Parameters
    ----------
    maximum
        The maximum of the likelihood itself, where the search starts.
    quadratic
        Places of the coefficients.
    near
        What the search found in similar data, as those completed in another way: the curvature is taken over.
    """

    maximum: Maximum[T]
    quadratic: slice
    near: Arrival | None = None

    @cached_property
    def variances(self) -> np.ndarray:
        """Places of the variances in a position."""
        return np.delete(np.arange(len(self.maximum.top.position)), self.quadratic)

    @cached_property
    def top(self) -> Top:
        """The maximum of the restricted likelihood over the variances."""
        maximum, places = self.maximum, self.variances
        start = self._start
        if self.near is not None:
            # It lies about as far from the maximum of the likelihood as that of the other data does from theirs.
            start, curvature = start + self.near.top.position - self.near.start, self.near.top.curvature
            reached, arrived = ascend(self.value, start, invert(curvature), _ENOUGH)
            if arrived:
                return Top(reached, self.value(reached)[0], curvature, 0.0)
        return climb(self.value, start, maximum.covariance[np.ix_(places, places)])

    @property
    def arrival(self) -> Arrival:
        """What a search in similar data may start from."""
        return Arrival(self._start, self.top)

    @property
    def _start(self) -> np.ndarray:
        """Variances at the maximum of the likelihood."""
        start: np.ndarray = self.maximum.target.off_boundary(self.maximum.top.position)[self.variances]
        return start

    @cached_property
    def position(self) -> np.ndarray:
        """Variances at the maximum of the restricted likelihood, and the coefficients given them: (parameter,)."""
        return self.place(self.top.position, self.given(self.top.position).estimate)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Sampling covariance of the variances, and of the coefficients with the variances taken as known: (parameter, parameter)."""
        covariance = np.zeros_like(self.maximum.top.curvature)
        root = self.given(self.top.position).root
        covariance[self.quadratic, self.quadratic] = root @ root.T
        covariance[np.ix_(self.variances, self.variances)] = invert(self.top.curvature)
        return covariance

    def place(self, variances: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        """Return a position of the target."""
        position = np.empty(len(self.maximum.top.position))
        position[self.variances], position[self.quadratic] = variances, coefficients
        return position

    def given(self, variances: np.ndarray) -> Coefficients:
        """Estimate the coefficients, and their covariance, with the variances taken as known."""
        return self._solve(variances)[0]

    def value(self, variances: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the restricted log-likelihood and its gradient by the variances."""
        target, places = self.maximum.target, self.variances
        found, log_determinant = self._solve(variances)
        position = self.place(variances, found.estimate)
        height, gradient = target.value(position)
        slope = gradient + target.slopes_of_squares(position, found.root)
        return height - log_determinant / 2, slope[places]

    def draw(self, size: int, rng: np.random.Generator, data_sets: int = 1) -> np.ndarray:
        """Draw positions from the estimated sampling distribution: variances first, then the coefficients given them, (draw, parameter).

        Draws of the variances are used in turn for several ones of the coefficients.

        Parameters
        ----------
        data_sets
            Number of completed data sets that have draws of their own.
        """
        count = min(size, max(_MOST_VARIANCES // data_sets, _FEWEST_VARIANCES))
        variances = self.maximum.target.draw_variances(self.position, self.covariance, count, rng)
        standard = rng.standard_normal((size, self.quadratic.stop - self.quadratic.start))
        drawn = variances[np.arange(size) % count]
        for number, found in enumerate(at_each(self.given, list(variances[:, self.variances]))):
            turns = slice(number, None, count)
            drawn[turns, self.quadratic] = found.estimate + standard[turns] @ found.root.T
        return drawn

    @property
    def mark(self) -> Mark:
        """How the search ended."""
        return Mark("convergence", "maximum of the restricted likelihood", self.top.promise, verdict=self.top.converged)

    def _solve(self, variances: np.ndarray) -> tuple[Coefficients, float]:
        """Return the coefficients given the variances, and log|H|."""
        position = np.zeros(len(self.maximum.top.position))
        position[self.variances] = variances
        slopes, curvature = self.maximum.target.given_variances(position)
        inverse, vectors = decompose_inverse(curvature)
        estimate = (vectors * inverse) @ vectors.T @ slopes
        root = (vectors * np.sqrt(inverse)) @ vectors.T
        return Coefficients(estimate, root), -float(np.log(inverse[inverse > 0]).sum())
