"""A design as the likelihood sees it, and the free parameters it moves in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alliance.contracts import PATIENT, THERAPIST
from alliance.errors import ModelError
from alliance.likelihood.density import NO_PRIOR, PRIORS, fill_signed, log_density
from alliance.likelihood.layout import EquationRows, Statistics, make_statistics
from alliance.models.joint.design import INTERCEPT, Design, Equation
from alliance.models.joint.names import correlation_name, intercept_name, pairs, residual_name, sd_name, slopes_name

PRIOR_SETTINGS = ("intercept_sd", "slope_sd", "residual_sd", "varying_sd", "correlation_lkj")
LEVELS = (PATIENT, THERAPIST)


@dataclass(frozen=True)
class Engine:
    """Cross-products of a design and the layout of its free parameters.

    Free parameters stand in the order: intercept and slopes of each equation, logarithms of the residual standard deviations, then the
    coordinates of the covariances of patients and of therapists (see `alliance.likelihood.density`). All are in standard units.

    Parameters
    ----------
    patients, therapists
        Codes of the units, in the order of the likelihood.
    """

    design: Design
    statistics: Statistics
    patients: list[str]
    therapists: list[str]

    @property
    def n_beta(self) -> int:
        """Number of fixed effects."""
        return sum(1 + len(equation.terms) for equation in self.design.equations.values())

    @property
    def n_effects(self) -> tuple[int, int]:
        """Number of effects that vary between patients and between therapists."""
        patient, therapist = (len(self.design.varying.get(level, [])) for level in LEVELS)
        return patient, therapist

    @property
    def size(self) -> int:
        """Number of free parameters."""
        return self.n_beta + len(self.design.equations) + sum(q * (q + 1) // 2 for q in self.n_effects)

    def log_density(self, position: np.ndarray, prior: np.ndarray = NO_PRIOR) -> tuple[float, np.ndarray]:
        """Return log-likelihood (no prior) or log posterior density at a position, and its gradient."""
        gradient = np.empty(len(position))
        return float(log_density(*self.statistics.arrays, prior, position, gradient)), gradient


def make_engine(design: Design) -> Engine:
    """Compute the cross-products of a design.

    Raises
    ------
    ModelError
        A patient has several therapists in a model whose effects vary between therapists.
    """
    patients, codes = _find_patients(design)
    therapists, owner = _find_therapists(design, pd.Index(patients))
    equations, by_level = [], {level: [(0, 0)] * len(design.varying.get(level, [])) for level in LEVELS}
    for number, (outcome, equation) in enumerate(design.equations.items()):
        columns: list[str] = []
        for level, effects in by_level.items():
            for position, effect in enumerate(design.varying.get(level, [])):
                if effect.outcome == outcome:
                    if effect.term not in columns:
                        columns.append(effect.term)
                    effects[position] = (number, columns.index(effect.term))
        z = np.column_stack([np.empty((len(equation.y), 0)), *(equation.column(term) for term in columns)])
        equations.append(EquationRows(_predictors(equation), equation.y, codes[outcome], z))
    statistics = make_statistics(equations, by_level[PATIENT], by_level[THERAPIST], owner, len(patients))
    return Engine(design, statistics, patients, therapists)


def _find_patients(design: Design) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the patients of all equations, and the position of each row's patient among them: outcome -> (row,)."""
    if all(PATIENT in equation.units for equation in design.equations.values()):
        return design.units[PATIENT], {
            outcome: equation.units[PATIENT] for outcome, equation in design.equations.items()
        }
    codes = {outcome: equation.rows[PATIENT].astype(str) for outcome, equation in design.equations.items()}
    patients = sorted(set().union(*(set(rows) for rows in codes.values())))
    return patients, {outcome: pd.Index(patients).get_indexer(pd.Index(rows)) for outcome, rows in codes.items()}


def _predictors(equation: Equation) -> np.ndarray:
    return np.column_stack([equation.column(INTERCEPT), *(equation.column(term) for term in equation.terms)])


def _find_therapists(design: Design, place: pd.Index) -> tuple[list[str], np.ndarray | None]:
    """Return the therapists and each patient's position among them.

    Patients without rows in an equation whose effects vary between therapists share a therapist of their own, who has no data.
    """
    effects = design.varying.get(THERAPIST, [])
    if not effects:
        return [], None
    frames = [design.equations[outcome].rows for outcome in dict.fromkeys(effect.outcome for effect in effects)]
    known = {
        (str(patient), str(therapist))
        for rows in frames
        for patient, therapist in rows[[PATIENT, THERAPIST]].drop_duplicates().itertuples(index=False)
    }
    found = dict(known)
    if len(found) < len(known):
        raise ModelError(
            f"{len(known) - len(found)} of {len(found)} patients have rows with several therapists, but therapists' effects are "
            f"modelled as nested. Choose a rule under cleaning.therapist_change (first or most_sessions)."
        )
    therapists = sorted(set(found.values()))
    number = {code: position for position, code in enumerate(therapists)}
    owner = np.array([number[found[patient]] if patient in found else len(therapists) for patient in place])
    return therapists, owner


