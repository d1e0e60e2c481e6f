"""Outcomes of one occasion: which equations' residuals may be correlated.

Two outcomes share an occasion where they are observed in the same rows of a patient and session. Where neither predicts the other in
the row, directly or through other outcomes of the row, nothing in the diagram says why they go together at a session, so their residuals
have a free covariance. Without it what they share at a session would go into the varying intercepts, and the effects of the past would be
wrong. Where one does predict the other, its effect and a covariance could not be told apart, and the covariance is zero.

A diagram whose free covariances never join two outcomes that an arrow of the row joins is identified (Brito & Pearl 2002, doi
10.1207/S15328007SEM0904_1), whatever the pattern of zeros. Here zeros have to be kept by a Cholesky factor as well: outcomes are put
into an order in which those that follow an outcome and are free with it are also free among themselves, so that eliminating it fills no
zero. Such an order exists unless two chains stand side by side (a -> c and b -> d, and nothing between them). Then some of the pairs
between the chains are left out, the later ones first, and the model is marked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION
from alliance.models.design.terms import Origin

_NOTHING: Final[Mapping[tuple[int, int], float]] = MappingProxyType({})
FEWEST_SHARED: Final = 10  # that two outcomes share: with fewer there is nothing to estimate a correlation from


@dataclass(frozen=True)
class Occasions:
    """Pairs of equations whose residuals have a free covariance.

    Parameters
    ----------
    pairs
        Positions of the equations, (later, earlier).
    order
        The equations in an order that keeps zeros, see above.
    left_out
        Pairs whose covariance should be free and is not.
    held
        Pairs whose correlation is not estimated but has this value.
    """

    pairs: tuple[tuple[int, int], ...] = ()
    order: tuple[int, ...] = ()
    left_out: tuple[tuple[int, int], ...] = ()
    held: Mapping[tuple[int, int], float] = _NOTHING


def find_occasions(origins: Mapping[str, Mapping[str, Origin]], rows: Mapping[str, pd.DataFrame]) -> Occasions:
    """Find the pairs of equations whose residuals have a free covariance.

    Parameters
    ----------
    origins
        Outcome -> predictor -> where it comes from, in the order of the equations.
    rows
        Outcome -> rows of its equation.
    """
    before = _before(origins)
    pairs: list[tuple[int, int]] = []
    left_out = []
    outcomes = list(origins)
    order = list(range(len(outcomes)))
    for later, one in enumerate(outcomes):
        for earlier, other in enumerate(outcomes[:later]):
            ordered = one in before[other] or other in before[one]
            if ordered or (positions_in(rows[other], rows[one]) >= 0).sum() < FEWEST_SHARED:
                continue
            found = eliminate(len(outcomes), [*pairs, (later, earlier)])
            if found is None:
                left_out.append((later, earlier))
            else:
                pairs.append((later, earlier))
                order = found
    return Occasions(tuple(pairs), tuple(order), tuple(left_out))


def positions_in(rows: pd.DataFrame, wanted: pd.DataFrame) -> np.ndarray:
    """Return for each wanted row the position of the row of the same patient and session, -1 where there is none."""
    keys = (pd.MultiIndex.from_frame(some[[PATIENT, SESSION]]) for some in (rows, wanted))
    return np.asarray(next(keys).get_indexer(next(keys)))


def eliminate(count: int, pairs: list[tuple[int, int]]) -> list[int] | None:
    """Order equations so that those after each one that are paired with it are paired with each other; None where no order does.

    The order of the equations is kept as far as that allows.
    """
    near: dict[int, set[int]] = {k: set() for k in range(count)}
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    left, order = set(range(count)), []
    while left:
        simple = next((k for k in sorted(left) if all(near[m] >= (near[k] & left) - {m} for m in near[k] & left)), None)
        if simple is None:
            return None
        order.append(simple)
        left.remove(simple)
    return order


def _before(origins: Mapping[str, Mapping[str, Origin]]) -> dict[str, set[str]]:
    """Return for each outcome the outcomes that predict it in the row, directly or through others."""
    direct = {
        outcome: {
            source.base
            for origin in terms.values()
            if origin.session_level
            for source in (origin.factors or (origin,))
            if not source.lagged and source.base in origins
        }
        for outcome, terms in origins.items()
    }
    found: dict[str, set[str]] = {}

    def of(outcome: str) -> set[str]:
        if outcome not in found:
            found[outcome] = direct[outcome].union(*(of(source) for source in direct[outcome]))
        return found[outcome]

    return {outcome: of(outcome) for outcome in origins}
