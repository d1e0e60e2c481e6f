"""The truth in the words of the estimates table."""

import numpy as np
import pytest

from alliance.worlds.dynamics import run_sessions
from alliance.worlds.effects import draw_people
from alliance.worlds.settings import read_settings
from alliance.worlds.study import run_study, streams_of
from alliance.worlds.truth import attendance_of, sizes_of, true_quantities

from .settings_for_tests import FILE, small_settings

SETTINGS = read_settings(FILE)


def _value(path: str, effect: str, level: str = "within") -> float:
    found = [
        q["value"] for q in true_quantities(SETTINGS) if (q["path"], q["effect"], q["level"]) == (path, effect, level)
    ]
    assert len(found) == 1
    return float(found[0])


def test_the_indirect_effect_of_technique_is_the_mean_product_of_the_patients_own_slopes() -> None:
    large = read_settings(FILE, {"size": {"patients": 9000, "therapists": 900}})
    people = draw_people(large, streams_of(large)["people"])
    mean_product = float(np.mean(people.technique_slope * people.alliance_slope))
    # The standard deviation of a product is .19, so of the mean of 9000 products .002.
    assert _value("technique -> alliance -> symptoms", "indirect") == pytest.approx(mean_product, abs=0.008)


def test_indirect_and_direct_add_up_to_the_total() -> None:
    for cause, level in (("technique", "within"), ("arm", "overall")):
        parts = _value(f"{cause} -> alliance -> symptoms", "indirect", level) + _value(
            f"{cause} -> symptoms", "direct", level
        )
        assert _value(f"{cause} -> symptoms", "total", level) == pytest.approx(parts, abs=1e-9)


def test_one_point_of_technique_at_one_session_moves_the_next_symptoms_by_the_total_effect() -> None:
    """Intervene: give every patient the same technique at the first session, then one point more, all chances being equal."""
    large = read_settings(FILE, {"seed": 2, "size": {"patients": 9000, "therapists": 900, "sessions": 2}})
    low, high = (
        large.model_copy(update={"technique": large.technique.model_copy(update={"mean": mean})}) for mean in (2.5, 3.5)
    )
    people = draw_people(large, streams_of(large)["people"])
    before, after = (run_sessions(one, people, streams_of(large)["sessions"]) for one in (low, high))
    moved = (after.symptoms[:, 1] - before.symptoms[:, 1]).mean() / (
        after.technique[:, 0] - before.technique[:, 0]
    ).mean()
    # Rounding and clipping of 9000 patients' scores leave about .01.
    assert moved == pytest.approx(_value("technique -> symptoms", "total"), abs=0.03)


def test_each_quantity_is_listed_once() -> None:
    keys = [
        tuple(q[name] for name in ("outcome", "path", "effect", "level", "horizon")) for q in true_quantities(SETTINGS)
    ]
    assert len(set(keys)) == len(keys)


def test_attendance_counts_what_the_table_of_sessions_shows() -> None:
    _, course = run_study(small_settings())
    counts = attendance_of(course)
    assert counts["patients"] == 40
    assert counts["sessions"] == course.observed.sum()
    assert counts["dropped_out"] == round(counts["dropout"] * 40)
    assert counts["patients_with_one_session"] == (course.observed.sum(axis=1) == 1).sum()


def test_variance_shares_add_up() -> None:
    sizes = sizes_of(*run_study(small_settings()))
    for variable in ("alliance", "symptoms", "technique"):
        shares = [value for name, value in sizes.items() if name.endswith(f"_share_of_{variable}")]
        assert sum(shares) == pytest.approx(1, abs=0.002)  # each is rounded to three decimals
