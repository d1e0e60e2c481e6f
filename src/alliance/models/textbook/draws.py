"""Draws from the estimated sampling distribution of fitted equations, and the container they end in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from alliance.config import ModelSpec
from alliance.facts.marks import Mark
from alliance.inference.montecarlo import draw_normal, generator_for
from alliance.models.container import FitResult, Quantities, make_tree, pack_draws
from alliance.models.textbook.criterion import factors_of
from alliance.models.textbook.guarded import ENGINE, Fitted

INTERVAL_KIND = "Monte Carlo confidence"


@dataclass(frozen=True)
class Drawn:
    """One equation's estimates, followed by draws of them: fixed effects (1 + draw, column), residual standard deviation (1 + draw,) and,
    for patients and therapists, covariances of the varying effects (1 + draw, effect, effect); raw units."""

    fitted: Fitted
    beta: np.ndarray
    residual: np.ndarray
    covariances: dict[str, np.ndarray]

    @cached_property
    def effects(self) -> dict[tuple[str, str], np.ndarray]:
        """Term and level -> its fixed effect, (1 + draw,)."""
        columns = self.fitted.design.columns
        return {(column.term, column.level): self.beta[:, place] for place, column in enumerate(columns)}


def draw_equations(fitted: Sequence[Fitted], seed: int, size: int, name: str) -> dict[str, Drawn]:
    """Draw the parameters of all equations of a model from their estimated sampling distributions.

    Fixed effects are multivariate normal with the estimated covariance. Variance parameters are normal on the scale of
    the Cholesky factors (standard deviations, not logarithms); what an effect has of its own is zero where it would be negative, so an
    estimate at zero lies at the lower end of its interval, with an honest upper limit. Equations are independent, because they are fitted
    separately. Everything is drawn in standard units: a covariance of standard errors that differ a million-fold has no usable root.

    In 300 simulated studies of 30 therapists x 10 patients x 12 sessions, 95 % intervals of the therapists' share of variance held
    the truth in 94 % (share .10), 96 % (.03) and 89 % (none); with 8 x 8 x 10 in 96 %, 100 % and 95 %. The estimate was never outside.
    """
    means = [part for equation in fitted for part in (equation.beta, equation.top.theta)]
    spreads = [part for equation in fitted for part in (equation.cov, equation.top.spread)]
    estimate = np.concatenate(means)
    values = np.vstack([estimate, draw_normal(estimate, block_diag(*spreads), size, generator_for(seed, name))])
    parts = np.split(values, np.cumsum([len(mean) for mean in means])[:-1], axis=1)
    return {
        equation.design.outcome: _in_raw_units(equation, beta, theta)
        for equation, beta, theta in zip(fitted, parts[::2], parts[1::2], strict=True)
    }


def _in_raw_units(fitted: Fitted, beta: np.ndarray, theta: np.ndarray) -> Drawn:
    design, covariances = fitted.design, {}
    for level, factor in factors_of(theta, design.arrays).items():
        own = list(design.arrays.varying[level]), range(factor.shape[2])
        factor[:, *own] = np.maximum(factor[:, *own], 0.0)
        raw = design.raw_factors(factor)
        covariances[level] = raw @ raw.transpose(0, 2, 1)
    return Drawn(fitted, design.raw_effects(beta), design.y_sd * np.exp(theta[:, 0]), covariances)


def make_result(name: str, spec: ModelSpec, quantities: Quantities, marks: list[Mark], flow: pd.DataFrame) -> FitResult:
    """Put quantities, each an estimate followed by its draws, into the container."""
    values = quantities.array()
    tree = make_tree(
        model=name,
        family=spec.family,
        engine=ENGINE,
        interval_kind=INTERVAL_KIND,
        paths=pack_draws(quantities.table(), values[:, 1:], values[0, 0]),
        marks=marks,
    )
    return FitResult(tree, flow)
