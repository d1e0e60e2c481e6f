"""Laplace draws against densities that are known, symmetric images included, and the mark of a bad approximation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate

from alliance.facts.cautions import CAUTIONS
from alliance.inference import laplace
from alliance.inference.densities import at_many
from alliance.inference.laplace import LaplaceDraws, draw_laplace
from alliance.inference.mode import Mode, find_mode
from alliance.inference.target import Mirrors
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from tests.unit.models import joint_study as study
from tests.unit.models.populations import design_of

PRIORS = study.make_settings()["priors"]
ONE_SD = {"m": {"on": ["x"], "vary": {"patient": ["intercept"]}}, "y": {"on": ["m", "x"]}}


def mode_of(patients: int, sessions: int, *, slope_sd: float = study.SLOPE_SD, **changes) -> Mode[PathPosterior]:
    panel = study.simulate(patients, sessions, seed=5, slope_sd=slope_sd)
    maximum = maximise(design_of(study.make_spec(**changes), panel))
    return find_mode(PathPosterior(maximum.target, PRIORS), maximum)


@pytest.fixture(scope="module")
def zero_variance() -> Mode[PathPosterior]:
    return mode_of(60, 8, slope_sd=0.0)


def test_an_sd_far_from_zero_has_no_images_and_one_at_zero_has_one(zero_variance):
    far = laplace._find_images(mode_of(60, 8, equations=ONE_SD))
    assert len(far.images()) == 1
    near = laplace._find_images(zero_variance)
    assert len(near.images()) == 2 ** int(near.near.sum())
    assert near.near.sum() >= 1
    # An image has the same density: that is what mirroring relies on.
    positions = zero_variance.position + np.random.default_rng(1).normal(size=(20, len(zero_variance.position))) * 0.1
    densities = at_many(zero_variance.posterior.values, positions)
    for image in near.images():
        assert at_many(zero_variance.posterior.values, positions * image) == pytest.approx(densities, abs=1e-8)


def test_draws_do_not_depend_on_which_image_of_the_mode_the_search_found():
    mode = mode_of(60, 8, equations=ONE_SD)
    turn = mode.posterior.mirrors.turned[0]
    image = replace(mode, position=mode.position * turn, spread=mode.spread * turn[:, None])
    assert image.position[mode.posterior.mirrors.places[0]] < 0
    draws = [draw_laplace(each, 200, np.random.default_rng(4)).positions for each in (mode, image)]
    np.testing.assert_array_equal(*draws)


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """How many values of the posterior itself were asked for, call by call."""
    asked = []

    def counted(values, positions):
        if isinstance(values.__self__, PathPosterior):
            asked.append(len(positions))
        return at_many(values, positions)

    monkeypatch.setattr(laplace, "at_many", counted)
    return asked


@pytest.fixture(scope="module")
def many() -> Mode[PathPosterior]:
    return mode_of(1200, 5, slope_sd=0.0)


WHOLE = [laplace._LEARNING] * laplace._ROUNDS + [laplace._FINAL]
PART = [count // laplace._LIGHT for count in WHOLE]


def test_of_many_units_hardly_any_values_are_needed_also_where_sds_may_be_zero(many, asked):
    assert laplace._find_images(many).near.any()
    learned = draw_laplace(many, 4000, np.random.default_rng(6))
    assert asked == WHOLE
    asked.clear()
    draws = draw_laplace(many, 4000, np.random.default_rng(6), light=True, units=laplace._LARGE)
    assert asked == [PART[-1] // laplace._KNOWN]
    assert draws.mark.passed
    assert draws.size > 0.8 * asked[0]
    sd = learned.positions.std(axis=0)
    error = np.hypot(1 / np.sqrt(learned.size), 1 / np.sqrt(draws.size))
    # 21 means and 21 sds; sds of long tails have larger errors than those of normal distributions.
    assert np.abs((draws.positions - learned.positions).mean(axis=0) / sd).max() < 4 * error
    assert draws.positions.std(axis=0) / sd == pytest.approx(1, abs=0.15)


def test_a_walk_takes_draws_apart_and_leaves_their_distribution_as_it_is():
    # A half-normal sd with a coefficient whose spread follows it: no normal density, and zero is an edge.
    def values(positions):
        s, x = np.abs(positions[:, 0]), positions[:, 1]
        return -0.5 * s**2 - 0.5 * (x / (0.2 + s)) ** 2 - np.log(0.2 + s)

    rng = np.random.default_rng(9)
    mirrors = laplace._Images(Mirrors(np.array([0]), np.array([[-1.0, 1.0]])), np.array([True]))
    s = np.abs(rng.standard_normal(4000))
    draws = np.column_stack([s, (0.2 + s) * rng.standard_normal(4000)])
    draws[: len(draws) // 2] = np.repeat(draws[:40], 50, axis=0)
    walked = laplace._walk(values, laplace._Proposal(np.zeros(2), np.eye(2), mirrors), draws, rng)
    assert len(np.unique(walked, axis=0)) == len(walked)
    assert (walked[:, 0] >= 0).all()
    # Moments of s, s^2 and x^2 in closed form, within four standard errors of 4,000 draws.
    mean = np.sqrt(2 / np.pi)
    assert walked[:, 0].mean() == pytest.approx(mean, abs=4 * np.sqrt((1 - mean**2) / 4000))
    assert (walked[:, 0] ** 2).mean() == pytest.approx(1, abs=4 * np.sqrt(2 / 4000))
    squares = walked[:, 1] ** 2
    assert squares.mean() == pytest.approx(0.04 + 0.4 * mean + 1, abs=4 * squares.std() / np.sqrt(4000))


def test_where_a_likelihood_of_second_order_does_not_do_proposals_are_learned(many, asked, monkeypatch):
    few = {"size": 200, "rng": np.random.default_rng(7), "light": True, "units": laplace._LARGE}
    one = laplace.find_second_order(many)
    monkeypatch.setattr(laplace, "find_second_order", lambda _: replace(one, information=one.information * 4))
    assert draw_laplace(many, **few).mark.passed
    assert asked == [PART[-1] // laplace._KNOWN, *PART]
    asked.clear()
    wild = replace(one, information=one.information / 1000)  # of which the curvature at the mode says nothing
    monkeypatch.setattr(laplace, "find_second_order", lambda _: wild)
    assert draw_laplace(many, **few).mark.passed
    assert asked[-len(PART) :] == PART
    asked.clear()
    monkeypatch.setattr(laplace, "find_second_order", lambda _: None)
    draw_laplace(many, **few)
    assert asked == PART


def test_of_one_of_several_data_sets_all_proposals_are_tried_where_a_quarter_is_too_uneven(monkeypatch, asked):
    mode, few = mode_of(60, 8, equations=ONE_SD), {"size": 200, "rng": np.random.default_rng(8)}
    assert draw_laplace(mode, **few, light=True).mark.passed
    assert asked == PART
    for passes, more in ((True, []), (False, WHOLE)):
        asked.clear()
        monkeypatch.setattr(laplace, "smooth_weights", lambda ratio, k=0.1 if passes else 0.9: even(ratio, k))
        assert draw_laplace(mode, **few, light=True).mark.passed is passes
        assert asked == PART + more


def even(ratio: np.ndarray, k: float) -> tuple[np.ndarray, float]:
    return np.full(len(ratio), 1 / len(ratio)), k


def test_folded_proposal_is_a_density(zero_variance):
    mirrors = laplace._find_images(zero_variance)
    one = laplace._Images(Mirrors(np.array([0]), np.array([[-1.0]])), np.array([True]))
    proposal = laplace._Proposal(np.array([0.3]), np.array([[0.5]]), one)
    points = np.linspace(0, 40, 100_001)[:, None]
    values = np.exp(proposal.log_density(points))
    full = laplace._Proposal(np.array([0.3]), np.array([[0.5]]), replace(one, near=np.array([False])))
    both = np.linspace(-40, 40, 200_001)[:, None]
    # Half the line holds what the whole line held.
    assert integrate.trapezoid(values, points[:, 0]) == pytest.approx(
        integrate.trapezoid(np.exp(full.log_density(both)), both[:, 0]), rel=1e-6
    )
    draws = proposal.draw(1000, np.random.default_rng(1))
    assert (draws >= 0).all()
    assert mirrors.inside(draw_laplace(zero_variance, 500, np.random.default_rng(2)).positions).all()


@pytest.mark.parametrize("slope_sd", [study.SLOPE_SD, 0.0])
def test_weights_make_up_for_the_normal_approximation(slope_sd):
    mode = mode_of(60, 8, slope_sd=slope_sd)
    draws = draw_laplace(mode, 4000, np.random.default_rng(3))
    assert draws.pareto_k < CAUTIONS["pareto_k"].threshold
    assert draws.mark.passed
    # A tenth of the proposals, at the least.
    assert draws.size > 1000
    assert draws.positions.shape == (4000, len(mode.position))


def test_moments_are_those_of_a_long_random_walk(zero_variance):
    # A sampler that shares nothing with importance sampling: Metropolis steps, 64 chains side by side.
    rng = np.random.default_rng(4)
    size = len(zero_variance.position)
    draws = draw_laplace(zero_variance, 4000, rng)
    position = draws.positions[rng.choice(4000, 64, replace=False)].copy()
    value = at_many(zero_variance.posterior.values, position)
    spread = zero_variance.spread * 2.0 / np.sqrt(size)
    kept = []
    for step in range(900):
        proposed = position + rng.standard_normal(position.shape) @ spread.T
        there = at_many(zero_variance.posterior.values, proposed)
        taken = np.log(rng.random(64)) < there - value
        position[taken], value[taken] = proposed[taken], there[taken]
        if step >= 200:
            kept.append(np.abs(position))
    walked = np.array(kept)
    mean, sd = walked.mean(axis=(0, 1)), walked.std(axis=(0, 1))
    error = walked.mean(axis=0).std(axis=0) / np.sqrt(64)  # of chains that know nothing of each other
    difference = np.abs(draws.positions).mean(axis=0) - mean
    # 21 coordinates; the largest of so many normal errors lies below four standard errors.
    assert np.abs(difference / np.hypot(error, sd / np.sqrt(draws.size))).max() < 4


def test_same_seed_gives_the_same_draws(zero_variance):
    one, other = (draw_laplace(zero_variance, 300, np.random.default_rng(6)) for _ in range(2))
    assert np.array_equal(one.positions, other.positions)
    assert one.pareto_k == other.pareto_k


def test_approximation_that_misses_the_posterior_is_marked(zero_variance, monkeypatch):
    # Far too narrow, and not allowed to learn.
    monkeypatch.setattr(laplace, "_ROUNDS", 0)
    narrow = replace(zero_variance, spread=zero_variance.spread * 0.2)
    draws = draw_laplace(narrow, 500, np.random.default_rng(5))
    assert draws.pareto_k > CAUTIONS["pareto_k"].threshold
    assert not draws.mark.passed
    assert draws.mark.value == draws.pareto_k


def test_mark_names_what_to_do():
    mark = LaplaceDraws(np.zeros((1, 1)), 0.9, 10.0).mark
    assert (mark.declared.title, mark.passed) == ("Pareto k", False)
    assert "depth: nuts" in mark.declared.meaning


def test_values_without_gradient_are_those_of_the_sampler_at_two_and_three_levels(zero_variance):
    by_both = {
        "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
        "y": {"on": ["m", "x"], "vary": {"patient": ["intercept"], "therapist": ["intercept", "m"]}},
    }
    for mode in (zero_variance, mode_of(30, 5, equations=by_both)):
        standard = np.random.default_rng(7).standard_normal((21, len(mode.position)))
        positions = mode.position + standard @ mode.spread.T
        expected = [mode.posterior.value(position)[0] for position in positions]
        # The same sums in the same order, but for those over therapists.
        assert at_many(mode.posterior.values, positions) == pytest.approx(expected, rel=1e-12)
