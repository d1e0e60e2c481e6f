"""The arrays of a path diagram: outcomes, predictors and varying effects, in units of their standard deviations.

Outcome and predictors of an equation are centred at the mean and divided by the standard deviation of the rows of that equation. Predictors
are not centred by patient. The change of units is linear, so it is undone exactly:

    b_raw = b sd(y) / sd(x)        u_raw = u sd(y) / sd(x)        intercept_raw = mean(y) + sd(y) intercept - mean(x)'b_raw
"""

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term, varies_between_sessions
from alliance.contracts import BASELINE, LAG, PATIENT, THERAPIST
from alliance.errors import ModelError

INTERCEPT = "intercept"
_SMALLEST_TOLERANCE = (
    1e-6  # share of a predictor's variance that the other predictors leave; below it there is nothing to estimate
)


@dataclass(frozen=True)
class Varying:
    """One effect that varies between units: `term` (a predictor or ``intercept``) in the equation of `outcome`."""

    outcome: str
    term: str

    @property
    def text(self) -> str:
        """Name of the effect, e.g. ``alliance: technique``."""
        return f"{self.outcome}: {self.term}"


@dataclass(frozen=True)
class Origin:
    """Where a predictor comes from.

    Parameters
    ----------
    base
        Name without its suffix.
    lagged
        Whether it is the value of an earlier session.
    session_level
        Whether it can differ between sessions of one patient.
    baseline
        Whether it is the initial value of an outcome of this model.
    """

    base: str
    lagged: bool
    session_level: bool
    baseline: bool


@dataclass(frozen=True)
class Equation:
    """Arrays of one equation, in standard units.

    Parameters
    ----------
    origins
        Term -> where it comes from.
    rows
        Rows of the panel the equation uses.
    y, x
        Outcome (row) and predictors (row, term), centred and scaled.
    y_mean, y_sd, x_mean, x_sd
        What was subtracted and divided by, in raw units.
    units
        Level (``patient``, ``therapist``) -> position of each row's unit in `Design.units` of that level.
    """

    outcome: str
    terms: tuple[str, ...]
    origins: dict[str, Origin]
    rows: pd.DataFrame
    y: np.ndarray
    x: np.ndarray
    y_mean: float
    y_sd: float
    x_mean: np.ndarray
    x_sd: np.ndarray
    units: dict[str, np.ndarray] = field(default_factory=dict)

    def scale(self, term: str) -> float:
        """Return what an effect of `term` in standard units is multiplied by to be in raw units."""
        return self.y_sd if term == INTERCEPT else self.y_sd / self.x_sd[self.terms.index(term)]

    def column(self, term: str) -> np.ndarray:
        """Return the column (row,) that an effect of `term` multiplies, in standard units."""
        return np.ones(len(self.y)) if term == INTERCEPT else self.x[:, self.terms.index(term)]


@dataclass(frozen=True)
class Design:
    """All equations of a model, the units at each level and the effects that vary between them, stacked over equations.

    `equations` stand in the order in which their outcomes come about within a session.
    """

    equations: dict[str, Equation]
    units: dict[str, list[str]]
    varying: dict[str, list[Varying]]

    def scales(self, level: str) -> np.ndarray:
        """Return the raw units of the varying effects of a level, in their order: shape (effect,)."""
        return np.array([self.equations[effect.outcome].scale(effect.term) for effect in self.varying[level]])


