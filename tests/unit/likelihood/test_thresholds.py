"""Distances between thresholds against the density of propensities that move along with them, computed without a derivative."""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from alliance.likelihood.limits import Limits
from alliance.likelihood.thresholds import Thresholds

PLACES = np.array([0, 1, 1, 2, 1, 2, 3, 2, 3, 1])
WIDTHS = np.array([0.7, 0.4])
THRESHOLDS = Thresholds(
    WIDTHS,
    np.column_stack([PLACES == 1, PLACES == 2]),
    np.column_stack([PLACES > 1, PLACES > 2]),
)
ENDS = Limits(np.zeros(len(PLACES)), np.where(PLACES == 3, -1.0, 1.0), np.full(len(PLACES), np.inf))
EDGES = np.array([-np.inf, 0.0, 0.7, 1.1, np.inf])


def study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a precision, a mean, and values between the thresholds."""
    rng = np.random.default_rng(3)
    root = rng.standard_normal((len(PLACES), len(PLACES)))
    inside = rng.uniform(0.1, 0.9, len(PLACES))
    values = np.choose(PLACES, [-inside, 0.7 * inside, 0.7 + 0.4 * inside, 1.1 + inside])
    return np.eye(len(PLACES)) + root @ root.T / 10, rng.standard_normal(len(PLACES)), values


def log_density(logs: np.ndarray) -> float:
    """Move propensities with the thresholds by hand: those between two by their share of the way, those above by as much."""
    precision, mean, values = study()
    edges = np.array([0.0, *np.exp(logs).cumsum()])
    share = {1: values / 0.7, 2: (values - 0.7) / 0.4}
    moved = [
        values,
        share[1] * edges[1],
        edges[1] + share[2] * (edges[2] - edges[1]),
        values - 1.1 + edges[2],
    ]
    z = np.choose(PLACES, moved) - mean
    return float(-z @ precision @ z / 2 + (PLACES == 1).sum() * logs[0] + (PLACES == 2).sum() * logs[1])


def settled(count: int, *, drawn: bool) -> np.ndarray:
    precision, mean, values = study()
    d, rng = THRESHOLDS.moves(values, THRESHOLDS.limit(ENDS)), np.random.default_rng(1)
    pull, start = d.T @ precision @ (mean - values), replace(THRESHOLDS, drawn=drawn)
    return np.log([start.settle(pull, d.T @ precision @ d, rng).widths for _ in range(count)])


def test_limits_are_the_thresholds_around_each_answer() -> None:
    limits = THRESHOLDS.limit(ENDS)
    above = np.where(limits.side > 0, limits.end, np.inf)
    np.testing.assert_allclose(above, EDGES[PLACES + 1])
    other = limits.end - limits.side * np.where(np.isinf(limits.width), 0, limits.width)
    below = np.where(np.isinf(limits.width), np.where(limits.side > 0, -np.inf, limits.end), other)
    np.testing.assert_allclose(below, EDGES[PLACES])


def test_distances_are_those_of_the_highest_density() -> None:
    close = {"xatol": 1e-9, "fatol": 1e-12}
    best = minimize(lambda logs: -log_density(logs), np.log(WIDTHS), method="Nelder-Mead", options=close)
    np.testing.assert_allclose(settled(1, drawn=False)[0], best.x, atol=1e-6)


def test_draws_have_the_curvature_of_the_density() -> None:
    draws, (top,) = settled(4000, drawn=True), settled(1, drawn=False)
    step = 1e-3 * np.eye(2)

    def difference(one: np.ndarray, other: np.ndarray) -> float:
        corners = ((s * t, top + s * one + t * other) for s in (1, -1) for t in (1, -1))
        return sum(sign * log_density(at) for sign, at in corners) / 4e-6

    expected = np.linalg.inv([[-difference(one, other) for other in step] for one in step])
    # Standard errors of 4000 draws are 1 / sqrt(2000) = .022 of a variance, and .016 standard deviations of a mean.
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(np.cov(draws.T) / scale, expected / scale, atol=0.08)
    np.testing.assert_allclose((draws.mean(axis=0) - top) / np.sqrt(np.diag(expected)), 0, atol=0.06)
