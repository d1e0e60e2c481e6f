"""Draws of NUTS: of a density with a known answer, and of a compiled one as of the same density in Python."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from alliance.errors import ModelError
from alliance.inference.mode import Mode, find_mode
from alliance.inference.nuts import Compiled, sample_positions
from alliance.inference.target import Mirrors, Start
from alliance.models.path.posterior import PathPosterior
from tests.unit.models.joint_study import make_settings
from tests.unit.models.path.path_study import small_maximum

SAMPLING = {"chains": 2, "draws": 1000, "tune": 300, "target_accept": 0.8}


@dataclass(frozen=True)
class Normal:
    """A normal density with independent parameters."""

    mean: np.ndarray
    sd: np.ndarray

    @property
    def blocks(self) -> dict[str, slice]:
        return {"all": slice(0, len(self.mean))}

    @property
    def mirrors(self) -> Mirrors:
        return Mirrors.none(len(self.mean))

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        scaled = (position - self.mean) / self.sd
        return float(-scaled @ scaled / 2), -scaled / self.sd

    def values(self, positions: np.ndarray) -> np.ndarray:
        return np.array([self.value(position)[0] for position in positions])

    def named(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        return {"all": positions}

    def start(self, position: np.ndarray, covariance: np.ndarray) -> Start:
        return Start(position, covariance)

    def log_likelihoods(self, positions: np.ndarray) -> np.ndarray:
        return self.values(positions)

    def log_priors(self, positions: np.ndarray) -> np.ndarray:
        return np.zeros(len(positions))

    def regular(self, positions: np.ndarray) -> np.ndarray:
        return positions

    def slopes(self, place: np.ndarray) -> np.ndarray:
        return self.value(place)[1]

    def prior_blocks(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def draw_prior(self, size: int, rng: np.random.Generator) -> np.ndarray:
        return np.empty((size, 0))


class Nowhere(Normal):
    """A density that cannot be computed."""

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        return -np.inf, np.zeros(len(position))


MEAN, SD = np.array([1.0, -2.0, 0.0]), np.array([0.5, 3.0, 0.01])


def test_draws_have_the_moments_of_a_known_density() -> None:
    spread = np.diag(SD) @ np.array([[1.0, 0.3, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.5]])  # not the density's own
    positions, statistics = sample_positions(Mode(Normal(MEAN, SD), MEAN, spread), SAMPLING, 1, "toy")
    assert positions.shape == (2, 1000, 3)
    assert dict(statistics.sizes) == {"chain": 2, "draw": 1000}
    assert int(statistics["diverging"].sum()) == 0
    # 2,000 draws with little autocorrelation: standard errors of .02 sd of the mean and .016 of the sd; four of them.
    np.testing.assert_allclose((positions.mean((0, 1)) - MEAN) / SD, 0, atol=0.1)
    np.testing.assert_allclose(positions.std((0, 1)) / SD, 1, atol=0.08)


def test_same_seed_gives_the_same_draws() -> None:
    mode = find_mode(
        PathPosterior(small_maximum("patient").target, make_settings()["priors"]), small_maximum("patient")
    )
    few = {**SAMPLING, "draws": 50, "tune": 50}
    one, two, other = (sample_positions(mode, few, seed, "study")[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_compiled_density_is_drawn_as_in_python() -> None:
    @dataclass(frozen=True)
    class Plain:
        """A posterior without its compiled form."""

        posterior: PathPosterior

        def __getattr__(self, name: str) -> object:
            if name in ("addresses", "pack"):
                raise AttributeError(name)
            return getattr(self.posterior, name)

    posterior = PathPosterior(small_maximum("therapist").target, make_settings()["priors"])
    mode = find_mode(posterior, small_maximum("therapist"))
    plain = Mode(Plain(posterior), mode.position, mode.spread)
    assert isinstance(posterior, Compiled) and not isinstance(plain.posterior, Compiled)
    few = {**SAMPLING, "draws": 5, "tune": 10}
    found = [sample_positions(one, few, 1, "study")[0] for one in (mode, plain)]
    # The same path from the same start; rounding grows along it.
    np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-4)


def test_density_without_a_start_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"models\.specs\.toy: the sampler .* Look for outliers"):
        sample_positions(Mode(Nowhere(MEAN, SD), MEAN, np.eye(3)), SAMPLING, 1, "toy")


@pytest.mark.parametrize("order", [("_library()", "import nutpie"), ("import nutpie", "_library()")])
def test_library_of_the_sampler_is_the_one_pymc_models_use(order: tuple[str, str]) -> None:
    code = "from alliance.inference.nuts import _library; {}; {}; import nutpie._lib; print(nutpie._lib is _library())"
    words = [sys.executable, "-c", code.format(*order)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["True"]


def test_sampling_imports_neither_pymc_nor_what_nutpie_brings() -> None:
    heavy = {"pymc", "pytensor", "arviz", "matplotlib", "nutpie"}
    code = f"import sys; from alliance.inference import nuts; nuts._library(); print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []
