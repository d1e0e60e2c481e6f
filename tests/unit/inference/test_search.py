"""The search for the top of a density, on functions whose top and curvature are known."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from alliance.inference import densities
from alliance.inference.densities import at_each
from alliance.inference.search import climb, curvature_at, invert, limited_inverse, polish

PRECISION = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]])
CENTRE = np.array([1.0, -2.0, 0.5])


def normal(position: np.ndarray) -> tuple[float, np.ndarray]:
    away = position - CENTRE
    return float(-0.5 * away @ PRECISION @ away), -PRECISION @ away


def banana(position: np.ndarray) -> tuple[float, np.ndarray]:
    """Rosenbrock's function upside down: top of zero at (1, 1)."""
    x, y = position
    slope = np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])
    return float(-((1 - x) ** 2) - 100 * (y - x**2) ** 2), -slope


def squared(position: np.ndarray) -> tuple[float, np.ndarray]:
    """Two tops at 1 and -1 with a level saddle between them, as over a standard deviation with a sign."""
    x = position[0]
    return float(-((x**2 - 1) ** 2)), np.array([-4 * x * (x**2 - 1)])


def test_top_of_a_normal_density_is_found_with_its_curvature() -> None:
    top = climb(normal, np.zeros(3), np.eye(3))
    assert top.converged
    # A Newton step from a curvature that is off by rounding ends at the top.
    np.testing.assert_allclose(top.position, CENTRE, atol=1e-9)
    assert top.value == pytest.approx(0.0, abs=1e-16)
    # Differences of a linear gradient leave rounding only, divided by the step of 1e-4.
    np.testing.assert_allclose(top.curvature, PRECISION, atol=1e-8)


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), (3.0, -4.0)])
def test_top_of_a_curved_ridge_is_found(start: tuple[float, float]) -> None:
    top = climb(banana, np.array(start), np.eye(2))
    assert top.converged
    # A promise below 1e-18 is within sqrt(2 x 1e-18 / 0.4), the smallest curvature being 0.4.
    np.testing.assert_allclose(top.position, 1.0, atol=3e-9)


def test_search_leaves_a_place_that_is_level_but_no_top() -> None:
    top = polish(squared, np.array([0.1]))
    assert top.converged
    assert abs(top.position[0]) == pytest.approx(1.0, abs=1e-9)


def test_place_that_is_level_but_no_top_is_not_taken_for_one() -> None:
    assert not polish(squared, np.array([0.0])).converged


def test_search_survives_places_without_density() -> None:
    def half(position: np.ndarray) -> tuple[float, np.ndarray]:
        if position[0] <= 0:
            return -np.inf, np.zeros(1)
        return float(np.log(position[0]) - position[0]), 1 / position - 1

    # A guess of the spread this wide makes the first step of BFGS leave the range.
    top = climb(half, np.array([0.01]), np.array([[100.0]]))
    assert top.converged
    assert top.position[0] == pytest.approx(1.0, abs=1e-8)


def test_curvature_of_a_place_is_that_of_differences() -> None:
    x, y = 0.3, -0.4
    expected = np.array([[2 + 1200 * x**2 - 400 * y, -400 * x], [-400 * x, 200.0]])
    # Central differences with h = 1e-4 leave out h^2 f''' / 6 of a third derivative of 2400 x.
    np.testing.assert_allclose(curvature_at(banana, np.array([x, y])), expected, atol=1e-4)


def test_inverse_is_that_of_the_matrix_where_there_is_one() -> None:
    np.testing.assert_allclose(invert(PRECISION), np.linalg.inv(PRECISION), rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_direction_without_curvature_has_no_spread(value: float) -> None:
    np.testing.assert_allclose(invert(np.diag([4.0, value])), np.diag([0.25, 0.0]))


def test_limited_inverse_of_a_normal_density_is_the_inverse() -> None:
    top = climb(normal, np.zeros(3), np.eye(3))
    np.testing.assert_allclose(limited_inverse(normal, top), np.linalg.inv(PRECISION), rtol=1e-6)


@pytest.mark.parametrize("width", [0.3, 1.0, 3.0])
def test_limited_inverse_follows_a_density_that_is_level_only_at_its_top(width: float) -> None:
    def steep(position: np.ndarray) -> tuple[float, np.ndarray]:
        x = position[0] / width
        return float(-0.005 * x**2 - x**4), np.array([-(0.01 * x + 4 * x**3) / width])

    top = climb(steep, np.array([0.1]), np.eye(1))
    sd = float(np.sqrt(limited_inverse(steep, top)[0, 0]))
    fall = top.value - (steep(np.array([1.96 * sd]))[0] + steep(np.array([-1.96 * sd]))[0]) / 2
    # The end of the interval lies where the density has fallen by what a normal one falls, up to the factor 1.5 that is let pass.
    assert 1.96**2 / 4 < fall <= 1.5 * 1.96**2 / 2
    assert sd < 0.1 * np.sqrt(invert(top.curvature)[0, 0])


@pytest.mark.parametrize("function", [normal, banana])
def test_search_uses_few_evaluations(function: Callable[[np.ndarray], tuple[float, np.ndarray]]) -> None:
    count = 0

    def counted(position: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal count
        count += 1
        return function(position)

    climb(counted, np.zeros(len(CENTRE) if function is normal else 2), np.eye(3 if function is normal else 2))
    assert count < 150  # 30 to 100; a search that crawls takes thousands


def test_curvature_is_the_same_on_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    position, used = np.array([0.3, -2.5, 1.0]), set[int]()

    def watched(at: np.ndarray) -> tuple[float, np.ndarray]:
        used.add(threading.get_ident())
        return normal(at)

    one = curvature_at(watched, position)
    assert used == {threading.get_ident()}
    monkeypatch.setattr(densities, "_LONG", 0.0)
    monkeypatch.setenv("ALLIANCE_THREADS", "2")
    np.testing.assert_array_equal(curvature_at(watched, position), one)
    assert len(used) > 1


@pytest.mark.parametrize("long", [0.0, np.inf], ids=["several at once", "one after the other"])
def test_what_is_found_at_each_place_stands_in_their_order(long: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(densities, "_LONG", long)
    assert at_each(lambda place: place * 2, list(range(50))) == list(range(0, 100, 2))
    assert at_each(abs, []) == []
