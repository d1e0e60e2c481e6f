"""Cluster bootstrap: the same maxima as full fits, spread like the sandwich, and samples that fail."""

import numpy as np
import pytest

from alliance.errors import ModelError
from alliance.inference import bootstrap
from alliance.inference.bootstrap import draw_bootstrap
from alliance.inference.maximum import find_maximum
from alliance.inference.refit import neighbourhood, refit
from alliance.inference.robust import robust_covariance
from alliance.models.path.maximum import PathMaximum, maximise
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, design_by, small_maximum


@pytest.mark.parametrize("level", ["patient", "therapist"])
def test_refits_find_the_maxima_of_full_fits(level: str) -> None:
    maximum = small_maximum(level)
    clusters, near = maximum.target.clusters(level), neighbourhood(maximum)
    rng = np.random.default_rng(4)
    for _ in range(8):
        counts = rng.multinomial(clusters.count, np.full(clusters.count, 1 / clusters.count)).astype(float)
        weighted = maximum.target.weigh(clusters, counts)
        position = refit(weighted, near)
        assert position is not None
        # From the usual start. Gradients below 1e-4 per standard error leave at most about 1e-5 of log-likelihood where it is not level.
        full = find_maximum(weighted)
        assert weighted.value(position)[0] == pytest.approx(full.top.value, abs=1e-4)
        fixed = maximum.target.layout.fixed.stop
        se = np.sqrt(np.diagonal(full.covariance))[:fixed]
        assert np.abs((position - full.top.position)[:fixed] / se).max() < 0.01


def test_same_generator_gives_the_same_samples() -> None:
    maximum = small_maximum("patient")
    one, again, other = (draw_bootstrap(maximum, "patient", 12, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.positions, again.positions)
    assert not np.allclose(one.positions, other.positions)
    assert one.positions.shape == (12, maximum.target.layout.size)


@pytest.mark.parametrize(
    ("varying", "level"), [("patient", "patient"), ("patient", "therapist"), ("therapist", "therapist")]
)
def test_spread_of_fixed_effects_is_that_of_the_sandwich(varying: str, level: str) -> None:
    maximum = small_maximum(varying)
    found = draw_bootstrap(maximum, level, 150, np.random.default_rng(7))
    fixed = maximum.target.layout.fixed.stop
    sd = found.positions[:, :fixed].std(axis=0, ddof=1)
    robust = np.sqrt(np.diagonal(robust_covariance(maximum, level)))[:fixed]
    # Monte Carlo error of a standard deviation from 150 samples is 6 %; both agree to first order in 1 / clusters (12 therapists) only.
    assert np.exp(np.mean(np.log(sd / robust))) == pytest.approx(1, abs=0.15)
    assert np.abs(np.log(sd / robust)).max() < 0.5


def test_variance_estimated_as_zero_is_not_zero_in_every_sample() -> None:
    equations = {"m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}}, "y": {"on": ["m", "x"]}}

    def smallest(maximum: PathMaximum, positions: np.ndarray) -> np.ndarray:
        covariances = maximum.target.natural(positions).covariances["patient"]
        return np.asarray(np.linalg.eigvalsh(covariances)[:, 0])

    fits = (maximise(design_by(equations, simulate(40, 4, seed, slope_sd=0.0))) for seed in range(20))
    maximum = next(fit for fit in fits if smallest(fit, fit.top.position[None])[0] < 1e-8)
    found = smallest(maximum, draw_bootstrap(maximum, "patient", 60, np.random.default_rng(1)).positions)
    # With the centre on the edge, some samples lie on it and some off it.
    assert np.mean(found > 1e-4) > 0.1
    assert np.mean(found < 1e-6) > 0.1


def test_samples_without_a_predictors_variation_are_dropped_counted_and_marked() -> None:
    panel = simulate(30, 6, 8)
    panel["arm"] = panel["patient"].isin(["P0003", "P0017"]).astype(float)
    equations = BY_PATIENT | {"m": {"on": ["x", "arm"], "vary": {"patient": ["intercept"]}}}
    maximum = maximise(design_by(equations, panel))
    found = draw_bootstrap(maximum, "patient", 100, np.random.default_rng(3))
    # Both patients are missed with probability (1 - 2/30)^30 = 0.126; five standard errors are 0.17.
    assert 0 < found.failed < 30
    assert len(found.positions) == 100 - found.failed
    failed = next(mark for mark in found.marks if mark.declared.title == "bootstrap")
    assert failed.value == found.failed / 100
    assert failed.passed == (found.failed <= 5)


def test_patients_are_not_drawn_if_effects_vary_between_therapists() -> None:
    with pytest.raises(ModelError, match="patients of one therapist are not independent"):
        draw_bootstrap(small_maximum("therapist"), "patient", 5, np.random.default_rng(1))


def test_bootstrap_in_which_every_sample_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "refit", lambda target, near: None)
    with pytest.raises(ModelError, match="none of 5 samples of patients has a maximum"):
        draw_bootstrap(small_maximum("patient"), "patient", 5, np.random.default_rng(1))
