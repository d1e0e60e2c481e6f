"""Conditional effects: slopes and indirect effects at values of a moderator, and the index of moderated mediation.

With a product of a cause x and a moderator w in an equation, the slope of x is linear in w: slope(w) = b + p (w - mean of w), p the
product's coefficient. A path is the expectation of the product of its slopes at w, over patients and therapists. If one arrow is moderated,
the path is linear in w too, and its slope is the index of moderated mediation, p times the other arrows (Hayes 2015, doi
10.1080/00273171.2014.962683). The Johnson-Neyman region is read from the effect on a grid of values: where its interval excludes zero.

A group of a category with labels (`reference`) is one of several columns: at its value of 1 the columns of the other groups are 0, not at
their means, and so they are for the reference, at 0. The mean of such a column over a patient's sessions is a share, told at 0 and at 1
where there are patients at both ends. Where both arrows are moderated by groups the path is not linear in the column, and its difference
between 1 and 0 is the index.

Values of w are published, so they are multiples of a round number, a tenth to a quarter of w's standard deviation: the ends of a grid from
the smallest to the largest value would be those of single patients, and exact means of two runs that differ by one patient give his value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance.config import Variable
from alliance.config.timing import TIME_TERMS, parse_term
from alliance.facts.columns import BETWEEN, PATIENT
from alliance.models.design.arrays import Design, Equation, Varying
from alliance.models.design.terms import Factor, center_factor, own_means
from alliance.models.diagram import Path, outcomes_of
from alliance.models.quantities.pairs import Pair, Quantities, Step, expect_steps
from alliance.models.quantities.population import Population

_BEYOND = 0.025  # share of the values that lie beyond each end of the grid, one at least
_NEARLY = 0.1  # none, or all, of a patient's sessions but for that share
_SHARE_OF_SD = 0.1  # which the step of the grid is at least
_ROUND = (1.0, 2.0, 5.0, 10.0)
_NO_GROUP = ("", "")
_DECIMALS = 10  # the mean of deviations from own means is zero but for rounding


@dataclass(frozen=True)
class _Moderated:
    """A path and one moderator of it.

    Parameters
    ----------
    products
        Position of an arrow of the path -> term of the product, and the mean at which its moderator is centred.
    values
        Values of the moderator in the data, one per patient (per session if it varies between sessions).
    beside
        Position of an arrow -> the same of the other groups of the moderator's category, which are 0 at each value of it.
    share
        Whether it is the share of a patient's sessions that a group has.
    """

    pair: Pair
    path: Path
    moderator: str
    products: dict[int, tuple[str, float]]
    values: np.ndarray
    beside: dict[int, list[tuple[str, float]]]
    share: bool

    @property
    def level(self) -> str:
        """Return the level at which the unconditional effect stands."""
        first, *others = self.path.edges
        rest = len(self.pair.paths) > 1 and first.outcome == self.pair.target
        return "overall" if first.constant and not others and not rest else "within"

    @property
    def two_valued(self) -> bool:
        """Whether the moderator tells two groups apart."""
        return len(np.unique(self.values)) == 2 or self._all_or_none

    @property
    def _all_or_none(self) -> bool:
        return bool(self.share and self.values.min() <= _NEARLY and self.values.max() >= 1 - _NEARLY)

    @property
    def both_values(self) -> np.ndarray:
        """The two values of a moderator that tells two groups apart."""
        return np.array([0.0, 1.0]) if self._all_or_none else np.unique(self.values)

    def chosen_values(self) -> np.ndarray:
        """Return both values, or mean and mean plus and minus one standard deviation, to the next round number."""
        if self.two_valued:
            return self.both_values
        mean, sd, step = self.values.mean(), self.values.std(ddof=1), self.round_step()
        return np.asarray(np.round((mean + sd * np.array([-1.0, 0.0, 1.0])) / step) * step)

    def grid(self) -> np.ndarray:
        """Return both values, or round numbers at equal steps over the central 95 % of the values, and over those chosen."""
        if self.two_valued:
            return self.both_values
        step, chosen = self.round_step(), self.chosen_values()
        beyond, ordered = math.ceil(_BEYOND * len(self.values)), np.sort(self.values)
        low, high = ordered[beyond], ordered[-1 - beyond]
        first = min(np.ceil(low / step), np.round(chosen[0] / step))
        last = max(np.floor(high / step), np.round(chosen[-1] / step))
        return np.asarray(np.arange(first, last + 1) * step)

    def round_step(self) -> float:
        """Return a round number (1, 2 or 5 times a power of ten) between a tenth and a quarter of the standard deviation."""
        least = _SHARE_OF_SD * float(self.values.std(ddof=1))
        power = 10.0 ** math.floor(math.log10(least))
        return next(step * power for step in _ROUND if step * power >= least * (1 - 1e-9))

    def step(self, position: int) -> Step:
        """Return the slope of one arrow at the mean of its moderators."""
        edge = self.path.edges[position]
        return Step(self.pair.slope_of(edge), ((Varying(edge.outcome, edge.term), 1.0),))

    def at(self, design: Design, population: Population, value: float) -> np.ndarray:
        """Return the draws of the path at one value of the moderator."""
        steps = []
        for position, edge in enumerate(self.path.edges):
            step = self.step(position)
            if position in self.products:
                own, others = self.products[position], self.beside[position]
                for term, weight in [(own[0], value - own[1]), *((other, -centre) for other, centre in others)]:
                    change = _slope(design, population, edge.outcome, term)
                    step = Step(step.mean + weight * change, (*step.parts, (Varying(edge.outcome, term), weight)))
            steps.append(step)
        return expect_steps(steps, population)

    def index(self, design: Design, population: Population) -> np.ndarray:
        """Return the draws of the change of the path per unit of the moderator, from one value to the other where there are two."""
        if len(self.products) > 1:
            low, high = self.both_values
            return np.asarray(self.at(design, population, high) - self.at(design, population, low))
        ((moderated, (term, _)),) = self.products.items()
        outcome = self.path.edges[moderated].outcome
        steps = [self.step(position) for position in range(len(self.path.edges))]
        steps[moderated] = Step(_slope(design, population, outcome, term), ((Varying(outcome, term), 1.0),))
        return expect_steps(steps, population)


def add_conditional(
    quantities: Quantities,
    design: Design,
    population: Population,
    pairs: Sequence[Pair],
    variables: dict[str, Variable],
) -> None:
    """Add conditional slopes and indirect effects, and indices of moderated mediation where one arrow is moderated.

    At the values that are reported they are quantities like any other; ``quantities.moderation`` holds them on a grid over the values of
    the moderator, from which the Johnson-Neyman region is read.
    """
    for found in _moderated_paths(design, pairs, variables):
        of, horizon = outcomes_of([found.path]), found.pair.horizon(found.path)
        about = (found.path.text, "conditional", found.level)
        for collected, values in ((quantities, found.chosen_values()), (quantities.moderation, found.grid())):
            for value in values:
                draws, at = found.at(design, population, value), round(value, _DECIMALS) + 0.0
                collected.add(*about, draws, of, horizon, moderator=found.moderator, value=at)
        if len(found.path.edges) > 1 and (len(found.products) == 1 or found.two_valued):
            change = found.index(design, population)
            quantities.add(found.path.text, "index", found.level, change, of, horizon, moderator=found.moderator)


def _moderated_paths(design: Design, pairs: Sequence[Pair], variables: dict[str, Variable]) -> list[_Moderated]:
    """List every arrow with a moderator, and every longer path with such an arrow, each once."""
    found: dict[tuple[str, str], _Moderated] = {}
    for pair in pairs:
        arrows = [Path((edge,)) for path in pair.paths for edge in path.edges]
        for path in [*arrows, *pair.paths]:
            products: dict[str, dict[int, tuple[str, float]]] = {}
            values: dict[str, np.ndarray] = {}
            groups: dict[str, tuple[str, str]] = {}
            for position, edge in enumerate(path.edges):
                equation = design.equations[edge.outcome]
                for term, origin in equation.origins.items():
                    own = next((factor for factor in origin.factors if factor.term == edge.term), None)
                    other = next((factor for factor in origin.factors if factor != own), None)
                    if own is not None and other is not None and not _is_part_of_a_course(other, own, equation):
                        products.setdefault(other.name, {})[position] = (term, other.centre)
                        values.setdefault(other.name, _values_of(equation, other))
                        groups[other.name] = _group_of(other, variables)
            for moderator, terms in products.items():
                others = [one for one in products if one != moderator and groups[one] == groups[moderator] != _NO_GROUP]
                beside = {place: [products[one][place] for one in others if place in products[one]] for place in terms}
                share = groups[moderator][1] == BETWEEN
                of_it = _Moderated(pair, path, moderator, terms, values[moderator], beside, share)
                found.setdefault((path.text, moderator), of_it)
    return list(found.values())


def _group_of(factor: Factor, variables: dict[str, Variable]) -> tuple[str, str]:
    """Return the category that a column tells a group of, and the ending of its name; nothing of what is no group."""
    term = parse_term(factor.term, variables)
    if factor.centring == "own mean" or term is None or term.variable is None or term.part is None:
        return _NO_GROUP
    return (term.variable, term.suffix) if variables[term.variable].kind == "category" else _NO_GROUP


def _is_part_of_a_course(other: Factor, own: Factor, equation: Equation) -> bool:
    """Whether an effect changes along a smooth of time, of which a column, or time beside it, says nothing by itself."""
    beside = [factor for origin in equation.origins.values() if own in origin.factors for factor in origin.factors]
    smooths = {factor.base for factor in beside if factor.base in TIME_TERMS and factor.term not in TIME_TERMS}
    return other.base in smooths


def _values_of(equation: Equation, factor: Factor) -> np.ndarray:
    if factor.centring == "own mean":
        values = equation.rows[factor.term].to_numpy(dtype=float)[:, None]
        return np.asarray(center_factor(factor, values, own_means(equation.rows, values))[:, 0])
    rows = equation.rows if factor.base in TIME_TERMS else equation.rows.drop_duplicates(PATIENT)
    return rows[factor.term].to_numpy(dtype=float)


def _slope(design: Design, population: Population, outcome: str, term: str) -> np.ndarray:
    return population.slopes[outcome][:, design.equations[outcome].terms.index(term)]
