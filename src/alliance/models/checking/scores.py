"""Whether the scores of an outcome are what normal residuals can be: many values, and few of them at an end of the scale."""

from collections.abc import Mapping

import numpy as np

from alliance.config import Variable
from alliance.config.propensity import YES_NO
from alliance.config.timing import parse_term
from alliance.facts.marks import Mark

_FEW_VALUES = 10  # distinct values of a count; a sum score with more of them is no count
_MANY_ZEROS = 1 / 3


def kind_of_scores(values: np.ndarray) -> str:
    """Name what scores are if normal residuals are out of the question for them: ``yes/no`` or ``a count``; empty otherwise.

    A count is made of few non-negative whole numbers with many zeros.
    """
    found = np.unique(values)
    if len(found) == 2:
        return YES_NO
    whole = bool((found >= 0).all() and (found == np.round(found)).all())
    if whole and len(found) <= _FEW_VALUES and np.mean(values == 0) >= _MANY_ZEROS:
        return "a count"
    return ""


def mark_scores(outcome: str, values: np.ndarray, variables: Mapping[str, Variable]) -> list[Mark]:
    """Mark an outcome that is yes/no or a count, which somebody signed off, and one with many scores at an end of the scale.

    Parameters
    ----------
    values
        Its scores in the rows of its equation, raw units.
    variables
        The declared measures; where one has neither a range nor censored ends, the ends are the lowest and the highest observed score.
    """
    kind = kind_of_scores(values)
    if kind:
        return [Mark("discrete_outcome", outcome, detail=f"it is {kind}")]
    term = parse_term(outcome, dict(variables))
    owner = None if term is None or term.variable is None or term.part is not None else variables[term.variable]
    ends = (values.min(), values.max()) if owner is None or owner.range is None else owner.range
    if owner is not None:
        low, high = owner.censored_at  # values of cells lie beyond these ends
        ends = (max(ends[0], low), min(ends[1], high))
    shares = [float(np.mean(np.isclose(values, end))) for end in ends]
    worst = int(np.argmax(shares))
    where = f"at {ends[worst]:g}, the {('lowest', 'highest')[worst]} score"
    return [Mark("scores_at_an_end", outcome, shares[worst], where, outcomes=(outcome,))]
