"""A likelihood of second order: exact where the likelihood is, and in coordinates that many units make it nearly exact in."""

import numpy as np
import pytest
from scipy import stats

from alliance.inference.maximum import find_maximum
from alliance.inference.mode import Mode, find_mode
from alliance.inference.second_order import find_second_order
from alliance.models.correlations import partial_of
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from tests.unit.inference.test_nuts import MEAN, SD, Normal
from tests.unit.inference.toy import CountsPosterior, simulate_counts
from tests.unit.models import joint_study as study
from tests.unit.models.populations import design_of

BY_BOTH = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
    "y": {"on": ["m", "x"], "vary": {"patient": ["intercept"], "therapist": ["intercept", "m"]}},
}
LASTING = {"family": "multilevel_path", "autocorrelation": {"y": "sessions"}}


@pytest.fixture(scope="module", params=[{}, LASTING], ids=["independent", "lasting"])
def mode(request) -> Mode[PathPosterior]:
    panel = study.simulate(40, 6, seed=3)
    maximum = maximise(design_of(study.make_spec(equations=BY_BOTH, **request.param), panel))
    return find_mode(PathPosterior(maximum.target, study.make_settings()["priors"]), maximum)


@pytest.fixture(scope="module")
def inside(mode) -> np.ndarray:
    """A position where no effect hardly varies and none follows another one closely."""
    position, layout = mode.position.copy(), mode.posterior.target.layout
    for level, q in layout.effects.items():
        position[layout.between(level)] = [*np.linspace(0.3, 0.6, q), *np.linspace(-0.4, 0.3, q * (q - 1) // 2)]
    return position


def position_of(posterior: PathPosterior, place: np.ndarray) -> np.ndarray:
    """The position with such (co)variances, from what standard deviations and partial correlations are."""
    position, layout = place.copy(), posterior.target.layout
    for level, q in layout.effects.items():
        covariance, (row, column) = np.zeros((q, q)), np.tril_indices(q)
        covariance[row, column] = covariance[column, row] = place[layout.between(level)]
        partial = partial_of(np.linalg.cholesky(covariance)[None])[0]
        position[layout.between(level)] = [*np.sqrt(np.diagonal(covariance)), *np.arctanh(partial)]
    return position


def test_regular_coordinates_are_covariances_whatever_the_signs_of_standard_deviations(mode, inside):
    posterior = mode.posterior
    place = posterior.regular(inside[None])
    images = inside * posterior.mirrors.turned
    assert posterior.regular(images) == pytest.approx(np.tile(place, (len(images), 1)), abs=1e-12)
    assert position_of(posterior, place[0]) == pytest.approx(inside, abs=1e-9)


def test_slopes_are_derivatives_of_the_log_likelihood_by_covariances(mode, inside):
    place, step = mode.posterior.regular(inside[None])[0], 1e-5
    moved = [position_of(mode.posterior, place + side * step * unit) for unit in np.eye(len(place)) for side in (1, -1)]
    values = mode.posterior.log_likelihoods(np.array(moved))
    assert mode.posterior.slopes(place) == pytest.approx((values[::2] - values[1::2]) / (2 * step), rel=1e-5, abs=1e-4)


def test_there_are_no_slopes_where_there_is_no_covariance(mode, inside):
    layout, place = mode.posterior.target.layout, mode.posterior.regular(inside[None])[0]
    place[layout.between("patient").start] = -0.01
    assert np.isnan(mode.posterior.slopes(place)).all()


def test_log_prior_is_what_the_posterior_has_beyond_the_likelihood(mode):
    positions = mode.position + np.random.default_rng(1).standard_normal((20, len(mode.position))) @ mode.spread.T
    beyond = mode.posterior.values(positions) - mode.posterior.log_likelihoods(positions)
    assert mode.posterior.log_priors(positions) == pytest.approx(beyond, abs=1e-8)


def test_a_quadratic_likelihood_is_met_exactly():
    normal = Normal(MEAN, SD)
    away = MEAN + SD * [1.0, -2.0, 0.5]
    found = find_second_order(Mode(normal, away, np.diag(SD)))
    positions = MEAN + SD * np.random.default_rng(2).standard_normal((50, 3))
    difference = found.values(positions) - normal.values(positions)
    assert difference == pytest.approx(difference[0], abs=1e-6)


def test_many_counts_have_the_normal_likelihood_of_their_information_and_the_prior_as_it_is():
    counts = simulate_counts(4000)
    posterior = CountsPosterior(counts, 2.0, 1.5)
    mode = find_mode(posterior, find_maximum(counts))
    total, exposure = counts.totals(counts.counts), counts.totals(counts.sessions)
    positions = mode.position + np.random.default_rng(3).standard_normal((50, 2)) @ mode.spread.T
    # Information of a Poisson count about the logarithm of its rate is the expected count.
    expected = stats.norm.logpdf(positions, np.log(total / exposure), total**-0.5).sum(axis=1)
    difference = find_second_order(mode).values(positions) - expected - posterior.log_priors(positions)
    assert difference == pytest.approx(difference.mean(), abs=0.1)


class Edge(Normal):
    """A density of which nothing is known beyond the mean."""

    def slopes(self, place: np.ndarray) -> np.ndarray:
        return super().slopes(place) if (place <= self.mean).all() else np.full_like(place, np.nan)


def test_where_slopes_are_unknown_around_the_mode_there_is_none():
    assert find_second_order(Mode(Edge(MEAN, SD), MEAN, np.diag(SD))) is None


def test_many_patients_make_it_near_where_few_do_not():
    errors = []
    for patients in (40, 1500):
        panel = study.simulate(patients, 5, seed=4, slope_sd=0.0)
        maximum = maximise(design_of(study.make_spec(), panel))
        mode = find_mode(PathPosterior(maximum.target, study.make_settings()["priors"]), maximum)
        density = find_second_order(mode)
        positions = mode.position + np.random.default_rng(5).standard_normal((200, len(mode.position))) @ mode.spread.T
        errors.append(np.std(mode.posterior.values(positions) - density.values(positions)))
    assert errors[1] < errors[0] / 3
