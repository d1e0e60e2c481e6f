"""How far single units and the priors move the effects a model is about."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.facts.effects import EFFECT_LEVELS, EFFECTS
from alliance.facts.marks import Mark
from alliance.facts.quantity import keys_of
from alliance.inference.densities import at_many
from alliance.inference.influence import find_influence
from alliance.inference.sensitivity import mark_sensitivity, power_scaling
from alliance.models.joint import Task, Values, compute_effects
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.posterior import PathPosterior
from alliance.models.quantities.pairs import Quantities

_DRAWS: Final = 4000


def find_influential_units(
    task: Task, maximum: PathMaximum, quantities: Quantities
) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Leave out one patient or therapist at a time, see `alliance.inference.influence`.

    Parameters
    ----------
    quantities
        Those of the container; their spread is the measure of what is much.
    """
    table = quantities.table()
    chosen = positions_asked(table)
    sd = np.array([quantities.draws[position].std(ddof=1) for position in chosen])
    effects = effects_of(task, maximum, quantities, chosen)
    return find_influence(maximum, effects, table.iloc[chosen], sd) if chosen else ([], [])


def positions_asked(table: pd.DataFrame) -> list[int]:
    """Return the positions of the effects that a model is asked for: those of the first kind that answers and is there."""
    answers = EFFECTS.names(lambda effect: effect.answer)
    return next((found for name in answers if (found := _positions(table, (name,)))), [])


def effects_of(
    task: Task, maximum: PathMaximum, quantities: Quantities, chosen: Sequence[int]
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what computes chosen quantities, (draw, quantity), at positions (draw, parameter)."""
    keys = keys_of(quantities.table().iloc[list(chosen)])

    def effects(positions: np.ndarray) -> np.ndarray:
        found = compute_effects(task, maximum.target.named(positions), point=True)
        known = dict(zip(keys_of(found.table()), found.draws, strict=True))
        return np.column_stack([known[key] for key in keys])

    return effects


def find_prior_sensitivity(
    task: Task, posterior: PathPosterior, positions: np.ndarray, quantities: Quantities, prior: Values | None
) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Say how much the posterior of each effect moves with each block of priors, see `alliance.inference.sensitivity`.

    Parameters
    ----------
    positions
        Draws from the posterior.
    quantities
        Computed from them.
    prior
        Parameters drawn from the priors; None where there are none.
    """
    table = quantities.table()
    chosen = _positions(table, EFFECTS.names(lambda effect: effect.central))
    thinned = np.unique(np.linspace(0, len(positions) - 1, _DRAWS).astype(int))
    kept = positions[thinned]
    rows = power_scaling(
        table.iloc[chosen],
        np.column_stack([quantities.draws[position][thinned] for position in chosen]),
        posterior.prior_blocks(kept),
        at_many(posterior.log_likelihoods, kept),
        _draw_prior(task, table.iloc[chosen], prior),
    )
    return rows, mark_sensitivity(table, rows, EFFECTS.names(lambda effect: effect.weighed))


def _draw_prior(task: Task, table: pd.DataFrame, prior: Values | None) -> np.ndarray:
    """Return quantities computed from draws of the priors, (draw, quantity); NaN for those that are not."""
    if prior is None:
        return np.full((1, len(table)), np.nan)
    with np.errstate(all="ignore"):  # priors allow series that explode
        found = compute_effects(task, prior)
    known = dict(zip(keys_of(found.table()), found.draws, strict=True))
    nothing = np.full(len(next(iter(prior.values()))), np.nan)
    return np.column_stack([known.get(key, nothing) for key in keys_of(table)])


def _positions(table: pd.DataFrame, effects: tuple[str, ...]) -> list[int]:
    """Return the positions of effects at the levels of people, not of variance components."""
    wanted = table["effect"].isin(effects) & table["level"].isin(EFFECT_LEVELS)
    return [int(position) for position in np.flatnonzero(wanted.to_numpy())]
