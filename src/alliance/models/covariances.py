"""Covariances taken apart and put together."""

from collections.abc import Iterable

import numpy as np


def split_covariance(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standard deviations (..., effect) and correlations (..., effect, effect) of covariances (..., effect, effect).

    An effect that does not vary at all correlates with nothing: its correlations are zero, which keeps the covariance right.
    """
    sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    scale = sd[..., :, None] * sd[..., None, :]
    correlations = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
    diagonal = np.arange(covariance.shape[-1])
    correlations[..., diagonal, diagonal] = 1.0
    return sd, correlations


def join_covariance(sd: np.ndarray, correlations: Iterable[tuple[tuple[int, int], np.ndarray]]) -> np.ndarray:
    """Return covariances (draw, variable, variable) of standard deviations (draw, variable) and the correlations of some pairs, (draw,)."""
    result: np.ndarray = sd[:, :, None] * np.eye(sd.shape[1]) * sd[:, None, :]
    for (i, j), correlation in correlations:
        result[:, i, j] = result[:, j, i] = correlation * sd[:, i] * sd[:, j]
    return result


def by_factor(factor: np.ndarray) -> np.ndarray:
    """Return the derivatives of a covariance L L' by its lower triangular factor L, (effect, effect): (pair, pair), both row by row."""
    i, j = np.tril_indices(len(factor))
    unit = np.eye(len(factor))
    result: np.ndarray = unit[i][:, i] * factor[j][:, j] + unit[j][:, i] * factor[i][:, j]
    return result
