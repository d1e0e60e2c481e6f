"""The one container of every family: draws of the paths, what they are about, and how the fit went.

Layout of the tree
------------------
``/paths``       ``draws`` (chain, draw, quantity); coordinates of ``quantity``: what tells it from others (see `alliance.facts.quantity`)
                 and what it rests on, n_patients, n_sessions, n_therapists. ``point`` (quantity), where the estimate is not the mean;
                 ``without_priors`` (quantity), restricted maximum likelihood beside a posterior
``/moderation``  the same for effects on a grid of values of each moderator
``/shrinkage``   effects of single patients and therapists, of many patients of a random sample: ``draws`` (draw, row), ``alone`` and
                 ``order`` (row), the place among all; coordinates unit, quantity, path
``/predictive``  statistics of data the model generates, ``draws`` (draw, row), ``observed`` and ``n_sampled`` (row); coordinates
                 kind, statistic, outcome
``/contributions``  how far single units move effects, ``moves`` (unit, effect), ``code`` (unit) and ``position`` (effect) among the
                 quantities of ``paths``; where models are compared with each other
``/priors``, ``/influence``, ``/sensitivity``   tables without draws, see `pack_rows`

What a fit has nothing for is left out. Other groups (``posterior``, ``sample_stats``) are the family's own. Only draws leave a family:
their intervals are a matter of the run (`alliance.results.estimates`), and another one refits nothing. Attributes: model, family, engine,
interval_kind, ``marks`` (JSON), and where a likelihood was maximised, ``log_likelihood`` and the number of its ``parameters``.
"""

import json
import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from alliance.facts.columns import COUNT_COLUMNS
from alliance.facts.effects import EFFECTS
from alliance.facts.marks import Mark
from alliance.facts.quantity import QUANTITY_COLUMNS, key_of, outcomes_on
from alliance.models.diagram import Edge

CONTRIBUTIONS: Final = "contributions"


