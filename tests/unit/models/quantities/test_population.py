"""Populations in raw units."""

import numpy as np

from alliance.models.quantities.population import Population


def test_residuals_of_one_occasion_covary_where_they_are_paired() -> None:
    sds = {"x": np.array([1.0, 2.0]), "m": np.array([3.0, 4.0]), "y": np.array([5.0, 6.0])}
    population = Population({}, {}, sds, {}, {}, {(2, 0): np.array([0.5, -0.25])})
    first, second = population.residual_covariance
    np.testing.assert_array_equal(first, [[1, 0, 2.5], [0, 9, 0], [2.5, 0, 25]])
    np.testing.assert_array_equal(second, [[4, 0, -3], [0, 16, 0], [-3, 0, 36]])
