"""Limits beyond which a session is marked, so that patients without ruptures are marked at a declared rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from alliance.data.ruptures.detectors import judge
from alliance.data.ruptures.episodes import follow
from alliance.data.ruptures.series import Usual
from alliance.facts.detectors import DETECTORS, RATE

_MOST, _FEWEST = 2500, 400  # simulated patients for each number of recorded sessions
_CELLS: Final = 700_000  # simulated sessions in all, about
_STREAM: Final = 0x72757074  # so that no other part of a run draws the same numbers


@dataclass(frozen=True)
class Limits:
    """The limits of one detector in one study.

    Parameters
    ----------
    by_count
        Number of recorded sessions -> limit. Who has more sessions has more occasions for a mark, so the limit is higher.
    rate, usual_rate
        Share of patients without ruptures whom these limits and the one in use mark, of those who can be judged; NaN where the units of
        the latter need a reliability that is not known.
    repaired
        Share of what is marked among them that returns by itself, of what is known to or not to; NaN where nothing is.
    """

    by_count: Mapping[int, float]
    rate: float
    usual_rate: float
    repaired: float


def find_limits(values: np.ndarray, usual: Usual, seed: int, rate: float = RATE) -> dict[str, Limits]:
    """Find the limits of every detector from simulated patients without ruptures, who recorded sessions as those of the study did.

    For each number of recorded sessions, the limit is the (1 - rate) quantile of a patient's largest value.

    Parameters
    ----------
    values
        (patients, sessions), see `alliance.data.ruptures.series.series_of`.
    usual
        How they vary without ruptures.

    Returns
    -------
    dict
        Detector -> limits; detectors that can judge no patient of the study are left out.
    """
    seen = np.isfinite(values)
    counts = seen.sum(axis=1)
    sizes, share = np.unique(counts[counts > 0], return_counts=True)
    rng = np.random.default_rng([seed, _STREAM])
    many = int(np.clip(_CELLS / max(len(sizes) * values.shape[1], 1), _FEWEST, _MOST))
    patterns = [seen[rng.choice(np.flatnonzero(counts == size), many)] for size in sizes]
    if not patterns:
        return {}
    simulated = usual.simulate(np.concatenate(patterns), rng)
    weights = np.repeat(share / share.sum(), many) / many
    found = {name: _limits_of(name, simulated, np.repeat(sizes, many), weights, usual, rate) for name in DETECTORS}
    return {name: limits for name, limits in found.items() if limits is not None}


def mark(name: str, values: np.ndarray, usual: Usual, limits: Limits) -> np.ndarray:
    """Return 1 where a session is marked, 0 where it is not, NaN where nothing can be said: (patients, sessions)."""
    return _beyond(judge(name, values, usual), values, limits.by_count)


def _beyond(found: np.ndarray, values: np.ndarray, by_count: Mapping[int, float]) -> np.ndarray:
    limit = np.array([by_count.get(int(count), np.nan) for count in np.isfinite(values).sum(axis=1)])[:, None]
    return np.where(np.isfinite(found) & np.isfinite(limit), (found > limit).astype(float), np.nan)


def _limits_of(
    name: str, simulated: np.ndarray, sizes: np.ndarray, weights: np.ndarray, usual: Usual, rate: float
) -> Limits | None:
    found = judge(name, simulated, usual)
    judged = np.isfinite(found)
    largest = np.where(judged, found, -np.inf).max(axis=1)
    able = judged.any(axis=1)
    by_count = {
        int(size): float(np.quantile(largest[chosen], 1 - rate, method="inverted_cdf"))
        for size in np.unique(sizes)
        if (chosen := (sizes == size) & able).any()
    }
    if not by_count:
        return None
    marks = _beyond(found, simulated, by_count)
    chance = weights[able] / weights[able].sum()
    episodes = follow(simulated, marks, usual)
    known = np.isfinite(episodes.repaired)
    of_known = weights[episodes.patient[known]]
    in_use = DETECTORS[name].usual if name != "reliable_change" or np.isfinite(usual.error) else np.nan
    return Limits(
        by_count,
        rate=float(chance @ (marks == 1).any(axis=1)[able]),
        usual_rate=float(chance @ (found > in_use).any(axis=1)[able]) if np.isfinite(in_use) else np.nan,
        repaired=float(of_known @ episodes.repaired[known] / of_known.sum()) if known.any() else np.nan,
    )
