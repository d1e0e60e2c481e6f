"""What an effect on the propensity to a yes, or to the highest of ordered answers, is as a difference in probability.

Given the predictors x and what units differ in, P(yes) = Phi(x'b + z'u), and that of the highest answer the same minus its threshold t.
With u ~ N(0, V), of patients and of therapists together, the probability over all units is a closed form (Zeger, Liang & Albert 1988,
doi 10.2307/2531734):

    P(yes) = Phi((x'b - t) / sqrt(1 + z'V z))

An effect d of one unit of the cause moves x'b by d, and z where the cause's own slope varies. The difference is averaged over the sessions
at which an answer was recorded, with their predictors as they were: of a cause with two values one apart between these two, at the session
or the one before, of any other between its value and one unit more.

An effect along several arrows of which one varies between units has no such form and gets no probability.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from alliance.config.propensity import ORDERED
from alliance.facts.columns import FILLED, LAG
from alliance.models.design.arrays import Design, Equation, Varying
from alliance.models.quantities.pairs import Pair, Quantities
from alliance.models.quantities.population import Population

_OF: tuple[str, ...] = ("effect", "total", "intention_to_treat")
_LEVELS: tuple[str, ...] = ("within", "overall")
_AT_ONCE = 2_000_000  # probabilities that are computed at a time


def add_probability(quantities: Quantities, design: Design, population: Population, pair: Pair) -> None:
    """Add the difference in probability beside each effect of a pair that leads from its cause to a yes/no or ordered outcome.

    Effects between averages of units are left out: an average propensity has no probability. So are those of ordered answers where
    nobody looked for thresholds, as in a comparison of effects.
    """
    equation = design.equations[pair.target]
    if not equation.answered or (equation.answered == ORDERED and pair.target not in population.thresholds):
        return
    varying = {effect for effects in population.varying.values() for effect in effects}
    moving = [Varying(edge.outcome, edge.term) for path in pair.paths for edge in path.edges]
    single = moving[0] if len(moving) == 1 else None
    if single is None and varying & set(moving):
        return
    if any(pair.source in {f.base for f in origin.factors} for origin in equation.origins.values()):
        return  # one unit more is then worth something else at each session
    found = [
        (row, values)
        for row, values in zip(quantities.rows, quantities.draws, strict=True)
        if row["path"] == pair.text and row["effect"] in _OF and row["level"] in _LEVELS
    ]
    for row, values in found:
        moved = difference(equation, population, values, _column_of(pair), single if single in varying else None)
        quantities.add(pair.text, "probability", row["level"], moved, (pair.target,), row["horizon"])


def _column_of(pair: Pair) -> str:
    """Return the column of the cause's value that leads to the answer of a row; nothing where it is none of the columns, or several."""
    lags = {0 if pair.paths[0].edges[0].constant else sum(edge.lagged for edge in path.edges) for path in pair.paths}
    return {0: pair.source, 1: f"{pair.source}{LAG}"}.get(lags.pop(), "") if len(lags) == 1 else ""


def difference(
    equation: Equation, population: Population, effect: np.ndarray, column: str, slope: Varying | None
) -> np.ndarray:
    """Return the average difference in the probability of a yes, or of the highest answer, that an effect makes, (draw,).

    Parameters
    ----------
    effect
        What one unit of the cause moves the propensity by, (draw,).
    column
        The cause's value that leads to the answer of a row, if there is such a column.
    slope
        The cause's own slope, if it varies between units.
    """
    from scipy.special import ndtr  # brings all of its linear algebra along

    kept = ~equation.rows[FILLED].to_numpy(dtype=bool) if FILLED in equation.rows else np.full(len(equation.y), True)
    x = (equation.x * equation.x_sd + equation.x_mean)[kept]
    low = _lower_of_two(equation, column, kept)
    above = np.zeros(len(x)) if low is None else equation.rows[column].to_numpy(dtype=float)[kept] - low
    total, highest = np.empty(len(effect)), np.zeros(len(effect))
    thresholds = population.thresholds.get(equation.outcome)
    if thresholds is not None and thresholds.shape[1]:
        highest = thresholds[:, -1]
    for draws in _parts(len(effect), len(x)):
        eta = (
            population.intercepts[equation.outcome][draws]
            - highest[draws]
            + x @ population.slopes[equation.outcome][draws].T
        )
        eta -= np.outer(above, effect[draws])
        without = ndtr(eta / _spread(equation, population, draws, kept, slope, -above))
        after = ndtr((eta + effect[draws]) / _spread(equation, population, draws, kept, slope, 1 - above))
        total[draws] = (after - without).mean(axis=0)
    return total


def _parts(draws: int, rows: int) -> Iterator[slice]:
    """Cut draws into parts that fit into memory."""
    size = max(1, _AT_ONCE // max(rows, 1))
    for start in range(0, draws, size):
        yield slice(start, min(start + size, draws))


def _lower_of_two(equation: Equation, column: str, kept: np.ndarray) -> float | None:
    """Return the lower of the two values of a cause that are one apart; None for any other cause."""
    if column not in equation.rows:
        return None
    values = np.unique(equation.rows[column].to_numpy(dtype=float)[kept])
    return float(values[0]) if len(values) == 2 and values[1] - values[0] == 1 else None


def _spread(
    equation: Equation,
    population: Population,
    draws: slice,
    kept: np.ndarray,
    slope: Varying | None,
    step: np.ndarray,
) -> np.ndarray:
    """Return sqrt(1 + z'V z), (row, draw), with the column of a slope moved by a step, (row,)."""
    total = np.ones((int(kept.sum()), draws.stop - draws.start))
    for level, effects in population.varying.items():
        own = [place for place, effect in enumerate(effects) if effect.outcome == equation.outcome]
        columns = {}
        for place in own:
            term = effects[place].term
            unit = equation.y_sd / equation.scale(term)  # of a varying column, in raw units
            columns[place] = equation.varying_column(term)[kept] * unit + (step if effects[place] == slope else 0.0)
        for i, j in product(own, own):
            total += np.outer(columns[i] * columns[j], population.covariances[level][draws, i, j])
    return np.sqrt(total)
