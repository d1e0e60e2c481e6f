"""Values of a density at many positions, on as many threads as there are."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from alliance.facts.threads import threads_here


def at_many(values: Callable[[np.ndarray], np.ndarray], positions: np.ndarray) -> np.ndarray:
    """Return what a function of positions (draw, parameter) returns, (draw,), computed in several parts at once."""
    count = threads_here()
    parts = (np.ascontiguousarray(part) for part in np.array_split(positions, count))
    with ThreadPoolExecutor(count) as threads:
        return np.concatenate(list(threads.map(values, parts)))
