"""Predictive checks on what matters for mediation: spread within and between patients, persistence, and slopes.

Data are generated from the prior or the posterior of the population, see `alliance.models.generator`. Of large studies a random sample
of patients is looked at, in the data as in what is generated: statistics of ten thousands of rows are known to a hundredth of their
spread, and hundreds of generated registers would fill the memory.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import Variable
from alliance.config.propensity import YES_NO
from alliance.config.timing import parse_term
from alliance.facts.columns import PATIENT, SESSION
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_names, names_of, nodes_of
from alliance.models.design.arrays import Design
from alliance.models.design.groups import Groups
from alliance.models.design.occasions import FEWEST_SHARED
from alliance.models.design.some import keep_patients
from alliance.models.diagram import Edge
from alliance.models.generator import Values, earlier_positions, generate_outcomes, positions_of
from alliance.models.quantities.population import Population

_OUTSIDE = "share outside the possible range"
_ENOUGH = 200  # generated data sets; fewer do not tell one in two hundred
_MOST_ROWS: Final = 20_000  # that are generated in one data set
_ENOUGH_FOR_TREND = 3  # sessions of a patient; with two a trend is a difference


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
    sampled
        Of how many patients it is, where it is of a sample.
    """

    name: str
    outcome: str
    observed: float
    generated: np.ndarray
    sampled: int | None = None


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
    sampled = None
    if len(panel) > _MOST_ROWS:
        panel, design = _sample(panel, design, rng)
        sampled = panel[PATIENT].nunique()
    index = {outcome: positions_of(panel, equation) for outcome, equation in design.equations.items()}
    earlier = earlier_positions(panel, lag)
    observed = {outcome: panel[outcome].to_numpy(dtype=float)[:, None] for outcome in design.equations}
    generated = generate_outcomes(panel, design, population, lag, rng)
    for outcome, equation in design.equations.items():
        if equation.answered:  # what would be seen of a propensity
            observed[outcome], generated[outcome] = ((v[outcome] > 0).astype(float) for v in (observed, generated))
    return [
        Statistic(name, about, float(compute(observed)[0]), compute(generated), sampled)
        for name, about, compute in _statistics(panel, design, index, earlier, edges, variables)
    ]


def _sample(panel: pd.DataFrame, design: Design, rng: np.random.Generator) -> tuple[pd.DataFrame, Design]:
    """Draw whole patients, with all of their rows, until there are about as many rows as are looked at."""
    sizes = panel.groupby(PATIENT, sort=True).size()
    sizes = sizes.iloc[rng.permutation(len(sizes))]
    drawn = set(sizes.index[(sizes.cumsum() <= _MOST_ROWS).to_numpy()])
    return panel[panel[PATIENT].isin(drawn)].reset_index(drop=True), keep_patients(design, drawn)


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
            "n_sampled": ("row", [math.nan if one.sampled is None else one.sampled for _, one in listed]),
        },
        coords={name: ("row", np.array(values, dtype=object)) for name, values in names.items()},
    )


def mark_predictive(statistics: list[Statistic], outcomes: Collection[str]) -> list[Mark]:
    """Mark the statistic of each outcome on which generated data are least like the data; none where few were generated.

    The share outside the possible range is left out: normal residuals always have one, and `alliance.models.checking.scores` looks at ends.
    """
    marks = []
    for outcome in outcomes:
        about = [
            one
            for one in statistics
            if one.name != _OUTSIDE and len(one.generated) >= _ENOUGH and outcome in names_of(nodes_of(one.outcome)[-1])
        ]
        tails = [min(np.mean(one.generated >= one.observed), np.mean(one.generated <= one.observed)) for one in about]
        if about:
            worst = int(np.argmin(tails))
            detail = about[worst].name + (f" ({about[worst].outcome})" if about[worst].outcome != outcome else "")
            marks.append(Mark("predictive_check", outcome, float(tails[worst]), detail, outcomes=(outcome,)))
    return marks


