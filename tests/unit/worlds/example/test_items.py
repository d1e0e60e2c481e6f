"""Items that add up to given totals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.worlds.example.items import draw_leanings, record_totals, spread_totals


@given(
    totals=st.lists(st.integers(12, 60), min_size=1, max_size=20),
    spread=st.floats(0, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_items_add_up_to_their_total_and_stay_in_range(totals: list[int], spread: float, seed: int) -> None:
    leanings = np.random.default_rng(seed).normal(0, spread, (len(totals), 12))
    answers = spread_totals(np.array(totals), leanings, 1, 5)
    assert (answers.sum(axis=1) == totals).all()
    assert answers.min() >= 1
    assert answers.max() <= 5


def test_an_item_that_people_lean_to_is_answered_higher() -> None:
    leanings = np.tile([0.6, 0.0, -0.6], (50, 1))
    answers = spread_totals(np.full(50, 6), leanings, 0, 6)
    assert (answers[:, 0] > answers[:, 2]).all()


def test_a_total_beyond_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 9 items from 0 to 3"):
        spread_totals(np.array([28]), np.zeros((1, 9)), 0, 3)


def test_totals_hold_the_error_that_items_are_answered_with() -> None:
    """k (var(leaning) + 1 / 12): rounding an answer whose leaning spreads over half a point leaves a uniform error, whatever the score."""
    rng = np.random.default_rng(1)
    true = rng.uniform(30, 45, 40_000)
    error = record_totals(true, rng.normal(0, 0.45, (len(true), 12)), 1, 5) - true
    expected = 12 * (0.45**2 + 1 / 12)
    assert abs(error.mean()) < 4 * (expected / len(true)) ** 0.5
    assert error.var() == pytest.approx(expected, rel=0.03)  # four standard errors, sqrt(2 / 40,000) each
    assert abs(np.cov(error, true)[0, 1]) < 4 * (expected * true.var() / len(true)) ** 0.5


def test_totals_end_where_the_scale_ends() -> None:
    assert record_totals(np.array([0.2, 26.9]), np.array([[-1.0] * 9, [1.0] * 9]), 0, 3).tolist() == [0, 27]


def test_no_rows_give_no_answers() -> None:
    assert spread_totals(np.array([], dtype=int), np.zeros((0, 3)), 0, 3).shape == (0, 3)


def test_lasting_leanings_are_shared_by_all_sessions_of_a_person() -> None:
    person = np.repeat([0, 1], 3)
    leanings = draw_leanings(np.random.default_rng(1), person, np.zeros(4), stable_sd=1.0, session_sd=0.0)
    assert np.allclose(leanings[:3], leanings[0])
    assert not np.allclose(leanings[0], leanings[3])


def test_items_of_one_subscale_lean_together_and_leave_the_total_as_it_is() -> None:
    groups = np.array([0, 0, 1, 1])
    leanings = draw_leanings(np.random.default_rng(1), np.array([0]), np.zeros(4), 0.0, 0.0, groups, 1.0)
    assert leanings[0, 0] == leanings[0, 1] != leanings[0, 2]
    assert leanings.sum() == pytest.approx(0)


def test_means_of_items_leave_the_total_as_it_is() -> None:
    leanings = draw_leanings(np.random.default_rng(1), np.array([0, 1]), np.array([1.0, 2.0, 6.0]), 0.0, 0.0)
    assert leanings.tolist() == [[-2.0, -1.0, 3.0]] * 2
