"""Data sets that resemble each other say too little of the uncertainty between them, and it is said how much."""

import numpy as np
import pytest

from alliance.models.path.resemblance import lost_error

COUNT, CHAINS = 60, 4000


@pytest.mark.parametrize("follows", [0.0, 0.5, 0.8, 0.93])
def test_what_is_lost_is_what_chains_lose(follows: float) -> None:
    """Variances of one within and one between data sets. What pooled variances lack on average the median chain says
    within a third, or .003."""
    rng = np.random.default_rng(1)
    chains = np.empty((COUNT, CHAINS))
    chains[0] = rng.standard_normal(CHAINS)
    for step in range(1, COUNT):
        chains[step] = follows * chains[step - 1] + np.sqrt(1 - follows**2) * rng.standard_normal(CHAINS)
    lost = 1 - np.sqrt((1 + chains.var(axis=0).mean()) / 2)
    assert float(np.median(lost_error(chains, np.ones(CHAINS)))) == pytest.approx(lost, rel=0.3, abs=0.003)


def test_nothing_is_lost_where_data_sets_do_not_differ() -> None:
    assert lost_error(np.ones((10, 2)), np.ones(2)).tolist() == [0.0, 0.0]
