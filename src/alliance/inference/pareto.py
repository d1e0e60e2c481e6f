"""Pareto-smoothed importance weights.

The largest weights are replaced by quantiles of a generalised Pareto distribution fitted to them, whose shape k says whether weighting can
be trusted (Vehtari, Simpson, Gelman, Yao & Gabry 2024, Journal of Machine Learning Research 25(72)). The fit is that of Zhang and Stephens
(2009, doi 10.1198/tech.2009.08017), a mean over a grid of b = k / scale, with k drawn towards 1/2.

ArviZ has the same; its import takes longer than everything else an approximation of a posterior needs.
"""

import numpy as np

_LEAST_TAIL = 5
_PRIOR_SIZE, _PRIOR_K = 10, 0.5  # of the shape, as so many observations
_SCALE = 3  # of the grid, in first quartiles
_NEGLIGIBLE = 10 * np.finfo(float).eps


def smooth_weights(log_ratios: np.ndarray) -> tuple[np.ndarray, float]:
    """Smooth importance weights.

    Parameters
    ----------
    log_ratios
        Logarithms of target over proposal, (draw,).

    Returns
    -------
    weights
        Smoothed, with a sum of one: (draw,).
    k
        Shape of the tail; infinite where it could not be found.

    Raises
    ------
    ValueError
        There are too few draws for a tail of five.
    """
    size, logs = len(log_ratios), log_ratios - log_ratios.max()
    count = int(3 * size**0.5 if size > 225 else size / 5)
    if count < _LEAST_TAIL:
        raise ValueError(f"{size} draws are too few to fit the tail of their weights")
    order = np.argsort(logs)
    tail = order[-count:]
    cut = np.exp(logs[order[-count - 1]])
    k, scale = _fit(np.exp(logs[tail]) - cut)
    if np.isfinite(k):
        exceeded = np.log1p(-np.arange(0.5, count) / count)
        quantiles = -scale * exceeded if k == 0 else scale * np.expm1(-k * exceeded) / k
        logs[tail] = np.minimum(np.log(cut + quantiles), 0.0)
    weights = np.exp(logs)
    return weights / weights.sum(), k


def _fit(tail: np.ndarray) -> tuple[float, float]:
    """Return shape and scale of a generalised Pareto distribution with values in increasing order."""
    size = len(tail)
    quartile = tail[int(size / 4 + 0.5) - 1]
    if quartile <= tail[0]:
        return np.inf, np.nan
    grid = 30 + int(size**0.5)
    b = (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (_SCALE * quartile) + 1 / tail[-1]
    k = np.log1p(-b[:, None] * tail).mean(axis=1)
    profile = size * (np.log(-b / k) - k - 1)
    weights = np.exp(profile - np.logaddexp.reduce(profile))
    kept = weights >= _NEGLIGIBLE
    mean = float(b[kept] @ weights[kept] / weights[kept].sum())
    shape = float(np.log1p(-mean * tail).mean())
    drawn = (size * shape + _PRIOR_SIZE * _PRIOR_K) / (size + _PRIOR_SIZE)
    return (np.inf, np.nan) if np.isnan(drawn) else (drawn, -shape / mean)
