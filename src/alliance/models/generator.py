"""Data generated from a population: every patient gets new varying effects and keeps initial values, causes and sessions.

Outcomes follow session by session, each from the generated values before it.

Products, and varying slopes of equations without initial values, need a patient's mean over all sessions, which is known only at the end
where the predictor is an outcome of the model. Data are then generated several times from the same random numbers, each time with the means
of the time before. Without feedback the means are exact after one round for each such outcome; with it, what is left shrinks from round to
round.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION
from alliance.inference.montecarlo import symmetric_root
from alliance.likelihood.inertia import loadings
from alliance.likelihood.patterns import Series
from alliance.models.covariances import split_covariance
from alliance.models.design.arrays import INTERCEPT, Design, Equation, Varying
from alliance.models.design.terms import Factor, Origin, center_factor, own_means
from alliance.models.quantities.population import Population

# Of a value: under wide priors long series explode, and cubes of what is generated must stay finite.
_LARGEST: Final = 1e60

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
    effects, scales = {}, list[np.ndarray]()
    for level, covariance in population.differing.items():
        root = symmetric_root(covariance)
        drawn = rng.standard_normal((size, len(design.units[level]), len(root[0]))) @ root
        every = np.ascontiguousarray(drawn.transpose(2, 1, 0))
        first = len(every) - len(population.varying[level])
        effects[level] = every[first:]
        scales += list(every[:first])
    for past in design.pasts:
        places = [population.varying[PATIENT].index(each) for each in (past, Varying(past.outcome, INTERCEPT))]
        average = population.slopes[past.outcome][:, design.equations[past.outcome].terms.index(past.term)]
        effects[PATIENT][places[1]] *= loadings(average, effects[PATIENT][places[0]])
    noise = _draw_noise(population, index, len(panel), rng)
    for outcome, scale in zip(design.variable, scales, strict=True):
        noise[outcome] *= np.exp(scale[design.equations[outcome].units[PATIENT]] / 2)
    for outcome, series in design.series.items():
        patients = pd.factorize(design.equations[outcome].rows[PATIENT])[0]
        noise[outcome] = _let_last(noise[outcome], series, patients, population.autocorrelations[outcome])
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
        _deviating(design),
    )
    generated = simulation.run(observed, simulation.means(observed))
    for _ in simulation.outcomes_in_own_means():
        generated = simulation.run(observed, simulation.means(generated))
    return generated


def _draw_noise(
    population: Population, index: dict[str, np.ndarray], n_rows: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw residuals in units of their standard deviation, (row of the equation, data set), correlated at one occasion."""
    size = len(next(iter(population.residuals.values())))
    if not population.together:
        return {name: np.ascontiguousarray(rng.standard_normal((size, len(rows))).T) for name, rows in index.items()}
    root = symmetric_root(split_covariance(population.residual_covariance)[1])
    drawn = rng.standard_normal((size, n_rows, len(index))) @ root
    return {name: np.ascontiguousarray(drawn[:, rows, k].T) for k, (name, rows) in enumerate(index.items())}


def _let_last(noise: np.ndarray, series: Series, patients: np.ndarray, autocorrelation: np.ndarray) -> np.ndarray:
    """Turn independent residuals, (row, data set), into ones that depend on the one before: e_t = r e_t-1 + sqrt(1 - r^2) noise_t."""
    order = np.lexsort((series.time, patients))
    first = np.diff(patients[order], prepend=-1) != 0
    place = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    gap = np.diff(series.time[order], prepend=0) / series.unit
    lasting = noise[order]
    for turn in range(1, int(place.max(initial=0)) + 1):
        rows = np.flatnonzero(place == turn)
        r = autocorrelation ** gap[rows, None]
        lasting[rows] = r * lasting[rows - 1] + np.sqrt(1 - r * r) * lasting[rows]
    result = np.empty_like(noise)
    result[order] = lasting
    return result


def _columns(design: Design) -> dict[tuple[str, str], np.ndarray]:
    """Return the raw values of all terms and factors, (outcome of the equation, term) -> (row of the equation, 1)."""
    return {
        (outcome, name): equation.rows[name].to_numpy(dtype=float)[:, None]
        for outcome, equation in design.equations.items()
        for term, origin in equation.origins.items()
        for name in (term, *(factor.term for factor in origin.factors))
    }


