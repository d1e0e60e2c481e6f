"""Profile likelihood: what the data say about one number when everything else is fitted to it.

The number is held at a value v and the rest is maximised. With l(v) the log-likelihood that is left, the signed root

    z(v) = sign(v - v_max) sqrt(2 (l_max - l(v)))

is nearly standard normal, and does not depend on how the number is expressed. A limit of a two-sided interval of content 1 - alpha is where
|z| is the normal quantile, 2 (l_max - l) that of chi-square with one degree of freedom (Venzon & Moolgavkar 1988, doi 10.2307/2347496).
The root is computed at values about one apart in z; in between, z is a cubic function of v with the right slopes, dz/dv = -l'(v) / z, as in
the profiles of Bates & Watts (1988, Nonlinear Regression Analysis, chapter 6).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import numpy as np

from alliance.inference.maximum import Maximum
from alliance.inference.refit import Neighbourhood, neighbourhood
from alliance.inference.search import ascend, climb
from alliance.inference.target import Target

_FURTHEST: Final = 4.2  # root of the outermost value; of normal draws one in 75,000 lies further out on either side
_STEP: Final = 0.8  # between values, in the root
_LONGEST: Final = 1.6  # what is still exact enough in between
_MOST_BEND: Final = 0.1  # of the root between two values, beyond what a parabola has
_SHORTEST: Final = 1e-3  # step of the number that is not shortened for its bend
_MOST_STEPS: Final = 60
_UNKNOWN: Final = 0.05  # a first step, where the standard error is no guide
_ENOUGH: Final = 1e-7  # gain of log-likelihood that a further step promises
_GRID: Final = 50  # points between two values


class Curve(Protocol):
    """A number that a position has, and a way to move through all positions that have a given value of it.

    Free coordinates are as many as those of the position, and at the maximum the same; one direction of them may be without effect.

    Parameters
    ----------
    low, high
        The ends of what is possible.
    """

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...

    def of(self, position: np.ndarray) -> float:
        """Return the number a position has."""

    def place(self, free: np.ndarray, value: float) -> np.ndarray:
        """Return the position with a value of the number, whatever the free coordinates: (parameter,)."""

    def pull(self, free: np.ndarray, value: float, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Turn the gradient at that position into derivatives by the free coordinates, (parameter,), and by the value."""


@dataclass(frozen=True)
class Profile:
    """The signed root of one number.

    Parameters
    ----------
    values, roots
        Increasing values, dense enough for straight lines in between, and their roots: (point,). The ends are the ends of what is possible
        or lie so far out that they do not matter.
    """

    estimate: float
    values: np.ndarray
    roots: np.ndarray

    def value_at(self, roots: np.ndarray) -> np.ndarray:
        """Return the values with given roots; the ends of what is possible have all roots that lie further out."""
        values: np.ndarray = np.interp(roots, self.roots, self.values)
        return values


@dataclass(frozen=True)
class _Knot:
    value: float
    root: float
    slope: float  # of the root by the value
    free: np.ndarray


def trace_profile(maximum: Maximum[Target], curve: Curve, error: float) -> Profile:
    """Compute the profile of a number as far out as it matters.

    Parameters
    ----------
    error
        Standard error of the number, for the first step; one that is hardly more than nothing is no guide.
    """
    estimate = curve.of(maximum.top.position)
    first = error if error > _UNKNOWN**2 else _UNKNOWN
    below, above = (_walk(maximum, curve, sign, estimate, first) for sign in (-1, 1))
    from scipy import interpolate  # other depths than maximum likelihood do without

    # At the maximum the slope is that of parabolas through the neighbours.
    slopes = [2 * side[0].root / (side[0].value - estimate) - side[0].slope for side in (below, above) if side]
    knots = [*below[::-1], _Knot(estimate, 0.0, float(np.mean(slopes)), maximum.top.position), *above]
    at = np.array([knot.value for knot in knots])
    cubic = interpolate.CubicHermiteSpline(at, [knot.root for knot in knots], [knot.slope for knot in knots])
    values = np.unique(np.concatenate([np.linspace(*pair, _GRID) for pair in pairwise(at)]))
    roots = cubic(values)
    # Where the likelihood rises again further out, an interval reaches as far as the outermost value it has to hold.
    roots[values >= estimate] = np.minimum.accumulate(roots[values >= estimate][::-1])[::-1]
    roots[values <= estimate] = np.maximum.accumulate(roots[values <= estimate])
    return Profile(estimate, values, roots)


def _walk(maximum: Maximum[Target], curve: Curve, sign: int, estimate: float, step: float) -> list[_Knot]:
    """Return values on one side of the maximum, from the inside out."""
    spread, end = neighbourhood(maximum).spread, curve.high if sign > 0 else curve.low
    knots = [_Knot(estimate, 0.0, np.nan, maximum.top.position)]
    for _ in range(_MOST_STEPS):
        last = knots[-1]
        if last.value == end or abs(last.root) >= _FURTHEST:
            break
        value = float(np.clip(last.value + sign * step, curve.low, curve.high))
        knot = _evaluate(maximum, curve, value, sign, last.free, spread)
        gained, taken = abs(knot.root - last.root), abs(value - last.value)
        if gained > _LONGEST or (_bend(last, knot) > _MOST_BEND and taken > _SHORTEST):
            step = taken * max(0.1, min(0.5, _STEP / gained))
            continue
        knots.append(knot)
        step = min(_STEP / knot.slope if knot.slope > 0 else np.inf, 3 * taken)
    return knots[1:]


def _bend(one: _Knot, other: _Knot) -> float:
    """Return how far the root at one of two values is from where the slopes of both would have it; zero for a parabola."""
    expected = (one.slope + other.slope) / 2 * (other.value - one.value)
    return 0.0 if np.isnan(expected) else abs(other.root - one.root - expected)


def _evaluate(
    maximum: Maximum[Target], curve: Curve, value: float, sign: int, free: np.ndarray, spread: np.ndarray
) -> _Knot:
    top, slope, found = _maximise_rest(maximum, curve, value, free, spread)
    root = float(np.sqrt(max(2 * (maximum.top.value - top), 0.0)))
    return _Knot(value, sign * root, abs(slope) / root if root > 0 else 0.0, found)


def _maximise_rest(
    maximum: Maximum[Target], curve: Curve, value: float, free: np.ndarray, spread: np.ndarray
) -> tuple[float, float, np.ndarray]:
    """Return the log-likelihood with a number held, its slope by the number, and the free coordinates."""
    target = maximum.target

    def function(free: np.ndarray) -> tuple[float, np.ndarray]:
        height, gradient = target.value(curve.place(free, value))
        return height, curve.pull(free, value, gradient)[0]

    # From the last place, which is near; it may be at a boundary that a search would not leave.
    near = Neighbourhood(target.off_boundary(free), spread)
    standard, arrived = ascend(near.around(function), np.zeros(len(free)), np.eye(len(free)), _ENOUGH)
    found = near.centre + spread @ standard
    if not arrived:
        found = climb(function, found, spread @ spread.T).position
    height, gradient = target.value(curve.place(found, value))
    return height, curve.pull(found, value, gradient)[1], found
