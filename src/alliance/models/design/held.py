"""Residual correlations that are held at a value instead of estimated: what if something else moved both outcomes?

The effect of a mediator m on an outcome y of the same session, and a correlation rho of what their equations leave, cannot both be
estimated: y = b m + ... and (e_m, e_y) with correlation rho fit as well for every rho, with another b. With rho held the model stays
recursive, so the residuals of an occasion are N(0, Omega) and the determinant of I - B is one; the likelihood is the one of outcomes that
share an occasion (`alliance.likelihood.paired`). Every effect is then the one that would follow if rho were true (Imai, Keele & Yamamoto
2010, doi 10.1214/10-STS321); without missing rows it also follows from the draws at rho = 0
(`alliance.models.quantities.confounding`).
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from alliance.errors import ModelError
from alliance.models.design.arrays import Design
from alliance.models.design.occasions import FEWEST_SHARED, eliminate, positions_in


def hold_correlations(name: str, declared: Mapping[str, Mapping[str, float]], design: Design) -> Design:
    """Hold the residual correlations of pairs of outcomes.

    Parameters
    ----------
    declared
        Outcome -> the other outcome -> correlation.

    Raises
    ------
    ModelError
        One of the two is yes/no or ordered, they are hardly observed at the same sessions, or residuals of one of them are correlated with
        those of a third outcome.
    """
    outcomes = list(design.equations)
    held = {}
    for one, others in declared.items():
        for other, value in others.items():
            latent = [(each, how) for each in (one, other) if (how := design.equations[each].answered)]
            if latent:
                raise ModelError(
                    f"models.specs.{name}.residual_correlations.{one}: '{latent[0][0]}' is {latent[0][1]}, and nothing here says how what "
                    f"is left of the propensity behind its answers goes with another outcome. Remove this line."
                )
            later, earlier = sorted((outcomes.index(one), outcomes.index(other)), reverse=True)
            shared = positions_in(design.equations[one].rows, design.equations[other].rows) >= 0
            if int(np.sum(shared)) < FEWEST_SHARED:
                raise ModelError(
                    f"models.specs.{name}.residual_correlations.{one}: '{one}' and '{other}' share {int(np.sum(shared))} sessions, and a "
                    f"correlation of what is left at a session needs at least {FEWEST_SHARED}. Remove this line."
                )
            held[later, earlier] = value
    if not held:
        return design
    pairs = [pair for pair in design.occasions.pairs if pair not in held]
    for pair in held:
        beside = {k for another in (*pairs, *held) if set(another) & set(pair) for k in another} - set(pair)
        if beside:
            one, other, third = (outcomes[k] for k in (*sorted(pair), min(beside)))
            raise ModelError(
                f"models.specs.{name}.residual_correlations: the correlation of what is left of '{one}' and '{other}' cannot be held "
                f"beside '{third}', with which what is left of one of them is correlated as well. Hold one pair only, let '{third}' "
                f"predict the other of such a pair or be predicted by it ('on'), or leave the equation of '{third}' out."
            )
    order = eliminate(len(outcomes), [*pairs, *held])
    assert order is not None  # a pair by itself fills no zero
    return replace(design, occasions=replace(design.occasions, pairs=tuple(pairs), order=tuple(order), held=held))
