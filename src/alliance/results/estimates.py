"""From draws of the paths to the table of estimates, the same for every family."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.contracts import ESTIMATE_COLUMNS
from alliance.facts.marks import Mark
from alliance.facts.quantity import ends_of, nodes_of, outcomes_on
from alliance.models.container import quantities_of

DRAWN_EFFECTS = ("a", "b", "c_prime", "effect", "indirect", "total")
_MOST_DRAWS = 4000
_UNSIGNED = ("icc", "variance", "sd")  # cannot be negative
_OF_SEVERAL_PATHS = ("total", "indirect_total", "proportion")


def summarise_estimates(tree: xr.DataTree, marks: list[Mark], interval: float) -> pd.DataFrame:
    """Summarise the draws of every quantity of one model.

    Parameters
    ----------
    tree
        Container of `models.container.make_tree`, draws of shape (chain, draw, quantity).
    marks
        What the diagnostics found; failed ones become the flag of the estimates concerned.
    interval
        Probability content of the interval, e.g. 0.95.

    Returns
    -------
    pandas.DataFrame
        Columns `contracts.ESTIMATE_COLUMNS`. `estimate` is the mean of the draws (their median for a ratio, whose mean may not
        exist), or the family's own point estimate, and `sd` their standard deviation; `low` and `high` are the equal-tailed
        quantiles (1 - interval) / 2 and (1 + interval) / 2; `p_direction` is the share of draws on the side of zero where most of
        them lie (Makowski et al. 2019), missing for quantities that cannot be negative and for shares of a total, which are
        reported only where their sign is settled. All are in the units of the outcome per unit of the cause.
    """
    values = tree["paths"]["draws"].to_numpy()
    draws = values.reshape(-1, values.shape[-1])
    table = quantities_of(tree)
    tail = (1 - interval) / 2
    paths = tree["paths"]
    ratio = (table["effect"] == "proportion").to_numpy()
    table["estimate"] = (
        paths["point"].to_numpy() if "point" in paths else np.where(ratio, np.median(draws, axis=0), draws.mean(axis=0))
    )
    table["sd"] = draws.std(axis=0, ddof=1)
    table["low"], table["high"] = np.quantile(draws, [tail, 1 - tail], axis=0)
    above = (draws > 0).mean(axis=0)
    below = (draws < 0).mean(axis=0)
    directed = ~table["effect"].isin(_UNSIGNED) & ~ratio
    table["p_direction"] = np.where(directed, np.maximum(above, below), np.nan)
    table["interval"] = interval
    for name in ("model", "family", "engine", "interval_kind"):
        table[name] = tree.attrs[name]
    rows = table.to_dict("records")
    indirect = [str(row["path"]) for row in rows if row["effect"] == "indirect"]
    table["flag"] = [flag_of(quantity, position, marks, indirect) for position, quantity in enumerate(rows)]
    return table[ESTIMATE_COLUMNS]


def flag_of(quantity: Mapping[Hashable, Any], position: int, marks: list[Mark], indirect: Sequence[str] = ()) -> str:
    """Join the titles of the failed diagnostics that concern one estimate.

    A mark on an equation concerns the estimates of that outcome and every effect of a path that runs through it; a total and a share
    of it run through every indirect path between their ends.

    Parameters
    ----------
    quantity
        outcome, path, effect and level of the estimate.
    position
        Its place in the container, counted from 0.
    indirect
        The indirect paths of the model.
    """
    through = {quantity["outcome"], *outcomes_on(quantity["path"])}
    if quantity["effect"] in _OF_SEVERAL_PATHS:
        for path in indirect:
            if ends_of(path) == ends_of(quantity["path"]):
                through |= set(nodes_of(path)[1:])
    names = [
        mark.declared.title
        for mark in marks
        if not mark.passed
        and (not mark.outcomes or through & set(mark.outcomes))
        and (not mark.effects or quantity["effect"] in mark.effects)
        and (not mark.levels or quantity["level"] in mark.levels)
        and (not mark.positions or position in mark.positions)
    ]
    return "; ".join(dict.fromkeys(names))


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that answer what a model asks: its indirect paths, or its single slopes where it has none.

    Parameters
    ----------
    table
        Any table with the columns model and effect.
    """
    mediated = set(table.loc[table["effect"] == "indirect", "model"])
    single = ~table["model"].isin(mediated) & (table["effect"] == "effect")
    return table[(table["effect"] == "indirect") | single]


def regions_of(part: pd.DataFrame) -> list[tuple[float, float]]:
    """Return the stretches of a moderator in which the interval excludes zero, as (first value, last value).

    Parameters
    ----------
    part
        One effect over a grid, columns value and excludes_zero, in the order of the values.
    """
    inside = part["excludes_zero"].astype(bool).to_numpy()
    values = part["value"].to_numpy(dtype=float)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    return [(float(values[start]), float(values[end - 1])) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def thin_draws(tree: xr.DataTree) -> pd.DataFrame:
    """Return at most 4000 draws of each path and effect in long form, for figures.

    Returns
    -------
    pandas.DataFrame
        Columns model, outcome, path, effect, level, horizon, chain, draw, value.
    """
    paths = tree["paths"].to_dataset()
    keep = np.flatnonzero(np.isin(paths["effect"].to_numpy(), DRAWN_EFFECTS))
    per_chain = max(1, _MOST_DRAWS // paths.sizes["chain"])
    step = max(1, -(-paths.sizes["draw"] // per_chain))
    chosen = paths["draws"].isel(quantity=keep, draw=slice(None, None, step)).drop_vars("value")
    table = chosen.to_dataframe().reset_index().rename(columns={"draws": "value"})
    table.insert(0, "model", tree.attrs["model"])
    return table[["model", "outcome", "path", "effect", "level", "horizon", "chain", "draw", "value"]]
