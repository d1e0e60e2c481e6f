"""The same model of each site alone: the first stage of a synthesis within one study.

Sites are told apart by columns of patients. Each site's patients are fitted by themselves, so nothing is taken to be the same in all sites,
not even residual variances; `alliance.results.sites` puts the estimates together.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.errors import ModelError, suggest
from alliance.facts.columns import FLAG_SEPARATOR, PATIENT
from alliance.facts.effects import EFFECT_LEVELS, EFFECTS
from alliance.facts.quantity import key_of
from alliance.inference.maximum import mark_maximum
from alliance.models.joint import Task, compute_effects
from alliance.models.path.basis import Basis, explore_declared
from alliance.models.path.settings import Spec

_DRAWS: Final = 4000  # of each site: a standard error is then known to one percent
_FEWEST: Final = 2  # sites that can be put together
_LEVELS: Final = (
    EFFECT_LEVELS[:1] + EFFECT_LEVELS[-1:]
)  # not between units: how the units of one site differ is hardly known
_KEPT: Final = ("outcome", "path", "effect", "level", "horizon", "n_patients", "n_sessions")
_NONE: Final = {"outcome": "", "path": "", "effect": "", "level": "", "horizon": "", "flag": ""}
_UNKNOWN: Final = {"estimate": np.nan, "sd": np.nan, "n_patients": np.nan, "n_sessions": np.nan}


def fit_sites(task: Task, panel: pd.DataFrame, spec: Spec) -> list[dict[str, Any]]:
    """Fit the model to the patients of each site.

    Returns
    -------
    list of dict
        Rows of the group ``sites``: for each site its estimates with their standard errors, or one row with the reason why it has none.
        `moderator` and `value` say which site it is. A site with fewer patients than may be told is left out, and so is then how many
        patients the others have, from which its number could be computed.

    Raises
    ------
    ModelError
        The panel lacks a column, or fewer than two sites can be fitted.
    """
    columns, place = list(spec.pooled_over), f"models.specs.{task.name}.pooled_over"
    for column in columns:
        if column not in panel.columns:
            raise ModelError(
                f"{place}: the panel has no column '{column}'.{suggest(column, panel.columns)} Name the groups of a category as the panel "
                "has them, all but one."
            )
    least = int(task.settings["privacy"]["minimum_cell"])
    rows, sites, fitted, small = list[dict[str, Any]](), 0, 0, False
    of_sites = dict(iter(panel[panel[columns].notna().all(axis=1)].groupby(columns)))
    for values, part in sorted(of_sites.items(), key=lambda one: _order(one[0])):
        site, reason, found = _site(columns, values), "", list[dict[str, Any]]()
        if part[PATIENT].nunique() < least:
            reason, small = f"it has fewer than {least} patients", True
        else:
            try:
                found = _estimates(task, part.reset_index(drop=True), spec)
            except ModelError as error:
                reason = f"its patients alone do not allow the model: {error}"
        sites, fitted = sites + 1, fitted + bool(found)
        rows += [_NONE | _UNKNOWN | site | row | {"reason": reason} for row in found or [{}]]
    if fitted < _FEWEST:
        told = "; ".join(dict.fromkeys(row["reason"] for row in rows if row["reason"]))
        raise ModelError(
            f"{place}: {fitted} of {sites} sites can be fitted alone, and it takes {_FEWEST} to put them "
            f"together ({told or 'all patients are of one site'}). Take the setting out, or join sites that belong together."
        )
    if small:
        rows = [row | {"n_patients": np.nan, "n_sessions": np.nan} for row in rows]
    return rows


def _site(columns: Sequence[str], values: tuple[Hashable, ...]) -> dict[str, Any]:
    """Say which site has these values: the column that tells it, and its value; the first one's zero where no column does."""
    told = [(column, float(str(value))) for column, value in zip(columns, values, strict=True)]
    column, value = next((one for one in told if one[1] != 0), told[0])
    return {"moderator": column, "value": value}


def _order(values: tuple[Any, ...]) -> tuple[bool, tuple[float, ...]]:
    """Put the site that no column tells first, and the others in the order of their columns."""
    return any(values), tuple(-float(value) for value in values)


def _estimates(task: Task, part: pd.DataFrame, spec: Spec) -> list[dict[str, Any]]:
    """Return the estimates of one site."""
    alone = spec.model_copy(update={"pooled_over": [], "random_effects": False})
    settings = {**task.settings, "monte_carlo_draws": _DRAWS}
    basis = explore_declared(part, task.name, alone, settings)
    found, target = basis.found, basis.maximum.target
    assert found.point is not None, "declarations ask for maximum likelihood"
    drawn = compute_effects(basis.task, target.natural(found.positions).named)
    point = compute_effects(basis.task, target.natural(found.point).named, point=True)
    # A share whose sign is not settled stands among the estimates of one draw only.
    estimates = {key_of(row): float(values[0]) for row, values in zip(point.rows, point.draws, strict=True)}
    rows = []
    for row, draws in zip(drawn.rows, drawn.draws, strict=True):
        if EFFECTS[row["effect"]].central and row["level"] in _LEVELS and not row["moderator"]:
            kept = {name: row[name] for name in _KEPT}
            numbers = {"estimate": estimates[key_of(row)], "sd": float(draws.std(ddof=1))}
            rows.append(kept | numbers | {"flag": _flags(basis)})
    return rows


def _flags(basis: Basis) -> str:
    """Name what is wrong with how the search for a site's maximum ended."""
    marks = [*mark_maximum(basis.maximum), *basis.found.marks]
    return FLAG_SEPARATOR.join(dict.fromkeys(mark.declared.title for mark in marks if not mark.passed))
