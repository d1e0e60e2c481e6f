"""How the cells of a grid enter the arrays of a design.

Every place of an array is linear in the cells: an outcome, a predictor, its deviation from the patient's level where its effect varies,
and a product whose other factor is known. What the design conditions on has equations beside it, see `alliance.models.filling.auxiliary`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION
from alliance.likelihood.cells import draw_change
from alliance.likelihood.packing import OUTCOME, PREDICTOR, VARYING, CellLayout, Entries, pack_cells
from alliance.likelihood.patterns import EquationRows
from alliance.likelihood.thresholds import Thresholds
from alliance.models.design.arrays import Design, Equation
from alliance.models.design.groups import Groups
from alliance.models.design.terms import Factor, center_factor, own_means
from alliance.models.filling.auxiliary import Auxiliary, Drawn, initial_equations, join_entries, without_equation
from alliance.models.filling.grid import Grid
from alliance.models.filling.measured import (
    DESCRIBED,
    describe,
    draw_spread,
    guess_lasting,
    places_of,
    reading_equations,
    redraw_errors,
    to_composite,
)


@dataclass(frozen=True)
class Cells:
    """The cells of a design.

    Parameters
    ----------
    equations
        Rows of the equations of the design, in standard units, with first guesses of the values.
    entries
        Where cells enter each of them.
    auxiliary
        Equations beside those of the design.
    packed
        All of it, packed for the draws.
    guess
        First guess of the values, in raw units: (cell,).
    turns
        Whose turn it is to take random numbers, by what was observed: position of each patient among all, (patient,).
    """

    grid: Grid
    equations: list[EquationRows]
    entries: list[Entries]
    auxiliary: list[Auxiliary]
    packed: CellLayout
    guess: np.ndarray
    turns: np.ndarray


@dataclass(frozen=True)
class Filled:
    """Values of the cells, and all rows with these values.

    Parameters
    ----------
    values
        Raw units, (cell,).
    equations, beside
        Rows of the equations of the design, in standard units, and of those beside it, in raw units.
    differences
        Differences between patients in each equation beside the design, (patient,).
    thresholds
        Those between ordered answers, within which the values lie.
    described
        What `alliance.models.filling.measured.describe` says of each reading, (reading, 4); none before the first draw.
    """

    values: np.ndarray
    equations: list[EquationRows]
    beside: list[EquationRows]
    differences: list[np.ndarray]
    thresholds: Thresholds
    described: np.ndarray = field(default_factory=lambda: np.empty((0, DESCRIBED)))


def find_cells(
    grid: Grid,
    design: Design,
    equations: Sequence[EquationRows],
    varying: Sequence[Sequence[str]],
    turns: np.ndarray,
) -> Cells:
    """Find where the cells of a grid enter a design.

    Parameters
    ----------
    design
        Made of the rows of the grid.
    equations
        The rows as the likelihood has them, in the order of the design.
    varying
        The terms of the columns of `z`, for each equation.
    turns
        See `Cells`.
    """
    panel = grid.panel
    places = pd.MultiIndex.from_frame(panel[[PATIENT, SESSION]])
    of_row = {
        outcome: places.get_indexer(pd.MultiIndex.from_frame(equation.rows[[PATIENT, SESSION]]))
        for outcome, equation in design.equations.items()
    }
    entries = [
        _entries_of(grid, equation, of_row[outcome], rows, terms)
        for (outcome, equation), rows, terms in zip(design.equations.items(), equations, varying, strict=True)
    ]
    positions = _positions(design, equations)
    patient_of = grid.cells[PATIENT].astype(str).map(positions).to_numpy(dtype=np.int64)
    guess = np.empty(len(grid.cells))
    for column, cells in grid.of.items():
        guess[cells[cells >= 0]] = panel[column].to_numpy(dtype=float)[cells >= 0]
    for reading in grid.readings:
        guess = guess_lasting(reading, guess)
    auxiliary = [
        *initial_equations(grid, design, positions),
        *(without_equation(grid, name, positions) for name in grid.filled),
        *(found for reading in grid.readings for found in reading_equations(reading, patient_of, guess)),
    ]
    # Rows of the other equations share an occasion with no row.
    beside, last = [], len(panel)
    for found in auxiliary:
        beside.append(last + np.arange(len(found.rows.y)))
        last += len(found.rows.y)
    packed = pack_cells(
        [*equations, *(found.rows for found in auxiliary)],
        [*entries, *(found.entries for found in auxiliary)],
        [*of_row.values(), *beside],
        patient_of,
        turns,
        grid.limits,
    )
    return Cells(grid, list(equations), entries, auxiliary, packed, guess, turns)


def start_values(cells: Cells) -> Filled:
    """Return the first guess, which the arrays of the design hold."""
    count, differences = len(cells.packed.cells) - 1, []
    for found in cells.auxiliary:
        rows, own = found.rows, np.zeros(count)
        if found.varies:
            sizes = np.maximum(np.bincount(rows.patient, minlength=count), 1)
            own = np.bincount(rows.patient, rows.y - rows.y.mean(), minlength=count) / sizes
        differences.append(own)
    beside = [found.rows for found in cells.auxiliary]
    return Filled(cells.guess, cells.equations, beside, differences, cells.grid.answers.thresholds)


def rows_with(cells: Cells, values: np.ndarray) -> list[EquationRows]:
    """Return the rows of the equations of the design with these values, (cell,): the same to the last bit whatever values came before."""
    return [found.shift(rows, values - cells.guess) for found, rows in zip(cells.entries, cells.equations, strict=True)]


def shift(cells: Cells, filled: Filled, change: np.ndarray) -> Filled:
    """Change the values of the cells, (cell,)."""
    values = filled.values + change
    beside = [found.entries.shift(found.rows, values - cells.guess) for found in cells.auxiliary]
    return replace(filled, values=values, equations=rows_with(cells, values), beside=beside)


def redraw(cells: Cells, rng: np.random.Generator) -> Cells:
    """Draw what is known with some doubt: the variances of errors whose reliability was estimated."""
    return replace(cells, auxiliary=redraw_errors(cells.auxiliary, cells.grid.readings, rng))


def draw_auxiliary(cells: Cells, filled: Filled, rng: np.random.Generator) -> list[Drawn]:
    """Draw the parameters of the equations beside the design, given the present values."""
    readings, made = cells.grid.readings, cells.auxiliary
    spreads = {place + 1: reading.lasting for place, reading in zip(places_of(made, readings), readings, strict=True)}
    drawn: list[Drawn] = []
    for place, (found, rows, differences) in enumerate(zip(made, filled.beside, filled.differences, strict=True)):
        spread, lasting = None, spreads.get(place)
        if found.spread_of is not None:
            spread = float(filled.equations[found.spread_of].y.var())
        elif lasting is not None and found.variance is None:
            spread = draw_spread(filled.beside[place - 1], drawn[-1], filled.values[lasting], rng)
        drawn.append(found.draw(rows, differences, cells.turns, rng, spread))
    return drawn


def draw_given(
    cells: Cells,
    filled: Filled,
    beta: np.ndarray,
    effects: np.ndarray,
    covariance: np.ndarray,
    auxiliary: Sequence[Drawn],
    rng: np.random.Generator | None,
    autocorrelations: np.ndarray | None = None,
    spread: np.ndarray | None = None,
) -> tuple[np.ndarray, Thresholds]:
    """Draw how the cells change, (cell,), given all parameters and the random effects, and the thresholds they then lie within.

    Parameters
    ----------
    beta, effects, covariance, rng, autocorrelations, spread
        See `alliance.likelihood.cells.draw_change`, of the equations of the design.
    """
    own = len(covariance)
    whole = np.zeros((own + len(auxiliary), own + len(auxiliary)))
    whole[:own, :own] = covariance
    whole[range(own, len(whole)), range(own, len(whole))] = [drawn.variance for drawn in auxiliary]
    both = zip(cells.auxiliary, auxiliary, strict=True)
    moving = [drawn.differences[:, None] for found, drawn in both if found.varies]
    return draw_change(
        cells.packed,
        [*filled.equations, *filled.beside],
        np.concatenate([beta, *(drawn.beta for drawn in auxiliary)]),
        np.column_stack([effects, *(_beyond_patients(own, len(effects)) for own in moving)]),
        whole,
        filled.values,
        rng,
        filled.thresholds,
        autocorrelations,
        None if spread is None else np.vstack([spread, np.zeros((len(moving), spread.shape[1]))]),
    )


def _beyond_patients(effects: np.ndarray, count: int) -> np.ndarray:
    """Fill up effects of patients, (patient, column), with zeros for patients with one of their therapists, whom other equations lack."""
    return np.concatenate([effects, np.zeros((count - len(effects), effects.shape[1]))])


def draw_values(
    cells: Cells,
    filled: Filled,
    beta: np.ndarray,
    effects: np.ndarray,
    covariance: np.ndarray,
    rng: np.random.Generator,
    autocorrelations: np.ndarray | None = None,
    spread: np.ndarray | None = None,
) -> Filled:
    """Draw the cells given the parameters of the design and the random effects; those of the other equations are drawn too."""
    auxiliary = draw_auxiliary(cells, filled, rng)
    given = (cells, filled, beta, effects, covariance, auxiliary, rng, autocorrelations, spread)
    change, thresholds = draw_given(*given)
    differences = [drawn.differences for drawn in auxiliary]
    changed = replace(shift(cells, filled, change), differences=differences, thresholds=thresholds)
    readings = cells.grid.readings
    if not readings:
        return changed
    described = describe(cells.auxiliary, readings, auxiliary)
    variable_of = cells.grid.cells["variable"].to_numpy()
    change, described = to_composite(readings, described, variable_of, changed.values)
    return replace(shift(cells, changed, change), described=described)


def _positions(design: Design, equations: Sequence[EquationRows]) -> dict[str, int]:
    """Return the position of each patient in the likelihood."""
    found: dict[str, int] = {}
    for equation, rows in zip(design.equations.values(), equations, strict=True):
        found |= dict(zip(equation.rows[PATIENT].astype(str), rows.patient.tolist(), strict=True))
    return found


def _entries_of(
    grid: Grid, equation: Equation, of_row: np.ndarray, rows: EquationRows, varying: Sequence[str]
) -> Entries:
    """Find where cells enter an equation of the design."""
    found = [_plain(grid, equation.outcome, of_row, OUTCOME, 0, 1 / equation.y_sd)]
    for column, term in enumerate(equation.origins):
        scale = 1 / float(equation.x_sd[column])
        entries = _of_term(grid, equation, term, of_row, column + 1, scale)
        found.append(entries)
        if term in varying:
            moved = [entries]
            if term in equation.levels:
                slopes = equation.levels[term].slopes.items()
                moved += [_of_term(grid, equation, name, of_row, 0, -scale * slope) for name, slope in slopes]
            elif equation.deviates(term):
                moved = [_deviation(entries, rows.patient)]
            place = list(varying).index(term)
            found += [replace(e, part=np.full(len(e.row), VARYING), column=np.full(len(e.row), place)) for e in moved]
    return join_entries(found)


def _of_term(grid: Grid, equation: Equation, term: str, of_row: np.ndarray, place: int, weight: float) -> Entries:
    factors = equation.origins[term].factors
    if factors:
        return _of_product(grid, equation, factors, of_row, place, weight)
    return _plain(grid, term, of_row, PREDICTOR, place, weight)


def _plain(grid: Grid, column: str, of_row: np.ndarray, part: int, place: int, weight: float) -> Entries:
    cells = grid.of[column][of_row] if column in grid.of else np.full(len(of_row), -1)
    rows = np.flatnonzero(cells >= 0)
    size = len(rows)
    return Entries(rows, np.full(size, part), np.full(size, place), cells[rows], np.full(size, weight))


def _of_product(
    grid: Grid, equation: Equation, factors: Sequence[Factor], of_row: np.ndarray, place: int, scale: float
) -> Entries:
    """Find where the cells of one factor enter a product, the other factor being known."""
    found = []
    for factor, other in zip(factors, reversed(factors), strict=True):
        entries = _plain(grid, factor.term, of_row, PREDICTOR, place, scale)
        if len(entries.row) == 0:
            continue
        if factor.centring == "own mean":
            entries = _deviation(entries, pd.factorize(equation.rows[PATIENT])[0])
        values = equation.rows[other.term].to_numpy(dtype=float)[:, None]
        own = own_means(equation.rows, values) if other.centring == "own mean" else None
        found.append(replace(entries, weight=entries.weight * center_factor(other, values, own)[entries.row, 0]))
    return join_entries(found)


def _deviation(entries: Entries, patient: np.ndarray) -> Entries:
    """Take off the patient's mean over the rows of the equation: a cell then touches all rows of its patient."""
    groups = Groups(patient)
    sizes = np.bincount(groups.codes)
    order = np.argsort(groups.codes, kind="stable")
    starts = np.cumsum(sizes) - sizes
    of_entry = groups.codes[entries.row]
    repeated = np.repeat(np.arange(len(entries.row)), sizes[of_entry])
    within = np.arange(len(repeated)) - np.repeat(np.cumsum(sizes[of_entry]) - sizes[of_entry], sizes[of_entry])
    spread = Entries(
        order[starts[of_entry][repeated] + within],
        entries.part[repeated],
        entries.column[repeated],
        entries.cell[repeated],
        -entries.weight[repeated] / sizes[of_entry][repeated],
    )
    return join_entries([entries, spread])
