"""Variation without ruptures is found again, and limits mark patients without ruptures at the declared rate."""

from dataclasses import replace

import numpy as np
import pytest

from alliance.data.ruptures.estimate import spread, usual_of
from alliance.data.ruptures.limits import find_limits, mark
from alliance.data.ruptures.series import Usual
from alliance.facts.detectors import DETECTORS

TRUE = Usual(42.0, 0.1, 4.0, 3.5, 0.4, trends=0.2, uneven=0.2, low=12.0, high=60.0, step=1.0)
AT_END = replace(TRUE, start=54.0)


def seen_of(patients: int, sessions: int, rng: np.random.Generator) -> np.ndarray:
    seen = rng.random((patients, sessions)) > 0.1
    seen[:, 0] = True
    return seen


@pytest.mark.parametrize("true", [TRUE, AT_END])
def test_variation_is_found_again_where_scores_reach_the_end_of_the_scale_too(true: Usual) -> None:
    rng = np.random.default_rng(3)
    found = usual_of(true.simulate(seen_of(2000, 12, rng), rng), 12.0, 60.0, reliability=0.75)
    # Standard errors of 2000 patients are about a third of these.
    assert found.within == pytest.approx(3.5, abs=0.2)
    assert found.between == pytest.approx(4.0, abs=0.35)
    assert found.ar == pytest.approx(0.4, abs=0.08)
    assert found.start == pytest.approx(true.start, abs=0.6)
    assert found.trends == pytest.approx(0.2, abs=0.08)
    assert found.uneven == pytest.approx(0.2, abs=0.1)
    assert found.step == 1.0
    assert found.error == pytest.approx(found.within / 2)


def test_a_few_ruptures_move_the_variation_little() -> None:
    rng = np.random.default_rng(4)
    values = TRUE.simulate(seen_of(600, 12, rng), rng)
    ruptured = values.copy()
    ruptured[:30, 5:7] -= 10
    clean, told = usual_of(values, 12, 60), usual_of(np.maximum(ruptured, 12), 12, 60)
    # What is left of drops of three standard deviations in a twentieth of the patients, see validation/ruptures.
    assert told.within == pytest.approx(clean.within, rel=0.07)


def test_limits_mark_the_declared_share_of_new_patients_without_ruptures() -> None:
    rng = np.random.default_rng(5)
    values = TRUE.simulate(seen_of(200, 10, rng), rng)
    limits = find_limits(values, TRUE, seed=1)
    assert set(limits) == set(DETECTORS)
    new = TRUE.simulate(seen_of(8000, 10, rng), rng)
    for name in DETECTORS:
        marks = mark(name, new, TRUE, limits[name])
        able = np.isfinite(marks).any(axis=1)
        # Monte Carlo error .25 % of the share, .3 % of the limits.
        assert (marks[able] == 1).any(axis=1).mean() == pytest.approx(0.05, abs=0.012), name
        assert limits[name].rate == pytest.approx(0.05, abs=0.002)
    assert limits["sd_drop"].usual_rate > 0.7  # one standard deviation is no unusual drop
    assert np.isnan(limits["reliable_change"].usual_rate)  # nobody said how reliable scores are


def test_limits_rise_with_the_number_of_sessions_and_depend_on_nothing_but_the_seed() -> None:
    rng = np.random.default_rng(6)
    seen = np.arange(12) < rng.integers(4, 13, 300)[:, None]
    values = TRUE.simulate(seen, rng)
    limits = find_limits(values, TRUE, seed=1)["prediction"].by_count
    assert limits[4] < limits[8] < limits[12]
    assert find_limits(values, TRUE, seed=1)["prediction"].by_count == limits


def test_a_spread_is_that_of_a_normal_distribution_whatever_lies_far_out() -> None:
    values = np.random.default_rng(7).normal(0, 2, 40_000)
    assert spread(values) == pytest.approx(2.0, rel=0.02)
    assert spread(np.append(values, np.full(400, 100.0))) == pytest.approx(2.0, rel=0.05)
    assert np.isnan(spread(np.array([1.0])))
