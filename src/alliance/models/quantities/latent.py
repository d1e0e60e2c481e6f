"""Latent means of patients (and therapists), and what they add to the within-patient effects.

Predictors are not centred by patient and the varying intercepts of all equations are correlated, so the coefficient of a predictor that is
itself an outcome is its *within* effect, and the differences between patients sit in the intercepts. With B the within effects among
outcomes (lagged ones included) and v the intercepts, the latent means are the equilibrium eta = (I - B)^-1 v, and the
contextual effects of the predictors P of y are

    contextual = cov(v_y, eta_P) cov(eta_P)^-1        effect between patients = within effect + contextual

Initial values (``x_baseline``) as predictors make the varying intercepts conditional on them (Wooldridge 2005, doi
10.1002/jae.770): v = D c + u, with c the initial values, D their coefficients and u what still varies. The covariance of u alone would
describe patients who began alike, and would be too small. So cov(v) = D S D' + cov(u) is used, with S the
covariance of the initial values given the other patient-level predictors, in the data. S is taken as known. Where initial values are in
the model, this decomposition is made for patients only, not for therapists.

The same conditioning distorts the effect of a cause that is constant within patients and set before the first session
(arm): it also moved the initial values that are measured after it, so given these, patients of the two arms differ in v. If
the cause says nothing about v itself (it was assigned at random), its effect is

    coefficient + D gamma

with gamma its effects on those initial values, from their regression on it, the other patient-level predictors and the
initial values measured before the first session; drawn from the posterior of that regression under a flat prior, which is exact
because the likelihood factorises.

With feedback (the outcome moves the predictor too) the between-patient association is made by both directions.
"""

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.timing import parse_term
from alliance.facts.columns import PATIENT
from alliance.models.design.arrays import Design
from alliance.models.quantities.population import Population


def initial_terms(design: Design) -> list[str]:
    """List the initial values among the predictors, in the order of their first use."""
    return list(
        dict.fromkeys(t for e in design.equations.values() for t, origin in e.origins.items() if origin.baseline)
    )


def within_effects(design: Design, population: Population) -> np.ndarray:
    """Return B, the effects of outcomes on outcomes: (draw, outcome, outcome), rows are the outcomes affected."""
    outcomes = list(design.equations)
    size = len(population.residuals[outcomes[0]])
    effects = np.zeros((size, len(outcomes), len(outcomes)))
    for row, outcome in enumerate(outcomes):
        for position, origin in enumerate(design.equations[outcome].origins.values()):
            if origin.session_level and origin.base in design.equations:
                effects[:, row, outcomes.index(origin.base)] += population.slopes[outcome][:, position]
    return effects


def intercept_covariance(design: Design, population: Population, level: str) -> np.ndarray | None:
    """Return cov(v) at a level, (draw, outcome, outcome); None where initial values leave it undefined."""
    covariance = population.intercept_covariance(level, list(design.equations))
    initial = initial_terms(design)
    if not initial:
        return covariance
    if level != PATIENT:
        return None
    d = _initial_effects(design, population, initial)
    given = _constant_terms(design)
    spread = _residual_covariance(_patients(design, [*initial, *given]), initial, given)
    total: np.ndarray = covariance + d @ spread @ d.transpose(0, 2, 1)
    return total


def latent_covariance(b: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return cov(eta) = (I - B)^-1 cov(v) (I - B)^-T, (draw, outcome, outcome)."""
    a = np.linalg.inv(np.eye(b.shape[1]) - b)
    covariance: np.ndarray = a @ v @ a.transpose(0, 2, 1)
    return covariance


def contextual_effects(b: np.ndarray, v: np.ndarray, outcome: int, predictors: list[int]) -> np.ndarray:
    """Return the contextual effects of latent means on an outcome, cov(v_y, eta_P) cov(eta_P)^-1.

    Parameters
    ----------
    b
        Within effects among outcomes, (draw, outcome, outcome).
    v
        Covariance of the intercepts, (draw, outcome, outcome).
    outcome, predictors
        Positions of y and of P.

    Returns
    -------
    numpy.ndarray
        (draw, predictor).
    """
    a = np.linalg.inv(np.eye(b.shape[1]) - b)[:, predictors, :]
    with_outcome = (a @ v[:, :, [outcome]])[:, :, 0]
    among = latent_covariance(b, v)[:, predictors][:, :, predictors]
    # Where a latent mean does not vary at all there is nothing to compare: its contextual effect is zero, and the fit is marked.
    inverse = np.linalg.pinv(among, hermitian=True)
    return np.asarray((inverse @ with_outcome[:, :, None])[:, :, 0])


def effects_through_initial_values(
    design: Design, population: Population, cause: str, variables: dict[str, Variable], rng: np.random.Generator | None
) -> dict[str, np.ndarray]:
    """Return what a cause that is constant within patients does to each outcome's intercept through initial values: (draw,).

    Parameters
    ----------
    cause
        The predictor, as named in the equations.
    rng
        For draws of gamma; None takes its estimate.
    """
    size = len(next(iter(population.residuals.values())))
    nothing = {outcome: np.zeros(size) for outcome in design.equations}
    initial = initial_terms(design)
    before = [name for name in initial if _measured(name, variables) == "before"]
    moved = [name for name in initial if name not in before]
    if not moved:
        return nothing
    given = [*dict.fromkeys([*_constant_terms(design), cause]), *before]
    patients = _patients(design, [*moved, *given]).dropna()
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
    d = _initial_effects(design, population, moved)
    return {outcome: (d[:, row] * gamma).sum(axis=1) for row, outcome in enumerate(design.equations)}


def _measured(name: str, variables: dict[str, Variable]) -> str | None:
    term = parse_term(name, variables)
    return variables[term.variable].measured if term is not None and term.variable is not None else None


def _constant_terms(design: Design) -> list[str]:
    """List the patient-level predictors that are not initial values of outcomes."""
    return list(
        dict.fromkeys(
            term
            for equation in design.equations.values()
            for term, origin in equation.origins.items()
            if not origin.session_level and not origin.baseline
        )
    )


def _patients(design: Design, columns: list[str]) -> pd.DataFrame:
    """Return one row per patient; a product is a column of its own equation only."""
    rows = pd.concat([equation.rows.reindex(columns=[PATIENT, *columns]) for equation in design.equations.values()])
    return rows.groupby(PATIENT).first()[columns]


def _initial_effects(design: Design, population: Population, initial: list[str]) -> np.ndarray:
    """Return D, the effects of initial values on outcomes: (draw, outcome, initial value)."""
    size = len(next(iter(population.residuals.values())))
    effects = np.zeros((size, len(design.equations), len(initial)))
    for row, (outcome, equation) in enumerate(design.equations.items()):
        for position, term in enumerate(equation.terms):
            if term in initial:
                effects[:, row, initial.index(term)] = population.slopes[outcome][:, position]
    return effects


def _residual_covariance(patients: pd.DataFrame, of: list[str], given: list[str]) -> np.ndarray:
    complete = patients[[*of, *given]].dropna()
    x = np.column_stack([np.ones(len(complete)), complete[given].to_numpy(dtype=float)])
    y = complete[of].to_numpy(dtype=float)
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return np.asarray(left.T @ left / max(len(x) - x.shape[1], 1))
