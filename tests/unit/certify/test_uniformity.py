"""Ranks of an exactly known posterior pass, ranks of wrong posteriors do not."""

import numpy as np
import pytest

from alliance.certify.uniformity import bands, counts_below, extremeness, null_extremeness, tail_probability

DRAWS, SETS = 99, 300
RNG = np.random.default_rng(20261124)
NULL = null_extremeness(SETS, DRAWS, RNG, simulations=2000)


def conjugate_ranks(seed: int, width: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Rank the true mean of a normal sample of 5 among draws of its posterior under a standard normal prior.

    `width` and `shift` spoil the posterior: its sd is multiplied, its mean moved by so many sds.
    """
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal(SETS)
    means = truth + rng.standard_normal(SETS) / np.sqrt(5)
    sd = 1 / np.sqrt(1 + 5)
    draws = 5 / 6 * means[:, None] + sd * (shift + width * rng.standard_normal((SETS, DRAWS)))
    return np.asarray((draws < truth[:, None]).sum(axis=1))


def probability(ranks: np.ndarray) -> float:
    return tail_probability(float(extremeness(ranks, DRAWS)), NULL)


def test_ranks_in_an_exact_posterior_are_uniform() -> None:
    found = np.array([probability(conjugate_ranks(seed)) for seed in range(60)])
    # p-values of 60 right posteriors: their mean is .5 with error .037, and 3 of them lie below .05 on average.
    assert found.mean() == pytest.approx(0.5, abs=0.13)
    assert (found < 0.05).sum() <= 9


@pytest.mark.parametrize("spoilt", [{"width": 0.7}, {"width": 1.4}, {"shift": 0.4}], ids=str)
def test_posteriors_that_are_too_narrow_too_wide_or_biased_are_found_out(spoilt: dict[str, float]) -> None:
    assert probability(conjugate_ranks(1, **spoilt)) < 0.002


def test_bands_hold_all_points_as_often_as_they_say() -> None:
    low, high = bands(SETS, DRAWS, NULL, 0.9)
    ranks = np.random.default_rng(5).integers(0, DRAWS + 1, (1000, SETS))
    share = counts_below(ranks, DRAWS) / SETS
    inside = ((share >= low - 1e-12) & (share <= high + 1e-12)).all(axis=1).mean()
    # Monte Carlo error .01 here and as much in the 2000 simulations behind the bands.
    assert inside == pytest.approx(0.9, abs=0.045)


def test_counts_below_are_counted() -> None:
    assert counts_below(np.array([0, 0, 2, 3]), 3).tolist() == [2, 2, 3]
