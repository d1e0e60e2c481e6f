"""Ruptures are followed until the score returns, and nothing is said of what was not recorded."""

import numpy as np

from alliance.data.ruptures.episodes import follow
from alliance.data.ruptures.series import Usual

NAN = np.nan
USUAL = Usual(start=10.0, slope=0.0, between=1.0, within=2.0, ar=0.0)
SERIES = np.array(
    [
        [10, 10, 6, 7, 9, 10, 10],  # back within one point of 10 after two sessions
        [10, 10, 6, 6, 6, 6, 6],  # never back: a new level after three sessions
        [10, 10, 10, 10, 10, 10, 6],  # nobody knows
        [10, 10, 6, NAN, 10, NAN, NAN],
        [10, NAN, NAN, NAN, NAN, NAN, NAN],
    ]
)
MARKS = np.where(np.arange(7) == 2, 1.0, 0.0) * np.array([1, 1, 0, 1, 0])[:, None]
MARKS[2, 6] = 1.0
MARKS[np.isnan(SERIES)] = NAN
MARKS[:, 0] = NAN
MARKS[4] = NAN


def test_depth_length_and_repair_of_each_rupture() -> None:
    found = follow(SERIES, MARKS, USUAL)
    order = np.argsort(found.patient)
    np.testing.assert_array_equal(found.patient[order], [0, 1, 2, 3])
    np.testing.assert_array_equal(found.session[order], [2, 2, 6, 2])
    np.testing.assert_allclose(found.depth, 4.0)
    np.testing.assert_array_equal(found.repaired[order], [1, 0, NAN, 1])
    np.testing.assert_array_equal(found.length[order], [2, NAN, NAN, 2])


def test_sessions_know_only_what_was_recorded_until_then() -> None:
    found = follow(SERIES, MARKS, USUAL)
    np.testing.assert_array_equal(found.open[0], [0, 0, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(found.returned[0], [0, 0, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(found.open[1], [0, 0, 1, 1, 1, 1, 0])
    np.testing.assert_array_equal(found.open[3], [0, 0, 1, NAN, 0, NAN, NAN])
    assert np.isnan(found.open[4]).all()  # a single session says nothing
    longer = np.hstack([SERIES, SERIES[:, :1]])
    np.testing.assert_array_equal(follow(longer, np.hstack([MARKS, MARKS[:, 1:2]]), USUAL).open[:4, :7], found.open[:4])


def test_what_was_seen_but_left_the_score_where_it_was_is_repaired_in_the_session() -> None:
    found = follow(np.array([[10, 10, 9.5, 10]]), np.array([[0, 0, 1, 0.0]]), USUAL)
    assert (found.repaired[0], found.length[0]) == (1, 0)
    np.testing.assert_array_equal(found.returned, [[0, 0, 1, 0]])
