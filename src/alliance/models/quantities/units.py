"""Slopes and paths of single patients and therapists, from draws of how far each is from the average.

Units are sorted by their estimates and carry neither ids nor numbers of sessions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import xarray as xr

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.effects import name_step
from alliance.models.design.arrays import Varying
from alliance.models.diagram import Edge, Path
from alliance.models.quantities.pairs import Pair, expect_product
from alliance.models.quantities.population import Population

Level = Mapping[Varying, np.ndarray]


@dataclass(frozen=True)
class UnitSlopes:
    """Slopes of the units of one level.

    Parameters
    ----------
    level
        Whose slopes they are.
    drawn
        Effect that varies -> deviation of each unit from the average, raw units: (draw, unit).
    alone
        Effect that varies -> slope from the unit's own rows, raw units, NaN where they are too few: (unit,).
    count
        How many units there are; draws may be of a random sample of them.
    """

    level: str
    drawn: Level
    alone: Level
    count: int


@dataclass(frozen=True)
class _Units:
    """One slope, or a product of slopes, of all units of a level, from the smallest estimate to the largest.

    Parameters
    ----------
    drawn
        (draw, unit), raw units.
    alone
        What the unit's own rows say, (unit,).
    order
        Place of each unit among all, from one on; of a sample as its own order tells, the last one's is the number of all: (unit,).
    """

    level: str
    quantity: str
    path: str
    drawn: np.ndarray
    alone: np.ndarray
    order: np.ndarray


def combine_units(pairs: Sequence[Pair], population: Population, levels: Sequence[UnitSlopes]) -> dict[str, xr.Dataset]:
    """Put the slopes of units together along the paths of a model.

    Returns
    -------
    dict
        The group ``shrinkage`` of the container, if any slope on a path varies. The product of a therapist's slopes is that of an average
        patient: cov(a, b) between patients is added.
    """
    found: list[_Units] = []
    for slopes in levels:
        done = set()
        for pair in pairs:
            for path in pair.paths:
                for quantity, text, edges in _parts(path, len(pair.paths)):
                    if text not in done and any(_effect(edge) in slopes.drawn for edge in edges):
                        done.add(text)
                        found.append(_combine(quantity, text, pair, edges, slopes, population))
    return {"shrinkage": _pack(found)} if found else {}


def _effect(edge: Edge) -> Varying:
    return Varying(edge.outcome, edge.term)


def effects_on(pairs: Sequence[Pair]) -> set[Varying]:
    """List the effects whose slopes are steps of a path."""
    return {_effect(edge) for pair in pairs for path in pair.paths for edge in path.edges}


def _parts(path: Path, paths: int) -> Iterator[tuple[str, str, tuple[Edge, ...]]]:
    """Yield the steps of a path and, if there are several, the whole path: name, text, arrows."""
    for position, edge in enumerate(path.edges):
        yield name_step(position, len(path.edges), paths), edge.text, (edge,)
    if len(path.edges) > 1:
        yield "indirect", path.text, path.edges


def _combine(
    quantity: str, text: str, pair: Pair, edges: Sequence[Edge], slopes: UnitSlopes, population: Population
) -> _Units:
    """Return a slope or the expected product of slopes of every unit."""
    means, alone = [], []
    for edge in edges:
        average, effect = pair.slope_of(edge)[:, None], _effect(edge)
        means.append(average + slopes.drawn[effect] if effect in slopes.drawn else average)
        alone.append(slopes.alone.get(effect, average.mean()))
    values = expect_product(means, _covariances(edges, slopes.level, population))
    own = np.prod(np.broadcast_arrays(*alone), axis=0)
    order = np.argsort(values.mean(axis=0), kind="stable")
    places = (np.arange(1, len(order) + 1) * slopes.count) // len(order)
    return _Units(slopes.level, quantity, text, values[:, order], own[order], places)


def _pack(found: Sequence[_Units]) -> xr.Dataset:
    sizes = [len(one.alone) for one in found]
    names = {
        "unit": [one.level for one in found],
        "quantity": [one.quantity for one in found],
        "path": [one.path for one in found],
    }
    return xr.Dataset(
        {
            "draws": (("draw", "row"), np.concatenate([one.drawn for one in found], axis=1)),
            "alone": ("row", np.concatenate([one.alone for one in found])),
            "order": ("row", np.concatenate([one.order for one in found])),
        },
        coords={name: ("row", np.repeat(np.array(values, dtype=object), sizes)) for name, values in names.items()},
    )


def _covariances(edges: Sequence[Edge], level: str, population: Population) -> dict[tuple[int, int], np.ndarray]:
    """Return what the slopes of a unit still covary by: between a therapist's patients; a patient's slopes are known."""
    result = {}
    effects = population.varying.get(PATIENT, []) if level == THERAPIST else []
    for i, j in combinations(range(len(edges)), 2):
        one, other = _effect(edges[i]), _effect(edges[j])
        both = one in effects and other in effects
        result[i, j] = (
            population.covariances[PATIENT][:, effects.index(one), effects.index(other), None]
            if both
            else np.zeros((1, 1))
        )
    return result
