"""The likelihood of patients who differ in variability against numerical integration of the dense normal density."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from scipy import integrate

from alliance.likelihood.density import NO_PRIOR
from alliance.likelihood.density import log_density as log_density_alike
from alliance.likelihood.layout import make_statistics
from alliance.likelihood.patterns import EquationRows
from alliance.likelihood.scales import evaluate_patients
from alliance.likelihood.variability import Past, Variability, log_density, log_values, make_variability

PATIENTS, BETAS = 5, 3
BY_PATIENT = [(0, 0), (1, 0), (0, 1)]
UNIT = 1.2  # of the own past
PRIOR = np.array([2.0, 1.0, 1.0, 1.0, 0.0])


@cache
def draw_rows(sessions: int) -> tuple[EquationRows, ...]:
    """Two equations, the first with a slope that varies, patients with residuals of different size, a tenth of the rows missing."""
    rng = np.random.default_rng(sessions)
    made = []
    for columns in (2, 1):
        patient = np.repeat(np.arange(PATIENTS), sessions)
        x = np.column_stack([np.ones(len(patient)), rng.standard_normal((len(patient), BETAS - 1))])
        effects = 0.5 * rng.standard_normal((PATIENTS, columns))[patient]
        spread = np.exp(0.3 * rng.standard_normal(PATIENTS))[patient]
        y = x @ [0.2, 0.3, -0.1] + (x[:, :columns] * effects).sum(axis=1) + spread * rng.standard_normal(len(patient))
        kept = rng.random(len(patient)) < 0.9
        made.append(EquationRows(x[kept], y[kept], patient[kept], x[kept, :columns]))
    return tuple(made)


def make(scaled: Sequence[int], sessions: int = 6, nodes: int | None = None, *, past: bool = False) -> Variability:
    """Return what the likelihood reads; with `past` the slope that varies counts as an own past, beside the intercept of its equation."""
    order = [(0, 1), (0, 0), (1, 0)] if past else BY_PATIENT
    statistics = make_statistics(draw_rows(sessions), order, [], None, PATIENTS)
    return make_variability(statistics, order, scaled, [Past(0, 1, 0, 1, UNIT)] if past else [], nodes)


def draw_position(scaled: Sequence[int], seed: int = 0) -> np.ndarray:
    rng, size = np.random.default_rng(seed), len(scaled) + len(BY_PATIENT)
    factor = 0.3 * rng.standard_normal((size, size)) + 0.5 * np.eye(size)
    return np.concatenate([0.2 * rng.standard_normal(2 * BETAS), [0.1, -0.1], factor[np.tril_indices(size)]])


def integrand(scaled: Sequence[int], position: np.ndarray, patient: int, w: np.ndarray, sessions: int) -> np.ndarray:
    """Return log p(y, w) of a patient, (node,), from the whole covariance matrix of the rows; shares no code with the package."""
    scales, size = len(scaled), len(scaled) + len(BY_PATIENT)
    factor = np.zeros((size, size))
    factor[np.tril_indices(size)] = position[2 * BETAS + 2 :]
    v, means = w @ factor[:scales, :scales].T, w @ factor[scales:, :scales].T
    left, columns, variances = [], [], []
    for k, rows in enumerate(draw_rows(sessions)):
        own = rows.patient == patient
        left.append(rows.y[own] - rows.x[own] @ position[BETAS * k : BETAS * (k + 1)])
        z = np.zeros((own.sum(), len(BY_PATIENT)))
        for place, (equation, column) in enumerate(BY_PATIENT):
            if equation == k:
                z[:, place] = rows.z[own, column]
        columns.append(z)
        scale = v[:, scaled.index(k)] if k in scaled else np.zeros(len(w))
        variances.append(np.repeat(np.exp(2 * position[2 * BETAS + k] + scale)[:, None], own.sum(), axis=1))
    z = np.concatenate(columns)
    off = np.concatenate(left) - means @ z.T
    spread = z @ factor[scales:, scales:]
    covariance = spread @ spread.T + np.concatenate(variances, axis=1)[:, :, None] * np.eye(len(z))
    squares = np.einsum("ni,ni->n", off, np.linalg.solve(covariance, off[..., None])[..., 0])
    prior = (w**2).sum(axis=1) + scales * np.log(2 * np.pi)
    return -0.5 * (squares + np.linalg.slogdet(covariance)[1] + len(z) * np.log(2 * np.pi) + prior)


def values_of(made: Variability, position: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of each patient."""
    size = made.outcomes + len(BY_PATIENT)
    factor, each = np.zeros((size, size)), np.empty((PATIENTS, 1))
    factor[np.tril_indices(size)] = position[2 * BETAS + 2 :]
    start, stop = 2 * BETAS, 2 * BETAS + 2
    evaluate_patients(*made.arrays, position[:start], position[start:stop], factor, each, np.empty((PATIENTS, 0)))
    return each[:, 0]


