"""What every kind of study is held to: the dense density, its differences, and what rows and weights mean."""

import numpy as np
import pytest

from alliance.likelihood.density import log_density
from alliance.likelihood.layout import Statistics, weigh
from alliance.likelihood.values import log_values
from tests.unit.likelihood.studies import Study, dense_at, differentiate, draw_position, evaluate

PRIOR = np.array([1.0, 0.5, 1.0, 0.5, 2.0])
# Two routes to a log density of some hundreds in double precision; observed differences are below 1e-12.
VALUE = 1e-8
# Of a component; those near zero are held to the same share of the largest one. See `differentiate` for what differences can tell.
GRADIENT = 1e-6


def assert_dense(statistics: Statistics, study: Study, position: np.ndarray) -> None:
    """Hold value and gradient against the dense density of all rows of a study."""
    value, gradient = evaluate(statistics, position)
    assert value == pytest.approx(dense_at(study, position), rel=VALUE)
    numerical = differentiate(lambda at: dense_at(study, at), position)
    np.testing.assert_allclose(gradient, numerical, rtol=GRADIENT, atol=GRADIENT * np.abs(numerical).max())


def assert_posterior_has_its_gradient(study: Study) -> None:
    """Hold the gradient of the posterior against differences of its values, and those without a gradient against it."""
    position, statistics = draw_position(study), study.statistics

    def value_at(position: np.ndarray) -> float:
        return float(log_density(*statistics.arrays, PRIOR, position, np.empty(len(position))))

    _, gradient = evaluate(statistics, position, PRIOR)
    numerical = differentiate(value_at, position)
    np.testing.assert_allclose(gradient, numerical, rtol=GRADIENT, atol=GRADIENT * np.abs(numerical).max())
    positions = np.array([position, *(draw_position(study, seed) for seed in range(2))])
    values = np.empty(len(positions))
    log_values(*statistics.arrays, PRIOR, positions, values)
    np.testing.assert_allclose(values, [value_at(each) for each in positions], rtol=1e-13)


def assert_order_of_rows_does_not_matter(study: Study) -> None:
    """Hold the value against that of the rows in another order: rounding only."""
    position = draw_position(study)
    value, _ = evaluate(study.statistics, position)
    found, _ = evaluate(study.rearranged(np.random.default_rng(1)).statistics, position)
    assert found == pytest.approx(value, rel=1e-10)


def assert_weights_are_counts(study: Study) -> None:
    """Hold patients with weights against as many of them."""
    counts = np.random.default_rng(1).integers(0, 3, study.n_patients)
    patients = np.repeat(np.arange(study.n_patients), counts)
    repeated = study.repeated(patients, study.therapist_of[patients])
    position = draw_position(study)
    value, gradient = evaluate(weigh(study.statistics, counts.astype(float)), position)
    expected, slope = evaluate(repeated.statistics, position)
    # The same sums in another order.
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-9 * np.abs(slope).max())


def assert_cross_products_are_of_all_rows(study: Study) -> None:
    """Hold the cross-products of each equation against its rows."""
    for rows, (products, count) in zip(study.equations, study.statistics.cross_products, strict=True):
        both = np.column_stack([rows.x, rows.y])
        assert count == len(both)
        np.testing.assert_allclose(products, both.T @ both, rtol=1e-12, atol=1e-12)
