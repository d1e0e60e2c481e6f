"""A model and a change of it side by side: both by maximum likelihood, from the same data."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from alliance.facts.columns import LAG
from alliance.facts.effects import EFFECT_LEVELS, EFFECTS
from alliance.facts.quantity import join_nodes, key_of
from alliance.facts.verdicts import told_sign
from alliance.models.container import Quantities
from alliance.models.joint import Task, compute_effects
from alliance.models.path.maximum import PathMaximum

_DRAWS: Final = 1000  # for standard errors


@dataclass(frozen=True)
class Beside:
    """An estimate in both models.

    Parameters
    ----------
    position
        Among the quantities of the model.
    row
        What it is of.
    shown
        Whether it is one of those that models are fitted for, or an outcome's own past.
    own, sd
        In the model, and the standard error that is reported.
    other, sd_other
        In the other model.
    """

    position: int
    row: dict[str, Any]
    shown: bool
    own: float
    sd: float
    other: float
    sd_other: float

    @property
    def change(self) -> float:
        """From the model to the other one, in standard errors of the model."""
        return (self.other - self.own) / self.sd if self.sd > 0 else 0.0

    @property
    def turns(self) -> bool:
        """Whether the two models tell an effect from zero differently: one of them does not, or they do in opposite directions."""
        effect = EFFECTS[self.row["effect"]]  # no component: a coefficient of a part of a curve is no finding
        return (
            effect.kind != "component"
            and effect.directed
            and told_sign(self.own, self.sd) != told_sign(self.other, self.sd_other)
        )


def put_beside(
    task: Task, maximum: PathMaximum, quantities: Quantities, other: PathMaximum, purpose: str
) -> Iterator[Beside]:
    """Yield every estimate that both models have, in the order of the quantities.

    Parameters
    ----------
    quantities
        Those of the container; their spread is the measure of what is much.
    other
        The maximum of the other model; its design says what it is.
    purpose
        What random numbers for its standard errors are for.
    """
    beside = replace(task, design=other.target.design)
    drawn = compute_effects(beside, other.target.named(other.draw(_DRAWS, task.generator(purpose))))
    errors = {key_of(row): float(draws.std(ddof=1)) for row, draws in zip(drawn.rows, drawn.draws, strict=True)}
    known, changed = (
        {key_of(row): float(draws[0]) for row, draws in zip(found.rows, found.draws, strict=True)}
        for found in (
            compute_effects(task, maximum.target.named(maximum.top.position[None]), point=True),
            compute_effects(beside, other.target.named(other.top.position[None]), point=True),
        )
    )
    for position, (row, draws) in enumerate(zip(quantities.rows, quantities.draws, strict=True)):
        key = key_of(row)
        if key in known and key in changed:
            sd = float(draws.std(ddof=1))
            yield Beside(position, row, _is_shown(row), known[key], sd, changed[key], errors.get(key, np.nan))


def _is_shown(row: dict[str, Any]) -> bool:
    if row["path"] == join_nodes(f"{row['outcome']}{LAG}", row["outcome"]):
        return bool(row["effect"] == "coefficient")
    return row["level"] in EFFECT_LEVELS and EFFECTS[row["effect"]].central
