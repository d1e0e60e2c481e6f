"""Equations of what is recorded, with error, of variables that nobody sees.

A true score, or a construct, is a cell at every session that an equation has a row for. Each indicator adds a row beside the equations of
the design where it was recorded, for patient i at session t

    y_jit = nu_j + lambda_j z_it + u_ij + e_jit,   u_ij ~ N(0, psi_j),   e_jit ~ N(0, theta_j)

with the same nu and lambda at all sessions (which `alliance.models.checking.invariance` tests) and for all patients, so that indicators
mean the same at all levels; what is unique to an indicator lasts (u) or does not (e). The precision of the cells gains lambda_j^2 /
theta_j on the diagonal.

Of a score whose reliability is declared nu = 0, lambda = 1, and theta and psi are known. Of several indicators they are drawn given the
cells, and the construct has the unit and the origin of the composite sum_j w_j y_j, whose expectation given the construct it is: sum_j w_j
lambda_j = 1, sum_j w_j nu_j = 0 (effects coding: Little, Slegers & Card 2006, doi 10.1207/s15328007sem1301_3). The likelihood does not
depend on that choice, so each round draws them freely and then moves the cells to where it holds.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from alliance.likelihood.packing import OUTCOME, PREDICTOR, Entries
from alliance.likelihood.patterns import EquationRows
from alliance.models.filling.auxiliary import Auxiliary, Drawn, join_entries
from alliance.models.filling.readings import Reading

_WIDEST: Final = 2.0  # standard deviation that is tried, in that of the means of patients
_STEPS: Final = 200
LOADING, INTERCEPT, ERROR, LASTING, DESCRIBED = range(5)  # what `describe` returns of each reading


def reading_equations(reading: Reading, patient_of: np.ndarray, guess: np.ndarray) -> list[Auxiliary]:
    """Return the equation of what was recorded, and that of the errors that last, if there are any: an unknown for each patient.

    Parameters
    ----------
    patient_of, guess
        Patient and first guess of each cell, (cell,).
    """
    indicator, count = reading.indicator, len(reading.cells)
    known, loading = indicator.error is not None, indicator.loading
    first, none, ones = guess[reading.cells], np.empty((count, 0)), np.ones((count, 1))
    x = np.column_stack([none if known else ones, first if loading is None else none])
    y = reading.values if loading is None else reading.values - loading * first
    variance, between = indicator.error.variances() if indicator.error is not None else (None, None)
    part, weight, place = (PREDICTOR, 1.0, x.shape[1] - 1) if loading is None else (OUTCOME, -loading, 0)
    entries = [_enter(part, reading.cells, weight, place)]
    found = []
    if reading.lasting is not None:
        entries.append(_enter(OUTCOME, reading.lasting, -1.0))
        y = y - guess[reading.lasting]
        own = np.unique(reading.lasting)
        rows = EquationRows(np.empty((len(own), 0)), guess[own], patient_of[own], np.empty((len(own), 0)))
        found = [Auxiliary(rows, _enter(OUTCOME, own, 1.0), variance=between)]
    rows = EquationRows(x, y, patient_of[reading.cells], none)
    return [Auxiliary(rows, join_entries(entries), variance=variance), *found]


def _enter(part: int, cells: np.ndarray, weight: float, place: int = 0) -> Entries:
    """Let a cell into each row of an equation."""
    count = len(cells)
    return Entries(np.arange(count), np.full(count, part), np.full(count, place), cells, np.full(count, weight))


def guess_lasting(reading: Reading, guess: np.ndarray) -> np.ndarray:
    """Guess the error that lasts, as the mean of what the first guess of the other cells leaves of a patient's readings: (cell,)."""
    found = guess.copy()
    if reading.lasting is not None:
        x = np.column_stack([np.ones(len(reading.cells)), guess[reading.cells]])
        left = reading.values - x @ np.linalg.lstsq(x, reading.values, rcond=None)[0]
        own = np.unique(reading.lasting)
        sums, counts = (np.bincount(reading.lasting, each, minlength=len(guess)) for each in (left, None))
        found[own] = sums[own] / counts[own]
    return found


