"""Where the search for the maximum of a path model starts: least squares for the coefficients, counts of units for the rest."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from alliance.inference.target import Start
from alliance.models.design.arrays import Design
from alliance.models.path.layout import Layout

_START_SD: Final = 0.3  # standard deviations of varying effects, in standard units
_OTHER_SD: Final = 0.8  # the same, for the second start
_LITTLE, _MUCH = 0.2, 0.7  # autocorrelations of residuals
_START_RESIDUAL: Final = 0.8  # of the residual standard deviation without varying effects


def find_starts(
    design: Design,
    layout: Layout,
    cross_products: Sequence[tuple[np.ndarray, float]],
    patients: Sequence[str],
    therapists: Sequence[str],
) -> list[Start]:
    """Return one start, and others where what lasts may be one thing or another: the likelihood can have a maximum for each.

    Models with effects of earlier values of outcomes have a start without effects of the past and with large lasting differences, and those
    whose residuals depend on the one before one with large autocorrelations.

    Parameters
    ----------
    cross_products
        [X y]'[X y] of each equation, and its number of rows.
    """
    position, spread = np.zeros(layout.size), np.zeros((layout.size, layout.size))
    for number, (outcome, (products, count)) in enumerate(zip(layout.coefficients, cross_products, strict=True)):
        places, residual = layout.of(outcome), layout.residuals.start + number
        inverse = np.linalg.pinv(products[:-1, :-1], hermitian=True)
        beta = inverse @ products[:-1, -1]
        left = max(float(products[-1, -1] - beta @ products[:-1, -1]) / max(count, 1), 1e-6)
        position[places] = beta
        position[residual] = np.log(_START_RESIDUAL * np.sqrt(left))
        spread[places, places] = left * inverse
        spread[residual, residual] = 0.5 / max(count, 1)
        if number in layout.unit:
            position[residual], spread[residual, residual] = 0.0, 1.0
    fewest = min(count for _, count in cross_products)
    np.fill_diagonal(spread[layout.together, layout.together], 1.0 / max(fewest, 1))
    for level, units in zip(layout.effects, (patients, therapists), strict=True):
        block = spread[layout.between(level), layout.between(level)]
        np.fill_diagonal(block, 0.5 / max(len(units), 1))
    position[layout.diagonals] = _START_SD
    own = [layout.autocorrelation(outcome) for outcome in layout.series]
    signed = [series.signed for series in design.series.values()]
    position[own] = np.where(signed, np.arctanh(_LITTLE), np.log(_LITTLE / (1 - _LITTLE)))
    starts = [Start(position, spread)]
    past = _effects_of_the_past(design, layout)
    if past:
        other = position.copy()
        other[past] = 0.0
        other[layout.diagonals] = _OTHER_SD
        starts.append(Start(other, spread))
    if own:  # what lasts may be residuals that do, too
        other = position.copy()
        other[own] = np.where(signed, np.arctanh(_MUCH), np.log(_MUCH / (1 - _MUCH)))
        starts.append(Start(other, spread))
    return starts


def _effects_of_the_past(design: Design, layout: Layout) -> list[int]:
    """Return the places of effects of earlier values of outcomes."""
    return [
        place
        for outcome, equation in design.equations.items()
        for place, origin in enumerate(equation.origins.values(), start=layout.of(outcome).start + 1)
        if origin.lagged and origin.base in design.equations
    ]
