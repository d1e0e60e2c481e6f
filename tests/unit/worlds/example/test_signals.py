"""A signal that is appended to a study without changing it."""

import numpy as np
import pandas as pd
import pytest

from alliance.worlds.example.export import export_study
from alliance.worlds.example.signals import record_synchrony, slope_on_signal, true_beside
from alliance.worlds.example.study import simulate_study
from alliance.worlds.study import run_study
from tests.unit.worlds.settings_for_tests import example, small_example


def test_regression_of_what_is_unexpected_in_the_alliance_finds_the_slope_on_the_signal_again() -> None:
    settings = example(size={"patients": 1000})
    _, course = run_study(settings)
    signal = record_synchrony(settings, course, np.random.default_rng(4))
    before = course.values["alliance"][:, :-1]
    parts = (signal[:, 1:], before, course.surprises["alliance"][:, 1:])
    x, past, y = ((part - part.mean(axis=1, keepdims=True)).ravel() for part in parts)
    found, of_past = np.linalg.lstsq(np.column_stack([x, past]), y, rcond=None)[0]
    expected = slope_on_signal(settings, float(course.surprises["alliance"].std()))
    assert expected == pytest.approx(0.15, abs=0.005)
    assert found == pytest.approx(
        expected, abs=0.02
    )  # four standard errors of .0046, and a sixteenth of what feeds back

    # What the alliance before tells beyond its own effect is taken off what the signal that follows it tells.
    true = true_beside(settings, float(course.surprises["alliance"].std()))
    own = true.loc[true["model"] == "signals_through_alliance", "value"].item()
    assert own == pytest.approx(0.3 - 0.3 * expected)
    alone = np.linalg.lstsq(past[:, None], y, rcond=None)[0][0]  # with the same bias of short series
    assert own - 0.3 == pytest.approx(of_past - alone, abs=0.015)


def test_nothing_else_of_the_export_depends_on_what_is_appended() -> None:
    settings = small_example()
    other = small_example(synchrony=settings.synchrony.model_dump() | {"shows": 0.0, "mean": 60})
    one, two = (export_study(simulate_study(chosen), chosen)[0] for chosen in (settings, other))
    assert not one["sessions"]["synchrony"].equals(two["sessions"]["synchrony"])
    for name, table in one.items():
        pd.testing.assert_frame_equal(
            table.drop(columns="synchrony", errors="ignore"), two[name].drop(columns="synchrony", errors="ignore")
        )
    assert not one["sessions"]["synchrony"].isin(["99", "-9", ""]).any()
