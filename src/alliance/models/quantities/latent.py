"""Latent means of patients and of therapists: their covariance, and regressions among them.

Predictors are not centred by patient and the varying intercepts of all equations are correlated, so the coefficient of a predictor that is
itself an outcome is its *within* effect, and the differences between patients sit in the intercepts. With B the average within effects
among outcomes, of the same session and of an earlier one, and v all that the units of a level differ in, a unit's series come to rest at

    eta = (I - B)^-1 v        cov(eta) = (I - B)^-1 cov(v) (I - B)^-T

What a unit's own slopes add to its level is part of v, since they multiply deviations from a level (`alliance.models.design.arrays`): the
means are those at which series come to rest by own slopes.

Initial values (``x_baseline``) as predictors make the varying intercepts conditional on them (Wooldridge 2005, doi
10.1002/jae.770): v = D c + u, with c the initial values, D their coefficients and u what still varies. So

    cov(v) = D S D' + cov(u) + D cov(c, u) + cov(u, c) D'

with S the covariance of the initial values, between the patients of a therapist or between therapists
(`alliance.models.quantities.initial`); u goes with c only where both are told apart by level.

What else differs between patients and is observed (an arm, means of a predictor that has no equation of its own) is the same in all of
this: fixed effects, and no part of v. Latent means are compared given these.

There are means only where the past fades: where the largest eigenvalue of (I - B_0)^-1 B_1, of the effects of the same and of an earlier
session, is below one. A draw beyond is replaced by one that has them; where such draws are not rare, nothing is compared.

A cause that is constant within patients and set before the first session (arm) also moved the initial values that are measured after it,
so given these, patients of the two arms differ in v. If the cause says nothing about v itself (it was assigned at random), its effect is

    coefficient + D gamma

with gamma its effects on those initial values, from their regression on it, the other patient-level predictors and the
initial values measured before the first session; drawn from the posterior of that regression under a flat prior, which is exact
because the likelihood factorises.
"""

from dataclasses import dataclass

import numpy as np

from alliance.config import Variable
from alliance.config.timing import parse_term
from alliance.facts.roles import EARLY
from alliance.models.design.arrays import INTERCEPT, Design
from alliance.models.quantities.initial import initial_spread, initial_terms, patients_of
from alliance.models.quantities.population import Population

_SMALL = 100 * np.finfo(float).eps


