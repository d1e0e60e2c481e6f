"""Random cross-products, and the density of the same rows written out as one multivariate normal."""

import numpy as np
from scipy import stats

from alliance.likelihood.density import NO_PRIOR, log_density
from alliance.likelihood.layout import N_BETA, N_PATIENT, N_THERAPIST, EquationRows, Statistics, make_statistics

Effects = list[tuple[int, int]]


class Study:
    """A random diagram: each equation with intercept and predictors, effects that vary by patient and by therapist."""

    def __init__(
        self,
        rng: np.random.Generator,
        slopes: tuple[int, ...],
        by_therapist: Effects | None = None,
        patients: int = 13,
        predictors: int = 3,
        by_patient: Effects | None = None,
    ) -> None:
        """`slopes` is the number of varying columns of each equation."""
        self.by_patient = by_patient or [(k, column) for k, columns in enumerate(slopes) for column in range(columns)]
        self.by_therapist = by_therapist or []
        equations = []
        for columns in slopes:
            # Some patients have no rows in an equation, the others between one and six, in no order.
            patient = rng.permutation(
                np.repeat(np.arange(patients), rng.integers(0, 7, patients).clip(min=patients < 2))
            )
            x = np.column_stack([np.ones(len(patient)), rng.standard_normal((len(patient), max(predictors, columns)))])
            equations.append(EquationRows(x, rng.standard_normal(len(patient)), patient, x[:, :columns]))
        therapist_of = rng.integers(0, 4, patients) if self.by_therapist else None
        self.statistics = make_statistics(equations, self.by_patient, self.by_therapist, therapist_of, patients)

    @property
    def size(self) -> int:
        """Number of free parameters."""
        q, e = len(self.by_patient), len(self.by_therapist)
        return self.n_beta + len(self.statistics.equations) + q * (q + 1) // 2 + e * (e + 1) // 2

    @property
    def n_beta(self) -> int:
        """Number of fixed effects."""
        return int(self.statistics.layout[N_BETA])

    def factors(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return L and P of a position in ``factor`` coordinates."""
        found, used = [], self.n_beta + len(self.statistics.equations)
        for place in (N_PATIENT, N_THERAPIST):
            q = int(self.statistics.layout[place])
            factor = np.zeros((q, q))
            count = q * (q + 1) // 2
            factor[np.tril_indices(q)] = position[used : used + count]
            used += count
            found.append(factor)
        return found[0], found[1]

    def dense(self, position: np.ndarray) -> float:
        """Return the log-likelihood as one multivariate normal density of all rows."""
        statistics = self.statistics
        by_patient, by_therapist = self.factors(position)
        owner, n, used = statistics.therapist_of, statistics.n_patients, 0
        mean, outcome, residual, of_patient, of_therapist = [], [], [], [], []
        for k, rows in enumerate(statistics.equations):
            betas = rows.x.shape[1]
            mean.append(rows.x @ position[used : used + betas])
            used += betas
            outcome.append(rows.y)
            residual.append(np.full(len(rows.y), np.exp(2 * position[self.n_beta + k])))
            of_patient.append(_spread(rows, k, self.by_patient, rows.patient, n))
            of_therapist.append(_spread(rows, k, self.by_therapist, owner[rows.patient], statistics.n_therapists))
        z, w = np.concatenate(of_patient), np.concatenate(of_therapist)
        covariance = np.diag(np.concatenate(residual))
        covariance += z @ np.kron(np.eye(n), by_patient @ by_patient.T) @ z.T
        covariance += w @ np.kron(np.eye(statistics.n_therapists), by_therapist @ by_therapist.T) @ w.T
        density = stats.multivariate_normal(np.concatenate(mean), covariance)
        return float(density.logpdf(np.concatenate(outcome)))


def evaluate(statistics: Statistics, position: np.ndarray, prior: np.ndarray = NO_PRIOR) -> tuple[float, np.ndarray]:
    """Return value and gradient of the kernel."""
    gradient = np.empty(len(position))
    return float(log_density(*statistics.arrays, prior, position, gradient)), gradient


def differences(statistics: Statistics, position: np.ndarray, prior: np.ndarray = NO_PRIOR) -> np.ndarray:
    """Return central differences of the value, with two step sizes combined so that the error is of fourth order."""
    found = np.empty(len(position))
    for i in range(len(position)):
        slopes = []
        for step in (1e-3, 5e-4):
            change = np.zeros(len(position))
            change[i] = step
            above, below = (evaluate(statistics, position + sign * change, prior)[0] for sign in (1, -1))
            slopes.append((above - below) / (2 * step))
        found[i] = (4 * slopes[1] - slopes[0]) / 3
    return found


def _spread(rows: EquationRows, equation: int, effects: Effects, unit: np.ndarray, count: int) -> np.ndarray:
    """Return the columns of all units' effects, (row, unit x effect)."""
    wide = np.zeros((len(rows.y), count, len(effects)))
    for position, (k, column) in enumerate(effects):
        if k == equation:
            wide[np.arange(len(rows.y)), unit, position] = rows.z[:, column]
    return wide.reshape(len(rows.y), count * len(effects))