def prior_vector(priors: Mapping[str, float]) -> np.ndarray:
    """Return the settings of the priors in the order of the likelihood."""
    vector = np.array([float(priors[name]) for name in PRIOR_SETTINGS])
    assert len(vector) == PRIORS
    return vector


@dataclass(frozen=True)
class Natural:
    """Draws of the parameters in standard units: fixed effects (draw, beta), residual standard deviations (draw, equation) and the
    covariance of each level (draw, effect, effect)."""

    beta: np.ndarray
    residual: np.ndarray
    covariances: dict[str, np.ndarray]


def natural_of(engine: Engine, positions: np.ndarray, *, signed: bool) -> Natural:
    """Turn free parameters (draw, parameter) into fixed effects, standard deviations and covariances.

    Parameters
    ----------
    signed
        Whether the positions are in ``signed`` coordinates (samplers) or ``factor`` coordinates (maximum likelihood).
    """
    covariances = {
        level: factors @ factors.transpose(0, 2, 1)
        for level, factors in factors_of(engine, positions, signed=signed).items()
        if factors.shape[1]
    }
    first = engine.n_beta
    residual = np.exp(positions[:, first : first + len(engine.design.equations)])
    return Natural(positions[:, :first], residual, covariances)


def factors_of(engine: Engine, positions: np.ndarray, *, signed: bool) -> dict[str, np.ndarray]:
    """Return the factors of the covariances of both levels, (draw, effect, effect), of size zero where nothing varies."""
    used = engine.n_beta + len(engine.design.equations)
    result = {}
    for level, q in zip(LEVELS, engine.n_effects, strict=True):
        part = np.ascontiguousarray(positions[:, used : used + q * (q + 1) // 2])
        factors = np.zeros((len(positions), q, q))
        if signed:
            for draw in range(len(positions)):
                fill_signed(part[draw], factors[draw])
        else:
            row, column = np.tril_indices(q)
            factors[:, row, column] = part
        result[level] = factors
        used += part.shape[1]
    return result


def named_draws(engine: Engine, natural: Natural) -> dict[str, np.ndarray]:
    """Return draws by the names of `alliance.models.joint.names`, as `make_population` wants them: (draw, ...)."""
    draws: dict[str, np.ndarray] = {}
    used = 0
    for position, (outcome, equation) in enumerate(engine.design.equations.items()):
        draws[intercept_name(outcome)] = natural.beta[:, used]
        if equation.terms:
            draws[slopes_name(outcome)] = natural.beta[:, used + 1 : used + 1 + len(equation.terms)]
        draws[residual_name(outcome)] = natural.residual[:, position]
        used += 1 + len(equation.terms)
    for level, covariance in natural.covariances.items():
        sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        draws[sd_name(level)] = sd
        chosen = pairs(sd.shape[1])
        if chosen:
            rows, columns = np.array(chosen).T
            scale = sd[:, rows] * sd[:, columns]
            # Where a standard deviation is exactly zero there is no correlation; zero keeps the covariance right.
            correlations = np.divide(covariance[:, rows, columns], scale, out=np.zeros_like(scale), where=scale > 0)
            draws[correlation_name(level)] = correlations
    return draws


def draw_prior(engine: Engine, priors: Mapping[str, float], size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw free parameters in ``signed`` coordinates from their priors: (draw, parameter)."""
    parts: list[np.ndarray] = []
    for equation in engine.design.equations.values():
        parts.append(rng.normal(0, priors["intercept_sd"], (size, 1)))
        parts.append(rng.normal(0, priors["slope_sd"], (size, len(equation.terms))))
    count = len(engine.design.equations)
    parts.append(np.log(np.abs(rng.normal(0, priors["residual_sd"], (size, count)))))
    for q in engine.n_effects:
        parts.append(rng.normal(0, priors["varying_sd"], (size, q)))
        for _, column in pairs(q):
            shape = priors["correlation_lkj"] + (q - 2 - column) / 2
            parts.append(np.arctanh(np.clip(2 * rng.beta(shape, shape, (size, 1)) - 1, -1 + 1e-12, 1 - 1e-12)))
    return np.concatenate(parts, axis=1)


def signed_from_factor(engine: Engine, position: np.ndarray, smallest: float = 0.05) -> np.ndarray:
    """Turn one position in ``factor`` coordinates into ``signed`` ones, pulled off the boundary: a start for the mode."""
    natural = natural_of(engine, position[None], signed=False)
    parts: list[Any] = [position[: engine.n_beta + len(engine.design.equations)]]
    for covariance in natural.covariances.values():
        sd = np.maximum(np.sqrt(np.diagonal(covariance[0])), smallest)
        correlations = covariance[0] / np.outer(sd, sd)
        # Half-way to independence: a perfect correlation has no partial correlations to start from.
        root = np.linalg.cholesky(0.5 * correlations + 0.5 * np.eye(len(sd)))
        parts.append(sd)
        values = []
        for i in range(len(sd)):
            left = 1.0
            length = np.linalg.norm(root[i])
            for j in range(i):
                z = float(np.clip(root[i, j] / length / np.sqrt(left), -0.95, 0.95))
                values.append(np.arctanh(z))
                left *= 1 - z * z
        parts.append(np.array(values))
    return np.concatenate(parts)
