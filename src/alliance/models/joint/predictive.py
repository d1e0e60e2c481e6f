"""Predictive checks on what matters for mediation: spread within and between patients, persistence, and slopes.

Data are generated from the prior or the posterior of the population: every patient gets new varying effects and keeps the observed initial
values, causes and sessions; outcomes follow session by session, each from the generated values before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.timing import parse_term
from alliance.contracts import PATIENT, SESSION
from alliance.models.diagram import ARROW, Edge
from alliance.models.joint.design import Design, Equation
from alliance.models.joint.population import Population

_INTERVAL = (2.5, 50.0, 97.5)
Values = dict[str, np.ndarray]  # outcome -> (data set, row of the panel)


def check_predictive(
    kind: str,
    panel: pd.DataFrame,
    design: Design,
    population: Population,
    edges: list[Edge],
    variables: dict[str, Variable],
    lag: int,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Compare observed statistics with those of generated data, one data set per draw.

    Parameters
    ----------
    kind
        ``prior`` or ``posterior``.
    edges
        Arrows whose slope within patients is looked at.

    Returns
    -------
    list
        Rows with the columns `alliance.contracts.PREDICTIVE_COLUMNS` without the model. ``p_value`` is the share of
        generated statistics that are at least the observed one.
    """
    panel = panel.reset_index(drop=True)
    index = {outcome: _positions(panel, equation) for outcome, equation in design.equations.items()}
    earlier = _earlier_positions(panel, lag)
    observed = {outcome: panel[outcome].to_numpy(dtype=float)[None] for outcome in design.equations}
    generated = _generate(panel, design, population, index, earlier, rng)
    rows = []
    for statistic, about, compute in _statistics(panel, design, index, earlier, edges, variables):
        one, many = float(compute(observed)[0]), compute(generated)
        low, median, high = np.percentile(many, _INTERVAL)
        rows.append(
            {
                "kind": kind,
                "statistic": statistic,
                "outcome": about,
                "observed": one,
                "low": float(low),
                "median": float(median),
                "high": float(high),
                "p_value": float(np.mean(many >= one)),
            }
        )
    return rows


def _positions(panel: pd.DataFrame, equation: Equation) -> np.ndarray:
    keys = pd.MultiIndex.from_frame(panel[[PATIENT, SESSION]])
    return keys.get_indexer(pd.MultiIndex.from_frame(equation.rows[[PATIENT, SESSION]]))


def _earlier_positions(panel: pd.DataFrame, lag: int) -> np.ndarray:
    """Return for each row the position of the patient's row `lag` sessions earlier, -1 where there is none."""
    keys = pd.MultiIndex.from_frame(panel[[PATIENT, SESSION]])
    return keys.get_indexer(pd.MultiIndex.from_arrays([panel[PATIENT], panel[SESSION] - lag]))


def _generate(
    panel: pd.DataFrame,
    design: Design,
    population: Population,
    index: dict[str, np.ndarray],
    earlier: np.ndarray,
    rng: np.random.Generator,
) -> Values:
    size = len(next(iter(population.residuals.values())))
    effects = {}
    for level, names in population.varying.items():
        values, vectors = np.linalg.eigh(population.covariances[level])
        root = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
        effects[level] = rng.standard_normal((size, len(design.units[level]), len(names))) @ root.transpose(0, 2, 1)
    values_of = {name: np.tile(panel[name].to_numpy(dtype=float), (size, 1)) for name in design.equations}
    sessions = panel[SESSION].to_numpy()
    for session in np.unique(sessions):
        for outcome, equation in design.equations.items():
            chosen = np.flatnonzero(sessions[index[outcome]] == session)
            if len(chosen):
                rows = index[outcome][chosen]
                mean = _mean(equation, population, chosen, rows, earlier, values_of, effects)
                noise = rng.standard_normal(mean.shape) * population.residuals[outcome][:, None]
                values_of[outcome][:, rows] = mean + noise
    return values_of


def _mean(
    equation: Equation,
    population: Population,
    chosen: np.ndarray,
    rows: np.ndarray,
    earlier: np.ndarray,
    values_of: Values,
    effects: dict[str, np.ndarray],
) -> np.ndarray:
    outcome = equation.outcome
    mean = np.tile(population.intercepts[outcome][:, None], (1, len(rows)))
    x: dict[str, np.ndarray] = {}
    for position, (term, origin) in enumerate(equation.origins.items()):
        x[term] = equation.rows[term].to_numpy(dtype=float)[chosen][None]
        if origin.session_level and origin.base in values_of:
            source = earlier[rows] if origin.lagged else rows
            # A lagged value whose own row is not in the panel stays as observed.
            x[term] = np.where(source >= 0, values_of[origin.base][:, source], x[term])
        mean += population.slopes[outcome][:, [position]] * x[term]
    for level, names in population.varying.items():
        for position, effect in enumerate(names):
            if effect.outcome == outcome:
                centre = 0.0 if effect.term not in x else equation.x_mean[equation.terms.index(effect.term)]
                factor = x[effect.term] - centre if effect.term in x else 1.0
                mean += effects[level][:, equation.units[level][chosen], position] * factor
    return mean


