"""Which residuals of one occasion may be correlated."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from alliance.models.design.occasions import Occasions, eliminate, find_occasions
from alliance.models.design.terms import Factor, Origin


def now(base: str) -> Origin:
    return Origin(base, False, True, False)


def lagged(base: str) -> Origin:
    return Origin(base, True, True, False)


def rows(sessions: range = range(30)) -> pd.DataFrame:
    return pd.DataFrame({"patient": "P1", "session": list(sessions)})


def occasions(origins: dict[str, list[Origin]]) -> Occasions:
    named = {outcome: {str(i): origin for i, origin in enumerate(terms)} for outcome, terms in origins.items()}
    return find_occasions(named, dict.fromkeys(origins, rows()))


def test_outcomes_that_predict_each_other_at_the_next_session_only_are_paired() -> None:
    assert occasions({"x": [lagged("x"), lagged("y")], "y": [lagged("y"), lagged("x")]}).pairs == ((1, 0),)


def test_a_predictor_in_the_row_is_not_paired_with_its_outcome() -> None:
    assert occasions({"x": [], "y": [now("x")]}).pairs == ()


def test_an_outcome_of_an_outcome_of_the_row_is_not_paired() -> None:
    assert occasions({"x": [], "m": [now("x")], "y": [now("m")]}).pairs == ()


def test_a_factor_of_a_product_is_a_predictor_in_the_row() -> None:
    product = Origin("x_by_arm", False, True, False, factors=(Factor("x", "x", False, "own mean", 0.0),))
    assert occasions({"x": [], "y": [product]}).pairs == ()


def test_an_outcome_that_is_free_with_both_of_an_ordered_pair_keeps_their_zero() -> None:
    found = occasions({"t": [], "s": [lagged("t")], "a": [now("t")]})
    assert found.pairs == ((1, 0), (2, 1))
    assert found.left_out == ()


def test_outcomes_that_are_seldom_observed_together_are_not_paired() -> None:
    found = find_occasions({"x": {}, "y": {}}, {"x": rows(range(30)), "y": rows(range(25, 60))})
    assert found.pairs == ()


def test_two_chains_side_by_side_leave_a_pair_out() -> None:
    found = occasions({"a": [], "b": [], "c": [now("a")], "d": [now("b")]})
    assert found.pairs == ((1, 0), (2, 1), (3, 0))
    assert found.left_out == ((3, 2),)


@pytest.mark.parametrize("seed", range(20))
def test_factor_in_the_order_of_elimination_keeps_zeros(seed: int) -> None:
    """Cholesky's factor of a covariance with these zeros, and the covariance of a factor with them, have no other entries."""
    rng = np.random.default_rng(seed)
    count = 5
    pairs: list[tuple[int, int]] = []
    for earlier, later in combinations(range(count), 2):
        if rng.random() < 0.6 and eliminate(count, [*pairs, (later, earlier)]) is not None:
            pairs.append((later, earlier))
    order = eliminate(count, pairs)
    assert order is not None
    place = {k: position for position, k in enumerate(order)}
    free = np.eye(count, dtype=bool)
    for one, other in pairs:
        i, j = place[one], place[other]
        free[i, j] = free[j, i] = True
    factor = np.tril(np.where(free, rng.normal(size=(count, count)), 0.0))
    np.testing.assert_array_equal((factor @ factor.T)[~free], 0.0)
    covariance = np.where(free, rng.uniform(-0.2, 0.2, (count, count)), 0.0)
    covariance = covariance + covariance.T + 4 * np.eye(count)
    np.testing.assert_array_equal(np.linalg.cholesky(covariance)[~free], 0.0)
