"""Estimates of the sites of one study put together: the second stage, see `alliance.inference.random_effects`.

What each site says alone stays beside what partial pooling makes of it, and beside the model in which all patients are one sample.
"""

from collections.abc import Iterator
from dataclasses import asdict
from statistics import NormalDist

import pandas as pd
import xarray as xr

from alliance.facts.artefacts import ARTEFACTS
from alliance.inference.random_effects import Pooled, pool, shrink
from alliance.models.container import rows_of

KEY = ["outcome", "path", "effect", "level", "horizon"]


def summarise_sites(group: xr.DataTree, interval: float) -> pd.DataFrame:
    """Return a row for each site and quantity: columns of the artefact `sites` without the model.

    Parameters
    ----------
    group
        ``sites`` of the container, see `alliance.models.path.sites`.
    interval
        Probability content of all intervals: normal ones of what a site says alone, and those of `alliance.inference.random_effects`.
    """
    rows = rows_of(group)
    reach = NormalDist().inv_cdf((1 + interval) / 2)
    parts = [rows[rows["reason"] != ""]]
    for part, found in _each(rows, interval):
        drawn = shrink(part["estimate"].to_list(), part["sd"].to_list(), found, interval)
        parts.append(
            part.assign(
                low=part["estimate"] - reach * part["sd"],
                high=part["estimate"] + reach * part["sd"],
                weight=found.weights,
                shrunk=[one.estimate for one in drawn],
                shrunk_low=[one.low for one in drawn],
                shrunk_high=[one.high for one in drawn],
            )
        )
    columns = [name for name in ARTEFACTS["sites"].header if name != "model"]
    return pd.concat(parts, ignore_index=True).reindex(columns=columns)


def summarise_pooled(group: xr.DataTree, interval: float) -> pd.DataFrame:
    """Return a row for each quantity, what the sites say together: columns of the artefact `pooled` without the model."""
    rows = []
    for part, found in _each(rows_of(group), interval):
        about = {name: part[name].iloc[0] for name in KEY}
        counts = {name: part[name].sum(skipna=False) for name in ("n_patients", "n_sessions")}
        rows.append(about | asdict(found) | counts | {"interval": interval})
    columns = [name for name in ARTEFACTS["pooled"].header if name != "model"]
    return pd.DataFrame(rows, columns=[*columns])


def _each(rows: pd.DataFrame, interval: float) -> Iterator[tuple[pd.DataFrame, Pooled]]:
    """Yield the sites of each quantity that two of them have, and what they say together."""
    for _, part in rows[rows["reason"] == ""].groupby(KEY, sort=False):
        if len(part) > 1:
            yield part, pool(part["estimate"].to_list(), part["sd"].to_list(), interval)
