"""How a quantity is written: its path, level, horizon and moderator. Nothing else puts such a name together or takes it apart.

A quantity is one row of the estimates. Its path is written as

``technique -> alliance -> symptoms``             a path of the diagram, or one arrow
``x -> m -> y minus x -> n -> y``                 what stands between two paths that are compared
``intercept, x -> y``, ``x -> m, intercept -> y`` two effects that vary together, of one equation or of two

The value of a moderator at which it holds is a number of its own, beside the moderator's name.
"""

import math
from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

_ARROW: Final = " -> "
_MINUS: Final = " minus "
_TOGETHER: Final = ", "
_AT: Final = " ("

# What tells the quantities of one model apart; also the coordinates of `quantity` in the container.
QUANTITY_COLUMNS: Final = ["outcome", "path", "effect", "level", "horizon", "moderator", "value"]

# Unit that effects vary between -> level of the effects between such units.
BETWEEN_LEVELS: Final = {"patient": "between_patient", "therapist": "between_therapist"}

SAME_SESSION: Final = "same session"
NEXT_SESSION: Final = "next session"
_AFTER: Final = "after"
_AT_SESSION: Final = "at session"


def join_nodes(*nodes: str) -> str:
    """Write a path through nodes, the cause first."""
    return _ARROW.join(nodes)


def join_contrast(*paths: str) -> str:
    """Write the difference of two paths; a single one is left as it is."""
    return _MINUS.join(paths)


def join_together(one: tuple[str, str], other: tuple[str, str]) -> str:
    """Write two effects that vary together, each given as (term, outcome)."""
    if one[1] == other[1]:
        return join_nodes(f"{one[0]}{_TOGETHER}{other[0]}", one[1])
    return f"{join_nodes(*one)}{_TOGETHER}{join_nodes(*other)}"


def join_names(*names: str) -> str:
    """Write variables that are looked at together."""
    return _TOGETHER.join(names)


def names_of(node: str) -> list[str]:
    """Return the variables of a node: several where two effects that vary together meet."""
    return node.split(_TOGETHER)


def join_level(path: str, label: str) -> str:
    """Write a path with the level at which it is looked at, in words."""
    return f"{path}{_AT}{label})"


def split_level(subject: str) -> tuple[str, str]:
    """Return path and level that `join_level` wrote; no level where there is none."""
    path, _, label = subject.partition(_AT)
    return path, label.removesuffix(")")


def split_contrast(path: str) -> list[str]:
    """Return the two paths of a difference; any other path alone."""
    return path.split(_MINUS)


def nodes_of(path: str) -> list[str]:
    """Return the nodes of one path, the cause first."""
    return path.split(_ARROW)


def ends_of(path: str) -> tuple[str, str]:
    """Return the first and the last node of one path."""
    nodes = nodes_of(path)
    return nodes[0], nodes[-1]


def shorten(path: str) -> str:
    """Write a path by its ends only; what has no arrow, as variables that are looked at together, stays as it is."""
    first, *rest = nodes_of(path)
    return join_nodes(first, rest[-1]) if rest else path


def arrows_on(path: str) -> set[str]:
    """Return the single arrows of one path."""
    return {join_nodes(*arrow) for arrow in pairwise(nodes_of(path))}


def outcomes_on(path: str) -> set[str]:
    """Return the outcomes of all equations that a path, a difference of paths or a pair of effects runs through."""
    chains = [chain for part in split_contrast(path) for chain in part.split(_TOGETHER)]
    return {node for chain in chains for node in nodes_of(chain)[1:]}


def varying_on(path: str) -> set[str]:
    """Return the one or two effects that a standard deviation or correlation is of, each as ``term -> outcome``."""
    *first, last = path.split(_TOGETHER)
    outcome = nodes_of(last)[-1]
    return {last, *(one if len(nodes_of(one)) > 1 else join_nodes(one, outcome) for one in first)}


def name_horizon(sessions: int) -> str:
    """Name a distance in sessions: same session, next session, n sessions later."""
    return {0: SAME_SESSION, 1: NEXT_SESSION}.get(sessions, f"{sessions} sessions later")


def name_sessions(count: int) -> str:
    """Name a horizon counted from the first session on: after 1 session, after n sessions."""
    return f"{_AFTER} {count} session{'' if count == 1 else 's'}"


def name_session(number: int) -> str:
    """Name a session of a treatment: at session n."""
    return f"{_AT_SESSION} {number}"


def is_at_session(horizon: str) -> bool:
    """Whether `name_session` wrote a horizon."""
    return horizon.startswith(_AT_SESSION)


def count_sessions(horizon: str) -> int:
    """Return the number in a horizon that `name_sessions` or `name_session` wrote."""
    return int(horizon.removeprefix(_AFTER).removeprefix(_AT_SESSION).split()[0])


def name_condition(moderator: str, value: float) -> str:
    """Write after a path at which value of a moderator it holds, or that it changes by it; nothing without a moderator."""
    if not moderator:
        return ""
    return f" by {moderator}" if math.isnan(value) else f" at {moderator} = {value:.6g}"


def key_of(row: Mapping[Hashable, Any] | Mapping[str, Any]) -> tuple[Hashable, ...]:
    """Return what a quantity is compared by; a moderator without a value equals another one without a value."""
    *names, value = (row[name] for name in QUANTITY_COLUMNS)
    return (*names, None if math.isnan(value) else float(value))


def keys_of(table: "pd.DataFrame") -> list[tuple[Hashable, ...]]:
    """Return what the quantities of a table are compared by, row by row."""
    return [key_of(row) for row in table[QUANTITY_COLUMNS].to_dict("records")]
