"""What each detector measures, against numbers worked out by hand and a prediction worked out by regression."""

import numpy as np
import pytest

from alliance.data.ruptures import detectors
from alliance.data.ruptures.detectors import judge, mean_before
from alliance.data.ruptures.series import Usual, slopes_of
from alliance.facts.detectors import DETECTORS

NAN = np.nan
USUAL = Usual(start=10.0, slope=0.0, between=2.0, within=2.0, ar=0.5, error=1.0)
SERIES = np.array([[10, 12, NAN, 8, 11, 10, 12]])


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_has_its_function_and_says_nothing_of_first_and_skipped_sessions(name: str) -> None:
    assert callable(getattr(detectors, name))
    found = judge(name, SERIES, USUAL)
    assert np.isnan(found[0, [0, 2]]).all()
    assert np.isfinite(found[0, [1, 3, 4, 5]]).all()


@pytest.mark.parametrize("name", DETECTORS)
def test_too_few_sessions_say_nothing(name: str) -> None:
    few = np.where(np.arange(7) < DETECTORS[name].fewest - 1, SERIES[:, [0, 1, 3, 4, 5, 6, 6]], NAN)
    assert np.isnan(judge(name, few, USUAL)).all()


@pytest.mark.parametrize(
    ("name", "session", "value"),
    [
        ("sd_drop", 3, (12 - 8) / 2),  # from the last session that was recorded
        ("reliable_change", 5, ((12 + 8 + 11) / 3 - 10) / np.sqrt(1 + 1 / 3)),
        ("drop_and_return", 3, (11 - 8) / 2),  # sessions up to three later: 11 and 10, not 14
        ("control_chart", 3, (10.5 - 8) / ((2 + 4 + 3 + 1 + 2) / 5 / 1.128)),
    ],
)
def test_values_are_those_worked_out_by_hand(name: str, session: int, value: float) -> None:
    series = np.array([[10, 12, NAN, 8, 11, 10, NAN, 14]]) if name == "drop_and_return" else SERIES
    found = judge(name, series, USUAL)[0, session]
    assert found == pytest.approx(value, abs=0.01)  # what orders drops of the same size is smaller


def test_own_trend_is_a_studentised_residual() -> None:
    seen = np.isfinite(SERIES[0])
    time, x = np.arange(7)[seen], SERIES[0, seen]
    design = np.column_stack([np.ones(seen.sum()), time])
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    expected = -(x - hat @ x) / (2.0 * np.sqrt(1 - np.diag(hat)))
    np.testing.assert_allclose(judge("own_trend", SERIES, USUAL)[0, seen][1:], expected[1:], atol=0.01)


def test_prediction_is_the_regression_on_all_sessions_before() -> None:
    covariance = USUAL.covariance(7)
    before, now = [0, 1, 3, 4], 5
    weights = np.linalg.solve(covariance[np.ix_(before, before)], covariance[before, now])
    expected = 10 + weights @ (SERIES[0, before] - 10)
    spread = np.sqrt(covariance[now, now] - weights @ covariance[before, now])
    assert judge("prediction", SERIES, USUAL)[0, now] == pytest.approx((expected - 10) / spread, abs=0.01)


def test_of_equal_drops_the_one_that_ends_lower_counts_for_more() -> None:
    found = judge("sd_drop", np.array([[12, 12, 8, 12.0], [14, 12, 8, 12.0]]), USUAL)
    assert found[1, 2] > found[0, 2]


def test_means_of_sessions_before_skip_gaps() -> None:
    np.testing.assert_allclose(mean_before(SERIES, 2)[0], [NAN, 10, 11, 11, 10, 9.5, 10.5])


def test_slopes_of_many_patients_are_to_the_last_bit_those_of_each_alone() -> None:
    rng = np.random.default_rng(3)
    values = np.where(rng.random((4500, 9)) < 0.8, rng.normal(size=(4500, 9)), np.nan)
    found = slopes_of(values)
    np.testing.assert_array_equal(found, np.concatenate([slopes_of(part) for part in np.array_split(values, 450)]))
    for patient in (0, 2249, 2250, 4499):  # at both ends, and where one block of patients ends and the next begins
        time = np.flatnonzero(np.isfinite(values[patient]))
        slope = np.polyfit(time, values[patient, time], 1)[0]
        np.testing.assert_allclose(found[patient], slope * np.sqrt(np.square(time - time.mean()).sum()), rtol=1e-9)