@dataclass(frozen=True)
class LatentMeans:
    """Latent means of the units of one level.

    Parameters
    ----------
    outcomes
        Their names, in the order of the covariance.
    varying
        Those whose intercept varies at this level.
    covariance
        (draw, outcome, outcome), raw units.
    drifting
        Share of the draws in which series have no mean; these are replaced by others.
    """

    outcomes: list[str]
    varying: set[str]
    covariance: np.ndarray
    drifting: float

    def variance(self, outcome: str) -> np.ndarray:
        """Return the variance of an outcome's means, (draw,)."""
        place = self.outcomes.index(outcome)
        return np.asarray(self.covariance[:, place, place])

    def regress(self, outcome: str, sources: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Regress the means of an outcome on those of others.

        Returns
        -------
        tuple
            Slopes, and the variance of each source's means that the other sources leave, which the slope divides by: (draw, source).
        """
        of, y = [self.outcomes.index(source) for source in sources], self.outcomes.index(outcome)
        among = self.covariance[:, of][:, :, of]
        # A variance that was set to zero comes out a rounding error away from it, on either side.
        sd = np.sqrt(np.diagonal(among, axis1=1, axis2=2).clip(0.0))
        sd = np.where(sd > 0, sd, 1.0)
        scaled = among / sd[:, :, None] / sd[:, None, :]
        # Means that do not vary, or not by themselves, have a slope too, by which nobody sees anything: `left` tells.
        inverse = np.linalg.inv(scaled + _SMALL * np.eye(len(of)))
        slopes = (inverse @ (self.covariance[:, of, y] / sd)[:, :, None])[:, :, 0] / sd
        left = sd**2 / np.diagonal(inverse, axis1=1, axis2=2)
        return slopes, np.where(np.diagonal(among, axis1=1, axis2=2) > 0, left, 0.0)


def latent_means(design: Design, population: Population, rng: np.random.Generator | None) -> dict[str, LatentMeans]:
    """Return the latent means of the units of each level at which an intercept varies.

    Parameters
    ----------
    rng
        For draws of the covariance of initial values; None takes its estimate.
    """
    outcomes = list(design.equations)
    same, earlier = within_effects(design, population)
    a = np.linalg.inv(np.eye(len(outcomes)) - same - earlier)
    steady = _find_steady(same, earlier)
    initial = initial_terms(design)
    spreads = initial_spread(design, population, rng) if initial else {}
    found = {}
    for level, effects in design.varying.items():
        v = population.intercept_covariance(level, outcomes)
        if level in spreads:
            d = _initial_effects(design, population, initial)
            shared = d @ spreads[level].with_rest
            v = v + d @ spreads[level].among @ d.transpose(0, 2, 1) + shared + shared.transpose(0, 2, 1)
            v = _without_negative(v, np.column_stack([population.residuals[outcome] for outcome in outcomes]))
        covariance = a @ v @ a.transpose(0, 2, 1)
        varying = {effect.outcome for effect in effects if effect.term == INTERCEPT}
        found[level] = LatentMeans(outcomes, varying, _replace(covariance, steady), float(1 - steady.mean()))
    return found


def within_effects(design: Design, population: Population) -> tuple[np.ndarray, np.ndarray]:
    """Return the average effects of outcomes on outcomes of the same session, and of an earlier one.

    Returns
    -------
    tuple
        B_0 and B_1, (draw, outcome, outcome), rows are the outcomes affected; B is their sum.
    """
    outcomes = list(design.equations)
    size = len(population.residuals[outcomes[0]])
    effects = np.zeros((2, size, len(outcomes), len(outcomes)))
    for row, outcome in enumerate(outcomes):
        for position, origin in enumerate(design.equations[outcome].origins.values()):
            if origin.session_level and origin.base in design.equations:
                column = outcomes.index(origin.base)
                effects[int(origin.lagged), :, row, column] += population.slopes[outcome][:, position]
    return effects[0], effects[1]


def _find_steady(same: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Tell in which draws the past fades, (draw,)."""
    if not earlier.any():
        return np.ones(len(same), dtype=bool)
    passed = np.linalg.solve(np.eye(same.shape[1]) - same, earlier)
    return np.asarray(np.abs(np.linalg.eigvals(passed)).max(axis=1) < 1)


def _without_negative(v: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Set negative roots of a covariance that is put together from parts to zero, in some units (draw, outcome)."""
    values, vectors = np.linalg.eigh(v / units[:, :, None] / units[:, None, :])
    root = vectors * np.sqrt(np.clip(values, 0, None))[:, None, :] * units[:, :, None]
    return np.asarray(root @ root.transpose(0, 2, 1))


def _replace(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Put the draw that is kept and stands nearest before it (or first) in the place of one that is not."""
    if kept.all() or not kept.any():
        return values
    places = np.maximum.accumulate(np.where(kept, np.arange(len(kept)), -1))
    return np.asarray(values[np.where(places < 0, np.argmax(kept), places)])


def shifts_of_initial_values(
    design: Design, population: Population, cause: str, variables: dict[str, Variable], rng: np.random.Generator | None
) -> dict[str, np.ndarray]:
    """Return gamma, by how much a cause that is constant within patients moved the initial values measured after it: term -> (draw,).

    Parameters
    ----------
    cause
        The predictor, as named in the equations.
    rng
        For draws of gamma; None takes its estimate.
    """
    size = len(next(iter(population.residuals.values())))
    initial = initial_terms(design)
    before = [name for name in initial if _measured(name, variables) in EARLY]
    moved = [name for name in initial if name not in before]
    if not moved:
        return {}
    given = [*dict.fromkeys([*design.constant_terms, cause]), *before]
    patients = patients_of(design, [*moved, *given]).dropna()
    x = np.column_stack([np.ones(len(patients)), patients[given].to_numpy(dtype=float)])
    y = patients[moved].to_numpy(dtype=float)
    inverse = np.linalg.inv(x.T @ x)
    estimate, position, free = inverse @ x.T @ y, 1 + given.index(cause), len(x) - x.shape[1]
    gamma = np.tile(estimate[position], (size, 1))
    if rng is not None:
        residuals = y - x @ estimate
        # One coefficient of several outcomes under a flat prior: multivariate t with the residual covariance as scale.
        scale = np.linalg.cholesky(residuals.T @ residuals * inverse[position, position] / free)
        gamma += rng.standard_normal((size, len(moved))) @ scale.T / np.sqrt(rng.chisquare(free, size) / free)[:, None]
    return dict(zip(moved, gamma.T, strict=True))


def effects_through_initial_values(
    design: Design, population: Population, shifts: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return D gamma, what a constant cause does to each outcome's intercept through the initial values it moved: (draw,).

    Parameters
    ----------
    shifts
        What `shifts_of_initial_values` gives.
    """
    d = _initial_effects(design, population, list(shifts))
    gamma = np.column_stack(list(shifts.values())) if shifts else np.zeros((len(d), 0))
    return {outcome: (d[:, row] * gamma).sum(axis=1) for row, outcome in enumerate(design.equations)}


def _measured(name: str, variables: dict[str, Variable]) -> str | None:
    term = parse_term(name, variables)
    return variables[term.variable].measured if term is not None and term.variable is not None else None


def _initial_effects(design: Design, population: Population, initial: list[str]) -> np.ndarray:
    """Return D, the effects of initial values on outcomes: (draw, outcome, initial value)."""
    size = len(next(iter(population.residuals.values())))
    effects = np.zeros((size, len(design.equations), len(initial)))
    for row, (outcome, equation) in enumerate(design.equations.items()):
        for position, term in enumerate(equation.terms):
            if term in initial:
                effects[:, row, initial.index(term)] = population.slopes[outcome][:, position]
    return effects