@pytest.mark.parametrize("sessions", [3, 25])
def test_one_outcome_equals_adaptive_integration(sessions: int) -> None:
    position = draw_position([1])
    found = values_of(make([1], sessions), position)
    for patient in range(PATIENTS):

        def density(w: float, patient: int = patient) -> float:
            values = integrand([1], position, patient, np.array([[w]]), sessions)
            return float(np.exp(values[0] - found[patient]))

        whole = integrate.quad(density, -9, 9, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
        assert np.log(whole) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("sessions", [3, 25])
def test_two_outcomes_equal_integration_over_a_grid(sessions: int) -> None:
    position = draw_position([0, 1])
    found = values_of(make([0, 1], sessions), position)
    line = np.linspace(-7, 7, 57)  # smooth and nothing at its ends: the trapezoidal rule is exact to rounding
    w = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    for patient in range(2):
        values = integrand([0, 1], position, patient, w, sessions)
        whole = np.log(np.exp(values - found[patient]).sum() * (line[1] - line[0]) ** 2)
        assert whole == pytest.approx(0, abs=2e-5)  # eleven nodes in each direction


@pytest.mark.parametrize("scaled", [[], [0]])
def test_an_own_past_beside_its_level_equals_integration_over_a_grid(scaled: list[int]) -> None:
    made, position = make(scaled, 12, 31, past=True), draw_position(scaled)
    free, size = 2 * BETAS + 2, len(scaled) + len(BY_PATIENT)
    factor = np.zeros((size, size))
    factor[np.tril_indices(size)] = position[free:]
    each, means = np.empty((PATIENTS, 1)), np.empty((PATIENTS, size))
    evaluate_patients(*made.arrays, position[: 2 * BETAS], position[2 * BETAS : free], factor, each, means)
    line = np.linspace(-6, 6, 37 if scaled else 401)
    w = np.stack(np.meshgrid(*[line] * (1 + len(scaled))), axis=-1).reshape(-1, 1 + len(scaled))
    past = w @ factor[len(scaled), : len(scaled) + 1]
    loading = 1 - UNIT * past / (1 - UNIT * position[1])
    for patient in range(2 - len(scaled)):
        values = np.empty(len(w))
        for n, given in enumerate(w):  # the intercept has another column at each own past
            v, u = factor[: len(scaled), : len(given)] @ given, factor[len(scaled) + 1 :, : len(given)] @ given
            left, columns, variances = [], [], []
            for k, rows in enumerate(draw_rows(12)):
                own = rows.patient == patient
                z = np.zeros((own.sum(), 2))
                z[:, k] = loading[n] if k == 0 else 1.0
                mean = (
                    rows.x[own] @ position[BETAS * k : BETAS * (k + 1)]
                    + z @ u
                    + (past[n] * rows.x[own, 1] if k == 0 else 0)
                )
                left.append(rows.y[own] - mean)
                columns.append(z)
                variances.append(
                    np.full(own.sum(), np.exp(2 * position[2 * BETAS + k] + (v[0] if k in scaled else 0.0)))
                )
            spread = np.concatenate(columns) @ factor[len(scaled) + 1 :, len(given) :]
            covariance = spread @ spread.T + np.diag(np.concatenate(variances))
            off = np.concatenate(left)
            prior = given @ given + len(given) * np.log(2 * np.pi)
            values[n] = -0.5 * (
                off @ np.linalg.solve(covariance, off)
                + np.linalg.slogdet(covariance)[1]
                + len(off) * np.log(2 * np.pi)
                + prior
            )
        share = np.exp(values - each[patient, 0])
        assert np.log(share.sum() * (line[1] - line[0]) ** w.shape[1]) == pytest.approx(0, abs=2e-5)
        assert means[patient, len(scaled)] == pytest.approx(share @ past / share.sum(), abs=2e-5)


def test_an_own_past_has_the_gradient_of_its_value_and_a_limit() -> None:
    made, position = make([0], 25, 31, past=True), draw_position([0], 3)
    gradient, nothing = np.empty(len(position)), np.empty(0)
    log_density(made, NO_PRIOR, position, gradient)
    steps = 1e-4 * np.eye(len(position))
    sides = [[log_density(made, NO_PRIOR, position + sign * step, nothing) for step in steps] for sign in (1, -1)]
    np.testing.assert_allclose(gradient, (np.array(sides[0]) - np.array(sides[1])) / 2e-4, atol=5e-4)
    position[1] = 1 / UNIT  # an average own past of one
    assert log_density(made, NO_PRIOR, position, gradient) == -np.inf
    assert not gradient.any()


@pytest.mark.parametrize("scaled", [[0], [1], [0, 1]])
@pytest.mark.parametrize("prior", [NO_PRIOR, PRIOR])
def test_the_gradient_is_that_of_the_value(scaled: list[int], prior: np.ndarray) -> None:
    made, position = make(scaled, 25), draw_position(scaled, 3)
    gradient, nothing = np.empty(len(position)), np.empty(0)
    value = log_density(made, prior, position, gradient)
    steps = 1e-4 * np.eye(len(position))
    sides = [[log_density(made, prior, position + sign * step, nothing) for step in steps] for sign in (1, -1)]
    slopes = (np.array(sides[0]) - np.array(sides[1])) / 2e-4
    np.testing.assert_allclose(gradient, slopes, atol=2e-5 if len(scaled) == 1 else 2e-3)
    if len(prior):  # values alone are those of `signed` coordinates, with priors and without
        found = log_values(made, prior, np.array([position, position]))
        np.testing.assert_allclose(found, value, rtol=1e-13)


@pytest.mark.parametrize("scaled", [[0], [0, 1]])
def test_without_differences_the_likelihood_is_that_of_patients_who_vary_alike(scaled: list[int]) -> None:
    position = draw_position(scaled)
    first, size = 2 * BETAS + 2, len(scaled) + len(BY_PATIENT)
    factor = np.zeros((size, size))
    factor[np.tril_indices(size)] = position[first:]
    factor[: len(scaled)] = 0.0
    position[first:] = factor[np.tril_indices(size)]
    # Without variability its column of the factor is one more source of the other effects.
    covariance = (factor @ factor.T)[len(scaled) :, len(scaled) :]
    alike = np.concatenate([position[:first], np.linalg.cholesky(covariance)[np.tril_indices(len(BY_PATIENT))]])
    statistics = make_statistics(draw_rows(6), BY_PATIENT, [], None, PATIENTS)
    expected = log_density_alike(*statistics.arrays, NO_PRIOR, alike, np.empty(len(alike)))
    found = log_density(make(scaled), NO_PRIOR, position, np.empty(0))
    assert found == pytest.approx(expected, abs=1e-10)


def test_a_patient_who_counts_twice_is_two_patients() -> None:
    made, position = make([1]), draw_position([1])
    each = values_of(made, position)
    weights = np.array([2.0, 1.0, 0.0, 1.0, 3.0])
    found = log_density(made.weigh(weights), NO_PRIOR, position, np.empty(0))
    assert found == pytest.approx(weights @ each, rel=1e-12)


def test_conditional_means_are_those_of_integration() -> None:
    made, position = make([1]), draw_position([1])
    factor = np.zeros((4, 4))
    factor[np.tril_indices(4)] = position[2 * BETAS + 2 :]
    means = np.empty((PATIENTS, 4))
    evaluate_patients(
        *made.arrays,
        position[: 2 * BETAS],
        position[2 * BETAS : 2 * BETAS + 2],
        factor,
        np.empty((PATIENTS, 1)),
        means,
    )
    w = np.linspace(-8, 8, 401)[:, None]
    for patient in range(PATIENTS):
        values = integrand([1], position, patient, w, 6)
        share = np.exp(values - values.max())
        share /= share.sum()
        assert means[patient, 0] == pytest.approx(factor[0, 0] * (share @ w[:, 0]), abs=1e-6)
