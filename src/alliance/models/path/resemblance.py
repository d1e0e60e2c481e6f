"""Whether enough data sets were completed for the standard errors of true scores and constructs.

A variance is that within completed data sets plus that between them (Rubin 1987). Data sets follow each other in a chain, so those in a row
resemble each other, and what K of them differ by falls short of what a parameter is uncertain by. With r the correlation of one with the
next they are worth about K (1 - r) / (1 + r) independent ones, and a share (1 + r) / (1 - r) / K of the variance between data sets is
missing. A correlation in a short series is estimated too small by about (1 + 3 r) / K (Kendall 1954, doi 10.1093/biomet/41.3-4.403), which
is added.
"""

from typing import Final

import numpy as np

from alliance.facts.marks import Mark
from alliance.inference.search import invert
from alliance.models.path.filled import Completion

_CLOSEST: Final = 0.99
_MOST: Final = 0.9


def mark_resemblance(completion: Completion) -> Mark:
    """Report how much too small the standard error of a coefficient may be, as a share of it; of the one that loses most."""
    fixed = completion.sets[0].first.compared
    tops = [each.top for each in completion.sets]
    positions = np.array([top.position[fixed] for top in tops])
    within = np.mean([np.diagonal(invert(top.curvature))[fixed] for top in tops], axis=0)
    return Mark("few_data_sets", f"{len(tops)} completed data sets", float(lost_error(positions, within).max()))


def lost_error(positions: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Return the share of each standard error that is missing, (parameter,).

    Parameters
    ----------
    positions
        Estimates from data sets in the order of the chain, (data set, parameter).
    within
        Variance within data sets, (parameter,).
    """
    count = len(positions)
    left = positions - positions.mean(axis=0)
    total = (left**2).sum(axis=0)
    follows = (left[1:] * left[:-1]).sum(axis=0) / np.where(total > 0, total, 1.0)
    follows = (follows + (1 + 3 * follows) / count).clip(0, _CLOSEST)
    missing = ((1 + follows) / (1 - follows) / count).clip(max=_MOST)
    shown, whole = within + total / count, within + total / count / (1 - missing)
    return np.asarray(1 - np.sqrt(shown / np.where(whole > 0, whole, 1.0)))
