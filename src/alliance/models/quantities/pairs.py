"""Quantities as they are collected, and what their computation shares: causes with their slopes, and expected products of slopes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from alliance.config import Variable
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes
from alliance.models import container
from alliance.models.design.arrays import Design, Varying
from alliance.models.diagram import Edge, Path, outcomes_of
from alliance.models.quantities.latent import effects_through_initial_values, shifts_of_initial_values
from alliance.models.quantities.population import Population


@dataclass
class Quantities(container.Quantities):
    """Quantities of a joint model.

    Parameters
    ----------
    drawn
        Whether their values are draws, which tell how well something is known. Estimates do not, so nothing is withheld from them.
    marks
        What was found while computing them.
    moderation
        Conditional effects over the range of each moderator.
    """

    drawn: bool = True
    marks: list[Mark] = field(default_factory=list)
    moderation: container.Quantities = field(init=False)

    def __post_init__(self) -> None:
        self.moderation = container.Quantities(self.counts)

    def add_total(self, pair: "Pair", parts: dict[Path, np.ndarray], level: str) -> np.ndarray | None:
        """Add the sum over the paths of a pair and return its draws; effects that arrive at different sessions have none."""
        horizons = {pair.horizon(path) for path in pair.paths}
        if len(parts) == 1 or len(horizons) > 1:
            return None
        total: np.ndarray = np.sum(list(parts.values()), axis=0)
        self.add(pair.text, "total", level, total, outcomes_of(pair.paths), *horizons)
        return total


@dataclass(frozen=True)
class Pair:
    """A cause, an outcome, and the paths between them.

    Parameters
    ----------
    paths
        All paths; the direct one, if there is one, comes first.
    slope
        (source, outcome) of each arrow -> draws of its average slope, (draw,), raw units.
    constant
        Whether the cause is the same at all sessions of a patient.
    lag
        Sessions between a lagged value and its row.
    shifts
        Initial values that a constant cause moved -> draws of by how much, (draw,).
    """

    paths: list[Path]
    slope: dict[tuple[str, str], np.ndarray]
    constant: bool
    lag: int
    shifts: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The cause."""
        return self.paths[0].edges[0].source

    @property
    def target(self) -> str:
        """The outcome."""
        return self.paths[0].edges[-1].outcome

    @property
    def text(self) -> str:
        """Cause and outcome, whatever lies between them."""
        return join_nodes(self.source, self.target)

    def slope_of(self, edge: Edge) -> np.ndarray:
        """Return the draws of one arrow's average slope."""
        return self.slope[edge.source, edge.outcome]

    def horizon(self, path: Path) -> str:
        """Return how much later the end of a path is measured than its beginning."""
        return path.horizon(self.lag)


def make_pairs(
    design: Design,
    population: Population,
    groups: list[list[Path]],
    variables: dict[str, Variable],
    lag: int,
    rng: np.random.Generator | None,
) -> list[Pair]:
    """Gather the slopes of each pair of cause and outcome.

    What a cause that is constant within patients did through initial values is added to its slopes, see
    `alliance.models.quantities.latent`.
    """
    moved: dict[str, dict[str, np.ndarray]] = {}
    pairs = []
    for paths in groups:
        first = paths[0].edges[0]
        origin = design.equations[first.outcome].origins[first.term]
        slope = {
            (e.source, e.outcome): population.slopes[e.outcome][:, design.equations[e.outcome].terms.index(e.term)]
            for path in paths
            for e in path.edges
        }
        if not origin.session_level:
            if first.term not in moved:
                moved[first.term] = shifts_of_initial_values(design, population, first.term, variables, rng)
            through = effects_through_initial_values(design, population, moved[first.term])
            for source, outcome in slope:
                if source == first.source:
                    slope[source, outcome] = slope[source, outcome] + through[outcome]
        pairs.append(Pair(paths, slope, not origin.session_level, lag, moved.get(first.term, {})))
    return pairs


def expect_product(means: list[np.ndarray], covariance: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    """Return the expectation of a product of jointly normal variables (Isserlis' theorem), shape (draw,).

    E[x_1 R] = m_1 E[R] + sum_j cov(x_1, x_j) E[R without x_j]; for three: abc + a cov(b,c) + b cov(a,c) + c cov(a,b).
    """

    def expect(left: list[int]) -> np.ndarray:
        if not left:
            return np.ones_like(means[0])
        head, *rest = left
        total: np.ndarray = means[head] * expect(rest)
        for other in rest:
            total = total + covariance[head, other] * expect([item for item in rest if item != other])
        return total

    return expect(list(range(len(means))))


@dataclass(frozen=True)
class Step:
    """A slope as a sum of varying effects with weights, e.g. the slope at one value of a moderator.

    Parameters
    ----------
    mean
        Its average over patients, (draw,).
    parts
        The effects it is made of, each with its weight.
    """

    mean: np.ndarray
    parts: tuple[tuple[Varying, float], ...]


def expect_steps(steps: Sequence[Step], population: Population) -> np.ndarray:
    """Return the expectation of a product of slopes over patients and therapists, (draw,)."""
    covariance = {
        (i, j): sum(
            (u * v * population.covariance(one, other) for one, u in steps[i].parts for other, v in steps[j].parts),
            start=np.zeros_like(steps[i].mean),
        )
        for i, j in combinations(range(len(steps)), 2)
    }
    return expect_product([step.mean for step in steps], covariance)
