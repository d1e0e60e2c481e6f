"""Profiles beside closed forms: one number of several, an edge of what is possible, and a likelihood with two tops."""

import numpy as np
import pytest
from scipy import stats

from alliance.inference.maximum import find_maximum
from alliance.inference.profile import trace_profile
from tests.unit.inference.toy import Coordinate, TwoTops, simulate_counts

TARGET = simulate_counts()
MAXIMUM = find_maximum(TARGET)
CONTENTS = (0.5, 0.9, 0.95, 0.99, 0.999)


def limits(content: float) -> np.ndarray:
    return stats.norm.ppf([(1 - content) / 2, (1 + content) / 2])


@pytest.mark.parametrize("group", [0, 1])
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("share", [0.3, 1.0, 5.0])
def test_limits_of_a_poisson_rate_are_where_its_likelihood_has_fallen(group: int, content: float, share: float) -> None:
    count, sessions = TARGET.totals(TARGET.counts)[group], TARGET.totals(TARGET.sessions)[group]
    # However good the standard error that steps are guessed from.
    profile = trace_profile(MAXIMUM, Coordinate(group), share * count**-0.5)
    assert profile.estimate == pytest.approx(np.log(count / sessions))
    values = profile.value_at(limits(content))
    fall = 2 * (count * (profile.estimate - values) - sessions * (np.exp(profile.estimate) - np.exp(values)))
    # Cubics between values one apart in the root: errors of 1e-5 of the root.
    np.testing.assert_allclose(np.sqrt(fall), np.abs(limits(content)), rtol=1e-4)


def test_nothing_lies_beyond_the_ends_of_what_is_possible() -> None:
    top = MAXIMUM.top.position[0]
    profile = trace_profile(MAXIMUM, Coordinate(0, low=top - 0.05, high=top + 1e-9), 0.1)
    count = TARGET.totals(TARGET.counts)[0]
    assert profile.values[0] == top - 0.05
    assert profile.roots[0] == pytest.approx(-np.sqrt(2 * count * (0.05 + np.exp(-0.05) - 1)), rel=1e-6)
    np.testing.assert_array_equal(profile.value_at(np.array([-5.0, profile.roots[0]])), top - 0.05)
    assert profile.value_at(np.array(0.0)) == pytest.approx(top, abs=1e-8)
    assert profile.value_at(np.array(3.0)) == pytest.approx(top, abs=1e-8)


def test_an_interval_reaches_the_outermost_value_it_has_to_hold() -> None:
    target = TwoTops()
    maximum = find_maximum(target)
    profile = trace_profile(maximum, Coordinate(0), 1.0)
    x = np.linspace(0, 6, 6001)
    roots = np.sqrt(2 * (maximum.top.value - np.array([target.value(np.array([v, v]))[0] for v in x])))
    dip = roots[(x > 2.5) & (x < 3.5)].min()
    for root in (dip - 0.3, dip + 0.2, 3.0):
        outermost = x[roots <= root].max()
        # In between a dip is followed in steps of about one.
        assert profile.value_at(np.array(root)) == pytest.approx(outermost, abs=0.05)
