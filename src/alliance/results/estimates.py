"""From draws to what people read of them, the same for every family: estimates, their intervals and flags.

Families hand over draws; this is the only place that takes a quantile of them.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import FLAG_SEPARATOR
from alliance.facts.effects import COVARIANCE, EFFECTS, SLOPE_SHARE
from alliance.facts.marks import Mark
from alliance.facts.quantity import arrows_on, ends_of, keys_of, nodes_of, outcomes_on, varying_on
from alliance.models.container import quantities_of, rows_of

MOVED = 0.25  # standard errors between a posterior and an estimate without priors that a reader should know of
_MOST_DRAWS = 4000
_OF_EFFECTS = ("sd", "correlation", SLOPE_SHARE)  # what is said of single effects that vary
# Kind of a prior -> distribution in units of its scale, given its shape.
_PRIORS: Mapping[str, Callable[[float], Any]] = {
    "normal": lambda _: stats.norm,
    "half-normal": lambda _: stats.halfnorm,
    "beta": lambda shape: stats.beta(shape, shape),
}


def summarise_estimates(tree: xr.DataTree, marks: list[Mark], interval: float) -> pd.DataFrame:
    """Summarise the draws of every quantity of one model.

    Parameters
    ----------
    tree
        Container of `models.container.make_tree`, draws of shape (chain, draw, quantity).
    marks
        What the diagnostics found; failed ones become the flag of the estimates concerned, but those that only corrected ones have.
    interval
        Probability content of the interval, e.g. 0.95.

    Returns
    -------
    pandas.DataFrame
        Columns of the artefact `estimates`. `estimate` is the mean of the draws (their median for a ratio, whose mean may not
        exist), or the family's own point estimate, and `sd` their standard deviation; `low` and `high` are the equal-tailed
        quantiles (1 - interval) / 2 and (1 + interval) / 2; `p_direction` is the share of draws on the side of zero where most of
        them lie (Makowski et al. 2019), missing for quantities that cannot be negative and for shares of a total, which are
        reported only where their sign is settled. `without_priors` is what restricted maximum likelihood says of the same quantity,
        beside a posterior only. All are in the units of the outcome per unit of the cause.
    """
    return _summarise(tree, [mark for mark in marks if mark.declared.only != "corrected"], interval)


def _summarise(tree: xr.DataTree, marks: list[Mark], interval: float) -> pd.DataFrame:
    """Summarise quantities, flagged by all the marks given."""
    paths = tree.children["paths"]
    table, draws = quantities_of(paths), _flat(paths)
    ratio = table["effect"].isin(EFFECTS.names(lambda effect: effect.ratio)).to_numpy()
    table["estimate"] = _points(paths, np.where(ratio, np.median(draws, axis=0), draws.mean(axis=0)))
    table["sd"] = draws.std(axis=0, ddof=1)
    table["low"], table["high"] = _limits(draws, interval)
    above = (draws > 0).mean(axis=0)
    below = (draws < 0).mean(axis=0)
    directed = table["effect"].isin(EFFECTS.names(lambda effect: effect.directed))
    table["p_direction"] = np.where(directed, np.maximum(above, below), np.nan)
    table["without_priors"] = paths["without_priors"].to_numpy() if "without_priors" in paths else np.nan
    table["interval"] = interval
    for name in ("model", "family", "engine", "interval_kind"):
        table[name] = tree.attrs[name]
    rows = table.to_dict("records")
    indirect = [str(row["path"]) for row in rows if row["effect"] == "indirect"]
    table["flag"] = [flag_of(quantity, position, marks, indirect) for position, quantity in enumerate(rows)]
    return table[ARTEFACTS["estimates"].header]


def summarise_corrected(tree: xr.DataTree, marks: list[Mark], interval: float) -> pd.DataFrame:
    """Put effects corrected for unreliable scores beside the same effects as they are.

    Parameters
    ----------
    tree, marks, interval
        As in `summarise_estimates`. The group ``corrected`` holds draws; flags are those that correction does not answer.

    Returns
    -------
    pandas.DataFrame
        Columns of the artefact `corrected`; no rows where nothing is corrected.
    """
    if "corrected" not in tree.children:
        return pd.DataFrame(columns=ARTEFACTS["corrected"].header)
    group = tree.children["corrected"]
    table, draws = quantities_of(group), _flat(group)
    table["estimate_corrected"] = _points(group, draws.mean(axis=0))
    table["sd_corrected"] = draws.std(axis=0, ddof=1)
    table["low_corrected"], table["high_corrected"] = _limits(draws, interval)
    own = _summarise(tree, [mark for mark in marks if mark.declared.only != "recorded"], interval)
    places = {key: place for place, key in enumerate(keys_of(own))}
    known = [key in places for key in keys_of(table)]
    beside = own.iloc[[places[key] for key in keys_of(table[known])]].reset_index(drop=True)
    changed = table.loc[known, [name for name in ARTEFACTS["corrected"].header if name.endswith("_corrected")]]
    return beside.join(changed.reset_index(drop=True))[ARTEFACTS["corrected"].header]


def summarise_moderation(group: xr.DataTree, interval: float) -> pd.DataFrame:
    """Summarise conditional effects on a grid of values of each moderator.

    Parameters
    ----------
    group
        ``moderation`` of the container.

    Returns
    -------
    pandas.DataFrame
        Columns of the artefact `moderation` without the model; ``excludes_zero`` tells whether the interval does.
    """
    table, draws = quantities_of(group), _flat(group)
    table["estimate"] = _points(group, draws.mean(axis=0))
    table["low"], table["high"] = _limits(draws, interval)
    table["excludes_zero"] = table["low"] * table["high"] > 0
    return table


def summarise_units(group: xr.DataTree, interval: float) -> pd.DataFrame:
    """Summarise effects of single patients and therapists: columns of the artefact `shrinkage` without the model."""
    table = pd.DataFrame({name: group[name].to_numpy() for name in ("unit", "quantity", "path", "alone", "order")})
    draws = group["draws"].to_numpy()
    table["estimate"] = draws.mean(axis=0)
    table["low"], table["high"] = _limits(draws, interval)
    return table


def summarise_predictive(group: xr.DataTree, interval: float) -> pd.DataFrame:
    """Put statistics of the data beside those of generated data.

    Parameters
    ----------
    group
        ``predictive`` of the container.

    Returns
    -------
    pandas.DataFrame
        Columns of the artefact `predictive` without the model; ``p_value`` is the share of generated statistics that are at least the
        observed one.
    """
    table = pd.DataFrame(
        {name: group[name].to_numpy() for name in ("kind", "statistic", "outcome", "observed", "n_sampled")}
    )
    draws = group["draws"].to_numpy()
    table["low"], table["high"] = _limits(draws, interval)
    table["median"] = np.median(draws, axis=0)
    table["p_value"] = (draws >= group["observed"].to_numpy()).mean(axis=0)
    return table


def summarise_priors(group: xr.DataTree, interval: float) -> pd.DataFrame:
    """Describe the priors: columns of the artefact `priors` without the model.

    ``raw_low`` and ``raw_high`` enclose the central part of each prior that intervals have, in raw units.
    """
    table = rows_of(group)
    tails = [(1 - interval) / 2, (1 + interval) / 2]
    limits = [
        row["centre"] + row["scale"] * _PRIORS[row["kind"]](row["shape"]).ppf(tails) for row in table.to_dict("records")
    ]
    table[["raw_low", "raw_high"]] = np.array(limits)
    return table


def _flat(group: xr.DataTree) -> np.ndarray:
    """Return the draws of all chains, (draw, quantity)."""
    values = group["draws"].to_numpy()
    return np.asarray(values.reshape(-1, values.shape[-1]))


def _points(group: xr.DataTree, centres: np.ndarray) -> np.ndarray:
    """Return the family's own estimates where it has some, the centres of the draws otherwise: (quantity,)."""
    return np.asarray(group["point"].to_numpy() if "point" in group else centres)


