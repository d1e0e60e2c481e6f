"""Covariances are taken apart in one place, and put together again."""

import numpy as np

from alliance.models.covariances import split_covariance


def test_parts_give_the_covariance_back() -> None:
    root = np.random.default_rng(1).normal(size=(5, 2, 3, 3))
    covariance = root @ root.swapaxes(-1, -2)
    sd, correlations = split_covariance(covariance)
    np.testing.assert_allclose(correlations * sd[..., :, None] * sd[..., None, :], covariance, rtol=1e-12)
    assert (np.abs(correlations) <= 1 + 1e-12).all()


def test_effect_that_does_not_vary_correlates_with_nothing() -> None:
    sd, correlations = split_covariance(np.array([[[4.0, 0.0], [0.0, 0.0]]]))
    assert sd.tolist() == [[2.0, 0.0]]
    assert correlations.tolist() == [[[1.0, 0.0], [0.0, 1.0]]]
