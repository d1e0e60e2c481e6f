"""Lengths and angles of rows of a factor: they are what is placed, and derivatives are those of differences."""

import numpy as np
import pytest

from alliance.inference.profile import Curve
from alliance.models.path.curves import AngleCurve, SdCurve
from alliance.models.path.layout import layout_of
from alliance.models.path.maximum import PathMaximum
from tests.unit.models.path.path_study import BY_THERAPIST, design_by, panel_with_therapists, small_maximum

LAYOUT = layout_of(design_by(BY_THERAPIST, panel_with_therapists()))
CURVES = [
    (SdCurve(LAYOUT.row("patient", 0)), 0.4),
    (SdCurve(LAYOUT.row("patient", 2)), 0.7),
    (AngleCurve(LAYOUT.row("patient", 0), LAYOUT.row("patient", 2)), 0.6),
    (AngleCurve(LAYOUT.row("patient", 1), LAYOUT.row("patient", 3)), -1.2),
    (AngleCurve(LAYOUT.row("therapist", 0), LAYOUT.row("therapist", 1)), 1.5),
]


def maximum() -> PathMaximum:
    return small_maximum("therapist")


def somewhere() -> np.ndarray:
    return maximum().top.position + np.random.default_rng(1).normal(0, 0.1, LAYOUT.size)


@pytest.mark.parametrize(("curve", "value"), CURVES)
def test_position_has_the_value_that_is_held(curve: Curve, value: float) -> None:
    assert curve.of(curve.place(somewhere(), value)) == pytest.approx(value, rel=1e-12)
    top = maximum().top.position
    np.testing.assert_allclose(curve.place(top, curve.of(top)), top, atol=1e-7)


def test_angle_is_that_whose_sine_is_the_correlation() -> None:
    covariance = maximum().target.natural(somewhere()[None]).covariances["patient"][0]
    curve = AngleCurve(LAYOUT.row("patient", 1), LAYOUT.row("patient", 2))
    expected = covariance[1, 2] / np.sqrt(covariance[1, 1] * covariance[2, 2])
    assert np.sin(curve.of(somewhere())) == pytest.approx(expected, rel=1e-12)
    assert SdCurve(LAYOUT.row("patient", 2)).of(somewhere()) == pytest.approx(np.sqrt(covariance[2, 2]), rel=1e-12)


@pytest.mark.parametrize(("curve", "value"), CURVES)
def test_derivatives_are_those_of_differences(curve: Curve, value: float) -> None:
    def height(free: np.ndarray, value: float) -> float:
        return maximum().target.value(curve.place(free, value))[0]

    free, h = somewhere(), 1e-6
    found, slope = curve.pull(free, value, maximum().target.value(curve.place(free, value))[1])
    steps = h * np.eye(LAYOUT.size)
    differences = [(height(free + step, value) - height(free - step, value)) / (2 * h) for step in steps]
    # Differences of numbers of some hundreds over 2e-6 leave 1e-7.
    np.testing.assert_allclose(found, differences, atol=3e-6)
    assert slope == pytest.approx((height(free, value + h) - height(free, value - h)) / (2 * h), abs=3e-6)


@pytest.mark.parametrize(
    ("curve", "end", "inwards"),
    [
        (SdCurve(LAYOUT.row("patient", 2)), 0.0, 1),
        (AngleCurve(LAYOUT.row("patient", 0), LAYOUT.row("patient", 2)), np.pi / 2, -1),
        (AngleCurve(LAYOUT.row("patient", 0), LAYOUT.row("patient", 2)), -np.pi / 2, 1),
    ],
)
def test_slope_at_an_end_is_the_steepest_way_back(curve: Curve, end: float, inwards: int) -> None:
    slope = curve.pull(somewhere(), end, maximum().target.value(curve.place(somewhere(), end))[1])[1]
    # Of many directions of the row; the best one of them is nearly the best of all.
    rng, gained, h = np.random.default_rng(2), [], 1e-6
    row = curve.row if isinstance(curve, SdCurve) else curve.second  # type: ignore[attr-defined]
    for _ in range(3000):
        free = somewhere()
        free[row] = rng.normal(size=3) * np.linalg.norm(free[row]) / 2
        if isinstance(curve, AngleCurve):
            free[row] *= np.linalg.norm(somewhere()[row]) / np.linalg.norm(free[row])
        heights = [maximum().target.value(curve.place(free, value))[0] for value in (end, end + inwards * h)]
        gained.append((heights[1] - heights[0]) / h)
    assert inwards * slope == pytest.approx(max(gained), rel=0.01)
