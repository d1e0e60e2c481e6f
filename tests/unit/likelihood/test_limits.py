"""Draws within limits against rejection sampling: draws of the whole normal distribution of which those within the limits are kept."""

import numpy as np

from alliance.likelihood.limits import draw_beyond

Q = np.array([[2.0, -0.9, 0.5], [-0.9, 1.5, 0.4], [0.5, 0.4, 1.2]])
H = np.array([0.8, -0.5, 0.3])
SIDE = np.array([1.0, -1.0, 1.0])
ROOM = np.array([0.2, -0.3, np.inf])  # below, above, not observed at all
WIDTH = np.array([1.3, np.inf, np.inf])  # between two ends, or not


def test_draws_within_limits_are_those_of_rejection_sampling() -> None:
    rng = np.random.default_rng(1)
    whole = rng.multivariate_normal(np.linalg.solve(Q, H), np.linalg.inv(Q), 400_000)
    kept = whole[(whole[:, 0] <= ROOM[0]) & (whole[:, 0] >= ROOM[0] - WIDTH[0]) & (whole[:, 1] >= ROOM[1])]
    count = 20_000
    many = [np.tile(part, (count, *np.ones(part.ndim, dtype=int))) for part in (Q, H, ROOM, SIDE, WIDTH)]
    drawn = draw_beyond(*many, rng.random((30, count, 3)))
    assert (
        (drawn[:, 0] <= ROOM[0]).all() and (drawn[:, 0] >= ROOM[0] - WIDTH[0]).all() and (drawn[:, 1] >= ROOM[1]).all()
    )
    # Standard errors of 20,000 draws are .007 standard deviations of a mean and .01 of a correlation.
    sd = kept.std(axis=0)
    np.testing.assert_allclose(drawn.mean(axis=0) / sd, kept.mean(axis=0) / sd, atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T) / np.outer(sd, sd), np.cov(kept.T) / np.outer(sd, sd), atol=0.05)
    deciles = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(
        np.quantile(drawn, deciles, axis=0) / sd, np.quantile(kept, deciles, axis=0) / sd, atol=0.05
    )


def test_draws_far_in_the_tail_are_finite() -> None:
    room, side = np.array([[-40.0, -40.0, 40.0, 40.02]]), np.array([[1.0, 1.0, -1.0, 1.0]])
    width = np.array([[np.inf, 0.02, 0.02, 0.02]])
    drawn = draw_beyond(np.eye(4)[None], np.zeros((1, 4)), room, side, width, np.full((1, 1, 4), 0.5))
    # Beyond 40 standard deviations the distance from the end is exponential with mean 1/40, cut off at .02 where there are two ends.
    one, two = np.log(2) / 40, -np.log1p(np.expm1(-0.8) / 2) / 40
    np.testing.assert_allclose(drawn, [[-40 - one, -40 - two, 40 + two, 40 + two]], atol=1e-3)
