"""Completed data of a path model: its missing cells filled in again and again, with the parameters that go with them.

Stochastic EM finds the maximum: random effects and cells are drawn given the parameters, the parameters are maximised given the
completed data, and the later rounds are averaged (Celeux & Diebolt 1985; Nielsen 2000, doi 10.2307/3318671). From there data are completed
with *proper* draws: each time parameters come from the normal approximation around the maximum of the data completed last, so that the
cells carry the uncertainty of the parameters too (Rubin 1987). Whatever is drawn from each completed data set is then pooled, every data
set counting the same.

Random numbers belong to patients in the order of what was observed of them, so neither ids nor the order of rows changes a result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.inference.maximum import Maximum, find_maximum
from alliance.inference.mode import find_mode
from alliance.inference.montecarlo import given_others, symmetric_root
from alliance.inference.refit import neighbourhood, refit
from alliance.inference.search import limited_inverse, polish
from alliance.likelihood.crossed import of_units
from alliance.likelihood.layout import refill
from alliance.likelihood.packing import VARYING
from alliance.likelihood.units import draw_effects
from alliance.models.design.arrays import Design, Equation
from alliance.models.design.names import thresholds_name
from alliance.models.filling.cells import Cells, Filled, draw_values, find_cells, redraw, start_values
from alliance.models.filling.grid import Grid
from alliance.models.path.completed import Completed
from alliance.models.path.layout import LEVELS, Natural
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.passing import find_curves
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import PathTarget, make_target, varying_terms
from alliance.models.path.upright import average_positions, stand_up, upright

# Of a threshold, in its standard deviations between data sets: it goes with other parameters by .92 of what it did.
_NOISE: Final = 0.4


@dataclass(frozen=True)
class Schedule:
    """How often cells are drawn.

    Parameters
    ----------
    rounds, settled
        Rounds of stochastic EM, and the first of them, which are not averaged.
    between
        Rounds from one completed data set to the next.
    sets
        Number of completed data sets.
    """

    rounds: int = 45
    settled: int = 15
    between: int = 2
    sets: int = 10


# Answers of yes and no leave half and more of what completed data say about an effect unknown: rounds are alike for longer, and data sets
# differ more (validation/probit). Estimates lie .1 to .3 standard errors from those of the integrated likelihood (tests/reference/probit).
_OF_PROPENSITIES: Final = Schedule(rounds=260, settled=60, between=8, sets=40)
# Of true scores and constructs less is unknown, and rounds differ more. Standard errors from 20 sets are off by a tenth either way, by
# chance; with 60 they are those of the integrated likelihood but for a few percent (validation/measurement).
_OF_READINGS: Final = Schedule(rounds=230, settled=30, between=4, sets=60)


def schedule_for(grid: Grid) -> Schedule:
    """Return how often the cells of a grid are drawn."""
    if grid.answers.given:
        return _OF_PROPENSITIES
    return _OF_READINGS if grid.readings else Schedule()


@dataclass(frozen=True)
class Completion:
    """Everything that comes from filling in the cells of a model.

    Parameters
    ----------
    point
        The estimate by maximum likelihood, (parameter,).
    sets
        Completed data sets.
    widths
        The estimate of the logarithms of the distances between thresholds, (distance,), see `alliance.likelihood.thresholds`.
    described
        What `alliance.models.filling.measured.describe` says of each reading in rounds at the estimate, and in rounds with the spread of
        the parameters: (round, reading, 4) each.
    """

    cells: Cells
    point: np.ndarray
    sets: list[Completed]
    widths: np.ndarray
    described: tuple[np.ndarray, np.ndarray]

    @property
    def nearest(self) -> int:
        """The completed data set whose maximum is closest to the estimate: what needs one data set looks at this one."""
        fixed = self.sets[0].first.compared
        inverse = self.sets[0].top.curvature[fixed, fixed]
        off = [found.top.position[fixed] - self.point[fixed] for found in self.sets]
        return int(np.argmin([left @ inverse @ left for left in off]))

    def estimate(self, points: np.ndarray, maxima: np.ndarray) -> np.ndarray:
        """Return the estimate, (1, parameter), moved by how estimates from completed data differ from the maxima of their likelihood.

        Parameters
        ----------
        points, maxima
            Estimates, as those of restricted likelihood, and maxima: (data set, parameter).
        """
        target = self.sets[0].first
        moved: np.ndarray = self.point + (upright(target, points) - upright(target, maxima)).mean(axis=0)
        return moved[None]

    def around(self, positions: np.ndarray, point: np.ndarray) -> np.ndarray:
        """Return draws, (draw, parameter), around an estimate (1, parameter): their spread is the uncertainty, their mean is not better.

        Where answers tell little of a propensity, parameters drawn with it are skewed, as standard deviations of patients are, while
        the estimate by maximum likelihood is not.
        """
        target = self.sets[0].first
        draws = upright(target, positions)
        moved = point - draws.mean(axis=0)
        moved[:, [curve.coordinate for curve in find_curves(target)]] = 0.0  # these follow a profile
        return np.asarray(draws + moved)

    def thresholds(self, draws: int, rng: np.random.Generator | None, *, around: bool) -> dict[str, np.ndarray]:
        """Return the thresholds above the first of each ordered outcome, (draw, threshold).

        Draws of all data sets alternate (`alliance.inference.depths.pool`), each with the thresholds that its propensities lie within,
        and some noise in place of a part of how they differ: a few data sets have no quantiles (Silverman 1986, 6.4.1).

        Parameters
        ----------
        rng
            None: the estimate, a single draw.
        around
            Whether they are draws around the estimate.
        """
        each = np.log([found.widths for found in self.sets])
        logs = np.tile(self.widths, (draws, 1))
        if rng is not None and each.shape[1]:
            centre, root = each.mean(axis=0), symmetric_root(np.atleast_2d(np.cov(each.T)))
            differences = (each - centre)[np.arange(draws) % len(each)] * np.sqrt(1 - _NOISE**2)
            differences += _NOISE * rng.standard_normal(differences.shape) @ root
            logs = differences + (self.widths if around else centre)
        found, first, answers = {}, 0, self.cells.grid.answers
        for outcome in answers.ordered:
            last = first + len(answers.given[outcome]) - 2
            found[thresholds_name(outcome)] = np.exp(logs[:, first:last]).cumsum(axis=1)
            first = last
        return found

    def design(self, number: int) -> Design:
        """Return the design with the values of a completed data set."""
        return self.sets[number].design

    def panel(self, number: int) -> pd.DataFrame:
        """Return the panel with the values of a completed data set."""
        return self.sets[number].panel


def standardise_observed(design: Design, grid: Grid) -> Design:
    """Return the design with means and standard deviations of recorded values: first guesses are too alike."""
    return replace(design, equations={name: _standardise(e, grid) for name, e in design.equations.items()})


def _standardise(equation: Equation, grid: Grid) -> Equation:
    names = (equation.outcome, *equation.terms)
    raw = np.column_stack([equation.y * equation.y_sd + equation.y_mean, equation.x * equation.x_sd + equation.x_mean])
    means, sds = np.append(equation.y_mean, equation.x_mean), np.append(equation.y_sd, equation.x_sd)
    for place, name in enumerate(names):
        if name in grid.of:
            observed = raw[~grid.unseen(name)[equation.rows.index], place]
            if len(observed) > 1 and np.ptp(observed) > 0:
                means[place], sds[place] = observed.mean(), observed.std(ddof=1)
    if equation.answered:
        sds[0] = 1.0
    scaled = (raw - means) / sds
    return replace(
        equation,
        y=scaled[:, 0],
        x=np.ascontiguousarray(scaled[:, 1:]),
        y_mean=float(means[0]),
        y_sd=float(sds[0]),
        x_mean=means[1:],
        x_sd=sds[1:],
    )


def complete(
    design: Design, grid: Grid, count: int, rng: np.random.Generator, priors: Mapping[str, Any] | None = None
) -> Completion:
    """Fill in the cells of a model.

    Parameters
    ----------
    design
        Made of the rows of the grid, with first guesses.
    count
        Number of completed data sets.
    priors
        Draw parameters around the mode of the posterior under these priors: where most is unknown, so are propensities that go with
        them. None: around the maximum of the likelihood.
    """
    target = make_target(design)
    equations = target.statistics.equations
    terms = [varying_terms(design, outcome) for outcome in design.equations]
    turns = _turns(target)
    schedule = schedule_for(grid)
    chain = _Chain(find_cells(grid, design, equations, terms, turns[0]), target, turns, rng, priors)
    filled = start_values(chain.cells)
    maximum = stand_up(find_maximum(target))
    averaged: list[np.ndarray] = []
    widths: list[np.ndarray] = []
    described: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for number in range(schedule.rounds):
        filled = chain.draw(maximum.target, maximum.target.natural(maximum.top.position[None]), filled)
        maximum = chain.maximise(filled, maximum, thorough=number == schedule.settled - 1)
        if number >= schedule.settled:
            averaged.append(maximum.top.position)
            widths.append(np.log(filled.thresholds.widths))
            described[0].append(filled.described)
    point = average_positions(target, np.array(averaged))
    filled = replace(filled, thresholds=replace(filled.thresholds, drawn=True))
    sets = []
    for _ in range(count):
        chain = replace(chain, cells=redraw(chain.cells, rng))
        for number in range(schedule.between):
            filled = chain.draw(maximum.target, chain.move(maximum), filled)
            maximum = chain.maximise(filled, maximum, thorough=number == schedule.between - 1)
            described[1].append(filled.described)
        sets.append(Completed(chain.cells, target, filled.values, filled.thresholds.widths, maximum.top))
    across = np.mean(widths, axis=0)
    return Completion(chain.cells, point, sets, across, (np.array(described[0]), np.array(described[1])))


@dataclass(frozen=True)
class _Chain:
    """What all rounds share."""

    cells: Cells
    target: PathTarget
    turns: tuple[np.ndarray, np.ndarray]
    rng: np.random.Generator
    priors: Mapping[str, Any] | None

    @cached_property
    def integrated(self) -> np.ndarray:
        """Which effects of patients are integrated out of the draws of cells, (effect,): of propensities all that multiply no cell.

        A propensity and the level of its patient tell nearly all of each other. Drawn in turns, they would take hundreds of rounds to get
        anywhere (Liu, Wong & Kong 1994, doi 10.1093/biomet/81.1.27).
        """
        multiplied = {
            (outcome, varying_terms(self.target.design, outcome)[column])
            for outcome, found in zip(self.target.design.equations, self.cells.entries, strict=True)
            for column in np.unique(found.column[found.part == VARYING])
        }
        effects, hides = self.target.design.varying.get(PATIENT, []), bool(self.cells.grid.hides)
        return np.array([hides and (e.outcome, e.term) not in multiplied for e in effects], dtype=bool)

    def draw(self, target: PathTarget, natural: Natural, filled: Filled) -> Filled:
        """Draw random effects given the data, those of the target, then cells given the random effects."""
        drawn = draw_effects(
            target.statistics,
            np.ascontiguousarray(natural.beta[0]),
            natural.residual[0],
            natural.together[0],
            natural.factors[PATIENT][0],
            natural.factors[THERAPIST][0],
            self.rng,
            self.turns,
        )
        spread = None
        if self.integrated.any():
            given, root = given_others(natural.factors[PATIENT][0], drawn[0], self.integrated)
            drawn, spread = (given, drawn[1]), _spread(target, root)
        effects = _by_column(target, drawn)
        covariance, lasting = natural.residual_covariance[0], _by_equation(target, natural.autocorrelations[0])
        return draw_values(self.cells, filled, natural.beta[0], effects, covariance, self.rng, lasting, spread)

    def maximise(self, filled: Filled, near: PathMaximum, *, thorough: bool) -> PathMaximum:
        """Find the maximum for completed data from that of others; its curvature is that of the others unless it is to be thorough."""
        target = replace(self.target, statistics=refill(self.target.statistics, filled.equations))
        position = refit(target, neighbourhood(near))
        if position is None:
            return stand_up(find_maximum(target, near.top.position))
        if thorough:
            return stand_up(Maximum(target, polish(target.value, position)))
        value, _ = target.value(position)
        return stand_up(Maximum(target, replace(near.top, position=position, value=value)))

    def move(self, maximum: PathMaximum) -> Natural:
        """Draw parameters around a maximum."""
        if self.priors is not None:
            mode = find_mode(PathPosterior(maximum.target, self.priors), maximum)
            position = mode.position + mode.spread @ self.rng.standard_normal(len(mode.position))
            return mode.posterior.natural(position[None])
        root = symmetric_root(limited_inverse(maximum.target.value, maximum.top))
        return maximum.target.natural((maximum.top.position + root @ self.rng.standard_normal(len(root)))[None])


def _turns(target: PathTarget) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of patients and of therapists in an order that what was observed of them gives."""
    statistics = target.statistics
    keys = np.zeros(statistics.n_patients)
    for rows in statistics.equations:
        keys += np.bincount(rows.patient, rows.y + rows.x.sum(axis=1), minlength=len(keys))
    of_therapists = np.bincount(statistics.therapist_of, keys, minlength=statistics.n_therapists)
    if statistics.crossed is not None:
        of_therapists = np.zeros(statistics.n_therapists)
        for rows in statistics.equations:
            if rows.therapist is not None:
                of_therapists += np.bincount(rows.therapist, rows.y + rows.x.sum(axis=1), minlength=len(of_therapists))
    return np.argsort(np.argsort(keys)), np.argsort(np.argsort(of_therapists))


