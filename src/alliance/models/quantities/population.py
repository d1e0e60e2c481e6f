"""Population parameters of a model in raw units, from draws in standard units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from alliance.models.covariances import join_covariance
from alliance.models.design.arrays import INTERCEPT, Design, Varying
from alliance.models.design.names import (
    AUTOCORRELATION,
    RESIDUAL_CORRELATION,
    correlation_name,
    intercept_name,
    pairs,
    residual_name,
    sd_name,
    slopes_name,
    thresholds_name,
)


@dataclass(frozen=True)
class Population:
    """Draws of the population parameters, raw units.

    Parameters
    ----------
    intercepts, residuals
        Outcome -> intercept at predictors of zero, and residual standard deviation: (draw,).
    slopes
        Outcome -> (draw, term).
    covariances
        Level -> covariance of the varying effects, (draw, effect, effect). Varying slopes multiply deviations from a level of the patient
        (`alliance.models.design.arrays`), so a varying intercept is what is left at average slopes; for slopes of time, the deviation at
        its mean.
    varying
        Level -> the varying effects, in the order of the covariance.
    together
        Positions of two equations whose residuals may be correlated, or have a correlation that is held -> the correlation, (draw,).
    autocorrelations
        Outcome whose residuals depend on the one before -> their correlation a unit of time apart, (draw,).
    thresholds
        Outcome with ordered answers -> the thresholds above the first, which is zero: (draw, threshold).
    joint
        Level at which residual variances differ too -> covariance of their logarithms and the varying effects, (draw, effect, effect), see
        `Design.differing`. The residual standard deviation is then that of a unit of middling variability.
    """

    intercepts: dict[str, np.ndarray]
    slopes: dict[str, np.ndarray]
    residuals: dict[str, np.ndarray]
    covariances: dict[str, np.ndarray]
    varying: dict[str, list[Varying]]
    together: Mapping[tuple[int, int], np.ndarray] = field(default_factory=dict)
    autocorrelations: Mapping[str, np.ndarray] = field(default_factory=dict)
    joint: Mapping[str, np.ndarray] = field(default_factory=dict)
    thresholds: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def differing(self) -> dict[str, np.ndarray]:
        """Level -> covariance of all in which its units differ, (draw, effect, effect)."""
        return self.covariances | dict(self.joint)

    @cached_property
    def residual_covariance(self) -> np.ndarray:
        """Covariance of the residuals of one occasion, in the order of the equations: (draw, outcome, outcome)."""
        return join_covariance(np.column_stack(list(self.residuals.values())), self.together.items())

    def covariance(self, one: Varying, other: Varying) -> np.ndarray:
        """Return cov(one, other) summed over patients and therapists, zero where one of them does not vary: (draw,)."""
        total = np.zeros(len(next(iter(self.residuals.values()))))
        for level, effects in self.varying.items():
            if one in effects and other in effects:
                total = total + self.covariances[level][:, effects.index(one), effects.index(other)]
        return total

    def intercept_covariance(self, level: str, outcomes: list[str]) -> np.ndarray:
        """Return the covariance of the varying intercepts of the outcomes, zero where there is none: (draw, outcome, outcome)."""
        effects = self.varying.get(level, [])
        found = {
            k: effects.index(Varying(o, INTERCEPT)) for k, o in enumerate(outcomes) if Varying(o, INTERCEPT) in effects
        }
        size = len(next(iter(self.residuals.values())))
        result = np.zeros((size, len(outcomes), len(outcomes)))
        for row, i in found.items():
            for column, j in found.items():
                result[:, row, column] = self.covariances[level][:, i, j]
        return result


def standard_covariances(design: Design, population: Population) -> dict[str, np.ndarray]:
    """Return the covariance of all in which units of each level differ in standard units, (draw, effect, effect)."""
    scales = {level: design.scales(level) for level in population.differing}
    return {
        level: covariance / np.multiply.outer(scales[level], scales[level])
        for level, covariance in population.differing.items()
    }


def names_of_population(design: Design) -> list[str]:
    """List the model's variables that describe the population."""
    names = []
    for outcome, equation in design.equations.items():
        names += [intercept_name(outcome), *([slopes_name(outcome)] if equation.terms else []), residual_name(outcome)]
    for level, effects in design.differing.items():
        names += [sd_name(level), *([correlation_name(level)] if len(effects) > 1 else [])]
    names += [RESIDUAL_CORRELATION] if design.occasions.pairs else []
    return [*names, *([AUTOCORRELATION] if design.series else [])]


def make_population(design: Design, draws: Mapping[str, np.ndarray]) -> Population:
    """Turn draws in standard units, name -> (draw, ...), into raw units."""
    intercepts, slopes, residuals = {}, {}, {}
    for outcome, equation in design.equations.items():
        size = len(draws[residual_name(outcome)])
        standard = draws[slopes_name(outcome)] if equation.terms else np.empty((size, 0))
        slopes[outcome] = standard * equation.y_sd / equation.x_sd
        intercepts[outcome] = (
            equation.y_mean + equation.y_sd * draws[intercept_name(outcome)] - slopes[outcome] @ equation.x_mean
        )
        residuals[outcome] = draws[residual_name(outcome)] * equation.y_sd
    covariances, joint = dict[str, np.ndarray](), dict[str, np.ndarray]()
    for level, effects in design.differing.items():
        sd = draws[sd_name(level)] * design.scales(level)
        correlations = np.tile(np.eye(len(effects)), (len(sd), 1, 1))
        for position, (i, j) in enumerate(pairs(len(effects))):
            correlations[:, i, j] = correlations[:, j, i] = draws[correlation_name(level)][:, position]
        whole = correlations * sd[:, :, None] * sd[:, None, :]
        first = len(effects) - len(design.varying[level])
        covariances[level] = whole[:, first:, first:]
        joint |= {level: whole} if first else {}
    drawn = draws.get(RESIDUAL_CORRELATION)
    together = {} if drawn is None else dict(zip(design.occasions.pairs, drawn.T, strict=True))
    size = len(next(iter(residuals.values())))
    together |= {pair: np.full(size, value) for pair, value in design.occasions.held.items()}
    own = dict(zip(design.series, draws[AUTOCORRELATION].T, strict=True)) if design.series else {}
    thresholds = {outcome: draws[name] for outcome in design.equations if (name := thresholds_name(outcome)) in draws}
    return Population(intercepts, slopes, residuals, covariances, design.varying, together, own, joint, thresholds)
