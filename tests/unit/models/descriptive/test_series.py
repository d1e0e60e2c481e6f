"""What single series say, by hand."""

import numpy as np
import pandas as pd
import pytest

from alliance.models.descriptive.samples import correlate
from alliance.models.descriptive.series import find_ends, find_turns, start_of


def rows(**series: dict[int, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(code, session, value) for code, values in series.items() for session, value in values.items()],
        columns=["patient", "session", "y"],
    )


def test_ends_are_the_first_and_the_last_value_observed() -> None:
    found = find_ends(rows(a={3: 5.0, 1: 2.0, 7: 9.0}, b={2: 4.0}), "y")
    assert found.patients.tolist() == ["a", "b"]
    assert (found.first.tolist(), found.last.tolist()) == ([2.0, 4.0], [9.0, 4.0])
    assert (found.last_session.tolist(), found.sessions.tolist()) == ([7.0, 2.0], [3, 1])


def test_start_is_counted_from_the_first_session_of_the_patient() -> None:
    found = start_of(rows(a={2: 1.0, 4: 5.0, 5: 100.0}, b={1: 3.0}), "y", 3)
    assert found.loc["a"].tolist() == [3.0, 2.0, 4.0, 4.0]  # sessions 2 to 4
    assert found.loc["b", "level"] == 3.0
    assert found.loc["b", ["slope", "change"]].isna().all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10, 4, 2, 4, 10], True),
        ([2, 8, 10, 8, 2], False),  # the other way round
        ([10, 8, 6, 4, 2], False),  # falls only
        ([10, 9, 8, 9, 10], False),  # not deep enough
        ([12, 5, 2, 1, 3], False),  # hardly returns
    ],
)
def test_fall_and_return_is_told_by_its_depth_on_both_sides(values: list[float], expected: bool) -> None:
    series = rows(a=dict(enumerate(map(float, values), start=1)))
    patients, found = find_turns(series, "y", 5.0)
    assert (patients.tolist(), found.tolist()) == (["a"], [[expected]])


def test_series_of_few_sessions_are_not_judged() -> None:
    assert not len(find_turns(rows(a={1: 10.0, 2: 0.0, 3: 0.0, 4: 10.0}), "y", 5.0)[0])


def test_correlation_with_others_held_equal_is_the_partial_one_and_drawn_patients_count_twice() -> None:
    rng = np.random.default_rng(2)
    z, weights = rng.normal(size=80), rng.integers(0, 3, 80).astype(float)
    x, y = z + rng.normal(size=80), 0.4 * z + rng.normal(size=80)
    copies = np.repeat(np.arange(80), weights.astype(int))
    r = np.corrcoef([y[copies], x[copies], z[copies]])
    by_hand = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert correlate(y, x, z[:, None], weights) == pytest.approx(by_hand, abs=1e-12)
    assert correlate(y, x, np.empty((80, 0)), weights) == pytest.approx(r[0, 1], abs=1e-12)
