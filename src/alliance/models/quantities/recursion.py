"""How a change of a cause runs through the outcomes of a model, session by session, in expectation over units' slopes.

With s the outcomes of a model and x the cause, the change that x makes follows s_t = Phi s_(t-lag) + gamma x_t, here with the effects
within a session resolved in the order of the equations. It is a polynomial of the slopes. Slopes that vary are jointly normal over patients
and therapists; their covariance is the sum of both, since the two are independent. The expectation is taken over the nodes of
`alliance.models.quantities.quadrature`, for each draw of the population.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from alliance.inference.montecarlo import symmetric_root
from alliance.models.design.arrays import Design, Varying
from alliance.models.diagram import reached_from
from alliance.models.quantities.population import Population
from alliance.models.quantities.quadrature import normal_rule

_CELLS = 1 << 16  # numbers of one array at a time: what fits into a processor's cache
_ROUNDS = 20  # in which usual levels settle


@dataclass(frozen=True)
class Usual:
    """The mean of a variable over sessions, as products with deviations from own means subtract it.

    Parameters
    ----------
    lagged, start
        Whether it is the mean of values of earlier sessions, of the sessions from which number on (counted from 0).
    factor
        What the change of the mean is multiplied by.
    """

    name: str
    lagged: bool
    start: int
    factor: float


@dataclass(frozen=True)
class Arrow:
    """What one predictor passes on: from `source`, maybe of an earlier session, to `outcome`.

    Parameters
    ----------
    mean
        Its average slope, (draw,), raw units.
    weight
        What the slope is multiplied by at each session: (1, session) or (draw, session).
    usual
        What is taken off the weight, where that depends on what the cause does.
    """

    source: str
    outcome: str
    term: str
    lagged: bool
    mean: np.ndarray
    weight: np.ndarray | None = None
    usual: Usual | None = None

    @property
    def slope(self) -> Varying:
        """The effect as it may vary between units."""
        return Varying(self.outcome, self.term)

    def waiting(self, sessions: int) -> "Arrow":
        """Return the same arrow, which passes nothing on at the first session."""
        weight = np.ones((1, sessions)) if self.weight is None else self.weight.copy()
        weight[:, 0] = 0.0
        return replace(self, weight=weight)


@dataclass(frozen=True)
class Change:
    """What is changed from outside.

    Parameters
    ----------
    given
        Predictor -> by how much it is higher at every session, (draw,); the cause itself is one of them.
    first
        Outcome -> by how much it is higher at the first session, (draw,), where its equation begins at the second one.
    """

    given: Mapping[str, np.ndarray]
    first: Mapping[str, np.ndarray] = field(default_factory=dict)


def arrows_of(design: Design, population: Population, source: str, given: Sequence[str] = ()) -> list[Arrow]:
    """List the predictors that pass on a change: outcomes, the source, and other given ones; in the order of the equations.

    Whatever predicts the source does not move it: it is set. Observed means and baseline values that are not given stay as they are.
    """
    found = []
    for outcome, equation in design.equations.items():
        for position, (term, origin) in enumerate(equation.origins.items()):
            moved = origin.base in design.equations and origin.session_level
            caused = origin.base == source and (origin.session_level or term == source)
            if outcome != source and (moved or caused or term in given):
                name = term if term in given else origin.base
                found.append(Arrow(name, outcome, term, origin.lagged, population.slopes[outcome][:, position]))
    return found


def on_the_way(arrows: Sequence[Arrow], sources: Sequence[str], target: str) -> list[Arrow]:
    """Keep the arrows through which a change of the sources can reach the target."""
    onwards = _onwards(arrows)
    moving = {*sources}.union(*(reached_from(onwards, source) for source in sources))
    arriving = {name for name in moving if name == target or target in reached_from(onwards, name)}
    return [arrow for arrow in arrows if arrow.source in moving and arrow.outcome in arriving]


def runs_in_circles(arrows: Sequence[Arrow]) -> bool:
    """Whether a change comes back to where it was, so that it builds up over sessions."""
    onwards = _onwards(arrows)
    return any(name in reached_from(onwards, name) for name in onwards)


def expect_responses(
    arrows: Sequence[Arrow],
    population: Population,
    change: Change,
    target: str,
    sessions: int,
    lag: int,
    cuts: Sequence[frozenset[str]],
) -> np.ndarray:
    """Return the expected change of the target at each session.

    Parameters
    ----------
    lag
        Sessions between a lagged value and its row.
    cuts
        For each response, the variables whose arrows to the target are removed; usual levels remain those without a cut.

    Returns
    -------
    numpy.ndarray
        (cut, draw, session).
    """
    varies = {effect for effects in population.varying.values() for effect in effects}
    varying = list(dict.fromkeys(arrow.slope for arrow in arrows if arrow.slope in varies))
    points, weights = normal_rule(len(varying))
    size = len(next(iter(population.residuals.values())))
    root = symmetric_root(_covariance(population, varying, size))
    found = np.zeros((len(cuts), size, sessions))
    step = max(1, _CELLS // len(weights))
    for part in (slice(start, start + step) for start in range(0, size, step)):
        deviations = points @ root[part]
        slopes = [
            arrow.mean[part, None] + (deviations[:, :, varying.index(arrow.slope)] if arrow.slope in varying else 0.0)
            for arrow in arrows
        ]
        given, first = ({name: x[part, None] for name, x in of.items()} for of in (change.given, change.first))
        local = _Part([_restrict(arrow, part) for arrow in arrows], slopes, given, first, sessions, lag)
        usual = local.settle()
        for row, cut in enumerate(cuts):
            removed = {i for i, arrow in enumerate(arrows) if arrow.outcome == target and arrow.source in cut}
            for t, now in enumerate(local.follow(usual, removed)):
                found[row, part, t] = np.broadcast_to(now.get(target, 0.0), deviations.shape[:2]) @ weights
    return found


def _onwards(arrows: Sequence[Arrow]) -> dict[str, set[str]]:
    onwards: dict[str, set[str]] = {}
    for arrow in arrows:
        onwards.setdefault(arrow.source, set()).add(arrow.outcome)
    return onwards


def _restrict(arrow: Arrow, part: slice) -> Arrow:
    """Return an arrow for some of the draws."""
    if arrow.weight is None or len(arrow.weight) == 1:
        return arrow
    return replace(arrow, weight=arrow.weight[part])


@dataclass(frozen=True)
class _Part:
    """Some of the draws: slopes and changes are (draw, node) or broadcast to it."""

    arrows: Sequence[Arrow]
    slopes: Sequence[np.ndarray]
    given: Mapping[str, np.ndarray]
    first: Mapping[str, np.ndarray]
    sessions: int
    lag: int

    def settle(self) -> list[np.ndarray | float]:
        """Return the change of each arrow's usual level, which itself depends on what the arrow passes on; 0 where there is none."""
        usual: list[np.ndarray | float] = [0.0] * len(self.arrows)
        for _ in range(_ROUNDS if any(arrow.usual for arrow in self.arrows) else 0):
            course = list(self.follow(usual, set()))
            for i, arrow in enumerate(self.arrows):
                if of := arrow.usual:
                    lag = self.lag * of.lagged
                    values = [course[max(t - lag, 0)].get(of.name, 0.0) for t in range(of.start, self.sessions)]
                    usual[i] = of.factor * sum(values) / max(len(values), 1)
        return usual

    def follow(self, usual: Sequence[np.ndarray | float], removed: set[int]) -> Iterator[dict[str, np.ndarray | float]]:
        """Give the change of every variable at each session, without some of the arrows."""
        course: list[dict[str, np.ndarray | float]] = []
        for t in range(self.sessions):
            now: dict[str, np.ndarray | float] = {**self.given, **(self.first if t == 0 else {})}
            course.append(now)
            for i, (arrow, slope) in enumerate(zip(self.arrows, self.slopes, strict=True)):
                before = t - self.lag * arrow.lagged
                known = t == 0 and arrow.outcome in self.first
                if before < 0 or known or i in removed or arrow.source not in course[before]:
                    continue
                passed = slope * course[before][arrow.source]
                if arrow.weight is not None:
                    passed = passed * (arrow.weight[:, t, None] - usual[i])
                now[arrow.outcome] = now.get(arrow.outcome, 0.0) + passed
            yield now


def _covariance(population: Population, varying: Sequence[Varying], size: int) -> np.ndarray:
    covariance = np.zeros((size, len(varying), len(varying)))
    for (i, one), (j, other) in product(enumerate(varying), repeat=2):
        covariance[:, i, j] = population.covariance(one, other)
    return covariance
