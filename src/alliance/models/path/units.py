"""How far single patients and therapists are from the average: what partial pooling makes of them, and what their own data say.

For each of some draws of the parameters the random effects are drawn exactly given the data (`alliance.likelihood.units`), so the
draws hold the uncertainty of both. Of many patients a random sample is kept: who stands where among all is told as well by it, and draws
for each of the patients of a register would take several times the room of its data.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.likelihood.units import draw_effects
from alliance.models.design.arrays import Varying
from alliance.models.joint import Task
from alliance.models.path.layout import LEVELS, Natural
from alliance.models.path.target import PathTarget
from alliance.models.quantities.pairs import make_pairs
from alliance.models.quantities.population import make_population
from alliance.models.quantities.units import UnitSlopes, combine_units, effects_on

UNIT_DRAWS: Final = 400
_MOST_UNITS: Final = 20_000  # whose draws are kept
_FREEDOM = 2  # rows of a unit beyond its intercepts: with fewer its own slope is a guess
_LEAST_SPREAD = 1e-8  # sum of squares of a predictor, in standard units, that is none


def draw_units(task: Task, target: PathTarget, natural: Natural) -> dict[str, xr.Dataset]:
    """Draw the slopes of each patient and therapist on the paths of a model, and their products.

    Parameters
    ----------
    natural
        Draws of the parameters; evenly spaced ones are used.

    Returns
    -------
    dict
        See `alliance.models.quantities.units.combine_units`.
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
    counts = {PATIENT: target.statistics.n_patients, THERAPIST: len(target.therapists)}
    sampled = {level: _sample(count, task.generator("sample of units", level)) for level, count in counts.items()}
    deviations = _draw_deviations(target, kept, effects_on(pairs), task.generator("units"), sampled)
    average = kept.beta.mean(axis=0)
    slopes = [
        UnitSlopes(
            level,
            drawn,
            {effect: _fit_alone(target, average, level, effect)[sampled[level]] for effect in drawn},
            counts[level],
        )
        for level, drawn in deviations.items()
    ]
    return combine_units(pairs, population, slopes)


def _sample(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of units whose draws are kept, in order: all, or as many as there is room for."""
    if count <= _MOST_UNITS:
        return np.arange(count)
    return np.sort(rng.choice(count, _MOST_UNITS, replace=False))


def _draw_deviations(
    target: PathTarget,
    natural: Natural,
    wanted: set[Varying],
    rng: np.random.Generator,
    sampled: Mapping[str, np.ndarray],
) -> dict[str, dict[Varying, np.ndarray]]:
    """Draw the deviations of the slopes of some units from the average: level -> effect -> (draw, unit), raw units.

    A patient's deviation includes that of the therapist: of several, their average over the patient's rows in the equation.
    """
    design = target.design
    places = {
        level: {effect: place for place, effect in enumerate(design.varying.get(level, [])) if effect in wanted}
        for level in LEVELS
    }
    patients = sampled[PATIENT]
    owner, shares = target.statistics.therapist_of[patients], _shares_of(target, patients)
    result = {
        level: {effect: np.empty((len(natural.beta), len(sampled[level]))) for effect in found}
        for level, found in places.items()
        if found
    }
    for draw in range(len(natural.beta)):
        found_effects = draw_effects(
            target.statistics,
            np.ascontiguousarray(natural.beta[draw]),
            natural.residual[draw],
            natural.together[draw],
            natural.factors[PATIENT][draw],
            natural.factors[THERAPIST][draw],
            rng,
        )
        drawn = dict(zip(LEVELS, found_effects, strict=True))
        for level, found in result.items():
            for effect, values in found.items():
                scale = design.equations[effect.outcome].scale(effect.term)
                values[draw] = drawn[level][sampled[level], places[level][effect]] * scale
                if level == PATIENT and effect in places[THERAPIST]:
                    of_therapists = drawn[THERAPIST][:, places[THERAPIST][effect]]
                    share = shares.get(effect.outcome)
                    values[draw] += (of_therapists[owner] if share is None else share @ of_therapists) * scale
    return result


def _shares_of(target: PathTarget, patients: np.ndarray) -> dict[str, np.ndarray]:
    """Return the share of each therapist in the rows of some patients, (patient, therapist), by outcome; none where every one has one."""
    statistics, found = target.statistics, {}
    if statistics.crossed is not None:
        for outcome, rows in zip(target.design.equations, statistics.equations, strict=True):
            if rows.therapist is not None:
                counts, place = np.zeros((len(patients), statistics.n_therapists)), np.full(statistics.n_patients, -1)
                place[patients] = np.arange(len(patients))
                there = place[rows.patient] >= 0
                np.add.at(counts, (place[rows.patient[there]], rows.therapist[there]), 1.0)
                found[outcome] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return found


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
