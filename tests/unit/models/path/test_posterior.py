"""The mode of the posterior, and the coordinates around it."""

import numpy as np
import pytest

from alliance.inference.mode import Mode, find_mode
from alliance.models.path.maximum import PathMaximum, maximise
from alliance.models.path.posterior import PathPosterior
from tests.unit.models.joint_study import make_settings, simulate
from tests.unit.models.path.path_study import BY_PATIENT, design_by, small_maximum

PRIORS = make_settings()["priors"]


def mode_of(maximum: PathMaximum, priors: dict[str, float] = PRIORS) -> Mode[PathPosterior]:
    return find_mode(PathPosterior(maximum.target, priors), maximum)


def value_at(mode: Mode[PathPosterior], position: np.ndarray) -> float:
    return mode.posterior.value(position)[0]


@pytest.fixture(scope="module", params=["patient", "therapist"])
def mode(request: pytest.FixtureRequest) -> Mode[PathPosterior]:
    return mode_of(small_maximum(request.param))


def test_mode_is_a_top(mode: Mode[PathPosterior]) -> None:
    value, gradient = mode.posterior.value(mode.position)
    # What a step would gain is half the square of the gradient in the standardised coordinates; the search ends below 1e-18.
    assert np.sum((mode.spread.T @ gradient) ** 2) < 2e-17
    rng = np.random.default_rng(1)
    for _ in range(50):
        away = mode.position + mode.spread @ rng.normal(size=len(mode.position))
        assert value_at(mode, away) < value


def test_density_is_nearly_standard_normal_in_the_standardised_coordinates(mode: Mode[PathPosterior]) -> None:
    top = value_at(mode, mode.position)
    for direction in np.eye(len(mode.position)):
        step = 0.01 * direction
        around = value_at(mode, mode.position + mode.spread @ step)
        around += value_at(mode, mode.position - mode.spread @ step)
        # Curvature one, from differences over 0.02: rounding of values of some hundreds leaves 1e-9, the fourth derivative 1e-4. In
        # directions about which the data say little the spread is limited, and the density is flatter than that.
        assert (2 * top - around) / 0.01**2 <= 1 + 1e-2


def test_curvature_of_well_known_directions_is_one(mode: Mode[PathPosterior]) -> None:
    count = mode.posterior.target.layout.fixed.stop
    inverse = mode.spread @ mode.spread.T
    step = 1e-3
    for i in range(count):
        # Given all others, the density of a fixed effect is normal: its precision is the diagonal of the inverse of the covariance.
        moved = np.zeros(len(mode.position))
        moved[i] = step * np.sqrt(inverse[i, i])
        values = [value_at(mode, mode.position + sign * moved) for sign in (-1, 0, 1)]
        bent = (2 * values[1] - values[0] - values[2]) / step**2 / inverse[i, i]
        # Differences of numbers of some hundreds over 1e-6 leave 1e-7.
        assert bent == pytest.approx(np.linalg.inv(inverse)[i, i], rel=1e-4)


def test_priors_draw_the_mode_to_zero() -> None:
    maximum = small_maximum("patient")
    wide = {**PRIORS, "slope_sd": 50.0, "intercept_sd": 50.0, "residual_sd": 50.0}
    narrow = {**wide, "slope_sd": 0.01}
    fixed = maximum.target.layout.fixed.stop
    slopes = [1, 3, 4]
    near = mode_of(maximum, wide).position[:fixed][slopes]
    drawn = mode_of(maximum, narrow).position[:fixed][slopes]
    assert (np.abs(drawn) < 0.2 * np.abs(near)).all()
    # Priors this wide leave the maximum of the likelihood where it is, up to what priors of varying effects do to it.
    expected = maximum.top.position[:fixed][slopes]
    assert (np.abs(near - expected) < 0.5 * np.sqrt(np.diag(maximum.covariance))[slopes]).all()


def test_mode_of_a_study_at_the_boundary_is_inside() -> None:
    maximum = maximise(design_by(BY_PATIENT, simulate(40, 5, seed=1, slope_sd=0.0)))
    found = mode_of(maximum)
    covariance = found.posterior.natural(found.position[None]).covariances["patient"][0]
    sd = np.sqrt(np.diagonal(covariance))
    correlations = covariance / np.outer(sd, sd)
    assert np.isfinite(value_at(found, found.position))
    assert np.abs(correlations[np.tril_indices(4, -1)]).max() < 0.99
    assert np.linalg.matrix_rank(found.spread) == len(found.position)


def test_spread_is_limited_where_the_data_say_nothing() -> None:
    maximum = maximise(design_by(BY_PATIENT, simulate(12, 3, seed=2, slope_sd=0.0)))
    found = mode_of(maximum)
    sizes = np.linalg.svd(found.spread)[1]
    assert sizes.max() <= 2.0 + 1e-9
    assert sizes.min() >= 1e-4 - 1e-9
