"""p-values of many tests."""

import numpy as np


def adjust(probabilities: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for their number by Holm's method (Holm 1979)."""
    count = len(probabilities)
    order = np.argsort(probabilities)
    stepped = np.maximum.accumulate(probabilities[order] * (count - np.arange(count)))
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
