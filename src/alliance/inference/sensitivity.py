"""Power-scaling sensitivity: how much estimates move when one block of priors, or the likelihood, counts slightly more or less.

The posterior with a block raised to the power alpha is p(theta | y) f(theta)^(alpha - 1), f the density of the block in natural
parameters. Draws are weighted by f^(alpha - 1), alpha = .99 and 1.01, with Pareto-smoothed weights; the value is the cumulative
Jensen-Shannon distance between weighted and unweighted draws per doubling of alpha (Kallioinen, Paananen, Bürkner & Vehtari 2024, doi
10.1007/s11222-023-10366-5). Nothing is fitted again.

Finitely many draws are at a distance even where nothing depends on the block, the farther the more its log density varies; that of
correlations near one has no bounds. So a value beyond the usual threshold is also held against the distances of the same draws in pairs
made at random, the largest of 39: by chance one in forty exceeds it.

An estimate that follows neither the priors nor the data may still be known from the data: what it then hangs on is how much narrower its
posterior is than its prior.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.facts.cautions import CAUTIONS
from alliance.facts.marks import Mark

SENSITIVE: Final = CAUTIONS["prior_sensitivity"].threshold
LIKELIHOOD: Final = "likelihood"
PRIOR: Final = "prior"
_POWERS = (0.99, 1.01)
_INFORMED = 0.5  # of the prior's spread; a narrower posterior is the work of the data
_PAIRINGS: Final = 39
_STILL = 1e-12  # spread of a log density that does not depend on the draws


def power_scaling(
    table: pd.DataFrame,
    draws: np.ndarray,
    log_priors: Mapping[str, np.ndarray],
    log_likelihood: np.ndarray,
    prior: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Compute the sensitivity of quantities to each block of priors and to the likelihood.

    Parameters
    ----------
    table
        One row per quantity, with path, effect and level.
    draws
        Equally weighted posterior draws, (draw, quantity).
    log_priors
        Block -> log prior density, up to a constant: (draw,).
    log_likelihood
        Shape (draw,).
    prior
        The quantities drawn from the prior, (draw, quantity); NaN for those that cannot be.

    Returns
    -------
    list of dict
        Rows of the artefact `sensitivity` without the model. Quantities without spread have none.
    """
    components = [(block, PRIOR, values) for block, values in log_priors.items()]
    components.append((LIKELIHOOD, LIKELIHOOD, log_likelihood))
    moving = np.flatnonzero(np.ptp(draws, axis=0) > 0)
    found = {block: _distances(draws[:, moving], values) for block, _, values in components}
    limits = {block: _thresholds(draws[:, moving], values, found[block]) for block, _, values in components}
    moved = {block: found[block] > limits[block] for block in found}
    narrowed = np.full(len(table), np.nan) if prior is None else _spread(draws) / _spread(prior)
    rows = []
    for place, quantity in enumerate(moving):
        label = table.iloc[quantity]
        left = float(narrowed[quantity])
        follows_priors = any(moved[block][place] for block in log_priors)
        # Unless its spread tells, an estimate that follows neither is without a verdict, and nothing is said against it.
        informed = moved[LIKELIHOOD][place] or (not follows_priors if np.isnan(left) else left <= _INFORMED)
        for block, component, _ in components:
            value, limit = float(found[block][place]), float(limits[block][place])
            rows.append(
                {
                    "path": label["path"],
                    "effect": label["effect"],
                    "level": label["level"],
                    "block": block,
                    "component": component,
                    "value": value,
                    "threshold": limit,
                    "narrowed": left,
                    "informed": bool(informed),
                    "meaning": _read_data(value > limit, left, informed)
                    if component == LIKELIHOOD
                    else _read_prior(value, limit, informed),
                }
            )
    return rows


def mark_sensitivity(table: pd.DataFrame, rows: list[dict[str, Any]], effects: Collection[str]) -> list[Mark]:
    """Mark each block of priors that certain effects depend on.

    Parameters
    ----------
    table
        All quantities of the container, in its order.
    rows
        See `power_scaling`.
    effects
        Those that are judged.

    Returns
    -------
    list of Mark
        One per block, with the value that is largest beside its threshold; the flag goes to the quantities that are sensitive.
    """
    chosen = [row for row in rows if row["component"] == PRIOR and row["effect"] in effects]
    keys = list(zip(table["path"], table["effect"], table["level"], strict=True))
    marks = []
    for block in dict.fromkeys(row["block"] for row in chosen):
        of_block = [row for row in chosen if row["block"] == block]
        sensitive = {(row["path"], row["effect"], row["level"]) for row in of_block if row["value"] > row["threshold"]}
        worst = max(of_block, key=lambda row: row["value"] / row["threshold"])
        marks.append(
            Mark(
                "prior_sensitivity",
                block,
                worst["value"],
                f"most of all {worst['path']} ({worst['effect']}, {worst['level']}). {worst['meaning'].removesuffix('.')}",
                limit=worst["threshold"],
                positions=tuple(position for position, key in enumerate(keys) if key in sensitive),
            )
        )
    return marks


def _distances(draws: np.ndarray, log_density: np.ndarray) -> np.ndarray:
    """Return the sensitivity of each quantity to one component: (quantity,)."""
    if np.ptp(log_density) < _STILL:
        return np.zeros(draws.shape[1])
    # Only here, since maximum likelihood does without.
    from arviz_stats.base import array_stats

    lower, upper = (np.exp(array_stats.power_scale_lw(log_density, alpha=power))[None] for power in _POWERS)
    return np.array([float(array_stats.power_scale_sense(values[None], lower, upper, *_POWERS)) for values in draws.T])


def _thresholds(draws: np.ndarray, log_density: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return what the sensitivity of each quantity to one component must exceed: (quantity,).

    Draws that came up several times, as importance sampling has them, keep one log density together.
    """
    limits = np.full(len(found), SENSITIVE)
    places = np.flatnonzero(found > SENSITIVE)
    if len(places):
        different, same = np.unique(log_density, return_inverse=True)
        rng = np.random.default_rng(0)
        chance = [_distances(draws[:, places], rng.permutation(different)[same]) for _ in range(_PAIRINGS)]
        limits[places] = np.maximum(SENSITIVE, np.max(chance, axis=0))
    return limits


def _spread(draws: np.ndarray) -> np.ndarray:
    """Return the interquartile range of each quantity; products of normal draws can have no standard deviation worth the name."""
    low, high = np.percentile(draws, [25, 75], axis=0)
    wide: np.ndarray = np.where(high > low, high - low, np.nan)
    return wide


def _read_prior(value: float, limit: float, informed: bool) -> str:
    if value <= SENSITIVE:
        return "These priors hardly matter for this estimate."
    if value <= limit:
        return "These priors are not seen to matter for this estimate: draws paired with them at random move as much."
    if informed:
        return (
            "These priors matter for this estimate, and the data do as well: they may pull in different directions. Compare the priors "
            "with what is known, and report the estimate under wider ones."
        )
    return (
        "These priors matter for this estimate and the data say little about it: the estimate is in good part what was assumed. "
        "Report it under other priors too."
    )


def _read_data(moved: bool, narrowed: float, informed: bool) -> str:
    if moved:
        return "The data inform this estimate."
    if np.isnan(narrowed):
        unmoved = "More or less weight for the data hardly moves this estimate, nor does it for the priors: no verdict."
        return unmoved if informed else "The data say little about this estimate."
    left = f"its spread is {100 * narrowed:.0f}% of what the priors alone allow"
    if informed:
        return f"More or less weight for the data hardly moves this estimate, but {left}: the data inform it."
    return f"The data say little about this estimate: {left}."
