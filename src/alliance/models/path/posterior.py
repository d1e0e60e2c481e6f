"""The posterior of a path model, in coordinates without an edge: ``signed`` ones (see `alliance.likelihood.density`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, Final

import numpy as np

from alliance.inference.target import Mirrors, Start
from alliance.likelihood import sampled, sampled_crossed
from alliance.likelihood.coordinates import fill_signed
from alliance.likelihood.density import NO_PRIOR, PRIORS, UNIFORM
from alliance.likelihood.residuals import draw_coordinates
from alliance.models.correlations import draw_partial, is_uniform, partial_of
from alliance.models.correlations import log_density as log_density_of_correlations
from alliance.models.design.arrays import Design
from alliance.models.design.names import correlation_name, intercept_name, pairs, residual_name, sd_name, slopes_name
from alliance.models.path.layout import Natural
from alliance.models.path.regular import regular, slopes
from alliance.models.path.target import PathTarget

PRIOR_SETTINGS: Final = ("intercept_sd", "slope_sd", "residual_sd", "varying_sd")
_LEAST_SD: Final = 0.05  # where the search for the mode starts
_SPREAD: Final = 0.01  # first guess of the inverse curvature of what has none in the likelihood's coordinates
_MOST_LASTING: Final = (
    3.0  # the coordinate of an autocorrelation where the search starts; further out the likelihood is level
)


@dataclass(frozen=True)
class PathPosterior:
    """The log posterior density of a design.

    Parameters
    ----------
    priors
        slope_sd, intercept_sd, residual_sd, varying_sd and correlations, on the standardised scale.
    """

    target: PathTarget
    priors: Mapping[str, Any]

    @cached_property
    def prior(self) -> np.ndarray:
        """Settings of the priors in the order of the likelihood."""
        correlations = self.priors["correlations"]
        eta = UNIFORM if is_uniform(correlations) else correlations
        vector = np.array([*(self.priors[name] for name in PRIOR_SETTINGS), eta], dtype=float)
        assert len(vector) == PRIORS
        return vector

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        """Return log posterior density and gradient."""
        return self.target.density(self.prior, position)

    def values(self, positions: np.ndarray) -> np.ndarray:
        """Return the log posterior density at positions."""
        return self.target.densities(self.prior, positions)

    def log_likelihoods(self, positions: np.ndarray) -> np.ndarray:
        """Return the log-likelihood, in standard units, at positions."""
        return self.target.densities(NO_PRIOR, positions)

    def log_priors(self, positions: np.ndarray) -> np.ndarray:
        """Return the log prior density at positions."""
        return self.target.log_priors(self.prior, positions)

    def regular(self, positions: np.ndarray) -> np.ndarray:
        """Return positions with variances and covariances in place of what the sampler moves in."""
        return regular(self.natural(positions), positions)

    def slopes(self, place: np.ndarray) -> np.ndarray:
        """Return the gradient of the log-likelihood by coefficients, residuals, variances and covariances."""
        return slopes(self.target, place)

    def natural(self, positions: np.ndarray) -> Natural:
        """Turn positions (draw, parameter) into coefficients, standard deviations and factors of covariances."""
        layout, factors = self.target.layout, {}
        for level, q in layout.effects.items():
            factors[level] = np.zeros((len(positions), q, q))
            for part, factor in zip(
                np.ascontiguousarray(positions[:, layout.between(level)]), factors[level], strict=True
            ):
                fill_signed(part, factor)
        return self.target.with_factors(positions, factors)

    def named(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Return the parameters at positions by the names of `alliance.models.design.names`."""
        return self.natural(positions).named

    @property
    def mirrors(self) -> Mirrors:
        """Standard deviations with a sign: turning it turns the signs of the effect's correlations."""
        layout, places, turned = self.target.layout, [], []
        for level, q in layout.effects.items():
            first = layout.between(level).start
            for effect in range(q):
                row = np.ones(layout.size)
                row[first + effect] = -1
                row[[first + q + number for number, pair in enumerate(pairs(q)) if effect in pair]] = -1
                places.append(first + effect)
                turned.append(row)
        return Mirrors(np.array(places, dtype=int), np.array(turned).reshape(-1, layout.size))

    def start(self, position: np.ndarray, covariance: np.ndarray) -> Start:
        """Return the maximum of the likelihood, pulled off the boundary."""
        layout, natural = self.target.layout, self.target.natural(position[None])
        fixed = slice(0, layout.together.stop)
        parts = [position[fixed], *(_signed_from(covariance[0]) for covariance in natural.covariances.values())]
        spread = _SPREAD * np.eye(layout.size)
        spread[fixed, fixed] = covariance[fixed, fixed] + 1e-10 * np.eye(fixed.stop)
        pulled = np.concatenate(parts)
        own = np.array([layout.autocorrelation(outcome) for outcome in layout.series], dtype=int)
        level = own[np.abs(position[own]) > _MOST_LASTING]
        pulled[level] = np.copysign(_MOST_LASTING, position[level])
        spread[level, :] = spread[:, level] = 0.0
        spread[level, level] = 1.0
        return Start(pulled, spread)

    def draw_prior(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw positions from the priors."""
        layout, priors = self.target.layout, self.priors
        parts: list[np.ndarray] = []
        for count in layout.coefficients.values():
            parts.append(rng.normal(0, priors["intercept_sd"], (size, 1)))
            parts.append(rng.normal(0, priors["slope_sd"], (size, count - 1)))
        residuals = np.log(np.abs(rng.normal(0, priors["residual_sd"], (size, len(layout.coefficients)))))
        residuals[:, list(layout.unit)] = rng.standard_normal((size, len(layout.unit)))
        parts.append(residuals)
        parts.append(draw_coordinates(self.target.statistics, size, rng))
        for q in layout.effects.values():
            parts.append(rng.normal(0, priors["varying_sd"], (size, q)))
            partial = draw_partial(priors["correlations"], q, size, rng)
            parts.append(np.arctanh(np.clip(partial, -1 + 1e-12, 1 - 1e-12)))
        return np.concatenate(parts, axis=1)

    def prior_blocks(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Return the log prior density of each block of parameters, named as in the table of priors."""
        return log_prior_blocks(self.target.design, self.named(positions), self.priors)

    @property
    def addresses(self) -> tuple[int, int] | None:
        """Where the density and the function that keeps its position lie, see `alliance.likelihood.sampled`; None where it has none."""
        if self.target.variability is not None:
            return None
        return self._sampled.compiled_density().address, sampled.compiled_copy().address

    def pack(self, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Pack what the density needs besides the position."""
        packed: np.ndarray = self._sampled.pack(self.target.statistics, self.prior, centre, spread)
        return packed

    @property
    def _sampled(self) -> ModuleType:
        return sampled if self.target.statistics.crossed is None else sampled_crossed


def log_prior_blocks(
    design: Design, draws: Mapping[str, np.ndarray], priors: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Compute the log prior density of each block of parameters, named as in the table of priors.

    Parameters
    ----------
    draws
        Draws in standard units by the names of `alliance.models.design.names`: (draw, ...).
    priors
        slope_sd, intercept_sd, residual_sd, varying_sd and correlations.

    Returns
    -------
    dict
        Block -> log density up to a constant, (draw,). That of the correlations of residuals is constant.
    """

    def normal(names: list[str], sd: float) -> np.ndarray:
        # The half-normal distribution differs by a constant only.
        columns = np.column_stack([draws[name] for name in names])
        total: np.ndarray = (-0.5 * (columns / sd) ** 2 - np.log(sd)).sum(axis=1)
        return total

    sloped = [slopes_name(outcome) for outcome, equation in design.equations.items() if equation.terms]
    blocks = {"intercepts": normal([intercept_name(outcome) for outcome in design.equations], priors["intercept_sd"])}
    if sloped:
        blocks["effects"] = normal(sloped, priors["slope_sd"])
    residuals = [residual_name(outcome) for outcome, equation in design.equations.items() if not equation.answered]
    if residuals:
        blocks["residuals"] = normal(residuals, priors["residual_sd"])
    for level, effects in design.differing.items():
        blocks[f"differences between {level}s"] = normal([sd_name(level)], priors["varying_sd"])
        if len(effects) > 1:
            matrices = np.tile(np.eye(len(effects)), (len(draws[sd_name(level)]), 1, 1))
            rows, columns = np.array(pairs(len(effects))).T
            matrices[:, rows, columns] = matrices[:, columns, rows] = draws[correlation_name(level)]
            blocks[f"correlations between {level}s"] = log_density_of_correlations(matrices, priors["correlations"])
    return blocks


def _signed_from(covariance: np.ndarray) -> np.ndarray:
    """Return the ``signed`` coordinates of a covariance, pulled off the boundary: standard deviations and partial correlations."""
    sd = np.maximum(np.sqrt(np.diagonal(covariance)), _LEAST_SD)
    # Half-way to independence: a perfect correlation has no partial correlations to start from.
    root = np.linalg.cholesky(0.5 * covariance / np.outer(sd, sd) + 0.5 * np.eye(len(sd)))
    return np.concatenate([sd, np.arctanh(np.clip(partial_of(root[None])[0], -0.95, 0.95))])
