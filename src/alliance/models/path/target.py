"""A design as a likelihood: the target of inference of this family.

Positions are in ``factor`` coordinates (see `alliance.likelihood.density`): a variance of zero and a correlation of one are ordinary
points there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import pandas as pd

from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.inference.target import Clusters, Start
from alliance.likelihood import variability as variable
from alliance.likelihood.crossed import TooManyConnected
from alliance.likelihood.density import NO_PRIOR, log_density
from alliance.likelihood.determinant import slopes_of_squares
from alliance.likelihood.layout import Statistics, make_statistics
from alliance.likelihood.patterns import EquationRows
from alliance.likelihood.quadratic import quadratic_form
from alliance.likelihood.residuals import autocorrelations_at, correlations_at
from alliance.likelihood.values import log_priors, log_values
from alliance.models.design.arrays import INTERCEPT, Design
from alliance.models.path.clusters import find_clusters, has_therapists, weigh_clusters
from alliance.models.path.layout import LEVELS, Layout, Natural, layout_of
from alliance.models.path.passing import respread
from alliance.models.path.precision import measure_precision
from alliance.models.path.scores import cluster_scores
from alliance.models.path.starts import find_starts
from alliance.models.path.variances import draw_variances

_OFF_BOUNDARY: Final = 0.05  # standard deviations in standard units
_SMALLEST_EIGENVALUE: Final = 1e-8  # of the mean cross-product of standardised predictors


@dataclass(frozen=True)
class PathTarget:
    """The log-likelihood of a design, in standard units.

    Parameters
    ----------
    statistics
        Cross-products of the rows.
    patients, therapists
        Codes of the units, in the order of the likelihood; no therapists where nothing varies between them.
    variability
        What the likelihood reads where residual variances differ between patients, or own pasts beside levels; None where none do.
    """

    design: Design
    statistics: Statistics
    layout: Layout
    patients: list[str]
    therapists: list[str]
    variability: variable.Variability | None = None

    @property
    def blocks(self) -> dict[str, slice]:
        """Named parts of the position."""
        return self.layout.blocks

    @property
    def compared(self) -> slice:
        """The coefficients of all equations."""
        return self.layout.fixed

    @property
    def quadratic(self) -> slice | None:
        """The coefficients of all equations, unless residual variances differ between patients."""
        return self.layout.fixed if self.variability is None else None

    def given_variances(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient by all coefficients where they are zero, and minus the curvature."""
        size = self.layout.fixed.stop
        form = quadratic_form(self.statistics, position)
        return form[:size, size], form[:size, :size]

    def slopes_of_squares(self, position: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return derivatives of -1/2 sum_d d'H d, H that curvature, by the position."""
        return slopes_of_squares(self.statistics, position, directions)

    def draw_variances(
        self, position: np.ndarray, covariance: np.ndarray, size: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw residual standard deviations and covariances of varying effects, see `alliance.models.path.variances`."""
        natural = self.natural(position[None])
        precision = measure_precision(self.design, self.statistics, natural)
        drawn = draw_variances(natural, precision, position, covariance, size, rng)
        return respread(self, position, drawn, rng)

    @property
    def levels(self) -> tuple[str, ...]:
        """Patients, and therapists where every patient has exactly one, whether or not effects vary between them."""
        return LEVELS if has_therapists(self.design, self.patients) else (PATIENT,)

    @property
    def independent(self) -> str:
        """The highest level at which effects vary."""
        return THERAPIST if self.therapists else PATIENT

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        """Return log-likelihood and gradient."""
        return self.density(NO_PRIOR, position)

    def density(self, prior: np.ndarray, position: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density with these settings of priors, and its gradient."""
        gradient = np.empty(len(position))
        if self.variability is None:
            return float(log_density(*self.statistics.arrays, prior, position, gradient)), gradient
        return variable.log_density(self.variability, prior, position, gradient), gradient

    def densities(self, prior: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Return the log density at positions (draw, parameter) in ``signed`` coordinates."""
        if self.variability is not None:
            return variable.log_values(self.variability, prior, positions)
        values = np.empty(len(positions))
        log_values(*self.statistics.arrays, prior, positions, values)
        return values

    def log_priors(self, prior: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Return the log prior density with these settings at positions (draw, parameter) in ``signed`` coordinates."""
        layout = self.statistics.arrays[0] if self.variability is None else self.variability.layout
        values = np.empty(len(positions))
        log_priors(layout, prior, positions, values)
        return values

    def natural(self, positions: np.ndarray) -> Natural:
        """Turn positions (draw, parameter) into coefficients, standard deviations and factors of covariances."""
        factors = {}
        for level, q in self.layout.effects.items():
            row, column = np.tril_indices(q)
            factors[level] = np.zeros((len(positions), q, q))
            factors[level][:, row, column] = positions[:, self.layout.between(level)]
        return self.with_factors(positions, factors)

    def with_factors(self, positions: np.ndarray, factors: dict[str, np.ndarray]) -> Natural:
        """Return the parameters at positions, whose last ones, the covariances of units, have these factors."""
        layout, together = self.layout, positions[:, self.layout.together]
        correlations = correlations_at(self.statistics, together)
        return Natural(
            layout,
            positions[:, layout.fixed],
            layout.residual_sds(positions),
            together,
            np.column_stack([np.empty((len(positions), 0)), *(correlations[:, i, j] for i, j in layout.pairs)]),
            autocorrelations_at(self.statistics, together),
            factors,
        )

    def named(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Return the parameters at positions by the names of `alliance.models.design.names`."""
        return self.natural(positions).named

    def starts(self) -> list[Start]:
        """Return least squares with moderate variances, and a second start where effects of the past could be lasting differences."""
        return find_starts(self.design, self.layout, self.statistics.cross_products, self.patients, self.therapists)

    def off_boundary(self, position: np.ndarray) -> np.ndarray:
        """Move the diagonals of the factors off zero: the likelihood is the same on both sides, so no search would leave it there."""
        result, diagonal = position.copy(), self.layout.diagonals
        small = np.abs(result[diagonal]) < _OFF_BOUNDARY
        result[diagonal] = np.where(small, np.copysign(_OFF_BOUNDARY, result[diagonal]), result[diagonal])
        return result

    def is_determined(self) -> bool:
        """Return whether the weighted rows tell all coefficients apart."""
        for products, count in self.statistics.cross_products:
            if count < len(products) or np.linalg.eigvalsh(products[:-1, :-1] / count)[0] < _SMALLEST_EIGENVALUE:
                return False
        return True

    def clusters(self, level: str) -> Clusters:
        """Find the patients, or the therapists with all their patients, in the order of the likelihood."""
        return find_clusters(self.design, self.patients, self.therapists, level)

    def weigh(self, clusters: Clusters, weights: np.ndarray) -> Self:
        """Count clusters more or less often than once."""
        statistics = weigh_clusters(self.statistics, self.therapists, clusters, weights)
        if self.variability is None:
            return replace(self, statistics=statistics)
        return replace(self, statistics=statistics, variability=self.variability.weigh(weights[clusters.of_unit]))

    def scores(self, position: np.ndarray, clusters: Clusters) -> np.ndarray:
        """Return what each cluster contributes to the gradient."""
        if self.variability is None:
            return cluster_scores(self.statistics, self.layout, self.natural(position[None]), clusters)
        scores = np.zeros((clusters.count, self.layout.size))
        np.add.at(scores, clusters.of_unit, variable.patient_scores(self.variability, position))
        return scores


def make_target(design: Design) -> PathTarget:
    """Compute the cross-products of a design.

    Raises
    ------
    ModelError
        Patients who changed connect more therapists than can be solved together.
    """
    patients, codes = _find_patients(design)
    therapists, owner = _find_therapists(design, len(patients), codes)
    equations = []
    for outcome, equation in design.equations.items():
        columns = varying_terms(design, outcome)
        z = np.column_stack([np.empty((len(equation.y), 0)), *(equation.varying_column(term) for term in columns)])
        session = equation.rows[SESSION].to_numpy().astype(np.int64, copy=False)
        equations.append(
            EquationRows(
                equation.with_ones,
                equation.y,
                codes[outcome],
                z,
                session,
                series=design.series.get(outcome),
                therapist=equation.units.get(THERAPIST),
                unit_residual=bool(equation.answered),
            )
        )
    numbers = {outcome: number for number, outcome in enumerate(design.equations)}
    by_patient, by_therapist = (
        [(numbers[e.outcome], varying_terms(design, e.outcome).index(e.term)) for e in design.varying.get(level, [])]
        for level in LEVELS
    )
    together = design.occasions
    of_residuals = together.pairs, together.order, together.held
    try:
        statistics = make_statistics(equations, by_patient, by_therapist, owner, len(patients), *of_residuals)
    except TooManyConnected as error:
        raise ModelError(
            f"Patients have rows with several therapists, and {error}. Let cleaning.therapist_change give each patient one therapist "
            f"(first or most_sessions), or keep fewer effects under 'vary.therapist'."
        ) from error
    scaled = [numbers[outcome] for outcome in design.variable]
    integrated = scaled or design.pasts
    variability = variable.make_variability(statistics, by_patient, scaled, _pasts_of(design)) if integrated else None
    return PathTarget(design, statistics, layout_of(design), patients, therapists, variability)


def varying_terms(design: Design, outcome: str) -> list[str]:
    """List the terms of an equation whose effects vary at any level: the columns of its `z`."""
    return list(
        dict.fromkeys(e.term for level in LEVELS for e in design.varying.get(level, []) if e.outcome == outcome)
    )


def _pasts_of(design: Design) -> list[variable.Past]:
    """Say where the own pasts stand that are integrated beside variability."""
    found = []
    for past in design.pasts:
        equation, columns = design.equations[past.outcome], varying_terms(design, past.outcome)
        places = columns.index(past.term), columns.index(INTERCEPT), 1 + equation.terms.index(past.term)
        found.append(variable.Past(list(design.equations).index(past.outcome), *places, equation.scale(past.term)))
    return found


def _find_patients(design: Design) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the patients of all equations, and the position of each row's patient among them: outcome -> (row,)."""
    if all(PATIENT in equation.units for equation in design.equations.values()):
        return design.units[PATIENT], {
            outcome: equation.units[PATIENT] for outcome, equation in design.equations.items()
        }
    codes = {outcome: equation.rows[PATIENT].astype(str) for outcome, equation in design.equations.items()}
    patients = sorted(set().union(*(set(rows) for rows in codes.values())))
    return patients, {outcome: pd.Index(patients).get_indexer(pd.Index(rows)) for outcome, rows in codes.items()}


def _find_therapists(
    design: Design, patients: int, codes: Mapping[str, np.ndarray]
) -> tuple[list[str], np.ndarray | None]:
    """Return the therapists and each patient's position among them: the first one of several.

    Patients without rows in an equation whose effects vary between therapists share a therapist of their own, who has no data.

    Parameters
    ----------
    patients
        How many there are.
    codes
        Position of each row's patient: outcome -> (row,).
    """
    effects = design.varying.get(THERAPIST, [])
    if not effects:
        return [], None
    therapists = design.units[THERAPIST]
    owner = np.full(patients, len(therapists))
    for outcome in dict.fromkeys(effect.outcome for effect in effects):
        rows = codes[outcome][::-1]
        owner[rows] = design.equations[outcome].units[THERAPIST][::-1]
    return therapists, owner
