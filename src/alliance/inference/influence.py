"""Influence of single units: how far an effect moves when one patient, or one therapist with all patients, is left out.

All units are first taken out approximately, by one Newton step from the maximum, position - H^-1 s_c with s_c the unit's score (the
infinitesimal jackknife; Jaeckel 1972). Those that come out as most influential on any effect are then left out exactly: the model is fitted
without them. In studies with few units all of them are.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.facts.cautions import CAUTIONS
from alliance.facts.marks import Mark
from alliance.facts.threads import threads_here
from alliance.inference.maximum import Maximum
from alliance.inference.refit import neighbourhood, refit
from alliance.inference.target import Clusters, Target

_SHOWN: Final = 20
_ALL: Final = 500  # units that are all left out exactly
_CANDIDATES: Final = 3 * _SHOWN  # per effect, where there are more units
_MANY: Final = 5_000  # units, from which on one Newton step tells their order all but exactly, and a fit takes a pass over all of them
_OF_MANY: Final = _SHOWN + 5  # candidates per effect then
_AT_ONCE: Final = 5_000  # positions at which effects are computed

Effects = Callable[[np.ndarray], np.ndarray]


def find_influence(
    maximum: Maximum[Target], effects: Effects, quantities: pd.DataFrame, sd: np.ndarray
) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Leave out one unit after the other, of every level of the target, and list those that move each effect most.

    Parameters
    ----------
    effects
        Returns the effects (draw, quantity) at positions (draw, parameter).
    quantities
        One row per effect in the order of `effects`, with the columns path, effect and level; the index holds the positions of the
        quantities in the container.
    sd
        Standard errors of the effects, (quantity,).

    Returns
    -------
    rows
        Columns path, effect, level, unit, rank, estimate, without, change: the most influential units first, without their codes;
        change = (without - estimate) / sd.
    marks
        One for each effect and kind of unit.
    """
    estimate = effects(maximum.top.position[None])[0]
    rows: list[dict[str, Any]] = []
    marks: list[Mark] = []
    for level in maximum.target.levels:
        clusters = maximum.target.clusters(level)
        if clusters.count < 2:
            continue
        left_out = _leave_out(maximum, clusters, effects, estimate)
        without = left_out[~np.isnan(left_out).any(axis=1)]
        failed = len(left_out) - len(without)
        for number, (position, quantity) in enumerate(
            zip(quantities.index, quantities.to_dict("records"), strict=True)
        ):
            about = {name: quantity[name] for name in ("path", "effect", "level")}
            change = (without[:, number] - estimate[number]) / sd[number]
            order = np.argsort(-np.abs(change), kind="stable")[:_SHOWN]
            rows += [
                {
                    **about,
                    "unit": level,
                    "rank": rank,
                    "estimate": float(estimate[number]),
                    "without": float(without[unit, number]),
                    "change": float(change[unit]),
                }
                for rank, unit in enumerate(order, start=1)
            ]
            turned = bool((np.sign(without[:, number]) != np.sign(estimate[number])).any())
            marks.append(_mark(quantity, int(position), level, change, turned=turned, failed=failed))
    return rows, marks


def _leave_out(maximum: Maximum[Target], clusters: Clusters, effects: Effects, estimate: np.ndarray) -> np.ndarray:
    """Return the effects without each unit that may matter: (unit, quantity); NaN where the model has no maximum without it."""
    units, starts = _candidates(maximum, clusters, effects, estimate)
    near = neighbourhood(maximum)

    def fit(unit: int, start: np.ndarray | None) -> np.ndarray:
        weights = np.ones(clusters.count)
        weights[unit] = 0.0
        position = refit(maximum.target.weigh(clusters, weights), near, start)
        return np.full(len(near.centre), np.nan) if position is None else position

    with ThreadPoolExecutor(threads_here()) as threads:
        positions = np.array(list(threads.map(fit, units.tolist(), starts)))
    found = ~np.isnan(positions).any(axis=1)
    result = np.full((len(units), len(estimate)), np.nan)
    result[found] = effects(positions[found])
    return result


def _candidates(
    maximum: Maximum[Target], clusters: Clusters, effects: Effects, estimate: np.ndarray
) -> tuple[np.ndarray, Sequence[np.ndarray | None]]:
    """Return the units that move some effect most, as far as one Newton step tells, in the order of the units; of many, where it ends."""
    if clusters.count <= _ALL:
        return np.arange(clusters.count), [None] * clusters.count
    scores = maximum.target.scores(maximum.top.position, clusters)
    moved = maximum.top.position - scores @ maximum.covariance
    # What is computed on the way to the effects of one position is many times its size.
    parts = [effects(moved[first : first + _AT_ONCE]) for first in range(0, len(moved), _AT_ONCE)]
    change = np.abs(np.concatenate(parts) - estimate)
    many = clusters.count >= _MANY
    most = np.unique(np.argsort(-change, axis=0, kind="stable")[: _OF_MANY if many else _CANDIDATES])
    return most, list(moved[most]) if many else [None] * len(most)


def _mark(
    quantity: Mapping[Hashable, Any], position: int, level: str, change: np.ndarray, *, turned: bool, failed: int
) -> Mark:
    largest = float(np.abs(change).max(initial=0.0))
    found = ["without one of them it changes its sign"] if turned else []
    found += [f"without {failed} of them, one at a time, the model has no clear estimate"] if failed else []
    return Mark(
        "influential_unit",
        f"{quantity['path']} ({quantity['effect']}, {quantity['level']}): {level}s",
        largest,
        ", ".join(found),
        verdict=largest <= CAUTIONS["influential_unit"].threshold and not found,
        positions=(position,),
    )
