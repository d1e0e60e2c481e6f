"""Draws that depend on names only and have exactly the moments asked for."""

import numpy as np
import pytest

from alliance.inference.montecarlo import draw_normal, generator_for

MEAN = np.array([1.0, -2.0, 0.5])
COV = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, 0.0], [0.0, 0.0, 0.3]])


def test_generator_depends_on_seed_and_name_alone() -> None:
    first = generator_for(7, "one").random(3)
    generator_for(7, "another").random(100)
    assert np.array_equal(first, generator_for(7, "one").random(3))
    assert not np.array_equal(first, generator_for(8, "one").random(3))
    assert not np.array_equal(first, generator_for(7, "another").random(3))


def test_names_are_not_run_together() -> None:
    assert generator_for(1, "ab", "c").random() != generator_for(1, "a", "bc").random()


def test_draws_have_exactly_the_mean_and_covariance() -> None:
    draws = draw_normal(MEAN, COV, 2000, generator_for(1, "m"))
    # Exact up to rounding.
    assert draws.mean(axis=0) == pytest.approx(MEAN, abs=1e-12)
    assert np.cov(draws.T) == pytest.approx(COV, abs=1e-12)


def test_mean_of_a_product_of_independent_draws_is_the_product_of_the_means() -> None:
    draws = draw_normal(MEAN, COV, 1000, generator_for(2, "m"))
    assert (draws[:, 0] * draws[:, 2]).mean() == pytest.approx(MEAN[0] * MEAN[2], abs=1e-12)


def test_a_parameter_without_spread_stays_where_it_is() -> None:
    draws = draw_normal(np.array([1.0, 3.0]), np.diag([1.0, 0.0]), 500, generator_for(3, "m"))
    assert np.all(np.abs(draws[:, 1] - 3.0) < 1e-12)


def test_draws_are_normal_in_the_tails() -> None:
    draws = draw_normal(np.zeros(1), np.eye(1), 20000, generator_for(4, "m"))
    # Standard error of a 2.5 % quantile from 20,000 draws is about 0.019; five of them.
    assert np.quantile(draws, [0.025, 0.975]) == pytest.approx([-1.96, 1.96], abs=0.1)
