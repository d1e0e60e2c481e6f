"""Predictive checks on what matters for mediation: spread within and between patients, persistence, and slopes.

Data are generated from the prior or the posterior of the population: every patient gets new varying effects and keeps the observed initial
values, causes and sessions; outcomes follow session by session, each from the generated values before it.

A product with an outcome of the model needs that outcome's mean over all sessions of the patient, which is known only at the end. Data
are then generated twice from the same random numbers, the second time with the means of the first. Without feedback from the product to the
outcome in it, the means of both are the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import Variable
from alliance.config.timing import parse_term
from alliance.facts.columns import PATIENT, SESSION
from alliance.models.design.arrays import Design, Equation
from alliance.models.design.groups import Groups
from alliance.models.design.terms import Factor, Origin, center_factor, own_means
from alliance.models.diagram import Edge
from alliance.models.quantities.population import Population

Values = dict[str, np.ndarray]  # outcome -> (data set, row of the panel)


@dataclass(frozen=True)
class Statistic:
    """A statistic of the data and of generated data.

    Parameters
    ----------
    name, outcome
        What it is and what it is about, an outcome or an arrow.
    observed
        Its value in the data.
    generated
        Its value in each generated data set, (data set,).
    """

    name: str
    outcome: str
    observed: float
    generated: np.ndarray


def check_predictive(
    panel: pd.DataFrame,
    design: Design,
    population: Population,
    edges: list[Edge],
    variables: dict[str, Variable],
    lag: int,
    rng: np.random.Generator,
) -> list[Statistic]:
    """Compute statistics of the data and of generated data, one data set per draw of the population.

    Parameters
    ----------
    edges
        Arrows whose slope within patients is looked at.
    """
    panel = panel.reset_index(drop=True)
    index = {outcome: _positions(panel, equation) for outcome, equation in design.equations.items()}
    earlier = _earlier_positions(panel, lag)
    observed = {outcome: panel[outcome].to_numpy(dtype=float)[None] for outcome in design.equations}
    generated = _generate(panel, design, population, index, earlier, rng)
    return [
        Statistic(name, about, float(compute(observed)[0]), compute(generated))
        for name, about, compute in _statistics(panel, design, index, earlier, edges, variables)
    ]


def pack_predictive(found: Mapping[str, list[Statistic]]) -> xr.Dataset:
    """Return a group of the container, see `alliance.models.container`.

    Parameters
    ----------
    found
        What the populations were drawn from -> statistics; all with the same number of data sets.
    """
    listed = [(kind, statistic) for kind, statistics in found.items() for statistic in statistics]
    names = {
        "kind": [kind for kind, _ in listed],
        "statistic": [one.name for _, one in listed],
        "outcome": [one.outcome for _, one in listed],
    }
    return xr.Dataset(
        {
            "draws": (("draw", "row"), np.column_stack([one.generated for _, one in listed])),
            "observed": ("row", [one.observed for _, one in listed]),
        },
        coords={name: ("row", np.array(values, dtype=object)) for name, values in names.items()},
    )


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
    noise = {name: rng.standard_normal((size, len(rows))) for name, rows in index.items()}
    observed = {name: np.tile(panel[name].to_numpy(dtype=float), (size, 1)) for name in design.equations}
    simulation = _Simulation(panel[SESSION].to_numpy(), design, population, index, earlier, effects, noise)
    generated = simulation.run(observed, simulation.means(observed))
    if any(factor.base in design.equations for _, factor in simulation.centred_at_own_means()):
        generated = simulation.run(observed, simulation.means(generated))
    return generated


@dataclass(frozen=True)
class _Simulation:
    """What all rounds share. `effects` are those of the units by level, `noise` the residuals in units of their standard deviation."""

    sessions: np.ndarray
    design: Design
    population: Population
    index: dict[str, np.ndarray]
    earlier: np.ndarray
    effects: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]

    def centred_at_own_means(self) -> list[tuple[Equation, Factor]]:
        """List the factors of products that enter as deviations from the patient's own mean, with their equations."""
        return [
            (equation, factor)
            for equation in self.design.equations.values()
            for origin in equation.origins.values()
            for factor in origin.factors
            if factor.centring == "own mean"
        ]

    def means(self, values_of: Values) -> dict[tuple[str, str], np.ndarray]:
        """Return own means of factors, (outcome of the equation, factor) -> (data set, row of the equation)."""
        return {
            (e.outcome, f.term): own_means(e.rows, self._values(e, f.term, f, np.arange(len(e.rows)), values_of))
            for e, f in self.centred_at_own_means()
        }

    def run(self, observed: Values, means: dict[tuple[str, str], np.ndarray]) -> Values:
        """Generate all sessions in their order."""
        values_of = {name: values.copy() for name, values in observed.items()}
        for session in np.unique(self.sessions):
            for outcome, equation in self.design.equations.items():
                rows = self.index[outcome]
                chosen = np.flatnonzero(self.sessions[rows] == session)
                if len(chosen):
                    mean = self._mean(equation, chosen, values_of, means)
                    residual = self.population.residuals[outcome][:, None] * self.noise[outcome][:, chosen]
                    values_of[outcome][:, rows[chosen]] = mean + residual
        return values_of

    def _mean(
        self, equation: Equation, chosen: np.ndarray, values_of: Values, means: dict[tuple[str, str], np.ndarray]
    ) -> np.ndarray:
        outcome, population = equation.outcome, self.population
        mean: np.ndarray = np.tile(population.intercepts[outcome][:, None], (1, len(chosen)))
        x: dict[str, np.ndarray] = {}
        for position, (term, origin) in enumerate(equation.origins.items()):
            x[term] = np.ones((1, len(chosen)))
            for factor in origin.factors:
                values = self._values(equation, factor.term, factor, chosen, values_of)
                own = means.get((outcome, factor.term)) if factor.centring == "own mean" else None
                x[term] = x[term] * center_factor(factor, values, None if own is None else own[:, chosen])
            if not origin.factors:
                x[term] = self._values(equation, term, origin, chosen, values_of)
            mean += population.slopes[outcome][:, [position]] * x[term]
        for level, names in population.varying.items():
            for position, effect in enumerate(names):
                if effect.outcome == outcome:
                    centre = 0.0 if effect.term not in x else equation.x_mean[equation.terms.index(effect.term)]
                    factor_of = x[effect.term] - centre if effect.term in x else 1.0
                    mean += self.effects[level][:, equation.units[level][chosen], position] * factor_of
        return mean

    def _values(
        self, equation: Equation, term: str, source: Factor | Origin, chosen: np.ndarray, values_of: Values
    ) -> np.ndarray:
        """Return the raw values of a column in chosen rows of an equation: generated where the column is an outcome."""
        values: np.ndarray = equation.rows[term].to_numpy(dtype=float)[chosen][None]
        moving = source.session_level if isinstance(source, Origin) else source.centring == "own mean"
        if not moving or source.base not in values_of:
            return values
        rows = self.index[equation.outcome][chosen]
        place = self.earlier[rows] if source.lagged else rows
        # A lagged value whose own row is not in the panel stays as observed.
        return np.asarray(np.where(place >= 0, values_of[source.base][:, place], values))


@dataclass(frozen=True)
class _Rows:
    """The rows of one equation in the panel, by patient; `before` are the positions of earlier sessions, -1 where there is none."""

    outcome: str
    rows: np.ndarray
    before: np.ndarray
    groups: Groups

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
        about = _Rows(outcome, rows, before, Groups(patients[rows]))
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
    groups = Groups(patients[rows])
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
    return f"slope {where}", edge.text, slope


def _correlate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    return np.asarray((x * y).mean(axis=1) / (x.std(axis=1) * y.std(axis=1)))