def _spread(target: PathTarget, factor: np.ndarray) -> np.ndarray:
    """Return what the columns of `z` of all equations are multiplied by, (column, factor), from a factor of patients' covariance."""
    places = [(outcome, term) for outcome in target.design.equations for term in varying_terms(target.design, outcome)]
    spread = np.zeros((len(places), factor.shape[1]))
    for number, effect in enumerate(target.design.varying.get(PATIENT, [])):
        spread[places.index((effect.outcome, effect.term))] = factor[number]
    return spread


def _by_column(target: PathTarget, drawn: Sequence[np.ndarray]) -> np.ndarray:
    """Return what the columns of `z` of all equations are multiplied by, from the effects of each level.

    For each patient, (patient, column), and after them for each therapist of patients who had several.
    """
    places = [(outcome, term) for outcome in target.design.equations for term in varying_terms(target.design, outcome)]
    found = []
    for level, values in zip(LEVELS, drawn, strict=True):
        effects = np.zeros((len(values), len(places)))
        for number, effect in enumerate(target.design.varying.get(level, [])):
            effects[:, places.index((effect.outcome, effect.term))] += values[:, number]
        found.append(effects)
    of_patients, of_therapists = found
    return of_units(target.statistics.crossed, of_patients, of_therapists, target.statistics.therapist_of)


def _by_equation(target: PathTarget, autocorrelations: np.ndarray) -> np.ndarray:
    """Return the autocorrelation of each equation, zero where residuals are independent."""
    known = dict(zip(target.design.series, autocorrelations, strict=True))
    return np.array([known.get(outcome, 0.0) for outcome in target.design.equations])
