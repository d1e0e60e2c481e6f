"""Products in the recursion of a model: slopes that change over sessions, and slopes that a constant cause changes.

A product with time makes a slope b + p (t - mean of t) at session t. A product of a constant cause z with an outcome m of the model,
p (z - mean of z)(m - own mean of m), makes the slope of m b + p (z - mean of z), and it adds to what z does by itself

    p [m_t - own mean of m, under control]  -  p (z - mean of z) [what z does to the own mean of m]

since the coefficient of z is its effect where m is as usual for the patients it was estimated from. The course under control follows
from average slopes. With a moderator that is neither time nor the cause, effects are those at its mean, where the product is zero.
"""

from collections.abc import Mapping

import numpy as np

from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import SESSION
from alliance.models.design.arrays import Design, Equation
from alliance.models.design.terms import Factor, Origin
from alliance.models.quantities.population import Population
from alliance.models.quantities.recursion import Arrow, Usual

_ROUNDS = 20  # in which own means settle


def product_arrows(
    design: Design, population: Population, source: str, shifts: Mapping[str, np.ndarray], sessions: range, lag: int
) -> list[Arrow]:
    """List what products add to the arrows of a model.

    Parameters
    ----------
    source
        The cause. A constant one with two values is followed from the lower to the higher one, another one from its mean on.
    shifts
        Initial values that the cause moved -> by how much, (draw,).
    sessions
        Numbers of the sessions of a treatment.
    """
    found: list[Arrow] = []
    for outcome, equation in design.equations.items():
        for term, origin in equation.origins.items():
            mean = population.slopes[outcome][:, equation.terms.index(term)]
            for carrier, other in _carried(design, origin, source) if outcome != source else ():
                about = (outcome, term, carrier.lagged, mean)
                if other.base in TIME_TERMS:
                    weight = _times(equation, other.term, sessions)[None] - other.centre
                    found.append(Arrow(carrier.base, *about, weight))
                elif other.term == source:
                    low = _low(equation, source)
                    raised = low + 1 - other.centre
                    course = follow_levels(design, population, source, low, shifts, sessions, lag)[carrier.base]
                    start = _start(equation, sessions)
                    found.append(Arrow(carrier.base, *about, np.full((1, len(sessions)), raised)))
                    own = _deviations(course, lag * carrier.lagged, start)
                    usual = Usual(carrier.base, carrier.lagged, start, raised)
                    found.append(Arrow(source, outcome, term, False, mean, own, usual))
    return found


def follow_levels(
    design: Design,
    population: Population,
    source: str,
    value: float,
    shifts: Mapping[str, np.ndarray],
    sessions: range,
    lag: int,
) -> dict[str, np.ndarray]:
    """Return the course of every outcome at one value of a constant cause and at average slopes, (draw, session).

    Whatever else predicts an outcome is at its mean. Products multiply deviations from means over the course itself, which settle.
    """
    start = {
        origin.base: equation.x_mean[position] - shifts.get(term, 0.0) * (_mean(equation, source, value) - value)
        for equation in design.equations.values()
        for position, (term, origin) in enumerate(equation.origins.items())
        if origin.baseline
    }
    shape = (len(next(iter(population.residuals.values()))), len(sessions))
    course = {outcome: np.zeros(shape) for outcome in design.equations}
    multiplied = any(origin.factors for equation in design.equations.values() for origin in equation.origins.values())
    for _ in range(_ROUNDS if multiplied else 1):
        before = course
        course = {outcome: np.zeros(shape) for outcome in design.equations}
        for t in range(len(sessions)):
            for outcome, equation in design.equations.items():
                level = population.intercepts[outcome].copy()
                for position, (term, origin) in enumerate(equation.origins.items()):
                    if origin.factors:
                        at = _product_at(design, equation, origin, source, value, before, sessions, t, lag)
                    elif origin.base in course and origin.session_level and t >= lag * origin.lagged:
                        at = course[origin.base][:, t - lag * origin.lagged]
                    elif origin.base in TIME_TERMS:
                        at = _times(equation, term, sessions)[t]
                    else:
                        at = value if term == source else equation.x_mean[position]
                    level += population.slopes[outcome][:, position] * at
                course[outcome][:, t] = start.get(outcome, level) if t == 0 else level
    return course


def _product_at(
    design: Design,
    equation: Equation,
    origin: Origin,
    source: str,
    value: float,
    course: Mapping[str, np.ndarray],
    sessions: range,
    t: int,
    lag: int,
) -> np.ndarray | float:
    for carrier, other in _carried(design, origin, source):
        factor = (_times(equation, other.term, sessions)[t] if other.base in TIME_TERMS else value) - other.centre
        if carrier.term == source:
            return float((value - carrier.centre) * factor)
        own = _deviations(course[carrier.base], lag * carrier.lagged, _start(equation, sessions))
        return np.asarray(own[:, t] * factor)
    return 0.0


def _carried(design: Design, origin: Origin, source: str) -> list[tuple[Factor, Factor]]:
    """Return (factor that may be moved, the other one) of a product of two that matters to the recursion."""
    if len(origin.factors) != 2:
        return []
    one, other = origin.factors
    pairs = [(one, other), (other, one)]
    moved = [(f, g) for f, g in pairs if f.term == source or (f.base in design.equations and f.centring == "own mean")]
    return [(f, g) for f, g in moved if g.base in TIME_TERMS or (g.term == source and g.centring == "mean")]


def _times(equation: Equation, term: str, sessions: range) -> np.ndarray:
    """Return the value of a term of time at each session, its mean over the rows of that session."""
    numbers = np.array(sessions, dtype=float)
    if term == SESSION:
        return numbers
    means = equation.rows.groupby(SESSION)[term].mean()
    return np.asarray(np.interp(numbers, means.index.to_numpy(dtype=float), means.to_numpy(dtype=float)))


def _start(equation: Equation, sessions: range) -> int:
    """Return the session that an equation begins at, counted from 0."""
    return max(int(equation.rows[SESSION].min()) - sessions.start, 0)


def _low(equation: Equation, source: str) -> float:
    values = np.unique(equation.rows[source].to_numpy(dtype=float))
    return float(values[0] if len(values) == 2 else equation.rows[source].mean())


def _mean(equation: Equation, source: str, otherwise: float) -> float:
    return float(equation.rows[source].mean()) if source in equation.rows else otherwise


def _deviations(course: np.ndarray, lag: int, start: int) -> np.ndarray:
    """Return a course, maybe of earlier sessions, minus its mean from a session on; zero before there is an earlier one."""
    shown = np.concatenate([np.repeat(course[:, :1], lag, axis=1), course], axis=1)[:, : course.shape[1]]
    deviations: np.ndarray = shown - shown[:, start:].mean(axis=1, keepdims=True)
    return deviations
