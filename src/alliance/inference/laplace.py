"""Laplace approximation of the posterior, corrected by Pareto-smoothed importance sampling.

Draws theta_s come from multivariate t distributions q around the mode, first with the curvature there, then with mean and covariance
learned from the first ones. Weights w_s ~ p(theta_s) / q(theta_s) make up for the difference; their largest values are replaced by those
expected under a generalised Pareto distribution, whose shape k says whether the correction can be trusted (Vehtari, Simpson, Gelman, Yao
& Gabry 2024, Journal of Machine Learning Research 25(72)): below .7 it can.

Turning the sign of a standard deviation and of its correlations changes nothing, so a posterior may have mirror images (`Mirrors` of
`alliance.inference.target`). Draws are taken from the part where all sds are positive. Where an sd may well be zero its images
run into each other; there draws beyond zero are mirrored back, and the density of the proposals is the sum over the images.

Where many units were seen, proposals come in two steps: draws, made in the same way, from the posterior with a likelihood of second order
(`alliance.inference.second_order`), whose values cost next to nothing, and weights w_s ~ likelihood / likelihood of second order. Between
the two, Metropolis steps take apart what importance sampling gives many times, so only the second weights have to be even.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from alliance.facts.marks import Mark
from alliance.inference.densities import at_many
from alliance.inference.mode import Mode
from alliance.inference.pareto import smooth_weights
from alliance.inference.second_order import find_second_order
from alliance.inference.target import Mirrors, Posterior

_FREEDOM = 10  # of the t distributions; with 7 fewer effective draws, with 20 now and then a k near the threshold
_LEARNING, _FINAL = 4_000, 20_000  # proposals of each round of learning, and proposals that are kept
_LIGHT = 4  # divides both where draws from several data sets are pooled
_LARGE = (
    5_000  # units, from which on a likelihood of second order is near: of 1,250 of its draws some 1,150 are effective
)
_KNOWN = 4  # divides the proposals that are kept then
_CHEAP = 5  # times as many proposals where a value takes no pass over the units
_STEPS = 300  # of a walk; after 200 none of 5,000 draws of 22 parameters stood where it had begun
_STRIDE = 2.38  # over the root of the number of parameters (Gelman, Roberts & Gilks 1996)
_SHARE = 0.1  # of the final proposals that still come from the first distribution, whose tails do not depend on chance
_ROUNDS = 3  # of learning; the second doubled the effective draws, a fourth adds nothing
_NEAR = 5  # an sd that is less than so many posterior sds away from zero is mirrored
_MOST_MIRRORED = 6  # each further one doubles the cost of the density of the proposals


type Values = Callable[[np.ndarray], np.ndarray]  # log densities (draw,) at positions (draw, parameter)


@dataclass(frozen=True)
class LaplaceDraws:
    """Equally weighted draws.

    Parameters
    ----------
    positions
        All that mirrors turn is positive: (draw, parameter).
    pareto_k
        Shape of the tail of the importance weights.
    size
        Number of independent draws that would be as precise, 1 / sum(w^2).
    """

    positions: np.ndarray
    pareto_k: float
    size: float

    @property
    def mark(self) -> Mark:
        """What a reader must know of the approximation."""
        return Mark("pareto_k", "posterior", self.pareto_k)


@dataclass(frozen=True)
class _Images:
    """The mirrors of a posterior, and the images that matter.

    Parameters
    ----------
    near
        Which of the mirrored coordinates may be zero, (mirror,).
    """

    mirrors: Mirrors
    near: np.ndarray

    def images(self) -> list[np.ndarray]:
        """List the changes of sign, (parameter,), that lead from a position to its images."""
        as_it_is = np.ones(self.mirrors.turned.shape[1])
        choices = [(as_it_is, row) for row in self.mirrors.turned[self.near]]
        return [np.prod([as_it_is, *chosen], axis=0) for chosen in product(*choices)]

    def lift(self, mode: Mode[Posterior]) -> Mode[Posterior]:
        """Return the image of a mode in which nothing that is far from zero is negative: which one a search finds is an accident."""
        below = ~self.near & (mode.position[self.mirrors.places] < 0)
        turn = np.prod(self.mirrors.turned[below], axis=0)
        return replace(mode, position=mode.position * turn, spread=mode.spread * turn[:, None])

    def fold(self, positions: np.ndarray) -> np.ndarray:
        """Mirror positions so that what may be zero is positive: (draw, parameter)."""
        folded = positions.copy()
        for place, row in zip(self.mirrors.places[self.near], self.mirrors.turned[self.near], strict=True):
            folded *= np.where(folded[:, [place]] < 0, row, 1.0)
        return folded

    def inside(self, positions: np.ndarray) -> np.ndarray:
        """Say at which positions all mirrored coordinates are positive: (draw,)."""
        positive: np.ndarray = (positions[:, self.mirrors.places] >= 0).all(axis=1)
        return positive


@dataclass(frozen=True)
class _Proposal:
    """A multivariate t distribution, folded."""

    mean: np.ndarray
    factor: np.ndarray
    images: _Images

    def draw(self, size: int, rng: np.random.Generator) -> np.ndarray:
        standard = rng.standard_normal((size, len(self.mean)))
        standard /= np.sqrt(rng.chisquare(_FREEDOM, size) / _FREEDOM)[:, None]
        return self.images.fold(self.mean + standard @ self.factor.T)

    def log_density(self, positions: np.ndarray) -> np.ndarray:
        """Return the log density, without the constant that all proposals share: (draw,)."""
        inverse = np.linalg.inv(self.factor)
        parts = []
        for image in self.images.images():
            standard = positions @ (inverse * image).T - inverse @ self.mean
            parts.append(np.log1p(np.einsum("ij,ij->i", standard, standard) / _FREEDOM))
        total: np.ndarray = np.logaddexp.reduce(-(_FREEDOM + len(self.mean)) / 2 * np.array(parts), axis=0)
        return total + float(np.linalg.slogdet(inverse)[1])


def draw_laplace(
    mode: Mode[Posterior], size: int, rng: np.random.Generator, *, light: bool = False, units: int = 0
) -> LaplaceDraws:
    """Draw from the posterior by importance sampling around its mode.

    Weighted draws are turned into equally weighted ones by systematic resampling: a draw with weight w appears size x w times, rounded
    up or down at random (with replacement; of all schemes the one that adds least noise).

    Parameters
    ----------
    size
        Number of draws wanted.
    light
        Whether these are a part of the draws only, from one of several completed data sets: a quarter of the proposals is enough, unless
        their weights are too uneven.
    units
        Number of units that the density is a sum over. With many, a likelihood of second order is tried first.

    Raises
    ------
    FloatingPointError
        The posterior density cannot be computed anywhere near its mode.
    """
    images = _find_images(mode)
    mode, part, values = images.lift(mode), _LIGHT if light else 1, mode.posterior.values
    first = _Proposal(mode.position, mode.spread, images)
    density = find_second_order(mode) if units >= _LARGE else None
    if density is not None:
        found = _draw_twice(values, density.values, first, size, rng, _FINAL // _KNOWN // part)
        if found.mark.passed:
            return found
    if light:
        found = _draw_rounds(values, first, size, rng, (_ROUNDS, _LEARNING // part, _FINAL // part))
        if found.mark.passed:
            return found
    return _draw_rounds(values, first, size, rng, (_ROUNDS, _LEARNING, _FINAL))


def _draw_twice(
    values: Values, cheap: Values, first: _Proposal, size: int, rng: np.random.Generator, final: int
) -> LaplaceDraws:
    """Draw from a cheap density that is nearly the right one, and weigh so many of the draws."""
    near = _draw_rounds(cheap, first, final, rng, (_ROUNDS, _CHEAP * _LEARNING, _CHEAP * _FINAL))
    if near.pareto_k >= 1:  # weights without a mean: no place to walk from
        return near
    positions = _walk(cheap, first, near.positions, rng)
    weights, k = _weigh(values, first.images, positions, cheap(positions))
    return LaplaceDraws(positions[_resample(weights, size, rng)], k, float(1 / np.sum(weights**2)))


def _walk(values: Values, first: _Proposal, positions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move draws (draw, parameter) by Metropolis steps, which leave their distribution as it is."""
    there, even = at_many(values, positions), np.full(len(positions), 1 / len(positions))
    root = _learn(positions, even, first).factor * _STRIDE / np.sqrt(positions.shape[1])
    for _ in range(_STEPS):
        proposed = positions + rng.standard_normal(positions.shape) @ root.T
        found = np.where(first.images.inside(proposed), at_many(values, proposed), -np.inf)
        moved = np.log(rng.random(len(positions))) < found - there
        positions, there = np.where(moved[:, None], proposed, positions), np.where(moved, found, there)
    return positions


