"""Cells drawn with the effects of their patient integrated out, against the dense conditional normal distribution."""

import numpy as np
import pytest

from alliance.likelihood.cells import draw_change
from alliance.likelihood.limits import Limits
from alliance.likelihood.packing import OUTCOME, Entries, pack_cells
from alliance.likelihood.patterns import EquationRows
from alliance.likelihood.thresholds import Thresholds

SESSIONS = 5
FACTOR = np.array([[0.9, 0.0], [-0.4, 0.7]])
UNSEEN = np.array([1, 3])  # rows of the first patient


def test_mean_is_that_of_the_marginal_distribution() -> None:
    rng = np.random.default_rng(3)
    patient, occasion = np.repeat([0, 1], SESSIONS), np.arange(2 * SESSIONS)
    x, z = np.ones((len(patient), 1)), np.column_stack([np.ones(len(patient)), rng.standard_normal(len(patient))])
    rows = EquationRows(x, rng.standard_normal(len(patient)), patient, z, occasion)
    count = len(UNSEEN)
    entries = Entries(UNSEEN, np.full(count, OUTCOME), np.zeros(count, dtype=int), np.arange(count), np.ones(count))
    limits = Limits(np.full(count, np.inf), np.ones(count), np.full(count, np.inf))
    packed = pack_cells([rows], [entries], [occasion], np.zeros(count, dtype=int), np.arange(2), limits)
    beta, variance = np.array([0.3]), np.array([[0.5]])
    none = Thresholds(np.empty(0), *np.empty((2, count, 0), dtype=bool))
    change, _ = draw_change(packed, [rows], beta, np.zeros((2, 2)), variance, rows.y[UNSEEN], None, none, spread=FACTOR)
    loaded, seen = z[:SESSIONS] @ FACTOR, np.setdiff1d(np.arange(SESSIONS), UNSEEN)
    covariance = loaded @ loaded.T + 0.5 * np.eye(SESSIONS)
    weights = np.linalg.solve(covariance[np.ix_(seen, seen)], covariance[np.ix_(seen, UNSEEN)]).T
    expected = beta[0] + weights @ (rows.y[seen] - beta[0])
    assert rows.y[UNSEEN] + change == pytest.approx(expected, abs=1e-12)
