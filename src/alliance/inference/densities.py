"""A density, or what it takes, at many positions, on as many threads as there are."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from alliance.facts.threads import threads_here

_LONG: Final = 0.02  # seconds of a single call, from which on threads are worth starting


def at_many(values: Callable[[np.ndarray], np.ndarray], positions: np.ndarray) -> np.ndarray:
    """Return what a function of positions (draw, parameter) returns, (draw,), computed in several parts at once."""
    count = threads_here()
    parts = (np.ascontiguousarray(part) for part in np.array_split(positions, count))
    with ThreadPoolExecutor(count) as threads:
        return np.concatenate(list(threads.map(values, parts)))


def at_each[Place, Result](function: Callable[[Place], Result], places: Sequence[Place]) -> list[Result]:
    """Return what a function returns at each place, in their order: one after the other, or several at once where a call takes long.

    The first call tells, and makes what the others share.
    """
    before = time.perf_counter()
    found = [function(place) for place in places[:1]]
    if time.perf_counter() - before < _LONG or threads_here() == 1:
        return found + [function(place) for place in places[1:]]
    with ThreadPoolExecutor(threads_here()) as threads:
        return found + list(threads.map(function, places[1:]))