def _limits(draws: np.ndarray, interval: float) -> np.ndarray:
    """Return the equal-tailed quantiles of draws (draw, quantity): (end, quantity)."""
    return np.asarray(np.quantile(draws, [(1 - interval) / 2, (1 + interval) / 2], axis=0))


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
    if EFFECTS[quantity["effect"]].several_paths:
        for path in indirect:
            if ends_of(path) == ends_of(quantity["path"]):
                through |= set(nodes_of(path)[1:])
    names = [
        mark.declared.title
        for mark in marks
        if not mark.passed
        and (not mark.outcomes or through & set(mark.outcomes))
        and (not mark.effects or quantity["effect"] in mark.effects)
        and (not mark.varying or _may_be_of(mark, quantity))
        and (not mark.levels or quantity["level"] in mark.levels)
        and (not mark.positions or position in mark.positions)
    ]
    return FLAG_SEPARATOR.join(dict.fromkeys(names))


def _may_be_of(mark: Mark, quantity: Mapping[Hashable, Any]) -> bool:
    """Whether a quantity says something of an effect that varies; a decomposition has one such effect, and no path."""
    path = quantity["path"]
    if mark.arrow and quantity["effect"] == COVARIANCE:
        return mark.arrow in arrows_on(path)
    return not path or quantity["effect"] not in _OF_EFFECTS or mark.varying in varying_on(path)


def moved_by_priors(table: pd.DataFrame) -> pd.Series:
    """Say which estimates lie more than a quarter of their standard error from what they are without priors.

    Parameters
    ----------
    table
        Columns of the artefact `estimates`.
    """
    return (table["estimate"] - table["without_priors"]).abs() > MOVED * table["sd"]


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that answer what a model asks: its indirect paths, or its single slopes where it has none.

    Parameters
    ----------
    table
        Any table with the columns model and effect.
    """
    answers = EFFECTS.names(lambda effect: effect.answer)
    found = table[table["effect"].isin(answers)]
    first = found["effect"].map(answers.index)
    return found[first == first.groupby(found["model"]).transform("min")]


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
    keep = np.flatnonzero(np.isin(paths["effect"].to_numpy(), EFFECTS.names(lambda effect: effect.central)))
    per_chain = max(1, _MOST_DRAWS // paths.sizes["chain"])
    step = max(1, -(-paths.sizes["draw"] // per_chain))
    chosen = paths["draws"].isel(quantity=keep, draw=slice(None, None, step)).drop_vars("value")
    table = chosen.to_dataframe().reset_index().rename(columns={"draws": "value"})
    table.insert(0, "model", tree.attrs["model"])
    return table[["model", "outcome", "path", "effect", "level", "horizon", "chain", "draw", "value"]]
