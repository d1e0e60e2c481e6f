"""Draws of every engine, read into one form, and the same effective sample sizes for all of them."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from arviz_stats.base.array import array_stats

Draws = dict[str, np.ndarray]  # parameter -> (chain, draw)


def read_arrays(path: Path) -> Draws:
    """Read draws as the Python engines write them."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def read_brms(path: Path) -> Draws:
    """Read draws as `peers/brms.R` writes them, under the names all engines share."""
    table = pd.read_csv(path)
    chains = [rows for _, rows in table.sort_values([".chain", ".iteration"]).groupby(".chain")]
    columns = [column for column in table.columns if not column.startswith(".")]
    return {_shared_name(column): np.stack([rows[column].to_numpy() for rows in chains]) for column in columns}


def _shared_name(column: str) -> str:
    kind, _, rest = column.partition("_")
    if kind == "b":
        return _effect(rest)
    if kind == "sigma":
        return f"sd residual {rest}"
    level, *effects = rest.split("__")
    named = sorted(_effect(effect) for effect in effects)
    return f"sd {level} {named[0]}" if kind == "sd" else f"correlation {level} {' with '.join(named)}"


def _effect(name: str) -> str:
    outcome, term = re.fullmatch(r"([a-z]+)_(\w+)", name).groups()  # type: ignore[union-attr]
    return f"{outcome}: {term.lower().removesuffix('_own')}"


def smallest_ess(draws: Draws) -> tuple[str, float]:
    """Return the parameter with the smallest bulk effective sample size, and that size.

    Vehtari et al. 2021, Bayesian Analysis 16, 667-718, as implemented in ArviZ.
    """
    sizes = {name: _statistic("ess", values, "bulk") for name, values in draws.items()}
    worst = min(sizes, key=lambda name: sizes[name])
    return worst, sizes[worst]


def largest_rhat(draws: Draws) -> float:
    """Return the largest R-hat of all parameters."""
    return max(_statistic("rhat", values, "rank") for values in draws.values())


def compare(one: Draws, other: Draws) -> dict[str, Any]:
    """Return how far two posteriors of the same parameters are apart.

    `largest_z` is the largest difference of two means in units of its Monte Carlo standard error; `largest_shift` the largest in units of
    the posterior standard deviation; `sd_ratio` the range of the ratios of posterior standard deviations.
    """
    if set(one) != set(other):
        raise ValueError(f"parameters differ: {sorted(set(one) ^ set(other))}")
    z, shifts, ratios = [], [], []
    for name, left in one.items():
        right = other[name]
        difference = abs(float(left.mean() - right.mean()))
        z.append(difference / math.hypot(_mean_error(left), _mean_error(right)))
        shifts.append(difference / right.std())
        ratios.append(left.std() / right.std())
    return {
        "largest_z": float(max(z)),
        "largest_shift": float(max(shifts)),
        "sd_ratio": [float(min(ratios)), float(max(ratios))],
    }


def _mean_error(values: np.ndarray) -> float:
    return _statistic("mcse", values, "mean")


def _statistic(name: str, values: np.ndarray, method: str) -> float:
    function: Callable[..., Any] = getattr(array_stats, name)
    return float(function(values, chain_axis=0, draw_axis=1, method=method))