def make_design(name: str, spec: ModelSpec, rows: dict[str, pd.DataFrame], variables: dict[str, Variable]) -> Design:
    """Turn the rows of each equation into arrays.

    Parameters
    ----------
    rows
        Outcome -> rows of its equation, see `alliance.models.rows.select_rows`.

    Raises
    ------
    ModelError
        Equations form a circle within one session, predictors of an equation determine each other, or an effect is said to
        vary between units within which its predictor never changes.
    """
    varying = {
        level: [
            Varying(outcome, term)
            for outcome, equation in spec.equations.items()
            for term in equation.vary.get(level, [])
        ]
        for level in (PATIENT, THERAPIST)
    }
    # Intercepts first: data say most about them. What is hard to tell is then expressed given what is clear, and the sampler mixes
    # three times better. The model is the same in any order.
    varying = {
        level: sorted(effects, key=lambda e: e.term != INTERCEPT) for level, effects in varying.items() if effects
    }
    concerned = {level: {effect.outcome for effect in effects} for level, effects in varying.items()}
    units = {
        level: sorted({str(code) for outcome in outcomes for code in rows[outcome][level].unique()})
        for level, outcomes in concerned.items()
    }
    origins = {outcome: _origins(declared.on, spec, variables) for outcome, declared in spec.equations.items()}
    equations = {}
    for outcome in _order(name, origins):
        declared = spec.equations[outcome]
        place = f"models.specs.{name}.equations.{outcome}"
        used = rows[outcome]
        y, x = used[outcome].to_numpy(dtype=float), used[declared.on].to_numpy(dtype=float)
        y_mean, y_sd, x_mean, x_sd = y.mean(), y.std(ddof=1), x.mean(axis=0), x.std(axis=0, ddof=1)
        scaled = (x - x_mean) / x_sd
        _check_tolerance(place, declared.on, scaled)
        indices = {}
        for level, outcomes in concerned.items():
            if outcome in outcomes:
                terms = [effect.term for effect in varying[level] if effect.outcome == outcome]
                _check_varying(place, level, terms, used)
                indices[level] = pd.Index(units[level]).get_indexer(pd.Index(used[level].astype(str)))
        equations[outcome] = Equation(
            outcome,
            tuple(declared.on),
            origins[outcome],
            used,
            (y - y_mean) / y_sd,
            scaled,
            float(y_mean),
            float(y_sd),
            x_mean,
            x_sd,
            indices,
        )
    return Design(equations, units, varying)


def _origins(terms: list[str], spec: ModelSpec, variables: dict[str, Variable]) -> dict[str, Origin]:
    origins = {}
    for name in terms:
        term = parse_term(name, variables)
        if term is None:
            raise ModelError(
                f"'{name}' is not a declared variable. Declare it under variables, or remove it from the model."
            )
        session_level = varies_between_sessions(term, variables)
        initial = term.suffix == BASELINE and term.base in spec.equations
        origins[name] = Origin(term.base, term.suffix == LAG, session_level, initial)
    return origins


def _order(name: str, origins: dict[str, dict[str, Origin]]) -> list[str]:
    earlier = {
        outcome: [
            origin.base
            for origin in terms.values()
            if origin.session_level and not origin.lagged and origin.base in origins
        ]
        for outcome, terms in origins.items()
    }
    try:
        return list(TopologicalSorter(earlier).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ModelError(
            f"models.specs.{name}.equations: {circle} is a circle within one session, so no equation comes first. Use the "
            f"earlier value ('{error.args[1][0]}{LAG}') in one of them."
        ) from error


def _check_tolerance(place: str, terms: list[str], x: np.ndarray) -> None:
    for column, term in enumerate(terms):
        others = np.delete(x, column, axis=1)
        left = x[:, column] - others @ np.linalg.lstsq(others, x[:, column], rcond=None)[0]
        if left.var() < _SMALLEST_TOLERANCE:
            partners = ", ".join(f"'{other}'" for other in terms if other != term)
            raise ModelError(
                f"{place}.on: '{term}' is determined by the other predictors ({partners}) in the {len(x)} rows the equation can "
                f"use, so its effect cannot be told from theirs. Remove one of them."
            )


def _check_varying(place: str, level: str, terms: list[str], rows: pd.DataFrame) -> None:
    for term in terms:
        if term != INTERCEPT and rows.groupby(level)[term].nunique().max() < 2:
            raise ModelError(
                f"{place}.vary.{level}: '{term}' never changes within a {level}, so its effect cannot vary between {level}s. "
                f"Remove it from 'vary.{level}'."
            )
