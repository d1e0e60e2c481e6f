"""Are ranks uniform? Simultaneous bands for their empirical distribution function, and a test with many quantities in mind.

With N ranks among L draws, the number of ranks below i is binomial(N, i / (L + 1)) under uniformity, i = 1 .. L. The bands are binomial
quantiles at one level gamma for all i, chosen by simulation so that all L points lie within them with the wanted probability
(Säilynoja, Bürkner & Vehtari 2022, doi 10.1007/s11222-022-10090-6).
"""

import numpy as np
from scipy import stats

_SIMULATIONS = 10_000


def counts_below(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Return the number of ranks below 1 .. L, for the last axis of `ranks`: (..., L)."""
    return np.asarray((ranks[..., None] < np.arange(1, draws + 1)).sum(axis=-2))


def extremeness(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Return the smallest two-sided binomial tail probability over i = 1 .. L, for the last axis of `ranks`."""
    size = ranks.shape[-1]
    # Tail probabilities of every possible count, looked up: many sets of ranks share them.
    count, share = np.arange(size + 1)[:, None], np.arange(1, draws + 1) / (draws + 1)
    tails = 2 * np.minimum(stats.binom.cdf(count, size, share), stats.binom.sf(count - 1, size, share))
    return np.asarray(tails[counts_below(ranks, draws), np.arange(draws)].min(axis=-1))


def null_extremeness(size: int, draws: int, rng: np.random.Generator, simulations: int = _SIMULATIONS) -> np.ndarray:
    """Return the distribution of `extremeness` for `size` uniform ranks among `draws` draws, sorted: (simulation,)."""
    parts = [extremeness(rng.integers(0, draws + 1, (100, size)), draws) for _ in range(-(-simulations // 100))]
    return np.sort(np.concatenate(parts)[:simulations])


def tail_probability(observed: float, null: np.ndarray) -> float:
    """Return the share of uniform sets of ranks that are at least as extreme as the observed one, itself included."""
    return float((1 + np.searchsorted(null, observed, side="right")) / (1 + len(null)))


def bands(size: int, draws: int, null: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper limits of the empirical distribution function at i / (L + 1), simultaneous at `level`: (L,) each."""
    gamma = float(np.quantile(null, 1 - level))
    share = np.arange(1, draws + 1) / (draws + 1)
    low, high = (stats.binom.ppf(tail, size, share) / size for tail in (gamma / 2, 1 - gamma / 2))
    return np.asarray(low), np.asarray(high)
