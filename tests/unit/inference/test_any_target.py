"""What a family gets from inference by being a target: the smallest one there is, each result beside its closed form."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from alliance.errors import ModelError
from alliance.facts.depths import DEPTHS, Depth
from alliance.inference import depths
from alliance.inference.bootstrap import draw_bootstrap
from alliance.inference.depths import Found, Request, explore
from alliance.inference.influence import find_influence
from alliance.inference.maximum import find_maximum
from alliance.inference.robust import robust_covariance
from alliance.inference.sensitivity import power_scaling
from tests.unit.inference.toy import CountsPosterior, draw_around_the_mode, simulate_counts

TARGET = simulate_counts(spread=0.5)
MAXIMUM = find_maximum(TARGET)
POSTERIOR = CountsPosterior(TARGET, 2.0, 4.0)
COUNTS, SESSIONS = TARGET.totals(TARGET.counts), TARGET.totals(TARGET.sessions)
EXACT = stats.gamma(POSTERIOR.shape + COUNTS, scale=1 / (POSTERIOR.rate + SESSIONS))  # of the rates of both groups
REQUEST = Request(
    "toy", 1, draws=4000, sampling={"chains": 2, "draws": 1000, "tune": 300, "target_accept": 0.8}, prior_draws=50
)


def ratio(positions: np.ndarray) -> np.ndarray:
    """Return the logarithm of the ratio of the rates: (draw, 1)."""
    return positions[:, 1:] - positions[:, :1]


def test_maximum_is_the_observed_rates_and_its_errors_those_of_counts() -> None:
    assert MAXIMUM.converged
    assert MAXIMUM.rival is None
    # Newton steps end at rounding; second derivatives are central differences of the gradient over 2e-4, so the third order is left.
    np.testing.assert_allclose(np.exp(MAXIMUM.top.position), COUNTS / SESSIONS, rtol=1e-9)
    np.testing.assert_allclose(MAXIMUM.covariance, np.diag(1 / COUNTS), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("level", ["patient", "therapist"])
def test_robust_errors_are_the_spread_of_the_clusters_residuals(level: str) -> None:
    cluster = np.arange(len(TARGET.counts)) if level == "patient" else TARGET.therapist
    residual = TARGET.counts - TARGET.sessions * (COUNTS / SESSIONS)[TARGET.group]
    count = cluster.max() + 1
    expected = [
        np.sum(np.bincount(cluster, residual * (TARGET.group == group)) ** 2) / COUNTS[group] ** 2 * count / (count - 1)
        for group in range(2)
    ]
    found = robust_covariance(MAXIMUM, level)
    np.testing.assert_allclose(np.diagonal(found), expected, rtol=1e-6)


def test_bootstrap_samples_are_the_rates_of_the_units_drawn() -> None:
    found = draw_bootstrap(MAXIMUM, "therapist", 50, np.random.default_rng(3))
    clusters = TARGET.clusters("therapist")
    for position, generator in zip(found.positions, np.random.default_rng(3).spawn(50), strict=True):
        times = generator.multinomial(clusters.count, np.full(clusters.count, 1 / clusters.count))[TARGET.therapist]
        drawn = [np.bincount(TARGET.group, times * values, 2) for values in (TARGET.counts, TARGET.sessions)]
        # A refit ends where a step promises 1e-8 of log-likelihood: 1.4e-4 standard errors of about .1.
        np.testing.assert_allclose(position, np.log(drawn[0] / drawn[1]), atol=3e-5)
    assert {mark.caution for mark in found.marks} == {"few_clusters", "failed_bootstrap"}


def test_dependent_units_are_neither_drawn_nor_taken_as_clusters() -> None:
    maximum = find_maximum(replace(TARGET, independent="therapist"))
    with pytest.raises(ModelError, match=r"bootstrap\.level: patients cannot be taken one by one .* Take therapists"):
        draw_bootstrap(maximum, "patient", 5, np.random.default_rng(1))
    with pytest.raises(ModelError, match="standard_errors: patients"):
        robust_covariance(maximum, "patient")


def test_influence_is_the_effect_without_each_unit() -> None:
    table = pd.DataFrame({"path": ["arm -> count"], "effect": ["effect"], "level": ["overall"]})
    rows, marks = find_influence(MAXIMUM, ratio, table, np.array([0.1]))
    for level in TARGET.levels:
        cluster = TARGET.clusters(level).of_unit
        kept = [TARGET.weigh(TARGET.clusters(level), w) for w in 1.0 - np.eye(cluster.max() + 1)]
        rates = np.array([each.totals(each.counts) / each.totals(each.sessions) for each in kept])
        without = np.log(rates[:, 1] / rates[:, 0])
        change = np.sort(np.abs(without - ratio(MAXIMUM.top.position[None])[0]))[::-1][:20] / 0.1
        shown = [abs(row["change"]) for row in rows if row["unit"] == level]
        np.testing.assert_allclose(shown, change, atol=1e-3)
    about = "arm -> count (effect, overall)"
    assert [mark.subject for mark in marks] == [f"{about}: patients", f"{about}: therapists"]


def errors_of(found: Found) -> np.ndarray:
    """Return how far means of the rates lie from the exact ones, in standard errors of as many independent draws."""
    rates = np.exp(found.positions)
    return np.asarray((rates.mean(axis=0) - EXACT.mean()) / EXACT.std() * np.sqrt(len(rates)))


@pytest.mark.parametrize("depth", ["laplace", "nuts"])
def test_posteriors_are_gamma_distributions(depth: str) -> None:
    found = explore(depth, REQUEST, MAXIMUM, POSTERIOR)
    assert found.posterior
    assert found.positions.shape == (2000, 2)
    assert found.prior is not None
    assert len(found.prior) == 50
    # Draws by importance sampling repeat, and those of a chain depend on each other: a few standard errors more than four.
    assert np.abs(errors_of(found)).max() < 6
    np.testing.assert_allclose(np.exp(found.positions).std(axis=0), EXACT.std(), rtol=0.1)
    assert all(mark.passed for mark in found.marks)
    assert found.chains == (2 if depth == "nuts" else 1)


def test_sampling_distribution_is_normal_around_the_maximum() -> None:
    found = explore("ml", REQUEST, MAXIMUM, POSTERIOR)
    assert not found.posterior
    np.testing.assert_array_equal(found.point, MAXIMUM.top.position[None])
    # Draws have exactly the mean and the covariance; that is shortened where the likelihood falls faster than a normal one.
    np.testing.assert_allclose(found.positions.mean(axis=0), MAXIMUM.top.position, atol=1e-12)
    np.testing.assert_allclose(np.cov(found.positions.T), np.diag(1 / COUNTS), rtol=0.02, atol=1e-6)
    robust = explore("ml", replace(REQUEST, robust=True), MAXIMUM, POSTERIOR)
    np.testing.assert_allclose(np.cov(robust.positions.T), robust_covariance(MAXIMUM), rtol=1e-9, atol=1e-15)
    bootstrap = explore("ml", replace(REQUEST, bootstrap=("therapist", 30)), MAXIMUM, POSTERIOR)
    assert bootstrap.interval_kind == "bootstrap confidence"
    assert bootstrap.positions.shape == (30, 2)


def distance(one: stats.rv_continuous, other: stats.rv_continuous, grid: np.ndarray) -> float:
    """Return the cumulative Jensen-Shannon distance of two distributions by numerical integration."""

    def divergence(p: np.ndarray, q: np.ndarray) -> float:
        middle = (p + q) / 2
        inner = p * np.log2(p / middle) + q * np.log2(q / middle)
        return float(np.sqrt(integrate.trapezoid(inner, grid) / integrate.trapezoid(p + q, grid)))

    return max(divergence(one.cdf(grid), other.cdf(grid)), divergence(one.sf(grid), other.sf(grid)))


def test_sensitivity_is_that_of_the_exact_power_scaled_posteriors() -> None:
    tight = CountsPosterior(TARGET, 30.0, 200.0)  # a prior rate of .15, which the data contradict
    shape, rate = tight.shape + COUNTS[0], tight.rate + SESSIONS[0]
    draws = stats.gamma.ppf((np.arange(4000) + 0.5) / 4000, shape, scale=1 / rate)
    positions = np.log(np.column_stack([draws, np.full_like(draws, COUNTS[1] / SESSIONS[1])]))
    table = pd.DataFrame({"path": ["control"], "effect": ["a"], "level": ["overall"]})
    rows = power_scaling(table, draws[:, None], tight.prior_blocks(positions), tight.log_likelihoods(positions))
    found = {row["block"]: row["value"] for row in rows}
    plain = stats.gamma(shape, scale=1 / rate)
    for block, of_shape, of_rate in (
        ("control", tight.shape - 1, tight.rate),
        ("likelihood", COUNTS[0], SESSIONS[0]),
    ):
        scaled = [
            stats.gamma(shape + (power - 1) * of_shape, scale=1 / (rate + (power - 1) * of_rate))
            for power in (0.99, 1.01)
        ]
        expected = np.mean(
            [distance(plain, other, draws) / abs(np.log2(p)) for other, p in zip(scaled, (0.99, 1.01), strict=True)]
        )
        # 4,000 draws stand for a continuous distribution.
        assert found[block] == pytest.approx(float(expected), rel=0.03)
    assert found["treated"] == pytest.approx(0, abs=1e-6)


def test_every_depth_that_can_be_declared_has_its_function() -> None:
    assert {f"draw_{name}" for name in DEPTHS} == {
        name for name in vars(depths) if name.startswith("draw_") and name != "draw_bootstrap"
    }


def test_a_further_depth_is_one_function_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEPTHS, "normal", Depth("normal", posterior=True))
    monkeypatch.setattr(depths, "draw_normal", draw_around_the_mode, raising=False)
    found = explore("normal", REQUEST, MAXIMUM, POSTERIOR)
    # The mode of the logarithm of a gamma variable with shape a is log(a / b), its inverse curvature 1 / a.
    mode = np.log((POSTERIOR.shape + COUNTS) / (POSTERIOR.rate + SESSIONS))
    sd = (POSTERIOR.shape + COUNTS) ** -0.5
    assert np.abs((found.positions.mean(axis=0) - mode) / sd * np.sqrt(REQUEST.draws)).max() < 4
    np.testing.assert_allclose(found.positions.std(axis=0), sd, rtol=0.05)
    assert list(TARGET.named(found.positions)) == ["rates"]