def _deviating(design: Design) -> dict[str, list[str]]:
    """Return the predictors whose varying effects multiply deviations from a level of the patient: outcome of the equation -> terms."""
    varying = {(effect.outcome, effect.term) for effects in design.varying.values() for effect in effects}
    return {
        outcome: [term for term in equation.terms if (outcome, term) in varying and equation.deviates(term)]
        for outcome, equation in design.equations.items()
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
    deviating
        See `_deviating`.
    """

    sessions: np.ndarray
    design: Design
    population: Population
    index: dict[str, np.ndarray]
    earlier: np.ndarray
    effects: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]
    columns: dict[tuple[str, str], np.ndarray]
    deviating: dict[str, list[str]]

    def own_factors(self, equation: Equation) -> list[Factor]:
        """List the factors of products that enter an equation as deviations from the patient's own mean."""
        return [f for origin in equation.origins.values() for f in origin.factors if f.centring == "own mean"]

    def outcomes_in_own_means(self) -> set[str]:
        """Return the outcomes of the model whose own means are needed."""
        bases: set[str] = set()
        for equation in self.design.equations.values():
            bases |= {factor.base for factor in self.own_factors(equation)}
            means = (term for term in self.deviating[equation.outcome] if term not in equation.levels)
            for origin in (equation.origins[term] for term in means):
                bases |= {factor.base for factor in origin.factors} or {origin.base}
        return bases & set(self.design.equations)

    def means(self, values_of: Values) -> dict[tuple[str, str], np.ndarray]:
        """Return own means of factors, and levels of predictors: (outcome of the equation, name) -> (row of the equation, data set)."""
        found: dict[tuple[str, str], np.ndarray] = {}
        for outcome, equation in self.design.equations.items():
            rows = np.arange(len(equation.rows))
            for factor in self.own_factors(equation):
                values = self._values(equation, factor.term, factor, rows, values_of)
                found[outcome, factor.term] = own_means(equation.rows, values)
            for term in self.deviating[equation.outcome]:
                if term in equation.levels:
                    found[outcome, term] = equation.levels[term].at(equation.rows)[:, None]
                else:
                    predictor = self._predictor(equation, term, rows, values_of, found)
                    found[outcome, term] = own_means(equation.rows, predictor)
        return found

    def run(self, observed: Values, means: dict[tuple[str, str], np.ndarray]) -> Values:
        """Generate all sessions in their order."""
        values_of = {name: values.copy() for name, values in observed.items()}
        for session in np.unique(self.sessions):
            for outcome, equation in self.design.equations.items():
                rows = self.index[outcome]
                chosen = np.flatnonzero(self.sessions[rows] == session)
                if len(chosen):
                    mean = self._mean(equation, chosen, values_of, means)
                    values = mean + self.population.residuals[outcome] * self.noise[outcome][chosen]
                    values_of[outcome][rows[chosen]] = np.clip(values, -_LARGEST, _LARGEST)
        return values_of

    def _mean(
        self, equation: Equation, chosen: np.ndarray, values_of: Values, means: dict[tuple[str, str], np.ndarray]
    ) -> np.ndarray:
        outcome, population = equation.outcome, self.population
        mean: np.ndarray = np.tile(population.intercepts[outcome], (len(chosen), 1))
        x = {term: self._predictor(equation, term, chosen, values_of, means) for term in equation.terms}
        for position, term in enumerate(equation.terms):
            mean += population.slopes[outcome][:, position] * x[term]
        own = self.deviating[equation.outcome]
        for level, names in population.varying.items():
            for position, effect in enumerate(names):
                if effect.outcome == outcome:
                    of_units = self.effects[level][position, equation.units[level][chosen]]
                    if effect.term in own:
                        of_units = of_units * (x[effect.term] - means[outcome, effect.term][chosen])
                    elif effect.term in x:
                        of_units = of_units * (x[effect.term] - equation.x_mean[equation.terms.index(effect.term)])
                    mean += of_units
        return mean

    def _predictor(
        self,
        equation: Equation,
        term: str,
        chosen: np.ndarray,
        values_of: Values,
        means: dict[tuple[str, str], np.ndarray],
    ) -> np.ndarray:
        """Return a predictor in chosen rows of an equation as its average effect multiplies it, in raw units."""
        origin = equation.origins[term]
        if not origin.factors:
            return self._values(equation, term, origin, chosen, values_of)
        product = np.ones((len(chosen), 1))
        for factor in origin.factors:
            values = self._values(equation, factor.term, factor, chosen, values_of)
            own = means[equation.outcome, factor.term][chosen] if factor.centring == "own mean" else None
            product = product * center_factor(factor, values, own)
        return product

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
