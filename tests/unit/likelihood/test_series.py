"""Residuals that depend on the one before: against the dense density, which writes down the covariance of all rows."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate

from alliance.likelihood.density import NO_PRIOR
from alliance.likelihood.lanes import LANES
from alliance.likelihood.quadratic import quadratic_form
from alliance.likelihood.residuals import autocorrelations_at, draw_coordinates
from alliance.likelihood.units import draw_effects
from tests.unit.likelihood.agreement import (
    PRIOR,
    assert_cross_products_are_of_all_rows,
    assert_dense,
    assert_order_of_rows_does_not_matter,
    assert_posterior_has_its_gradient,
    assert_weights_are_counts,
)
from tests.unit.likelihood.studies import (
    Study,
    choose_rows,
    draw_position,
    evaluate,
    make_study,
    with_series,
)

SESSIONS, DAYS = (1, True), (7, False)
LONG = 40


def with_a_long_gap(study: Study) -> Study:
    """Let one patient, who is not in the first block, stay away for long before the last row."""
    (rows,) = (rows for rows in study.equations if rows.series is not None)
    patient = max(i for i in range(LANES, study.n_patients) if np.sum(rows.patient == i) > 1)
    time = rows.series.time.copy()
    time[np.flatnonzero(rows.patient == patient)[-1]] += LONG
    changed = replace(rows, series=replace(rows.series, time=time))
    return replace(study, equations=tuple(changed if each is rows else each for each in study.equations))


STUDIES = {
    "one outcome by sessions": with_series(make_study([(0, 0), (0, 1)], [(0, 0)]), {0: SESSIONS}),
    "one outcome by days": with_series(make_study([(0, 0)], [(0, 0)], seed=3), {0: DAYS}),
    "a gap that only one block has": with_a_long_gap(
        with_series(make_study([(0, 0), (0, 1)], [(0, 0)], seed=8, patients=40), {0: SESSIONS})
    ),
    "no effect varies": with_series(make_study([], [], seed=4), {0: SESSIONS}),
    "two outcomes, one of them": with_series(make_study([(0, 0), (1, 0), (1, 1)], [(0, 0)], seed=5), {1: SESSIONS}),
    "two outcomes, each its own": with_series(
        make_study([(0, 0), (1, 0)], [], seed=6, patients=40), {0: DAYS, 1: SESSIONS}
    ),
    "beside a pair": with_series(
        make_study([(0, 0), (1, 0), (2, 0)], [(2, 0)], pairs=[(1, 0)], order=(0, 1, 2), seed=7), {2: SESSIONS}
    ),
}
NAMED = pytest.mark.parametrize("study", STUDIES.values(), ids=list(STUDIES))


@NAMED
def test_density_is_the_dense_density(study: Study) -> None:
    assert_dense(study.statistics, study, draw_position(study))


def test_studies_have_several_gaps() -> None:
    for study in STUDIES.values():
        assert len({pattern.gap for pattern in study.statistics.patterns}) > 2
    study = STUDIES["a gap that only one block has"]
    assert [pattern.patient.min() // LANES for pattern in study.statistics.patterns if pattern.gap > LONG] == [1]


@NAMED
def test_autocorrelation_of_zero_is_independent_residuals(study: Study) -> None:
    position = draw_position(study)
    last = study.n_beta + study.n_residuals
    places = np.arange(last - len(study.series), last)
    signed = np.array([rows.series.signed for rows in study.equations if rows.series is not None])
    position[places] = np.where(signed, 0.0, -500.0)  # of a logit
    alone = replace(study, equations=tuple(replace(rows, series=None) for rows in study.equations))
    value, gradient = evaluate(study.statistics, position)
    expected, slope = evaluate(alone.statistics, np.delete(position, places))
    # The same sums in another order.
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(np.delete(gradient, places), slope, rtol=1e-9, atol=1e-9 * np.abs(slope).max())


@NAMED
@pytest.mark.parametrize("coordinate", [25.0, 800.0])  # one all but 1e-11, and to all digits
def test_autocorrelation_of_one_has_no_density(study: Study, coordinate: float) -> None:
    position = draw_position(study)
    position[study.n_beta + study.n_residuals - 1] = coordinate
    assert evaluate(study.statistics, position)[0] == -np.inf


@NAMED
def test_posterior_has_the_gradient_of_its_values(study: Study) -> None:
    assert_posterior_has_its_gradient(study)


@NAMED
def test_density_is_quadratic_in_the_coefficients(study: Study) -> None:
    position, size = draw_position(study), study.n_beta
    form = quadratic_form(study.statistics, position)
    at_zero = np.where(np.arange(study.size) < size, 0.0, position)
    rise = evaluate(study.statistics, position, NO_PRIOR)[0] - evaluate(study.statistics, at_zero, NO_PRIOR)[0]
    beta = position[:size]
    assert rise == pytest.approx(float(beta @ form[:size, size] - beta @ form[:size, :size] @ beta / 2), rel=1e-9)


@NAMED
def test_order_of_rows_does_not_matter(study: Study) -> None:
    assert_order_of_rows_does_not_matter(study)


@NAMED
def test_weight_of_a_patient_is_how_often_there_is_one(study: Study) -> None:
    assert_weights_are_counts(study)


@NAMED
def test_cross_products_of_an_equation_are_those_of_all_its_rows(study: Study) -> None:
    assert_cross_products_are_of_all_rows(study)


def test_conditional_means_of_effects_are_those_of_the_dense_normal() -> None:
    study = STUDIES["one outcome by sessions"]
    (rows,) = (rows for rows in study.equations if rows.series is not None)
    study = replace(study, equations=(rows,), by_therapist=[])
    beta, phi, factor = np.array([0.3, -0.2, 0.5]), -0.4, np.array([[0.8, 0.0], [-0.3, 0.6]])
    u, _ = draw_effects(study.statistics, beta, np.array([0.7]), np.arctanh([phi]), factor, np.zeros((0, 0)), None)
    assert rows.series is not None
    for patient in range(study.n_patients):
        of = choose_rows(rows, np.flatnonzero(rows.patient == patient))
        assert of.series is not None
        apart = np.abs(of.series.time[:, None] - of.series.time)
        within = 0.49 * phi**apart
        cross = factor @ factor.T @ of.z.T
        expected = cross @ np.linalg.solve(of.z @ cross + within, of.y - of.x @ beta)
        np.testing.assert_allclose(u[patient], expected, rtol=1e-8, atol=1e-10)


def test_prior_of_an_autocorrelation_is_uniform() -> None:
    statistics = STUDIES["two outcomes, each its own"].statistics
    coordinates = draw_coordinates(statistics, 4000, np.random.default_rng(1))
    for phi, low in zip(autocorrelations_at(statistics, coordinates).T, (0.0, -1.0), strict=True):
        # Four standard errors of the mean, and of the share below the middle, of a uniform variable.
        assert phi.mean() == pytest.approx((1 + low) / 2, abs=4 * (1 - low) / np.sqrt(12 * 4000))
        assert np.mean(phi < (1 + low) / 2) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(4000))
        assert low <= phi.min()
    study = STUDIES["one outcome by days"]
    none = tuple(choose_rows(rows, np.empty(0, dtype=np.int64)) for rows in study.equations)
    empty = replace(study, equations=none).statistics
    position = np.zeros(study.size)
    place = study.n_beta + study.n_residuals - 1

    def density(x: float) -> float:
        position[place] = x
        return float(np.exp(evaluate(empty, position, PRIOR)[0]))

    ratio = density(1.3) / density(0.0)
    phi = 1 / (1 + np.exp(-1.3))
    assert ratio == pytest.approx(phi * (1 - phi) / 0.25, rel=1e-10)
    total, _ = integrate.quad(lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2, -30, 30)
    assert total == pytest.approx(1, rel=1e-8)


def test_pair_with_residuals_that_depend_on_the_one_before_is_refused() -> None:
    study = with_series(make_study([(0, 0), (1, 0)], [], pairs=[(1, 0)], order=(0, 1)), {0: SESSIONS})
    with pytest.raises(ValueError, match="paired"):
        study.statistics  # noqa: B018
