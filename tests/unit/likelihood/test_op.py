"""The operation of PyTensor: the same numbers as the function, in Python, in compiled code and inside a PyMC model."""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.sharedvalue import shared
from pytensor.gradient import grad, verify_grad

from alliance.likelihood.density import log_density_around
from alliance.likelihood.op import log_density_op, pack
from tests.unit.likelihood.studies import draw_position, make_study

STUDY = make_study([(0, 0), (1, 0), (0, 1)], [(0, 0), (1, 1)], patients=11)
STATISTICS = STUDY.statistics
PRIOR = np.array([1.1, 0.4, 0.9, 0.6, 2.5])
CENTRE = draw_position(STUDY)
SPREAD = 0.2 * np.random.default_rng(1).normal(size=(STUDY.size, STUDY.size))
POINT = np.random.default_rng(2).normal(size=STUDY.size)
INTEGERS, NUMBERS = pack(STATISTICS, PRIOR, CENTRE, SPREAD)


def direct(standard: np.ndarray) -> tuple[float, np.ndarray]:
    gradient = np.empty(len(standard))
    value = log_density_around(*STATISTICS.arrays, PRIOR, CENTRE, SPREAD, standard, gradient)
    return float(value), gradient


def density(standard: pt.TensorVariable) -> pt.TensorVariable:
    return log_density_op.make_node(shared(INTEGERS), shared(NUMBERS), standard).outputs[0]


@pytest.fixture(autouse=True)
def _no_c_compiler():
    # Small graphs in Python: compiling C code would take longer than the test.
    with pytensor.config.change_flags(cxx=""):
        yield


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
def test_value_and_gradient_are_those_of_the_function(mode: str) -> None:
    standard = pt.dvector()
    function = pytensor.function([standard], [density(standard), grad(density(standard), standard)], mode=mode)
    for point in (POINT, np.zeros_like(POINT), -POINT):
        value, gradient = function(point)
        expected, slope = direct(point)
        # The same code compiled twice: the compiler may join other multiplications with additions.
        assert float(value) == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-10 * np.abs(slope).max())


def test_gradient_is_verified_by_pytensor() -> None:
    # It projects on a random direction and takes one-sided differences; its own tolerance is 1e-4 for float64.
    verify_grad(density, [POINT], rng=np.random.default_rng(3), mode="FAST_COMPILE")


def test_gradient_goes_through_other_operations() -> None:
    free = pt.dvector()
    function = pytensor.function([free], grad(3.0 * density(2.0 * free), free), mode="FAST_COMPILE")
    np.testing.assert_allclose(function(POINT / 2), 6.0 * direct(POINT)[1], rtol=1e-12)


def test_model_of_pymc_has_the_density_and_its_gradient() -> None:
    with pm.Model() as model:
        standard = pm.Flat("standard", shape=STUDY.size)
        pm.Potential("density", density(standard))
    point = {"standard": POINT}
    value, gradient = direct(POINT)
    assert float(model.compile_logp(mode="FAST_COMPILE")(point)) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(model.compile_dlogp(mode="FAST_COMPILE")(point), gradient, rtol=1e-9)


def test_other_data_need_no_other_operation() -> None:
    other = make_study([(0, 0)], [], patients=3, seed=9)
    centre = draw_position(other)
    integers, numbers = pack(other.statistics, PRIOR, centre, np.eye(other.size))
    inputs = [pt.lvector(), pt.dvector(), pt.dvector()]
    function = pytensor.function(inputs, log_density_op.make_node(*inputs).outputs, mode="FAST_COMPILE")
    assert float(function(INTEGERS, NUMBERS, POINT)[0]) == pytest.approx(direct(POINT)[0], rel=1e-12)
    gradient = np.empty(other.size)
    expected = log_density_around(
        *other.statistics.arrays, PRIOR, centre, np.eye(other.size), np.zeros(other.size), gradient
    )
    found = function(integers, numbers, np.zeros(other.size))
    assert float(found[0]) == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-9, atol=1e-12)


def test_whole_numbers_of_32_bits_are_refused() -> None:
    # The first of them is an address, which would be cut in half.
    with pytest.raises(TypeError, match="int64"):
        log_density_op.make_node(INTEGERS.astype(np.int32), NUMBERS, POINT)


@pytest.mark.parametrize("place", [1, 2])
def test_single_precision_is_refused(place: int) -> None:
    inputs = [INTEGERS, NUMBERS, POINT]
    inputs[place] = inputs[place].astype(np.float32)
    with pytest.raises(TypeError, match="float64"):
        log_density_op.make_node(*inputs)


def test_data_and_the_gradient_itself_have_no_derivative() -> None:
    inputs = [pt.lvector(), pt.dvector(), pt.dvector()]
    value, gradient = log_density_op.make_node(*inputs).outputs
    with pytest.raises(pytensor.gradient.DisconnectedInputError):
        grad(value, inputs[1])
    with pytest.raises(pytensor.gradient.DisconnectedInputError):
        grad(gradient.sum(), inputs[2])
