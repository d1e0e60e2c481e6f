"""What effects are made from: how much they vary between units and together, and what an equation leaves."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.effects import SLOPE_SHARE, THRESHOLD
from alliance.facts.quantity import join_nodes, join_together
from alliance.models.container import Quantities
from alliance.models.covariances import split_covariance

_RESIDUAL: Final = "residual"


def add_components(
    quantities: Quantities, level: str, effects: Sequence[tuple[str, str]], covariance: np.ndarray
) -> None:
    """Add the standard deviations and correlations of the effects that vary between the units of a level.

    Parameters
    ----------
    effects
        (term, outcome) of each.
    covariance
        (draw, effect, effect), raw units.
    """
    sds, correlations = split_covariance(covariance)
    for position, effect in enumerate(effects):
        quantities.add(join_nodes(*effect), "sd", level, sds[:, position], (effect[1],))
    for (i, one), (j, other) in combinations(enumerate(effects), 2):
        quantities.add(join_together(one, other), "correlation", level, correlations[:, i, j], (one[1], other[1]))


def add_shares(quantities: Quantities, variances: Mapping[str, Mapping[tuple[str, str], np.ndarray]]) -> None:
    """Add how much of the differences between patients in a slope lies between their therapists.

    With variances t between therapists and p between patients of one therapist the share is t / (t + p). Draws in which nobody differs
    say nothing of it, so they reach from end to end.

    Parameters
    ----------
    variances
        Unit -> slope that varies between such units, as (term, outcome) -> its variance, (draw,), raw units.
    """
    of_patients, of_therapists = variances.get(PATIENT, {}), variances.get(THERAPIST, {})
    for effect in (one for one in of_therapists if one in of_patients):
        between, together = of_therapists[effect], of_therapists[effect] + of_patients[effect]
        share = np.divide(between, together, out=np.arange(len(between)) % 2 * 1.0, where=together > 0)
        quantities.add(join_nodes(*effect), SLOPE_SHARE, THERAPIST, share, (effect[1],))


def add_residual(quantities: Quantities, outcome: str, sd: np.ndarray) -> None:
    """Add the standard deviation that the equation of an outcome leaves between sessions, (draw,)."""
    quantities.add(join_nodes(_RESIDUAL, outcome), "sd", SESSION, sd, (outcome,))


def add_autocorrelation(quantities: Quantities, outcome: str, correlation: np.ndarray, apart: str) -> None:
    """Add the correlation of what the equation of an outcome leaves with what it left before, (draw,); `apart` says how long before."""
    quantities.add(join_nodes(_RESIDUAL, outcome), "autocorrelation", SESSION, correlation, (outcome,), apart)


def add_thresholds(quantities: Quantities, outcome: str, thresholds: np.ndarray) -> None:
    """Add the thresholds of an ordered outcome above the first, which is zero: (draw, threshold)."""
    for number, values in enumerate(thresholds.T, start=2):
        quantities.add(join_nodes(f"{THRESHOLD} {number}", outcome), THRESHOLD, SESSION, values, (outcome,))


def add_residual_correlation(quantities: Quantities, one: str, other: str, correlation: np.ndarray) -> None:
    """Add the correlation of what the equations of two outcomes leave at the same session, (draw,)."""
    text = join_together((_RESIDUAL, one), (_RESIDUAL, other))
    quantities.add(text, "correlation", SESSION, correlation, (one, other))
