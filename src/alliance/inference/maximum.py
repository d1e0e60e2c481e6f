"""Maximum likelihood: the highest of the maxima that are found, its rival, and standard errors by the delta method."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance.facts.cautions import CAUTIONS
from alliance.facts.marks import Mark
from alliance.inference.montecarlo import draw_normal
from alliance.inference.search import Top, climb, invert, limited_inverse
from alliance.inference.target import Target

_SAME = 1e-3  # difference of log-likelihoods of one and the same maximum
_FAR = 1.0  # standard errors between two maxima that are not one and the same account of the data
_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Maximum[T: Target]:
    """The maximum of a likelihood.

    Parameters
    ----------
    top
        Position, log-likelihood, and the observed information.
    rival
        Another maximum, lower than this one, that was found from another start.
    """

    target: T
    top: Top
    rival: Top | None = None

    @property
    def rival_distance(self) -> float:
        """How far the other maximum lies from this one in what is compared, in standard errors; 0 if there is none."""
        if self.rival is None:
            return 0.0
        part = self.target.compared
        sd = np.sqrt(np.diagonal(self.covariance)[part].clip(1e-300))
        return float(np.max(np.abs(self.rival.position - self.top.position)[part] / sd))

    @property
    def converged(self) -> bool:
        """Whether the search ended at a maximum."""
        return self.top.converged

    @cached_property
    def covariance(self) -> np.ndarray:
        """Estimated sampling covariance of the free parameters, inverse observed information: (parameter, parameter)."""
        return invert(self.top.curvature)

    def draw(self, size: int, rng: np.random.Generator, covariance: np.ndarray | None = None) -> np.ndarray:
        """Draw positions from the estimated sampling distribution, normal in the target's coordinates: (draw, parameter).

        Parameters
        ----------
        covariance
            Sampling covariance; by default the inverse observed information, shortened where the likelihood falls faster
            (`alliance.inference.search.limited_inverse`).
        """
        spread = limited_inverse(self.target.value, self.top) if covariance is None else covariance
        return draw_normal(self.top.position, spread, size, rng)

    def jacobian(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return the derivatives of quantities by the free parameters at the maximum: (quantity, parameter).

        Parameters
        ----------
        function
            Returns quantities (draw, quantity) at positions (draw, parameter).
        """
        position = self.top.position
        steps = _DIFFERENCE * np.eye(len(position))
        values = function(np.concatenate([position + steps, position - steps]))
        slopes: np.ndarray = (values[: len(position)] - values[len(position) :]) / (2 * _DIFFERENCE)
        return slopes.T


def standard_errors(jacobian: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return standard errors of quantities by the delta method, sqrt(diag(J V J')): (quantity,)."""
    errors: np.ndarray = np.sqrt(np.clip(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian), 0, None))
    return errors


def find_maximum[T: Target](target: T, start: np.ndarray | None = None) -> Maximum[T]:
    """Find the maximum of a likelihood.

    Parameters
    ----------
    start
        Position to start from; by default the target's own starts, all of them.
    """
    starts = target.starts()
    if start is None:
        tops = [climb(target.value, each.position, each.spread) for each in starts]
    else:
        tops = [climb(target.value, start, starts[0].spread)]
    best, *others = sorted(tops, key=lambda top: -top.value)
    rival = next((other for other in others if other.converged and best.value - other.value > _SAME), None)
    return Maximum(target, best, rival)


def mark_maximum(maximum: Maximum[Target]) -> list[Mark]:
    """Mark how the search ended, and whether the data decide between two maxima."""
    subject = "maximum of the likelihood"
    gap = float("nan") if maximum.rival is None else maximum.top.value - maximum.rival.value
    undecided = gap < CAUTIONS["second_maximum"].threshold and maximum.rival_distance > _FAR
    left = "" if maximum.converged else f"most of it in {_restless_block(maximum)}"
    return [
        Mark("convergence", subject, maximum.top.promise, left, verdict=maximum.converged),
        Mark("second_maximum", subject, gap, verdict=not undecided),
    ]


def _restless_block(maximum: Maximum[Target]) -> str:
    """Name the parameters in which a further step would gain most."""
    gradient = maximum.target.value(maximum.top.position)[1]
    gains = gradient * (maximum.covariance @ gradient)
    return max(maximum.target.blocks.items(), key=lambda block: float(gains[block[1]].sum()))[0]
