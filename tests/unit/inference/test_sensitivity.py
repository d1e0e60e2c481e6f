"""Power-scaling sensitivity: the blocks are the whole prior, and values are right where they are known in closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from alliance.inference.sensitivity import SENSITIVE, mark_sensitivity, power_scaling
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import make_target
from tests.unit.models import joint_study as study
from tests.unit.models.populations import design_of

PRIORS = study.make_settings()["priors"]
BY_BOTH = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
    "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept"]}},
}


@pytest.fixture(scope="module", params=[2.0, "uniform"])
def three_levels(request) -> PathPosterior:
    design = design_of(study.make_spec(equations=BY_BOTH), study.simulate(24, 5, seed=1))
    return PathPosterior(make_target(design), PRIORS | {"correlations": request.param})


def test_blocks_and_likelihood_add_up_to_the_posterior_density(three_levels):
    layout = three_levels.target.layout
    positions = three_levels.draw_prior(200, np.random.default_rng(1))
    blocks = three_levels.prior_blocks(positions)
    assert list(blocks) == [
        "intercepts", "effects", "residuals",
        "differences between patients", "correlations between patients",
        "differences between therapists", "correlations between therapists",
    ]  # fmt: skip
    # The sampler's density has Jacobians besides: of logarithms, and from correlations to canonical partial correlations z to
    # atanh(z), dC/dz = prod (1 - z_ij^2)^((q - j - 2) / 2), dz/dx = 1 - z^2, j counted from 0.
    jacobian = positions[:, layout.residuals].sum(axis=1)
    for level, q in layout.effects.items():
        partial = np.tanh(positions[:, layout.between(level)][:, q:])
        for z, column in zip(partial.T, np.tril_indices(q, -1)[1], strict=True):
            jacobian += (1 + (q - 2 - column) / 2) * np.log1p(-(z**2))
    total = three_levels.log_likelihoods(positions) + sum(blocks.values()) + jacobian
    rest = three_levels.values(positions) - total
    # A constant, up to rounding of densities of size 1e5.
    assert np.ptp(rest) < 1e-7


def test_a_flat_prior_of_correlations_has_no_sensitivity(three_levels):
    positions = three_levels.draw_prior(500, np.random.default_rng(2))
    blocks = PathPosterior(three_levels.target, PRIORS | {"correlations": 1.0}).prior_blocks(positions)
    flat = {name: values for name, values in blocks.items() if name == "correlations between patients"}
    rows = power_scaling(label("a"), positions[:, :1], flat, three_levels.log_likelihoods(positions))
    assert [row["value"] for row in rows if row["component"] == "prior"] == [0.0]


def label(*effects: str) -> pd.DataFrame:
    return pd.DataFrame({"path": [f"path {effect}" for effect in effects], "effect": effects, "level": "within"})


def conjugate(prior_mean: float, prior_sd: float, data_mean: float, data_sd: float) -> tuple[np.ndarray, ...]:
    """Return even draws of a normal mean, and the log densities of its prior and likelihood."""
    precision = prior_sd**-2 + data_sd**-2
    mean = (prior_mean * prior_sd**-2 + data_mean * data_sd**-2) / precision
    even = (np.arange(4000) + 0.5) / 4000
    draws = stats.norm.ppf(even, mean, precision**-0.5)
    return draws, stats.norm.logpdf(draws, prior_mean, prior_sd), stats.norm.logpdf(draws, data_mean, data_sd)


def distance(mean: float, sd: float, other_mean: float, other_sd: float, low: float, high: float) -> float:
    """Return the cumulative Jensen-Shannon distance of two normal distributions by numerical integration."""

    def divergence(flip: int) -> float:
        x = np.linspace(low, high, 200_001)
        p = stats.norm.cdf(flip * x, flip * mean, sd)
        q = stats.norm.cdf(flip * x, flip * other_mean, other_sd)
        middle = (p + q) / 2
        first = p * np.log2(p / middle) + q * np.log2(q / middle)
        return float(np.sqrt(integrate.trapezoid(first, x) / integrate.trapezoid(p + q, x)))

    return max(divergence(1), divergence(-1))


@pytest.mark.parametrize("case", [(0.0, 1.0, 0.1, 0.1), (0.0, 1.0, 0.5, 1.0), (0.0, 0.3, 2.0, 0.4)])
def test_sensitivity_of_a_normal_mean_is_that_of_the_exact_power_scaled_posterior(case):
    draws, log_prior, log_likelihood = conjugate(*case)
    prior_mean, prior_sd, data_mean, data_sd = case
    rows = power_scaling(label("a"), draws[:, None], {"effects": log_prior}, log_likelihood)
    weights = np.array([prior_sd**-2, data_sd**-2])
    means = np.array([prior_mean, data_mean])
    for row, place in zip(rows, (0, 1), strict=True):
        found = []
        for power in (0.99, 1.01):
            scaled = weights * np.where(np.arange(2) == place, power, 1.0)
            exact = (scaled @ means) / scaled.sum(), scaled.sum() ** -0.5
            plain = (weights @ means) / weights.sum(), weights.sum() ** -0.5
            found.append(distance(*plain, *exact, draws[0], draws[-1]) / abs(np.log2(power)))
        # 4,000 draws stand for a continuous distribution.
        assert row["value"] == pytest.approx(np.mean(found), rel=0.03, abs=1e-3)


def test_prior_that_fights_the_data_is_marked_for_the_effects_concerned_only():
    draws, log_prior, log_likelihood = conjugate(0.0, 0.3, 2.0, 0.4)
    other = np.random.default_rng(1).normal(size=len(draws))
    table = label("a", "b", "coefficient")
    values = np.column_stack([draws, other, draws])
    rows = power_scaling(table, values, {"effects": log_prior, "intercepts": log_prior * 0}, log_likelihood)
    marks = {mark.subject: mark for mark in mark_sensitivity(table, rows, ("a", "b", "indirect"))}
    assert marks["intercepts"].passed
    assert not marks["effects"].passed
    # The coefficient moves as well, but only a, b and indirect effects are judged.
    assert marks["effects"].positions == (0,)
    assert marks["effects"].value > SENSITIVE
    assert "different directions" in marks["effects"].detail


def test_prior_without_data_is_told_from_conflict():
    draws, log_prior, log_likelihood = conjugate(0.0, 1.0, 0.0, 30.0)
    rows = power_scaling(label("a"), draws[:, None], {"effects": log_prior}, log_likelihood)
    assert "was assumed" in rows[0]["meaning"]
    assert rows[1]["meaning"] == "The data say little about this estimate."


def test_low_and_low_is_no_verdict_until_the_spread_tells():
    # Noise that has nothing to do with the parameters, as drawn initial values are, lies over an estimate that the data narrowed tenfold.
    rng = np.random.default_rng(3)
    draws, log_prior, log_likelihood = conjugate(0.0, 3.8, 1.0, 0.01)
    noisy = draws + rng.normal(0, 0.34, len(draws))
    prior = rng.normal(0, 3.8, (4000, 1))

    def verdict(prior: np.ndarray | None) -> tuple[str, bool]:
        row = power_scaling(label("a"), noisy[:, None], {"effects": log_prior}, log_likelihood, prior)[1]
        assert row["value"] <= SENSITIVE
        return row["meaning"], row["informed"]

    assert "its spread is 9% of what the priors alone allow: the data inform it." in verdict(prior)[0]
    assert "no verdict" in verdict(None)[0] and verdict(None)[1]
    meaning, informed = verdict(noisy[:, None] * 1.2)
    assert "say little about this estimate: its spread is 83%" in meaning and not informed


def test_quantity_without_spread_has_no_rows():
    draws, log_prior, log_likelihood = conjugate(0.0, 1.0, 0.5, 1.0)
    values = np.column_stack([np.zeros_like(draws), draws])
    rows = power_scaling(label("cov_ab", "a"), values, {"effects": log_prior}, log_likelihood)
    assert {row["effect"] for row in rows} == {"a"}


def test_chance_of_finitely_many_draws_is_no_sensitivity():
    """The log density of correlations near one has long tails: weighted draws of an estimate that has nothing to do with it still move."""
    beyond, told = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        draws, log_prior = rng.normal(size=(400, 1)), rng.exponential(4.0, 400)
        prior, _ = power_scaling(label("a"), draws, {"correlations": log_prior}, np.zeros(400))
        beyond += prior["value"] > SENSITIVE
        told += prior["value"] > prior["threshold"]
        assert ("at random" in prior["meaning"]) == (SENSITIVE < prior["value"] <= prior["threshold"])
    assert beyond > 10
    assert told <= 2


def test_draws_that_came_up_several_times_count_as_one_where_chance_is_measured():
    """Importance sampling draws some positions often: a hundred of them, each twenty times, say no more than a hundred do."""
    told = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        often = np.repeat(np.arange(100), 20)
        draws, log_prior = rng.normal(size=(100, 1))[often], rng.exponential(1.5, 100)[often]
        prior, _ = power_scaling(label("a"), draws, {"effects": log_prior}, np.zeros(2000))
        told += prior["value"] > prior["threshold"]
    assert told <= 1


def test_what_depends_on_a_block_is_told_whatever_chance_does_and_judged_by_its_own_limit():
    rng = np.random.default_rng(4)
    log_prior = rng.exponential(6.0, 1000)
    draws = np.column_stack([log_prior + rng.normal(0, 6.0, 1000), rng.normal(size=1000)])
    rows = power_scaling(label("a", "b"), draws, {"correlations": log_prior}, np.zeros(1000))
    found = {row["effect"]: row for row in rows if row["component"] == "prior"}
    assert found["a"]["value"] > found["a"]["threshold"] >= SENSITIVE
    (mark,) = mark_sensitivity(label("a", "b"), rows, ["b"])
    assert mark.passed == (found["b"]["value"] <= found["b"]["threshold"])
    assert mark.threshold == found["b"]["threshold"]
