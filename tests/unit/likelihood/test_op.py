import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.sharedvalue import shared

from alliance.likelihood.density import log_density_around
from alliance.likelihood.op import log_density_op, pack
from tests.unit.likelihood.random_study import Study

PRIOR = np.array([1.0, 0.3, 0.9, 0.5, 2.0])


@pytest.fixture(scope="module")
def packed() -> tuple[Study, tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    study = Study(rng, (2, 2), [(0, 0)])
    centre, spread = 0.3 * rng.standard_normal(study.size), 0.2 * rng.standard_normal((study.size, study.size))
    return study, pack(study.statistics, PRIOR, centre, spread), centre, spread


def _expected(study: Study, centre: np.ndarray, spread: np.ndarray, standard: np.ndarray) -> tuple[float, np.ndarray]:
    gradient = np.empty(len(standard))
    value = log_density_around(*study.statistics.arrays, PRIOR, centre, spread, standard, gradient)
    return float(value), gradient


def test_operation_returns_value_and_gradient_of_the_density(packed) -> None:  # type: ignore[no-untyped-def]
    study, data, centre, spread = packed
    standard = np.random.default_rng(2).standard_normal(study.size)
    integers, numbers, position = pt.lvector(), pt.dvector(), pt.dvector()
    node = log_density_op.make_node(integers, numbers, position)
    with pytensor.config.change_flags(cxx=""):
        function = pytensor.function([integers, numbers, position], node.outputs, mode="NUMBA")
    value, gradient = function(*data, standard)
    expected, slope = _expected(study, centre, spread, standard)
    assert value == pytest.approx(expected, rel=1e-12)
    assert gradient == pytest.approx(slope, rel=1e-10)


def test_operation_can_be_evaluated_in_python(packed) -> None:  # type: ignore[no-untyped-def]
    study, data, centre, spread = packed
    storage = [[None], [None]]
    standard = np.zeros(study.size)
    node = log_density_op.make_node(pt.lvector(), pt.dvector(), pt.dvector())
    log_density_op.perform(node, [*data, standard], storage)
    expected, slope = _expected(study, centre, spread, standard)
    assert storage[0][0] == pytest.approx(expected, rel=1e-12)
    assert storage[1][0] == pytest.approx(slope, rel=1e-10)


def test_models_of_pymc_can_hold_it(packed) -> None:  # type: ignore[no-untyped-def]
    study, data, centre, spread = packed
    with pm.Model() as model:
        standard = pm.Flat("standard", shape=study.size, initval=np.zeros(study.size))
        pm.Potential("density", log_density_op.make_node(*(shared(array) for array in data), standard).outputs[0])
    place = {"standard": np.random.default_rng(3).standard_normal(study.size)}
    with pytensor.config.change_flags(cxx=""):
        value = model.compile_logp(mode="NUMBA")(place)
        gradient = model.compile_dlogp(mode="NUMBA")(place)
    expected, slope = _expected(study, centre, spread, place["standard"])
    assert value == pytest.approx(expected, rel=1e-12)
    assert gradient == pytest.approx(slope, rel=1e-10)


def test_whole_numbers_of_32_bits_are_refused(packed) -> None:  # type: ignore[no-untyped-def]
    _, (integers, numbers), _, _ = packed
    with pytest.raises(TypeError, match="int64"):
        log_density_op.make_node(integers.astype("int32"), numbers, pt.dvector())