@dataclass(frozen=True)
class _Rows:
    """The rows of one equation in the panel, by patient; `before` are the positions of earlier sessions, -1 where there is none."""

    outcome: str
    rows: np.ndarray
    before: np.ndarray
    groups: "_Groups"

    def values(self, generated: Values) -> np.ndarray:
        return generated[self.outcome][:, self.rows]

    def within(self, generated: Values) -> np.ndarray:
        return self.groups.deviations(self.values(generated)).std(axis=1)

    def between(self, generated: Values) -> np.ndarray:
        return self.groups.means(self.values(generated)).std(axis=1)

    def persistence(self, generated: Values) -> np.ndarray:
        deviations, later = self.groups.deviations(self.values(generated)), self.before >= 0
        return _correlate(deviations[:, later], deviations[:, self.before[later]])

    def skewness(self, generated: Values) -> np.ndarray:
        values = self.values(generated)
        centred = values - values.mean(axis=1, keepdims=True)
        third: np.ndarray = (centred**3).mean(axis=1)
        return third / centred.std(axis=1) ** 3

    def outside(self, limits: tuple[float, float], generated: Values) -> np.ndarray:
        values = self.values(generated)
        return ((values < limits[0]) | (values > limits[1])).mean(axis=1)


def _statistics(
    panel: pd.DataFrame,
    design: Design,
    index: dict[str, np.ndarray],
    earlier: np.ndarray,
    edges: list[Edge],
    variables: dict[str, Variable],
) -> list[tuple[str, str, Callable[[Values], np.ndarray]]]:
    patients = pd.factorize(panel[PATIENT])[0]
    found: list[tuple[str, str, Callable[[Values], np.ndarray]]] = []
    for outcome in design.equations:
        rows = index[outcome]
        place = np.full(len(panel), -1)
        place[rows] = np.arange(len(rows))
        before = np.where(earlier[rows] >= 0, place[earlier[rows]], -1)
        about = _Rows(outcome, rows, before, _Groups(patients[rows]))
        found += [
            ("standard deviation within patients", outcome, about.within),
            ("standard deviation of patients' means", outcome, about.between),
            ("skewness", outcome, about.skewness),
        ]
        if (before >= 0).any():
            found.append(("correlation of neighbouring sessions within patients", outcome, about.persistence))
        term = parse_term(outcome, variables)
        owner = None if term is None or term.variable is None or term.part is not None else variables[term.variable]
        if owner is not None and owner.range is not None:
            found.append(("share outside the possible range", outcome, partial(about.outside, owner.range)))
    found += [_slope_statistic(design, index, earlier, patients, edge) for edge in edges]
    return found


def _slope_statistic(
    design: Design,
    index: dict[str, np.ndarray],
    earlier: np.ndarray,
    patients: np.ndarray,
    edge: Edge,
) -> tuple[str, str, Callable[[Values], np.ndarray]]:
    """Slope of outcome on source, both as deviations of a patient's sessions; between patients for constant sources."""
    equation = design.equations[edge.outcome]
    origin, rows = equation.origins[edge.term], index[edge.outcome]
    groups = _Groups(patients[rows])
    fixed = equation.rows[edge.term].to_numpy(dtype=float)[None]
    source = earlier[rows] if origin.lagged else rows

    def slope(values: Values) -> np.ndarray:
        x = fixed
        if origin.session_level and edge.source in values:
            x = np.where(source >= 0, values[edge.source][:, source], fixed)
        part = groups.deviations if origin.session_level else groups.means
        x, y = part(x), part(values[edge.outcome][:, rows])
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        return np.asarray((x * y).sum(axis=1) / (x**2).sum(axis=1))

    where = "within patients" if origin.session_level else "between patients"
    return f"slope {where}", f"{edge.source}{ARROW}{edge.outcome}", slope


def _correlate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    return np.asarray((x * y).mean(axis=1) / (x.std(axis=1) * y.std(axis=1)))


class _Groups:
    """Means and deviations of many data sets at once, by patient."""

    def __init__(self, codes: np.ndarray) -> None:
        self.codes = np.unique(codes, return_inverse=True)[1]
        self.sizes = np.bincount(self.codes)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Return (data set, patient)."""
        sums = np.zeros((len(self.sizes), len(values)))
        np.add.at(sums, self.codes, values.T)
        return np.asarray((sums / self.sizes[:, None]).T)

    def deviations(self, values: np.ndarray) -> np.ndarray:
        """Return (data set, row), the patient's mean taken off."""
        return np.asarray(values - self.means(values)[:, self.codes])
