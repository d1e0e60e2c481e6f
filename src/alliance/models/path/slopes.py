"""Whether slopes differ between therapists: the same model without a slope's differences, and how much less likely the data are then.

Where they do not differ, twice the fall of the log-likelihood follows a mixture of chi-square with q - 1 and with q degrees of freedom in
equal shares, q being the number of effects that vary between therapists, the slope among them: its variance lies at the edge of what is
possible, and its q - 1 covariances go with it (Self & Liang 1987, doi 10.2307/2289471; Stram & Lee 1994, doi 10.2307/2533455). Both fits
are by maximum likelihood from the same data. With few therapists, and few patients of each, such a test finds large differences only.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from alliance.facts.columns import THERAPIST
from alliance.facts.quantity import join_nodes
from alliance.inference.maximum import Maximum
from alliance.inference.search import climb
from alliance.models.design.arrays import INTERCEPT, Varying
from alliance.models.path.layout import LEVELS
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.target import make_target
from alliance.models.path.trends import chance_of_gain


def compare_slopes(maximum: PathMaximum) -> list[dict[str, Any]]:
    """Leave out the differences between therapists in each slope in turn.

    Returns
    -------
    list of dict
        Rows of the artefact `slopes` without the model: none where no slope varies between therapists, and no test of a slope without
        which the search for a maximum did not arrive.
    """
    design = maximum.target.design
    effects = design.varying.get(THERAPIST, [])
    rows = []
    for slope in (effect for effect in effects if effect.term != INTERCEPT):
        other = maximise_alike(maximum, slope)
        if other.converged:
            fall = max(2 * (maximum.top.value - other.top.value), 0.0)
            rows.append(
                {
                    "outcome": slope.outcome,
                    "path": join_nodes(slope.term, slope.outcome),
                    "n_therapists": len(design.units[THERAPIST]),
                    "effects": len(effects),
                    "fall": fall,
                    "p_value": chance_of_gain(fall, 0, len(effects) - 1, 1),
                }
            )
    return rows


def maximise_alike(maximum: PathMaximum, slope: Varying) -> PathMaximum:
    """Find the maximum without differences between therapists in a slope from the one with them."""
    known = maximum.target
    effects = known.design.varying[THERAPIST]
    kept = [place for place, effect in enumerate(effects) if effect != slope]
    varying = known.design.varying | {THERAPIST: [effects[place] for place in kept]}
    target = make_target(replace(known.design, varying=varying))
    position = np.zeros(target.layout.size)
    position[: target.layout.together.stop] = maximum.top.position[: known.layout.together.stop]
    for level in LEVELS:
        factor = known.natural(maximum.top.position[None]).factors[level][0]
        if level == THERAPIST:  # a root of the covariance of those that are left
            factor = np.linalg.qr(factor[kept].T, mode="r").T
        position[target.layout.between(level)] = factor[np.tril_indices(len(factor))]
    spread = target.starts()[0].spread
    return Maximum(target, climb(target.value, target.off_boundary(position), spread))
