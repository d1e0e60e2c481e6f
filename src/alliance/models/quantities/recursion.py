"""How a change of a cause runs through the outcomes of a model, session by session, in expectation over units' slopes.

With s the outcomes of a model and x the cause, the change that x makes follows s_t = Phi s_(t-lag) + gamma x_t, here with the effects
within a session resolved in the order of the equations. It is a polynomial of the slopes. Slopes that vary are jointly normal over patients
and therapists; their covariance is the sum of both, since the two are independent. The expectation is taken by a rule of nodes z and
weights, for each draw of the population: slopes = average + R z with R the symmetric root of the covariance.

- Up to three slopes: products of Gauss-Hermite rules with n nodes each, exact for powers up to 2 n - 1.
- More: the fully symmetric rule of degree 5 with 2 d^2 + 1 nodes (McNamee & Stenger 1967, doi 10.1007/BF02162160); with four slopes that
  vary by half of their size it misses the response after 8 sessions by .0002 of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from alliance.models.design.arrays import Design, Varying
from alliance.models.diagram import reached_from
from alliance.models.quantities.population import Population

_NODES = {0: 1, 1: 7, 2: 6, 3: 4}  # slopes that vary -> nodes of the rule of each
_CELLS = 1 << 16  # numbers of one array at a time: what fits into a processor's cache


@dataclass(frozen=True)
class Arrow:
    """What one predictor passes on: from `source`, maybe of an earlier session, to `outcome`.

    Parameters
    ----------
    mean
        Its average slope, (draw,), raw units.
    """

    source: str
    outcome: str
    term: str
    lagged: bool
    mean: np.ndarray

    @property
    def slope(self) -> Varying:
        """The effect as it may vary between units."""
        return Varying(self.outcome, self.term)


def arrows_on_the_way(
    design: Design, population: Population, source: str, target: str, average: Mapping[tuple[str, str], np.ndarray]
) -> list[Arrow]:
    """List the predictors through which a change of the source can reach the target, in the order of the equations.

    Whatever else predicts the source does not move it: it is set. Observed means and baseline values stay as they are.

    Parameters
    ----------
    average
        (source, outcome) -> average slope of an arrow of the cause, where it is not the coefficient.
    """
    found = []
    for outcome, equation in design.equations.items():
        for position, (term, origin) in enumerate(equation.origins.items()):
            moved = origin.base in design.equations and origin.session_level
            caused = origin.base == source and (origin.session_level or term == source)
            if outcome != source and (moved or caused):
                mean = population.slopes[outcome][:, position]
                mean = average.get((source, outcome), mean) if caused else mean
                found.append(Arrow(origin.base, outcome, term, origin.lagged, mean))
    onwards: dict[str, set[str]] = {}
    for arrow in found:
        onwards.setdefault(arrow.source, set()).add(arrow.outcome)
    moving = {source, *reached_from(onwards, source)}
    arriving = {name for name in moving if name == target or target in reached_from(onwards, name)}
    return [arrow for arrow in found if arrow.source in moving and arrow.outcome in arriving]


def expect_responses(
    arrows: Sequence[Arrow],
    population: Population,
    ends: tuple[str, str],
    sessions: int,
    lag: int,
    cuts: Sequence[frozenset[str]],
) -> np.ndarray:
    """Return the expected change of the target when the source is one unit higher at every session from the first on.

    Parameters
    ----------
    ends
        Source and target.
    lag
        Sessions between a lagged value and its row.
    cuts
        For each response, the variables whose arrows to the target are removed.

    Returns
    -------
    numpy.ndarray
        (cut, draw, session).
    """
    varies = {effect for effects in population.varying.values() for effect in effects}
    varying = [arrow.slope for arrow in arrows if arrow.slope in varies]
    points, weights = normal_rule(len(varying))
    size = len(next(iter(population.residuals.values())))
    root = _symmetric_root(_covariance(population, varying, size))
    found = np.zeros((len(cuts), size, sessions))
    step = max(1, _CELLS // len(weights))
    for part in (slice(start, start + step) for start in range(0, size, step)):
        deviations = points @ root[part]
        slopes = [
            arrow.mean[part, None] + (deviations[:, :, varying.index(arrow.slope)] if arrow.slope in varying else 0.0)
            for arrow in arrows
        ]
        for row, cut in enumerate(cuts):
            for t, values in enumerate(_follow(arrows, slopes, ends, sessions, lag, cut)):
                found[row, part, t] = np.broadcast_to(values, deviations.shape[:2]) @ weights
    return found


def normal_rule(dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes (node, dimension) and weights (node,) for expectations over independent standard normal variables."""
    if dimensions in _NODES:
        line, shares = np.polynomial.hermite_e.hermegauss(_NODES[dimensions])
        weights = np.array([np.prod(chosen) for chosen in product(shares / shares.sum(), repeat=dimensions)])
        return np.array(list(product(line, repeat=dimensions))).reshape(len(weights), dimensions), weights
    axes = np.sqrt(3.0) * np.eye(dimensions)
    crossed = [
        i * axes[a] + j * axes[b] for a, b in combinations(range(dimensions), 2) for i in (-1, 1) for j in (-1, 1)
    ]
    points = np.concatenate([np.zeros((1, dimensions)), axes, -axes, np.array(crossed)])
    centre = 1 + (dimensions**2 - 7 * dimensions) / 18
    return points, np.repeat([centre, (4 - dimensions) / 18, 1 / 36], [1, 2 * dimensions, len(crossed)])


def _follow(
    arrows: Sequence[Arrow],
    slopes: Sequence[np.ndarray],
    ends: tuple[str, str],
    sessions: int,
    lag: int,
    cut: frozenset[str],
) -> Iterator[np.ndarray | float]:
    """Give the change of the target at each session; slopes and changes are (draw, node) or broadcast to it."""
    source, target = ends
    course: list[dict[str, np.ndarray | float]] = []
    for t in range(sessions):
        now: dict[str, np.ndarray | float] = {source: 1.0}
        course.append(now)
        for arrow, slope in zip(arrows, slopes, strict=True):
            before = t - lag * arrow.lagged
            if before >= 0 and not (arrow.outcome == target and arrow.source in cut):
                now[arrow.outcome] = now.get(arrow.outcome, 0.0) + slope * course[before].get(arrow.source, 0.0)
        yield now.get(target, 0.0)


def _covariance(population: Population, varying: Sequence[Varying], size: int) -> np.ndarray:
    covariance = np.zeros((size, len(varying), len(varying)))
    for (i, one), (j, other) in product(enumerate(varying), repeat=2):
        covariance[:, i, j] = population.covariance(one, other)
    return covariance


def _symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """Return R with R R = covariance, (draw, effect, effect); unlike eigenvectors it is unique."""
    values, vectors = np.linalg.eigh(covariance)
    root: np.ndarray = (vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]) @ vectors.transpose(0, 2, 1)
    return root
