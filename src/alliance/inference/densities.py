"""Values of a density at many positions, on two threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_THREADS = 2


def at_many(values: Callable[[np.ndarray], np.ndarray], positions: np.ndarray) -> np.ndarray:
    """Return what a function of positions (draw, parameter) returns, (draw,), computed in two halves at once."""
    middle = len(positions) // _THREADS
    parts = (np.ascontiguousarray(part) for part in (positions[:middle], positions[middle:]))
    with ThreadPoolExecutor(_THREADS) as threads:
        return np.concatenate(list(threads.map(values, parts)))
