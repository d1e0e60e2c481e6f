"""Effects of single patients and therapists: what partial pooling makes of them, beside what their own data say.

For each of some draws of the parameters the random effects are drawn exactly given the data (`alliance.likelihood.units`), so the
draws hold the uncertainty of both. Units are sorted by their estimates and carry neither ids nor numbers of sessions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.effects import name_step
from alliance.likelihood.units import draw_effects
from alliance.models.design.arrays import Varying
from alliance.models.diagram import Edge, Path
from alliance.models.joint import Task
from alliance.models.path.layout import LEVELS, Natural
from alliance.models.path.target import PathTarget
from alliance.models.quantities.pairs import Pair, expect_product, make_pairs
from alliance.models.quantities.population import Population, make_population

UNIT_DRAWS: Final = 400
_FREEDOM = 2  # rows of a unit beyond its intercepts: with fewer its own slope is a guess
_LEAST_SPREAD = 1e-8  # sum of squares of a predictor, in standard units, that is none

Level = Mapping[Varying, np.ndarray]


@dataclass(frozen=True)
class _Slopes:
    """Slopes of the units of one level.

    Parameters
    ----------
    level
        Whose slopes they are.
    drawn
        Effect that varies -> deviation of each unit from the average, raw units: (draw, unit).
    alone
        Effect that varies -> slope from the unit's own rows, raw units, NaN where they are too few: (unit,).
    """

    level: str
    drawn: Level
    alone: Level


@dataclass(frozen=True)
class _Units:
    """One slope, or a product of slopes, of all units of a level, from the smallest estimate to the largest.

    Parameters
    ----------
    drawn
        (draw, unit), raw units.
    alone
        What the unit's own rows say, (unit,).
    """

    level: str
    quantity: str
    path: str
    drawn: np.ndarray
    alone: np.ndarray


def draw_units(task: Task, target: PathTarget, natural: Natural) -> dict[str, xr.Dataset]:
    """Draw the slopes of each patient and therapist on the paths of a model, and their products.

    Parameters
    ----------
    natural
        Draws of the parameters; evenly spaced ones are used.

    Returns
    -------
    dict
        The group ``shrinkage`` of the container, if any slope on a path varies. The product of a therapist's slopes is that of an average
        patient: cov(a, b) between patients is added.
    """
    kept = natural.take(np.unique(np.linspace(0, len(natural.beta) - 1, UNIT_DRAWS).astype(int)))
    population = make_population(task.design, kept.named)
    pairs = make_pairs(
        task.design,
        population,
        task.groups,
        task.variables,
        task.settings["lag"],
        task.generator("initial values"),
    )
    deviations = _draw_deviations(target, kept, _effects_of(pairs), task.generator("units"))
    average = kept.beta.mean(axis=0)
    found: list[_Units] = []
    for level, drawn in deviations.items():
        alone = {effect: _fit_alone(target, average, level, effect) for effect in drawn}
        slopes = _Slopes(level, drawn, alone)
        done = set()
        for pair in pairs:
            for path in pair.paths:
                for quantity, text, edges in _parts(path, len(pair.paths)):
                    if text not in done and any(_effect(edge) in drawn for edge in edges):
                        done.add(text)
                        found.append(_combine(quantity, text, pair, edges, slopes, population))
    return {"shrinkage": _pack(found)} if found else {}


def _effect(edge: Edge) -> Varying:
    return Varying(edge.outcome, edge.term)


def _effects_of(pairs: Sequence[Pair]) -> set[Varying]:
    return {_effect(edge) for pair in pairs for path in pair.paths for edge in path.edges}


def _parts(path: Path, paths: int) -> Iterator[tuple[str, str, tuple[Edge, ...]]]:
    """Yield the steps of a path and, if there are several, the whole path: name, text, arrows."""
    for position, edge in enumerate(path.edges):
        yield name_step(position, len(path.edges), paths), edge.text, (edge,)
    if len(path.edges) > 1:
        yield "indirect", path.text, path.edges


def _draw_deviations(
    target: PathTarget, natural: Natural, wanted: set[Varying], rng: np.random.Generator
) -> dict[str, dict[Varying, np.ndarray]]:
    """Draw the deviations of the units' slopes from the average: level -> effect -> (draw, unit), raw units.

    A patient's deviation includes that of the therapist.
    """
    design = target.design
    places = {
        level: {effect: place for place, effect in enumerate(design.varying.get(level, [])) if effect in wanted}
        for level in LEVELS
    }
    owner = target.statistics.therapist_of
    counts = {PATIENT: target.statistics.n_patients, THERAPIST: len(target.therapists)}
    result = {
        level: {effect: np.empty((len(natural.beta), counts[level])) for effect in found}
        for level, found in places.items()
        if found
    }
    for draw in range(len(natural.beta)):
        of_patients, of_therapists = draw_effects(
            target.statistics,
            np.ascontiguousarray(natural.beta[draw]),
            natural.residual[draw],
            natural.factors[PATIENT][draw],
            natural.factors[THERAPIST][draw],
            rng,
        )
        drawn = {PATIENT: of_patients, THERAPIST: of_therapists}
        for level, found in result.items():
            for effect, values in found.items():
                scale = design.equations[effect.outcome].scale(effect.term)
                values[draw] = drawn[level][: counts[level], places[level][effect]] * scale
                if level == PATIENT and effect in places[THERAPIST]:
                    values[draw] += drawn[THERAPIST][owner, places[THERAPIST][effect]] * scale
    return result


def _fit_alone(target: PathTarget, beta: np.ndarray, level: str, effect: Varying) -> np.ndarray:
    """Return the least-squares slope of each unit's own rows, other effects at their averages: (unit,), raw units.

    Each patient (each therapist, where the predictor is the same at all sessions of a patient) has an intercept.
    """
    design = target.design
    equation = design.equations[effect.outcome]
    x = equation.column(effect.term)
    average = beta[target.layout.of(effect.outcome)][1:]
    left = equation.y - equation.x @ average + x * average[equation.terms.index(effect.term)]
    group = equation.rows[PATIENT if equation.origins[effect.term].session_level else THERAPIST].astype(str)
    table = pd.DataFrame({"x": x, "y": left, "group": group.to_numpy(), "unit": equation.rows[level].astype(str)})
    centred = table[["x", "y"]] - table.groupby("group")[["x", "y"]].transform("mean")
    by_unit = table["unit"].to_numpy()
    square = (centred["x"] ** 2).groupby(by_unit).sum()
    product = (centred["x"] * centred["y"]).groupby(by_unit).sum()
    freedom = table.groupby("unit")["x"].size() - table.groupby("unit")["group"].nunique()
    enough = (freedom >= _FREEDOM) & (square > _LEAST_SPREAD)
    slope = (product / square.where(enough)).reindex(target.patients if level == PATIENT else target.therapists)
    return slope.to_numpy() * equation.scale(effect.term)


def _combine(
    quantity: str, text: str, pair: Pair, edges: Sequence[Edge], slopes: _Slopes, population: Population
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
    return _Units(slopes.level, quantity, text, values[:, order], own[order])


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