def _draw_rounds(
    values: Values, first: _Proposal, size: int, rng: np.random.Generator, counts: tuple[int, int, int]
) -> LaplaceDraws:
    """Draw with so many rounds of learning, proposals of each, and proposals that are kept."""
    rounds, learning, final = counts
    learned = first
    for _ in range(rounds):
        positions = learned.draw(learning, rng)
        weights, _ = _weigh(values, first.images, positions, learned.log_density(positions))
        learned = _learn(positions, weights, first)
    few = rng.binomial(final, _SHARE)
    positions = np.concatenate([first.draw(few, rng), learned.draw(final - few, rng)])
    mixed = np.logaddexp(
        np.log(_SHARE) + first.log_density(positions), np.log1p(-_SHARE) + learned.log_density(positions)
    )
    weights, k = _weigh(values, first.images, positions, mixed)
    return LaplaceDraws(positions[_resample(weights, size, rng)], k, float(1 / np.sum(weights**2)))


def _resample(weights: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return so many places of draws, each in proportion to its weight; in random order, so that thinned draws are a fair sample too."""
    order = rng.permutation(len(weights))
    steps = (rng.random() + np.arange(size)) / size
    chosen: np.ndarray = order[np.minimum(np.searchsorted(np.cumsum(weights[order]), steps), len(weights) - 1)]
    return chosen


def _find_images(mode: Mode[Posterior]) -> _Images:
    mirrors = mode.posterior.mirrors
    distance = np.abs(mode.position[mirrors.places]) / np.sqrt(np.sum(mode.spread**2, axis=1))[mirrors.places]
    near = (distance < _NEAR) & (np.argsort(np.argsort(distance)) < _MOST_MIRRORED)
    return _Images(mirrors, near)


def _weigh(
    values: Values, images: _Images, positions: np.ndarray, log_proposal: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return smoothed weights (draw,) that sum to one, and the Pareto k."""
    ratio = np.where(images.inside(positions), at_many(values, positions) - log_proposal, -np.inf)
    largest = ratio.max()
    if not np.isfinite(largest):
        raise FloatingPointError("the posterior density cannot be computed near its mode")
    return smooth_weights(np.maximum(ratio, largest - 700))


def _learn(positions: np.ndarray, weights: np.ndarray, first: _Proposal) -> _Proposal:
    """Return a proposal with mean and covariance of weighted draws, drawn towards the first one as far as these are few."""
    mean = weights @ positions
    centred = positions - mean
    covariance = centred.T @ (centred * weights[:, None])
    known, assumed = 1 / np.sum(weights**2), float(len(mean))
    pooled = (known * covariance + assumed * first.factor @ first.factor.T) / (known + assumed)
    return _Proposal(mean, np.linalg.cholesky(pooled), first.images)
