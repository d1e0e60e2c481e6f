"""Data generated from a population: every patient gets new varying effects and keeps initial values, causes and sessions.

Outcomes follow session by session, each from the generated values before it.

A product with an outcome of the model needs that outcome's mean over all sessions of the patient, which is known only at the end. Data
are then generated twice from the same random numbers, the second time with the means of the first. Without feedback from the product to the
outcome in it, the means of both are the same.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION
from alliance.models.covariances import split_covariance
from alliance.models.design.arrays import Design, Equation
from alliance.models.design.terms import Factor, Origin, center_factor, own_means
from alliance.models.quantities.population import Population

Values = dict[str, np.ndarray]  # outcome -> (row of the panel, data set)


def positions_of(panel: pd.DataFrame, equation: Equation) -> np.ndarray:
    """Return the position in the panel of each row of an equation."""
    keys = pd.MultiIndex.from_frame(panel[[PATIENT, SESSION]])
    return keys.get_indexer(pd.MultiIndex.from_frame(equation.rows[[PATIENT, SESSION]]))


def earlier_positions(panel: pd.DataFrame, lag: int) -> np.ndarray:
    """Return for each row the position of the patient's row `lag` sessions earlier, -1 where there is none."""
    keys = pd.MultiIndex.from_frame(panel[[PATIENT, SESSION]])
    return keys.get_indexer(pd.MultiIndex.from_arrays([panel[PATIENT], panel[SESSION] - lag]))


def generate_outcomes(
    panel: pd.DataFrame, design: Design, population: Population, lag: int, rng: np.random.Generator
) -> Values:
    """Generate one data set per draw of the population.

    Parameters
    ----------
    panel
        Its outcomes are the initial values; they stay where an equation has no row.
    lag
        How many sessions earlier a lagged value lies.
    """
    size = len(next(iter(population.residuals.values())))
    index = {outcome: positions_of(panel, equation) for outcome, equation in design.equations.items()}
    effects = {}
    for level, names in population.varying.items():
        values, vectors = np.linalg.eigh(population.covariances[level])
        root = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
        drawn = rng.standard_normal((size, len(design.units[level]), len(names))) @ root.transpose(0, 2, 1)
        effects[level] = np.ascontiguousarray(drawn.transpose(2, 1, 0))
    noise = _draw_noise(population, index, len(panel), rng)
    observed = {name: np.tile(panel[name].to_numpy(dtype=float)[:, None], size) for name in design.equations}
    simulation = _Simulation(
        panel[SESSION].to_numpy(),
        design,
        population,
        index,
        earlier_positions(panel, lag),
        effects,
        noise,
        _columns(design),
    )
    generated = simulation.run(observed, simulation.means(observed))
    if any(factor.base in design.equations for _, factor in simulation.centred_at_own_means()):
        generated = simulation.run(observed, simulation.means(generated))
    return generated


def _draw_noise(
    population: Population, index: dict[str, np.ndarray], n_rows: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw residuals in units of their standard deviation, (row of the equation, data set), correlated at one occasion."""
    size = len(next(iter(population.residuals.values())))
    if not population.together:
        return {name: np.ascontiguousarray(rng.standard_normal((size, len(rows))).T) for name, rows in index.items()}
    values, vectors = np.linalg.eigh(split_covariance(population.residual_covariance)[1])
    root = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
    drawn = rng.standard_normal((size, n_rows, len(index))) @ root.transpose(0, 2, 1)
    return {name: np.ascontiguousarray(drawn[:, rows, k].T) for k, (name, rows) in enumerate(index.items())}


def _columns(design: Design) -> dict[tuple[str, str], np.ndarray]:
    """Return the raw values of all terms and factors, (outcome of the equation, term) -> (row of the equation, 1)."""
    return {
        (outcome, name): equation.rows[name].to_numpy(dtype=float)[:, None]
        for outcome, equation in design.equations.items()
        for term, origin in equation.origins.items()
        for name in (term, *(factor.term for factor in origin.factors))
    }


@dataclass(frozen=True)
class _Simulation:
    """What all rounds share.

    Parameters
    ----------
    effects
        Level -> effects of its units, (effect, unit, data set).
    noise
        Outcome -> residuals in units of their standard deviation, (row of the equation, data set).
    columns
        See `_columns`.
    """

    sessions: np.ndarray
    design: Design
    population: Population
    index: dict[str, np.ndarray]
    earlier: np.ndarray
    effects: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]
    columns: dict[tuple[str, str], np.ndarray]

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
        """Return own means of factors, (outcome of the equation, factor) -> (row of the equation, data set)."""
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
                    values_of[outcome][rows[chosen]] = (
                        mean + self.population.residuals[outcome] * self.noise[outcome][chosen]
                    )
        return values_of

    def _mean(
        self, equation: Equation, chosen: np.ndarray, values_of: Values, means: dict[tuple[str, str], np.ndarray]
    ) -> np.ndarray:
        outcome, population = equation.outcome, self.population
        mean: np.ndarray = np.tile(population.intercepts[outcome], (len(chosen), 1))
        x: dict[str, np.ndarray] = {}
        for position, (term, origin) in enumerate(equation.origins.items()):
            x[term] = np.ones((len(chosen), 1))
            for factor in origin.factors:
                values = self._values(equation, factor.term, factor, chosen, values_of)
                own = means.get((outcome, factor.term)) if factor.centring == "own mean" else None
                x[term] = x[term] * center_factor(factor, values, None if own is None else own[chosen])
            if not origin.factors:
                x[term] = self._values(equation, term, origin, chosen, values_of)
            mean += population.slopes[outcome][:, position] * x[term]
        for level, names in population.varying.items():
            for position, effect in enumerate(names):
                if effect.outcome == outcome:
                    centre = 0.0 if effect.term not in x else equation.x_mean[equation.terms.index(effect.term)]
                    factor_of = x[effect.term] - centre if effect.term in x else 1.0
                    mean += self.effects[level][position, equation.units[level][chosen]] * factor_of
        return mean

    def _values(
        self, equation: Equation, term: str, source: Factor | Origin, chosen: np.ndarray, values_of: Values
    ) -> np.ndarray:
        """Return the raw values of a column in chosen rows of an equation: generated where the column is an outcome."""
        values: np.ndarray = self.columns[equation.outcome, term][chosen]
        moving = source.session_level if isinstance(source, Origin) else source.centring == "own mean"
        if not moving or source.base not in values_of:
            return values
        rows = self.index[equation.outcome][chosen]
        place = self.earlier[rows] if source.lagged else rows
        # A lagged value whose own row is not in the panel stays as observed.
        return np.asarray(np.where(place[:, None] >= 0, values_of[source.base][place], values))