@dataclass
class Quantities:
    """Rows and draws of the quantities of a model, in the order in which they were added.

    Parameters
    ----------
    counts
        Outcome -> what its equation is fitted to, see `alliance.models.rows.count_rows`.
    """

    counts: dict[str, dict[str, int]]
    rows: list[dict[str, Any]] = field(default_factory=list)
    draws: list[np.ndarray] = field(default_factory=list)
    _known: set[tuple[Hashable, ...]] = field(default_factory=set)

    def add(
        self,
        path: str,
        effect: str,
        level: str,
        values: np.ndarray,
        of: tuple[str, ...],
        horizon: str = "",
        *,
        moderator: str = "",
        value: float = math.nan,
    ) -> None:
        """Add one quantity.

        Parameters
        ----------
        values
            Its draws, shape (draw,).
        of
            Outcomes of the equations concerned; the last one is its own. The smallest of them gives the counts.
        moderator, value
            The moderator it depends on, and the value of the moderator at which it holds.

        Raises
        ------
        ValueError
            There is such a quantity already, or no such effect.
        """
        keys = dict(zip(QUANTITY_COLUMNS, (of[-1], path, effect, level, horizon, moderator, value), strict=True))
        if effect not in EFFECTS:
            raise ValueError(f"there is no effect '{effect}': declare it in alliance.facts.effects")
        if key_of(keys) in self._known:
            raise ValueError(f"there are two quantities of the same name: {keys}")
        self._known.add(key_of(keys))
        smallest = {key: min(self.counts[outcome][key] for outcome in of) for key in COUNT_COLUMNS}
        self.rows.append(keys | smallest)
        self.draws.append(values)

    def add_step(self, edge: Edge, effect: str, level: str, values: np.ndarray, horizon: str) -> None:
        """Add the effect of one arrow, unless another path has brought it already, maybe by another name."""
        if (edge, level) not in self._known:
            self._known.add((edge, level))
            self.add(edge.text, effect, level, values, (edge.outcome,), horizon)

    def leave_out(self, paths: Collection[str]) -> None:
        """Take out what stands on some paths, where it is said in other words."""
        kept = [place for place, row in enumerate(self.rows) if row["path"] not in paths]
        self.rows = [self.rows[place] for place in kept]
        self.draws = [self.draws[place] for place in kept]

    def take_levels_apart(self, by_patient: Collection[str]) -> None:
        """Call effects overall, not within patients, where an equation on their path does not tell patients apart.

        Parameters
        ----------
        by_patient
            Outcomes whose equations have something that varies between patients.
        """
        for row in self.rows:
            if row["level"] == "within" and not outcomes_on(row["path"]) <= set(by_patient):
                row["level"] = "overall"

    def table(self) -> pd.DataFrame:
        """Return one row per quantity."""
        return pd.DataFrame(self.rows, columns=[*QUANTITY_COLUMNS, *COUNT_COLUMNS])

    def array(self, chains: int = 1) -> np.ndarray:
        """Return all draws, shape (chain, draw, quantity); those of a chain lie one after the other."""
        draws = np.stack(self.draws, axis=-1)
        return draws.reshape(chains, len(draws) // chains, -1)

    def pack(
        self, chains: int = 1, estimates: "Quantities | None" = None, without_priors: "Quantities | None" = None
    ) -> xr.Dataset:
        """Return a group of the container, see `pack_draws`.

        Parameters
        ----------
        chains
            Number of chains, whose draws lie one after the other.
        estimates
            The same quantities at the estimate of the parameters; None where the mean of the draws is the estimate.
        without_priors
            The same at an estimate that uses no priors; None where there were none.
        """
        paths = pack_draws(self.table(), self.array(chains), None if estimates is None else self._values_of(estimates))
        if without_priors is not None:
            paths["without_priors"] = ("quantity", self._values_of(without_priors))
        return paths

    def _values_of(self, single: "Quantities") -> np.ndarray:
        """Return the values of a single draw in the order of these quantities, missing where it lacks one: (quantity,)."""
        known = {key_of(row): float(values[0]) for row, values in zip(single.rows, single.draws, strict=True)}
        return np.array([known.get(key_of(row), np.nan) for row in self.rows])


@dataclass(frozen=True)
class FitResult:
    """What a family hands back: the container and the rows of the patient flow."""

    tree: xr.DataTree
    flow: pd.DataFrame


def make_tree(
    *,
    model: str,
    family: str,
    engine: str,
    interval_kind: str,
    paths: xr.Dataset,
    marks: Sequence[Mark] = (),
    groups: Mapping[str, xr.Dataset] | None = None,
) -> xr.DataTree:
    """Build the container.

    Parameters
    ----------
    interval_kind
        ``credible``, ``Monte Carlo confidence`` or ``bootstrap confidence``.
    paths
        See `Quantities.pack`.
    marks
        What the fit reports about itself.
    groups
        The others.
    """
    tree = xr.DataTree.from_dict({"/paths": paths, **{f"/{name}": group for name, group in (groups or {}).items()}})
    tree.attrs = {
        "model": model,
        "family": family,
        "engine": engine,
        "interval_kind": interval_kind,
        "marks": json.dumps([asdict(mark) for mark in marks]),
    }
    return tree


def make_failed_tree(*, model: str, family: str, reason: str) -> xr.DataTree:
    """Build the container of a model that could not be fitted: nothing but the mark that says why."""
    tree = xr.DataTree()
    mark = Mark("not_fitted", model, detail=reason)
    tree.attrs = {
        "model": model,
        "family": family,
        "engine": "",
        "interval_kind": "",
        "marks": json.dumps([asdict(mark)]),
    }
    return tree


def reason_of_failure(tree: xr.DataTree) -> str:
    """Return why a model could not be fitted; empty where it was."""
    return "" if "paths" in tree.children else marks_of(tree)[0].detail


def pack_draws(quantities: pd.DataFrame, draws: np.ndarray, points: np.ndarray | None = None) -> xr.Dataset:
    """Return draws with what they are draws of.

    Parameters
    ----------
    quantities
        One row per quantity with the columns `QUANTITY_COLUMNS`, n_patients, n_sessions, n_therapists.
    draws
        Array (chain, draw, quantity) of posterior draws, or of draws from the estimated sampling distribution
        (one chain).
    points
        The estimate of each quantity, (quantity,); None where the mean of the draws is the estimate, as in a posterior.

    Raises
    ------
    ValueError
        The array does not have one slice per quantity.
    """
    if draws.ndim != 3 or draws.shape[2] != len(quantities):
        raise ValueError(f"draws have shape {draws.shape}, expected (chain, draw, {len(quantities)})")
    coords: dict[str, Any] = {
        name: ("quantity", quantities[name].astype(str).to_numpy(dtype=object)) for name in QUANTITY_COLUMNS[:-1]
    }
    coords["value"] = ("quantity", quantities["value"].to_numpy(dtype="float64"))
    coords |= {name: ("quantity", quantities[name].to_numpy(dtype="int64")) for name in COUNT_COLUMNS}
    coords |= {name: np.arange(size) for name, size in zip(("chain", "draw", "quantity"), draws.shape, strict=True)}
    paths = xr.Dataset({"draws": (("chain", "draw", "quantity"), np.asarray(draws, dtype="float64"))}, coords=coords)
    if points is not None:
        paths["point"] = ("quantity", np.asarray(points, dtype="float64"))
    return paths


def marks_of(tree: xr.DataTree) -> list[Mark]:
    """Read back what a fit reports about itself."""
    scopes = ("outcomes", "effects", "levels", "positions")
    return [
        Mark(**{**mark, **{scope: tuple(mark[scope]) for scope in scopes}}) for mark in json.loads(tree.attrs["marks"])
    ]


def quantities_of(group: xr.DataTree) -> pd.DataFrame:
    """Return the rows `pack_draws` was given: one per quantity, in the order of the draws."""
    return pd.DataFrame({name: group[name].to_numpy() for name in [*QUANTITY_COLUMNS, *COUNT_COLUMNS]})


def pack_rows(rows: Sequence[Mapping[str, Any]]) -> xr.Dataset:
    """Return a plain table as a group of the container: one variable per column, dimension ``row``."""
    table = pd.DataFrame(rows)
    return xr.Dataset(
        {
            name: ("row", column.to_numpy(dtype=object if column.dtype == "str" else None))
            for name, column in table.items()
        }
    )


def rows_of(group: xr.DataTree) -> pd.DataFrame:
    """Return the rows `pack_rows` was given."""
    return pd.DataFrame({str(name): values.to_numpy() for name, values in group.data_vars.items()})
