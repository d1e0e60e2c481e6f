"""What declarations say of the columns of a grid."""

from collections.abc import Mapping

import numpy as np

from alliance.config import Variable
from alliance.config.timing import Term, parse_term, varies_between_sessions


def ends_of(column: str, variables: Mapping[str, Variable]) -> tuple[float, float]:
    """Return the scores that stand for all values beyond them, infinite where there are none."""
    term = parse_term(column, dict(variables))
    if term is None or term.variable is None or term.part is not None:
        return -np.inf, np.inf
    return variables[term.variable].censored_at


def without_equation(terms: dict[str, Term], outcomes: list[str], variables: dict[str, Variable]) -> list[str]:
    """List the numeric session-level predictors that are no outcome."""
    bases = [
        term.base
        for term in terms.values()
        if term.variable is not None
        and varies_between_sessions(term, variables)
        and variables[term.variable].kind != "category"
    ]
    return [base for base in dict.fromkeys(bases) if base not in outcomes]
