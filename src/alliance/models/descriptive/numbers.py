"""Numbers of an analysis, collected part by part, and shares of patients that do not tell of few."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from alliance.models.descriptive.findings import Key, Task
from alliance.models.descriptive.samples import weights_of

Statistic = Callable[[np.ndarray], list[float]]


@dataclass
class Numbers:
    """Keys and what computes their values, in parts."""

    keys: list[Key] = field(default_factory=list)
    parts: list[Statistic] = field(default_factory=list)

    def add(self, keys: Sequence[Key], part: Statistic) -> None:
        """Add numbers that are computed together from the weights of the rows of the panel."""
        self.keys += keys
        self.parts.append(part)

    def all(self, weights: np.ndarray) -> np.ndarray:
        """Return every number."""
        return np.array([value for part in self.parts for value in part(weights)])


def shares_of(task: Task, patients: np.ndarray, found: Sequence[np.ndarray]) -> Statistic:
    """Return what computes the share of patients of each kind.

    Parameters
    ----------
    patients
        Codes, (patient,).
    found
        Of each kind whether, or how probably, a patient belongs to it, (patient,).
    """
    places, kinds = weights_of(task.panel, patients), np.array(found, dtype=float).reshape(len(found), len(patients))

    def statistic(weights: np.ndarray) -> list[float]:
        own = weights[places]
        whole = own.sum()
        return [float(value) for value in ((kinds @ own) / whole if whole > 0 else np.full(len(kinds), np.nan))]

    return statistic


def fewest_of(task: Task) -> int:
    """Return how many patients a number must rest on."""
    return int(task.settings.get("privacy", {}).get("minimum_cell", 1))


def early_of(task: Task) -> int:
    """Return how many numbers of sessions, from a patient's first one, are the start."""
    return int(task.spec.option("early"))  # type: ignore[arg-type]


def shown_of(counts: Mapping[str, int], fewest: int, middle: str = "") -> list[str]:
    """Name the parts of a whole that may be shown, so that no count from 1 to `fewest` - 1 is read or computed from the others.

    Parameters
    ----------
    middle
        The part that is left out first on account of another one; without it the smallest is.
    """
    hidden = [name for name, count in counts.items() if 0 < count < fewest]
    left = sorted((name for name in counts if name not in hidden), key=lambda name: (name != middle, counts[name]))
    while hidden and left and (len(hidden) == 1 or sum(counts[name] for name in hidden) < fewest):
        hidden.append(left.pop(0))
    return [name for name in counts if name not in hidden]
