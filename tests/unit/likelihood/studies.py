"""Random data sets for the likelihood, and the dense multivariate normal density they are compared with.

The dense density shares no code with the package: it writes down the whole covariance matrix of all rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from scipy import stats

from alliance.likelihood.density import NO_PRIOR, log_density
from alliance.likelihood.layout import Statistics, make_statistics
from alliance.likelihood.patterns import EquationRows, Series

Effects = list[tuple[int, int]]


@dataclass(frozen=True)
class Study:
    """Rows of all equations, which columns vary between whom, and the therapist of each patient.

    Parameters
    ----------
    by_patient, by_therapist
        (equation, column of its z) of each effect.
    pairs, order
        Equations whose residuals of one occasion covary, and an order of the equations that keeps zeros.
    """

    equations: tuple[EquationRows, ...]
    by_patient: Effects
    by_therapist: Effects
    therapist_of: np.ndarray
    n_patients: int
    pairs: Effects = field(default_factory=list)
    order: tuple[int, ...] = ()

    @property
    def statistics(self) -> Statistics:
        """Cross-products of the study."""
        owner = self.therapist_of if self.by_therapist else None
        return make_statistics(
            self.equations, self.by_patient, self.by_therapist, owner, self.n_patients, self.pairs, self.order
        )

    @property
    def n_residuals(self) -> int:
        """Number of parameters of the residuals."""
        return len(self.equations) + len(self.pairs) + len(self.series)

    @property
    def series(self) -> list[int]:
        """Equations whose residuals depend on the one before."""
        return [k for k, rows in enumerate(self.equations) if rows.series is not None]

    @property
    def n_beta(self) -> int:
        """Number of fixed effects."""
        return sum(rows.x.shape[1] for rows in self.equations)

    @property
    def size(self) -> int:
        """Number of free parameters."""
        factors = sum(q * (q + 1) // 2 for q in (len(self.by_patient), len(self.by_therapist)))
        return self.n_beta + self.n_residuals + factors

    def rearranged(self, rng: np.random.Generator) -> "Study":
        """Return the study with the rows of each equation in another order."""
        orders = [rng.permutation(len(rows.y)) for rows in self.equations]
        return replace(
            self, equations=tuple(choose_rows(rows, order) for rows, order in zip(self.equations, orders, strict=True))
        )

    def repeated(self, patients: np.ndarray, therapists: np.ndarray) -> "Study":
        """Return a study in which `patients` (new patient -> old one) are under `therapists` (new patient -> new therapist)."""
        made = []
        for rows in self.equations:
            found = [np.flatnonzero(rows.patient == old) for old in patients]
            chosen = choose_rows(rows, np.concatenate(found))
            made.append(replace(chosen, patient=np.repeat(np.arange(len(patients)), [len(part) for part in found])))
        return replace(self, equations=tuple(made), therapist_of=therapists, n_patients=len(patients))


def choose_rows(rows: EquationRows, chosen: np.ndarray) -> EquationRows:
    """Return rows by their positions."""
    occasion = None if rows.occasion is None else rows.occasion[chosen]
    series = None if rows.series is None else replace(rows.series, time=rows.series.time[chosen])
    therapist = None if rows.therapist is None else rows.therapist[chosen]
    return EquationRows(
        rows.x[chosen], rows.y[chosen], rows.patient[chosen], rows.z[chosen], occasion, series, therapist
    )


def make_study(
    by_patient: Effects,
    by_therapist: Effects,
    *,
    patients: int = 13,
    therapists: int = 4,
    sessions: int = 6,
    seed: int = 1,
    pairs: Effects | None = None,
    order: tuple[int, ...] = (),
) -> Study:
    """Draw an unbalanced study with one to `sessions` rows of each patient; rows are missing in one equation only.

    The first predictor after the column of ones differs between rows, the second only between patients; z has the column of ones, the first
    predictor, the second and a further one, as far as effects ask for them. Patient 0 has no row in the last of several equations.
    """
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, sessions + 1, patients))
    count = 1 + max(equation for equation, _ in [*by_patient, *by_therapist, (1, 0)])
    equations = []
    for equation in range(count):
        kept = rng.random(len(patient)) < 0.8
        kept[np.searchsorted(patient, np.arange(patients))] = True
        if equation == count - 1:
            kept[patient == 0] = False
        of = patient[kept]
        moving, constant = rng.standard_normal((len(of), 2)), rng.standard_normal(patients)[of]
        x = np.column_stack([np.ones(len(of)), moving[:, 0], constant])
        columns = 1 + max((c for e, c in [*by_patient, *by_therapist] if e == equation), default=-1)
        z = np.column_stack([x, moving[:, 1]])[:, :columns]
        occasion = np.flatnonzero(kept)
        equations.append(EquationRows(x, rng.standard_normal(len(of)), of, np.ascontiguousarray(z), occasion))
    owner = rng.permutation(np.arange(patients) % therapists)
    return Study(tuple(equations), by_patient, by_therapist, owner, patients, pairs or [], order)


def with_series(study: Study, which: Mapping[int, tuple[int, bool]]) -> Study:
    """Let residuals of some equations, by unit and sign, depend on the one before; sessions are skipped now and then."""
    equations = list(study.equations)
    for k, (unit, signed) in which.items():
        # Rows stand by patient, so that the position among all rows grows from session to session.
        time = (1 if unit == 1 else 3) * np.flatnonzero(np.ones(len(equations[k].y))) + np.arange(
            len(equations[k].y)
        ) // 3
        occasion = equations[k].occasion
        time = time if occasion is None else time + occasion - np.arange(len(time))
        equations[k] = replace(equations[k], series=Series(time.astype(np.int64), unit, signed))
    return replace(study, equations=tuple(equations))


def with_changes(study: Study, patients: int = 5, therapists: int = 6, most: int = 3, seed: int = 3) -> Study:
    """Let some patients have rows with up to `most` of the therapists, in turns that differ between equations."""
    rng = np.random.default_rng(seed)
    own = {int(i): rng.choice(therapists, most, replace=False) for i in rng.permutation(study.n_patients)[:patients]}
    equations = list(study.equations)
    for k in {k for k, _ in study.by_therapist}:
        rows = equations[k]
        therapist = study.therapist_of[rows.patient].copy()
        for i, chosen in own.items():
            there = np.flatnonzero(rows.patient == i)[1:]  # the first one stays with the therapist of the study
            therapist[there] = rng.choice(chosen, len(there))
        equations[k] = replace(rows, therapist=therapist)
    return replace(study, equations=tuple(equations))


def draw_position(study: Study, seed: int = 2) -> np.ndarray:
    """Draw free parameters of moderate size."""
    return np.random.default_rng(seed).normal(scale=0.6, size=study.size)


def evaluate(statistics: Statistics, position: np.ndarray, prior: np.ndarray = NO_PRIOR) -> tuple[float, np.ndarray]:
    """Return log density and gradient."""
    gradient = np.empty(len(position))
    return float(log_density(*statistics.arrays, prior, position, gradient)), gradient


def unpack_factors(study: Study, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariances G and H of ``factor`` coordinates."""
    used, found = study.n_beta + study.n_residuals, []
    for effects in (study.by_patient, study.by_therapist):
        q = len(effects)
        factor = np.zeros((q, q))
        factor[np.tril_indices(q)] = position[used : used + q * (q + 1) // 2]
        found.append(factor @ factor.T)
        used += q * (q + 1) // 2
    return found[0], found[1]


def dense_log_likelihood(
    study: Study,
    beta: np.ndarray,
    residual: np.ndarray,
    by_patient: np.ndarray,
    by_therapist: np.ndarray,
    autocorrelations: Mapping[int, float] = MappingProxyType({}),
) -> float:
    """Return the multivariate normal log density of all rows of all equations.

    Parameters
    ----------
    residual
        Standard deviations, (equation,), or the covariance of an occasion, (equation, equation).
    by_patient, by_therapist
        Covariances of the varying effects.
    autocorrelations
        Equation -> correlation of its residuals one unit of time apart.
    """
    equation = np.concatenate([np.full(len(rows.y), k) for k, rows in enumerate(study.equations)])
    patient = np.concatenate([rows.patient for rows in study.equations])
    y = np.concatenate([rows.y for rows in study.equations])
    therapist = np.concatenate(
        [study.therapist_of[rows.patient] if rows.therapist is None else rows.therapist for rows in study.equations]
    )
    starts = np.cumsum([0, *(rows.x.shape[1] for rows in study.equations)])
    mean = np.concatenate([rows.x @ beta[a:b] for rows, a, b in zip(study.equations, starts, starts[1:], strict=False)])
    of_occasion = np.diag(residual**2) if residual.ndim == 1 else residual
    # Rows without a known occasion have none in common with others.
    occasions = [
        -1 - k - len(study.equations) * np.arange(len(rows.y)) if rows.occasion is None else rows.occasion
        for k, rows in enumerate(study.equations)
    ]
    occasion = np.concatenate(occasions)
    same = (occasion[:, None] == occasion) & (patient[:, None] == patient)
    covariance = of_occasion[np.ix_(equation, equation)] * same
    for k, phi in autocorrelations.items():
        rows, places = study.equations[k], np.flatnonzero(equation == k)
        assert rows.series is not None
        apart = np.abs(rows.series.time[:, None] - rows.series.time) / rows.series.unit
        together = phi**apart * (rows.patient[:, None] == rows.patient)
        covariance[np.ix_(places, places)] = of_occasion[k, k] * together
    for effects, of_level, unit in (
        (study.by_patient, by_patient, patient),
        (study.by_therapist, by_therapist, therapist),
    ):
        z = np.zeros((len(y), len(effects)))
        for place, (k, column) in enumerate(effects):
            z[equation == k, place] = study.equations[k].z[:, column]
        covariance += (z @ of_level @ z.T) * (unit[:, None] == unit)
    return float(stats.multivariate_normal.logpdf(y, mean, covariance))


def dense_at(study: Study, position: np.ndarray) -> float:
    """Return the dense log-likelihood at ``factor`` coordinates."""
    first, last = study.n_beta, study.n_beta + study.n_residuals
    ends = [len(study.equations), len(study.equations) + len(study.pairs)]
    sds, together, own = np.split(position[first:last], ends)
    correlations = correlations_of(study, np.tanh(together))
    residual = np.exp(sds[:, None] + sds) * correlations
    autocorrelations = {k: _autocorrelation(study.equations[k], x) for k, x in zip(study.series, own, strict=True)}
    factors = unpack_factors(study, position)
    return dense_log_likelihood(study, position[:first], residual, *factors, autocorrelations)


def _autocorrelation(rows: EquationRows, coordinate: float) -> float:
    assert rows.series is not None
    return float(np.tanh(coordinate) if rows.series.signed else 1 / (1 + np.exp(-coordinate)))


def correlations_of(study: Study, partial: np.ndarray) -> np.ndarray:
    """Return the correlations of residuals of one occasion from partial correlations of the pairs.

    In the order of elimination a row of the factor is a point on the sphere: each partial correlation takes its share of what is left.
    """
    count = len(study.equations)
    if not study.pairs:
        return np.eye(count)
    known = dict(zip(map(frozenset, study.pairs), partial, strict=True))
    factor = np.zeros((count, count))
    for row, k in enumerate(study.order):
        left = 1.0
        for column, m in enumerate(study.order[:row]):
            factor[row, column] = known.get(frozenset((k, m)), 0.0) * np.sqrt(left)
            left -= factor[row, column] ** 2
        factor[row, row] = np.sqrt(left)
    place = np.argsort(study.order)
    return (factor @ factor.T)[np.ix_(place, place)]


def differentiate(function: Callable[[np.ndarray], float], position: np.ndarray) -> np.ndarray:
    """Return the gradient by differences of five points, h = 1e-3.

    The formula leaves out h^4 f^(5) / 30, about 1e-12, and rounding adds eps |f| / h, about 1e-10 for a log density of some hundreds.
    """
    gradient = np.empty(len(position))
    for i in range(len(position)):
        step = np.zeros(len(position))
        step[i] = 1e-3
        near = function(position + step) - function(position - step)
        far = function(position + 2 * step) - function(position - 2 * step)
        gradient[i] = (8 * near - far) / 12e-3
    return gradient
