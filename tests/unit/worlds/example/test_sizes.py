"""Sizes of the example study that the literature reports too."""

import pytest

from alliance.worlds.example.sizes import attendance_of, sizes_of
from alliance.worlds.example.study import record_study
from tests.unit.worlds.settings_for_tests import small_example


def test_attendance_counts_what_the_table_of_sessions_shows() -> None:
    _, course, _ = record_study(small_example())
    counts = attendance_of(course)
    assert counts["patients"] == 40
    assert counts["sessions"] == course.observed.sum()
    assert counts["dropped_out"] == round(counts["dropout"] * 40)
    assert counts["patients_with_one_session"] == (course.observed.sum(axis=1) == 1).sum()


def test_variance_shares_add_up() -> None:
    sizes = sizes_of(*record_study(small_example())[:2])
    for variable in ("alliance", "symptoms", "technique"):
        shares = [value for name, value in sizes.items() if name.endswith(f"_share_of_{variable}")]
        assert sum(shares) == pytest.approx(1, abs=0.002)  # each is rounded to three decimals
