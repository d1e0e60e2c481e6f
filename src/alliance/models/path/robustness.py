"""How far single units and the priors move the effects a model is about."""

from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.facts.marks import Mark
from alliance.facts.quantity import keys_of
from alliance.models.joint.effects import Quantities
from alliance.models.joint.result import Task, compute_effects
from alliance.models.path.densities import log_likelihoods
from alliance.models.path.depths import Found, values_of
from alliance.models.path.engine import Engine
from alliance.models.path.influence import find_influence
from alliance.models.path.maximum import Maximum
from alliance.models.path.sensitivity import log_prior_blocks, mark_sensitivity, power_scaling

_INFLUENCED: Final = ("indirect", "effect")  # a model without a mediator is about the effect itself
_SENSITIVE: Final = ("a", "b", "c_prime", "effect", "indirect", "total")
_LEVELS: Final = ("within", "between_patient", "between_therapist", "overall")
_DRAWS: Final = 4000


def find_influential_units(
    task: Task, maximum: Maximum, quantities: Quantities
) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Leave out one patient or therapist at a time, see `alliance.models.path.influence`.

    Parameters
    ----------
    quantities
        Those of the container; their spread is the measure of what is much.
    """
    table = quantities.table()
    chosen = next(
        (found for name in _INFLUENCED if (found := _positions(table, (name,)))),
        [],
    )
    keys = keys_of(table.iloc[chosen])

    def effects(positions: np.ndarray) -> np.ndarray:
        found = compute_effects(task, values_of(maximum.engine, positions, signed=False), point=True)
        known = dict(zip(keys_of(found.table()), found.draws, strict=True))
        return np.column_stack([known[key] for key in keys])

    sd = np.array([quantities.draws[position].std(ddof=1) for position in chosen])
    return find_influence(maximum, effects, table.iloc[chosen], sd) if chosen else ([], [])


def find_prior_sensitivity(
    task: Task, engine: Engine, found: Found, quantities: Quantities
) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Say how much the posterior of each effect moves with each block of priors, see `alliance.models.path.sensitivity`."""
    table = quantities.table()
    chosen = _positions(table, _SENSITIVE)
    thinned = np.unique(np.linspace(0, len(found.positions) - 1, _DRAWS).astype(int))
    positions = found.positions[thinned]
    rows = power_scaling(
        table.iloc[chosen],
        np.column_stack([quantities.draws[position][thinned] for position in chosen]),
        log_prior_blocks(task.design, values_of(engine, positions, signed=True), task.settings["priors"]),
        log_likelihoods(engine, positions),
    )
    return rows, mark_sensitivity(table, rows)


def _positions(table: pd.DataFrame, effects: tuple[str, ...]) -> list[int]:
    """Return the positions of effects at the levels of people, not of variance components."""
    wanted = table["effect"].isin(effects) & table["level"].isin(_LEVELS)
    return [int(position) for position in np.flatnonzero(wanted.to_numpy())]
