"""Names of the parameters of a joint model, the same in every engine that draws them."""

from typing import Final

import numpy as np

# Correlations of the residuals of outcomes of one occasion, dimension ``residual_pair``: the pairs of `Design.occasions`.
RESIDUAL_CORRELATION: Final = "residual_correlation"
# Correlations of residuals with the one before, dimension ``residual_series``: the outcomes of `Design.series`.
AUTOCORRELATION: Final = "residual_autocorrelation"


def intercept_name(outcome: str) -> str:
    """Name of an equation's intercept in the model and its posterior."""
    return f"{outcome}_intercept"


def slopes_name(outcome: str) -> str:
    """Name of an equation's slopes, dimension ``{outcome}_term``."""
    return f"{outcome}_slopes"


def residual_name(outcome: str) -> str:
    """Name of the standard deviation that an equation leaves between sessions."""
    return f"{outcome}_residual_sd"


def thresholds_name(outcome: str) -> str:
    """Name of the thresholds above the first between ordered answers, dimension ``{outcome}_threshold``."""
    return f"{outcome}_thresholds"


def sd_name(level: str) -> str:
    """Name of the standard deviations of the varying effects of a level, dimension ``{level}_effect``."""
    return f"{level}_sd"


def correlation_name(level: str) -> str:
    """Name of the correlations of a level's varying effects, dimension ``{level}_pair`` (lower triangle, row by row)."""
    return f"{level}_correlation"


def pairs(count: int) -> list[tuple[int, int]]:
    """List the pairs (row, column) below the diagonal of a square matrix, row by row."""
    return [(int(row), int(column)) for row, column in zip(*np.tril_indices(count, -1), strict=True)]