@dataclass(frozen=True)
class _Rows:
    """The rows of one equation in the panel, by patient.

    `before` are the positions of earlier sessions, -1 where there is none; `sessions` the number of each row's session, (row, 1).
    """

    outcome: str
    rows: np.ndarray
    before: np.ndarray
    groups: Groups
    sessions: np.ndarray

    def values(self, generated: Values) -> np.ndarray:
        return np.asarray(generated[self.outcome][self.rows])

    def within(self, generated: Values) -> np.ndarray:
        return self.groups.deviations(self.values(generated)).std(axis=0)

    def between(self, generated: Values) -> np.ndarray:
        return self.groups.means(self.values(generated)).std(axis=0)

    def share(self, generated: Values) -> np.ndarray:
        return np.asarray(self.values(generated).mean(axis=0))

    def follow_trends(self) -> np.ndarray:
        """Say of which patients there are sessions enough for a trend: (patient,)."""
        return np.bincount(self.groups.codes) >= _ENOUGH_FOR_TREND

    def trends(self, generated: Values) -> np.ndarray:
        """Return the standard deviation of the least-squares slopes of patients' values over sessions."""
        time = self.groups.deviations(self.sessions)
        chosen = self.follow_trends()
        together = self.groups.means(time * self.values(generated))[chosen]
        return np.asarray((together / self.groups.means(time * time)[chosen]).std(axis=0))

    def persistence(self, generated: Values) -> np.ndarray:
        deviations, later = self.groups.deviations(self.values(generated)), self.before >= 0
        return _correlate(deviations[later], deviations[self.before[later]])

    def skewness(self, generated: Values) -> np.ndarray:
        values = self.values(generated)
        centred = values - values.mean(axis=0)
        third: np.ndarray = (centred * centred * centred).mean(axis=0)
        return third / centred.std(axis=0) ** 3

    def outside(self, limits: tuple[float, float], generated: Values) -> np.ndarray:
        values = self.values(generated)
        return ((values < limits[0]) | (values > limits[1])).mean(axis=0)


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
        sessions = panel[SESSION].to_numpy(dtype=float)[rows, None]
        about = _Rows(outcome, rows, before, Groups(patients[rows]), sessions)
        if design.equations[outcome].answered:
            said = "yes" if design.equations[outcome].answered == YES_NO else "answers above the lowest"
            found += [
                (f"share of {said}", outcome, about.share),
                (f"standard deviation of patients' shares of {said}", outcome, about.between),
            ]
        else:
            found += [
                ("standard deviation within patients", outcome, about.within),
                ("standard deviation of patients' means", outcome, about.between),
                ("skewness", outcome, about.skewness),
            ]
        if about.follow_trends().any():
            found.append(("standard deviation of patients' trends over sessions", outcome, about.trends))
        if (before >= 0).any():
            found.append(("correlation of neighbouring sessions within patients", outcome, about.persistence))
        term = parse_term(outcome, variables)
        owner = None if term is None or term.variable is None or term.part is not None else variables[term.variable]
        if owner is not None and owner.range is not None and not design.equations[outcome].answered:
            found.append((_OUTSIDE, outcome, partial(about.outside, owner.range)))
    found += [_slope_statistic(design, index, earlier, patients, edge) for edge in edges]
    for one, other in combinations(design.equations, 2):
        shared = np.intersect1d(index[one], index[other])
        if len(shared) >= FEWEST_SHARED:
            both = partial(_same_session, one, other, shared, Groups(patients[shared]))
            found.append(("correlation at the same session within patients", join_names(one, other), both))
    return found


def _same_session(one: str, other: str, rows: np.ndarray, groups: Groups, values: Values) -> np.ndarray:
    return _correlate(groups.deviations(values[one][rows]), groups.deviations(values[other][rows]))


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
    fixed = equation.rows[edge.term].to_numpy(dtype=float)[:, None]
    source = earlier[rows] if origin.lagged else rows

    def slope(values: Values) -> np.ndarray:
        x = fixed
        if origin.session_level and edge.source in values:
            x = np.where(source[:, None] >= 0, values[edge.source][source], fixed)
        part = groups.deviations if origin.session_level else groups.means
        x, y = part(x), part(values[edge.outcome][rows])
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        return np.asarray((x * y).sum(axis=0) / (x**2).sum(axis=0))

    where = "within patients" if origin.session_level else "between patients"
    return f"slope {where}", edge.text, slope


def _correlate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    both, spread = (x * y).mean(axis=0), x.std(axis=0) * y.std(axis=0)
    # Answers that are all the same go with nothing.
    return np.asarray(np.divide(both, spread, out=np.zeros_like(both), where=spread > 0))
