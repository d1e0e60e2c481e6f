"""Draws of autocorrelations in time that passes, which cannot be below zero, from a profile of the likelihood.

Near zero the coordinate of such a correlation phi, its logit, has no curvature, and draws around its estimate are one point or reach to
one. The likelihood itself says how large phi may be. Held is the square root of the correlation over the shortest gap g,

    v = phi^(g / (2 unit))

in which the log-likelihood has a slope of zero where phi is zero, as in the standard deviation of an effect, and its signed root (see
`alliance.inference.profile`) no kink. A draw keeps its rank among the draws, and with it its ties to the other variances; its value becomes
the one whose root is the quantile of the standard normal distribution at this rank, counted from the root of the estimate. So zero is in an
interval where the likelihood does not exclude it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from alliance.inference.maximum import find_maximum
from alliance.inference.profile import trace_profile

if TYPE_CHECKING:
    from alliance.models.path.target import PathTarget

ZERO: Final = -40.0  # a logit whose correlation is zero to all digits
_MOST: Final = 1 - 1e-6  # of v: closer to one the likelihood is none
_FIRST_STEP: Final = 0.1


@dataclass(frozen=True)
class PassingCurve:
    """v of one autocorrelation, see above.

    Parameters
    ----------
    coordinate
        Place of its logit in a position.
    power
        g / (2 unit).
    """

    coordinate: int
    power: float

    low = 0.0
    high = _MOST

    @cached_property
    def _least(self) -> float:
        return float(np.exp(ZERO * self.power))

    def of(self, position: np.ndarray) -> float:
        """Return v; zero where the logit is that of zero."""
        value = float(np.exp(-self.power * np.logaddexp(0.0, -position[self.coordinate])))
        return value if value > self._least else 0.0

    def logits(self, values: np.ndarray) -> np.ndarray:
        """Return the logits of the autocorrelations that belong to values of v."""
        log_phi = np.log(np.clip(values, self._least, _MOST)) / self.power
        return np.asarray(log_phi - np.log(-np.expm1(log_phi)))

    def place(self, free: np.ndarray, value: float) -> np.ndarray:
        """Give the autocorrelation its value."""
        position = free.copy()
        position[self.coordinate] = self.logits(np.array(value))
        return position

    def pull(self, free: np.ndarray, value: float, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Take the coordinate out of the gradient, and turn its part into a derivative by the value."""
        pulled, inside = gradient.copy(), float(np.clip(value, self._least, _MOST))
        pulled[self.coordinate] = 0.0
        return pulled, float(gradient[self.coordinate]) / (-np.expm1(np.log(inside) / self.power) * self.power * inside)


def find_curves(target: "PathTarget") -> list[PassingCurve]:
    """Return v of each autocorrelation that cannot be negative."""
    found = []
    for number, outcome in enumerate(target.design.equations):
        series = target.design.series.get(outcome)
        if series is not None and not series.signed:
            gaps = [each.gap for each in target.statistics.patterns if each.members == (number,) and each.gap > 0]
            found.append(PassingCurve(target.layout.autocorrelation(outcome), min(gaps) / (2 * series.unit)))
    return found


def respread(target: "PathTarget", position: np.ndarray, drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give the draws of autocorrelations that cannot be negative the values that the likelihood has for their ranks.

    Parameters
    ----------
    position
        The estimate, near a maximum of the likelihood.
    drawn
        Positions around it, (draw, parameter).
    """
    curves = find_curves(target)
    if not curves:
        return drawn
    from scipy import special

    maximum, result, count = find_maximum(target, target.off_boundary(position)), drawn.copy(), len(drawn)
    for curve in curves:
        profile = trace_profile(maximum, curve, _FIRST_STEP)
        shift = np.interp(curve.of(position), profile.values, profile.roots)
        order = np.lexsort((rng.random(count), drawn[:, curve.coordinate]))  # those that are one point in any order
        roots = special.ndtri((np.arange(count) + 0.5) / count)
        result[order, curve.coordinate] = curve.logits(profile.value_at(roots + shift))
    return result
