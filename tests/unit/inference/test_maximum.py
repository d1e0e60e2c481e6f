"""The highest of several maxima, its rival, and what is said of a search."""

import numpy as np
import pytest

from alliance.inference.maximum import find_maximum, mark_maximum, standard_errors
from tests.unit.inference.toy import TwoTops, simulate_counts


def test_highest_maximum_is_taken_and_a_rival_that_the_data_allow_is_marked() -> None:
    maximum = find_maximum(TwoTops())
    assert maximum.converged
    assert maximum.rival is not None
    # Each top is nearly that of its own normal density; the other one moves it by a hundredth.
    assert maximum.top.position == pytest.approx([0, 0], abs=0.02)
    assert maximum.rival.position == pytest.approx([3, 3], abs=0.05)
    convergence, second = mark_maximum(maximum)
    assert convergence.passed
    assert second.value == pytest.approx(-np.log(0.3), abs=0.05)
    assert maximum.rival_distance == pytest.approx(3, abs=0.1)
    assert not second.passed


def test_a_given_start_is_the_only_one() -> None:
    maximum = find_maximum(TwoTops(), np.array([2.9, 2.0]))
    assert maximum.rival is None
    assert maximum.top.position == pytest.approx([3, 3], abs=0.05)
    assert all(mark.passed for mark in mark_maximum(maximum))


def test_search_that_did_not_end_says_where_most_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alliance.inference.search._ROUNDS", 1)
    monkeypatch.setattr("alliance.inference.search._MOST_STEPS", 0)
    monkeypatch.setattr("alliance.inference.search._MOST_SETTLING", 0)
    target = simulate_counts()
    start = np.log(target.totals(target.counts) / target.totals(target.sessions)) + np.array([0.01, 0.5])
    mark = mark_maximum(find_maximum(target, start))[0]
    assert not mark.passed
    assert mark.detail == "most of it in treated"


def test_errors_of_functions_are_those_of_the_delta_method() -> None:
    maximum = find_maximum(simulate_counts())
    jacobian = maximum.jacobian(lambda positions: np.exp(positions) @ np.array([[1.0, 1.0], [0.0, 2.0]]))
    rates = np.exp(maximum.top.position)
    # Central differences with h = 1e-5 leave h^2 / 6.
    np.testing.assert_allclose(jacobian, [[rates[0], 0], [rates[0], 2 * rates[1]]], rtol=1e-8, atol=1e-12)
    expected = np.sqrt([rates[0] ** 2 * maximum.covariance[0, 0], (jacobian[1] ** 2) @ np.diagonal(maximum.covariance)])
    np.testing.assert_allclose(standard_errors(jacobian, maximum.covariance), expected, rtol=1e-6)
