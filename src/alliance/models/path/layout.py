"""Where the free parameters of a path model stand in the vector that inference moves, and what they are called.

In this order: intercept and slopes of each equation, logarithms of the residual standard deviations, coordinates of the correlations of
residuals and of their autocorrelations (see `alliance.likelihood.residuals`), then those of the covariances of patients and of therapists
(see `alliance.likelihood.density`). All are in standard units. No other module counts places.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.models.covariances import join_covariance, split_covariance
from alliance.models.design.arrays import Design
from alliance.models.design.names import (
    AUTOCORRELATION,
    RESIDUAL_CORRELATION,
    correlation_name,
    intercept_name,
    pairs,
    residual_name,
    sd_name,
    slopes_name,
)

LEVELS = (PATIENT, THERAPIST)
_TOGETHER: Final = "correlations of residuals"


@dataclass(frozen=True)
class Layout:
    """Places of the parameters.

    Parameters
    ----------
    coefficients
        Outcome -> number of its coefficients, the intercept included.
    effects
        Level -> number of effects in which its units differ, variability among them; zero where nothing does.
    pairs
        Positions of equations whose residuals may be correlated.
    series
        Outcomes whose residuals depend on the one before.
    unit
        Positions of equations whose residual standard deviation is one: their places hold numbers that nothing depends on.
    held
        Positions of equations whose residuals have this correlation, which is no parameter.
    """

    coefficients: Mapping[str, int]
    effects: Mapping[str, int]
    pairs: tuple[tuple[int, int], ...] = ()
    series: tuple[str, ...] = ()
    unit: tuple[int, ...] = ()
    held: Mapping[tuple[int, int], float] = field(default_factory=dict)

    @cached_property
    def blocks(self) -> dict[str, slice]:
        """Coefficients of each equation (by outcome), residuals and their correlations, and each level's covariance: name -> places."""
        sizes = {f"effects on {outcome}": count for outcome, count in self.coefficients.items()}
        sizes["residuals"] = len(self.coefficients)
        sizes |= {_TOGETHER: len(self.pairs) + len(self.series)} if self.pairs or self.series else {}
        sizes |= {f"differences between {level}s": q * (q + 1) // 2 for level, q in self.effects.items()}
        ends = accumulate(sizes.values(), initial=0)
        return {name: slice(*ends) for name, ends in zip(sizes, pairwise(ends), strict=True)}

    def of(self, outcome: str) -> slice:
        """Return the places of the coefficients of an equation."""
        return self.blocks[f"effects on {outcome}"]

    @property
    def fixed(self) -> slice:
        """Places of the coefficients of all equations."""
        return slice(0, self.residuals.start)

    @property
    def residuals(self) -> slice:
        """Places of the logarithms of the residual standard deviations."""
        return self.blocks["residuals"]

    @property
    def together(self) -> slice:
        """Places of the coordinates of the correlations of residuals, and of their autocorrelations."""
        return self.blocks.get(_TOGETHER, slice(self.residuals.stop, self.residuals.stop))

    def autocorrelation(self, outcome: str) -> int:
        """Return the place of the coordinate of an autocorrelation."""
        first: int = self.together.start + len(self.pairs)
        return first + self.series.index(outcome)

    def residual_sds(self, positions: np.ndarray) -> np.ndarray:
        """Return the residual standard deviations at positions (draw, parameter): (draw, equation)."""
        sds: np.ndarray = np.exp(positions[:, self.residuals])
        sds[:, list(self.unit)] = 1.0
        return sds

    def between(self, level: str) -> slice:
        """Return the places of the covariance of a level."""
        return self.blocks[f"differences between {level}s"]

    def row(self, level: str, effect: int) -> slice:
        """Return the places of an effect's row of the factor, its diagonal last, in ``factor`` coordinates."""
        first = self.between(level).start + effect * (effect + 1) // 2
        return slice(first, first + effect + 1)

    @cached_property
    def diagonals(self) -> np.ndarray:
        """Places of the diagonals of the factors of all levels, in ``factor`` coordinates."""
        return np.array([self.row(level, i).stop - 1 for level, q in self.effects.items() for i in range(q)], dtype=int)

    @cached_property
    def size(self) -> int:
        """Number of free parameters."""
        size: int = self.between(LEVELS[-1]).stop
        return size


@dataclass(frozen=True)
class Natural:
    """Draws of the parameters in standard units.

    Parameters
    ----------
    beta, residual
        Coefficients of all equations (draw, beta), and residual standard deviations (draw, equation).
    together
        Coordinates of the correlations of residuals and of their autocorrelations, (draw, coordinate).
    correlations, autocorrelations
        These themselves: (draw, pair) and (draw, series).
    factors
        Level -> factor of the covariance of the varying effects, (draw, effect, effect), of size zero where nothing varies.
    """

    layout: Layout
    beta: np.ndarray
    residual: np.ndarray
    together: np.ndarray
    correlations: np.ndarray
    autocorrelations: np.ndarray
    factors: dict[str, np.ndarray]

    def take(self, draws: np.ndarray) -> "Natural":
        """Return some of the draws."""
        factors = {level: factor[draws] for level, factor in self.factors.items()}
        others = (self.beta, self.residual, self.together, self.correlations, self.autocorrelations)
        beta, residual, together, correlations, autocorrelations = (values[draws] for values in others)
        return Natural(self.layout, beta, residual, together, correlations, autocorrelations, factors)

    @cached_property
    def covariances(self) -> dict[str, np.ndarray]:
        """Covariance of the varying effects of each level at which something varies: (draw, effect, effect)."""
        return {level: f @ f.transpose(0, 2, 1) for level, f in self.factors.items() if f.shape[1]}

    @property
    def residual_covariance(self) -> np.ndarray:
        """Covariance of the residuals of one occasion, (draw, equation, equation)."""
        free = zip(self.layout.pairs, self.correlations.T, strict=True)
        held = ((pair, np.full(len(self.residual), value)) for pair, value in self.layout.held.items())
        return join_covariance(self.residual, [*free, *held])

    @property
    def named(self) -> dict[str, np.ndarray]:
        """The draws by the names of `alliance.models.design.names`, as `make_population` wants them: (draw, ...)."""
        draws: dict[str, np.ndarray] = {}
        for number, outcome in enumerate(self.layout.coefficients):
            coefficients = self.beta[:, self.layout.of(outcome)]
            draws[intercept_name(outcome)] = coefficients[:, 0]
            if coefficients.shape[1] > 1:
                draws[slopes_name(outcome)] = coefficients[:, 1:]
            draws[residual_name(outcome)] = self.residual[:, number]
        if self.layout.pairs:
            draws[RESIDUAL_CORRELATION] = self.correlations
        if self.layout.series:
            draws[AUTOCORRELATION] = self.autocorrelations
        for level, covariance in self.covariances.items():
            draws[sd_name(level)], correlations = split_covariance(covariance)
            chosen = pairs(covariance.shape[1])
            if chosen:
                rows, columns = np.array(chosen).T
                draws[correlation_name(level)] = correlations[:, rows, columns]
        return draws


def layout_of(design: Design) -> Layout:
    """Lay out the free parameters of a design."""
    return Layout(
        {outcome: 1 + len(equation.terms) for outcome, equation in design.equations.items()},
        {level: len(design.differing.get(level, [])) for level in LEVELS},
        design.occasions.pairs,
        tuple(design.series),
        tuple(number for number, equation in enumerate(design.equations.values()) if equation.answered),
        design.occasions.held,
    )