def draw_spread(rows: EquationRows, drawn: Drawn, own: np.ndarray, rng: np.random.Generator) -> float:
    """Draw the variance psi of the errors that last, given all but these errors: a small one would hold them, and they it, for long.

    What is left of n_i readings has a mean with variance psi + theta / n_i in patient i. The prior is flat on the standard deviation.

    Parameters
    ----------
    rows, drawn
        Equation of the readings, with its parameters.
    own
        The present error of each reading's patient, (reading,).
    """
    left = rows.y + own - rows.x @ drawn.beta
    count = np.bincount(rows.patient).astype(float)
    held = count > 0
    means = np.bincount(rows.patient, left)[held] / count[held]
    sds = np.linspace(0.0, _WIDEST * float(np.sqrt(np.mean(means**2))), _STEPS + 1)[1:]
    variances = sds[:, None] ** 2 + drawn.variance / count[held]
    logs = -(np.log(variances) + means**2 / variances).sum(axis=1) / 2
    weights = np.cumsum(np.exp(logs - logs.max()))
    return float(np.interp(rng.random() * weights[-1], weights, sds) ** 2)


def redraw_errors(
    auxiliary: Sequence[Auxiliary], readings: Sequence[Reading], rng: np.random.Generator
) -> list[Auxiliary]:
    """Draw the variances of errors that are known with some doubt; the equations of readings come last, in their order."""
    changed = list(auxiliary)
    for place, reading in zip(places_of(auxiliary, readings), readings, strict=True):
        error = reading.indicator.error
        if error is not None and any(error.doubt):
            for offset, variance in enumerate(error.variances(rng)[: 1 + (reading.lasting is not None)]):
                changed[place + offset] = replace(auxiliary[place + offset], variance=variance)
    return changed


def places_of(auxiliary: Sequence[Auxiliary], readings: Sequence[Reading]) -> list[int]:
    """Return the position of the equation of each reading among all, that of its errors that last being the next."""
    sizes = [1 + (reading.lasting is not None) for reading in readings]
    first = len(auxiliary) - sum(sizes)
    return [first + sum(sizes[:number]) for number in range(len(sizes))]


def describe(auxiliary: Sequence[Auxiliary], readings: Sequence[Reading], drawn: Sequence[Drawn]) -> np.ndarray:
    """Return loading, intercept, and the variances of errors of sessions and of patients: (reading, 4)."""
    found = []
    for place, reading in zip(places_of(auxiliary, readings), readings, strict=True):
        own, indicator = drawn[place], reading.indicator
        loading = own.beta[-1] if indicator.loading is None else indicator.loading
        intercept = 0.0 if indicator.error is not None else own.beta[0]
        found.append(
            [loading, intercept, own.variance, drawn[place + 1].variance if reading.lasting is not None else 0.0]
        )
    return np.array(found)


def to_composite(
    readings: Sequence[Reading], described: np.ndarray, variable_of: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how cells change so that constructs get the unit and the origin of their composites, and what their readings are then.

    Parameters
    ----------
    described
        Of each reading, (reading, 4).
    variable_of, values
        Variable and value of each cell, (cell,).
    """
    change, moved = np.zeros(len(values)), described.copy()
    weights = np.array([reading.indicator.weight for reading in readings])
    for name in {reading.variable for reading in readings if reading.indicator.error is None}:
        own = np.array([reading.variable == name for reading in readings])
        unit, origin = weights[own] @ described[own, LOADING], weights[own] @ described[own, INTERCEPT]
        chosen = variable_of == name
        change[chosen] = (unit - 1) * values[chosen] + origin
        moved[own, LOADING] = described[own, LOADING] / unit
        moved[own, INTERCEPT] = described[own, INTERCEPT] - described[own, LOADING] * origin / unit
    return change, moved
