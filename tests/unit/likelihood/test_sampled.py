"""The density that a sampler in another language calls: the numbers of the function, and a sign where there are none."""

import ctypes

import numpy as np
import pytest

from alliance.likelihood import sampled_crossed
from alliance.likelihood.sampled import compiled_copy, compiled_density, pack
from tests.unit.likelihood.studies import Study, draw_position, evaluate, make_study, with_changes

PRIOR = np.array([1.1, 0.4, 0.9, 0.6, 2.5])


def address(numbers: np.ndarray) -> "ctypes._Pointer[ctypes.c_double]":
    return numbers.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def call(packed: np.ndarray, standard: np.ndarray, several: bool = False) -> tuple[int, float, np.ndarray]:
    value, gradient = np.empty(1), np.empty(len(standard))
    places = address(standard), address(gradient), address(value)
    compiled = sampled_crossed.compiled_density() if several else compiled_density()
    return compiled.ctypes(len(standard), *places, packed.ctypes.data), value[0], gradient


@pytest.mark.parametrize("therapists", [[], [(0, 0), (1, 1)]])
def test_value_and_gradient_are_those_of_the_function(therapists: list[tuple[int, int]]) -> None:
    study = make_study([(0, 0), (1, 0), (0, 1)], therapists, patients=40)
    centre, rng = draw_position(study), np.random.default_rng(1)
    spread = 0.2 * rng.normal(size=(study.size, study.size))
    packed = pack(study.statistics, PRIOR, centre, spread)
    for standard in rng.normal(size=(3, study.size)):
        expected, slope = evaluate(study.statistics, centre + spread @ standard, PRIOR)
        found, value, gradient = call(packed, standard)
        assert found == 0
        # Rounding of the change of coordinates.
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, spread.T @ slope, rtol=1e-9, atol=1e-10 * np.abs(slope).max())


def test_patients_with_several_therapists_are_packed_too() -> None:
    study = with_changes(make_study([(0, 0), (1, 0), (0, 1)], [(0, 0), (1, 1)], patients=70), 40)
    centre, standard = draw_position(study), np.full(study.size, 0.1)
    spread = np.diag(np.linspace(0.1, 1, study.size))
    packed = sampled_crossed.pack(study.statistics, PRIOR, centre, spread)
    expected, slope = evaluate(study.statistics, centre + spread @ standard, PRIOR)
    found, value, gradient = call(packed, standard, several=True)
    assert found == 0
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, spread.T @ slope, rtol=1e-9, atol=1e-10 * np.abs(slope).max())


def test_several_studies_do_not_share_anything() -> None:
    studies: list[Study] = [make_study([(0, 0)], [], patients=3, seed=seed) for seed in (1, 2)]
    packed = [pack(one.statistics, PRIOR, draw_position(one), np.eye(one.size)) for one in studies]
    values = [call(one, np.zeros(study.size))[1] for one, study in zip(packed, studies, strict=True)]
    assert values[0] != values[1]
    assert call(packed[0], np.zeros(studies[0].size))[1] == values[0]


def test_place_without_a_density_is_told() -> None:
    study = make_study([(0, 0)], [], patients=3)
    packed = pack(study.statistics, PRIOR, draw_position(study), np.eye(study.size))
    found, _, gradient = call(packed, np.full(study.size, 1e200))
    assert found > 0
    assert np.isfinite(gradient).all()


def test_copy_keeps_the_position() -> None:
    position, kept = np.arange(5.0), np.empty(5)
    assert compiled_copy().ctypes(5, 5, address(position), address(kept), None) == 0
    np.testing.assert_array_equal(kept, position)
