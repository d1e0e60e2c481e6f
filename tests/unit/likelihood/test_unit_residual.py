"""An equation whose residual standard deviation is one and no parameter: against a dense normal density."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from alliance.likelihood.density import NO_PRIOR, log_density
from alliance.likelihood.layout import make_statistics
from alliance.likelihood.patterns import EquationRows

PATIENTS, SESSIONS = 5, 4
PATIENT = np.repeat(np.arange(PATIENTS), SESSIONS)
SESSION = np.tile(np.arange(SESSIONS), PATIENTS)


def equations(*, unit: bool) -> list[EquationRows]:
    rng = np.random.default_rng(1)
    ones = np.ones((len(PATIENT), 1))
    x = np.column_stack([ones, rng.standard_normal(len(PATIENT))])
    first = EquationRows(x, rng.standard_normal(len(PATIENT)), PATIENT, ones, SESSION)
    second = EquationRows(x[:, :1], rng.standard_normal(len(PATIENT)), PATIENT, ones, SESSION, unit_residual=unit)
    return [first, second]


@pytest.mark.parametrize("paired", [False, True])
def test_density_and_gradient_do_not_depend_on_its_place(paired: bool) -> None:
    pairs = {"pairs": [(1, 0)], "order": [0, 1]} if paired else {}
    made = make_statistics(equations(unit=True), [(0, 0), (1, 0)], [], None, PATIENTS, **pairs)
    free = make_statistics(equations(unit=False), [(0, 0), (1, 0)], [], None, PATIENTS, **pairs)
    together = [0.4] if paired else []
    position = np.array([0.2, -0.3, 0.1, np.log(0.8), 0.7, *together, 0.5, 0.2, 0.6])
    at_one = position.copy()
    at_one[4] = 0.0
    gradient, other = np.empty_like(position), np.empty_like(position)
    value = log_density(*made.arrays, NO_PRIOR, position, gradient)
    expected = log_density(*free.arrays, NO_PRIOR, at_one, other)
    # Its place has a standard normal density of its own.
    assert value == pytest.approx(expected + stats.norm.logpdf(0.7), abs=1e-12)
    other[4] = -0.7
    np.testing.assert_allclose(gradient, other, atol=1e-12)


def test_density_is_the_dense_one() -> None:
    rows = equations(unit=True)
    made = make_statistics(rows, [(0, 0), (1, 0)], [], None, PATIENTS)
    position = np.array([0.2, -0.3, 0.1, np.log(0.8), 0.0, 0.5, 0.2, 0.6])
    value = log_density(*made.arrays, NO_PRIOR, position, np.empty_like(position))
    root = np.array([[0.5, 0.0], [0.2, 0.6]])
    between, total = root @ root.T, 0.0
    for patient in range(PATIENTS):
        own = [replace(each, x=each.x[each.patient == patient], y=each.y[each.patient == patient]) for each in rows]
        left = np.concatenate([own[0].y - own[0].x @ position[:2], own[1].y - own[1].x @ position[2:3]])
        covariance = np.kron(between, np.ones((SESSIONS, SESSIONS)))
        covariance += np.diag(np.repeat([0.8**2, 1.0], SESSIONS))
        total += float(stats.multivariate_normal.logpdf(left, cov=covariance))
    assert value == pytest.approx(total + stats.norm.logpdf(0.0), abs=1e-9)
