"""The arrays of a path diagram: outcomes, predictors and varying effects, in units of their standard deviations.

Outcome and predictors of an equation are centred at the mean and divided by the standard deviation of the rows of that equation. Predictors
are not centred by patient: their average effect multiplies x as it is, so lasting differences stay in the varying intercepts.

What a patient or therapist *deviates* from that average effect multiplies the deviation of x from a level of the patient,

    y_it = ... + b x_it + u_i (x_it - level_i(x)) + ...

where x can differ between sessions; time and what is constant within patients stay as they are. A varying intercept is then the difference
that is left at average slopes, and does not depend on where a patient's predictors lie. Models whose varying slopes multiply raw scores are
other models (Kreft, de Leeuw & Aiken 1995, doi 10.1207/s15327906mbr3001_1). They tie slopes to the levels of their predictors, so in series
that did not start at chance the variances and covariances of slopes are drawn towards zero: initial values among the predictors keep the
intercepts, but not the slopes, from depending on the start.

The level is the patient's own mean over the rows of the equation. Not so where initial values are among the predictors, since outcomes that
have a past may move later values of x: patients whose slope is steeper then have other means, and the mean holds what y was to become.
With means of 10 or 20 sessions an average slope came out 6 % too large, 20 % with strong feedback. The level is then what initial values
and other constant predictors lead one to expect, x regressed on them over all rows: nothing that came later moves it.

The change of units is linear, so it is undone exactly:

    b_raw = b sd(y) / sd(x)        u_raw = u sd(y) / sd(x)        intercept_raw = mean(y) + sd(y) intercept - mean(x)'b_raw
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import cast

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.timing import TIME_TERMS, answered_as
from alliance.errors import ModelError
from alliance.facts.columns import BETWEEN, BETWEEN_THERAPIST, LAG, PATIENT, THERAPIST, VARIABILITY
from alliance.facts.quantity import join_nodes
from alliance.likelihood.patterns import Series
from alliance.models.design.identified import (
    check_patients,
    check_repeats,
    check_therapists,
    check_tolerance,
    check_varying,
)
from alliance.models.design.occasions import Occasions, find_occasions
from alliance.models.design.terms import Origin, Predictors, make_predictors, own_means

INTERCEPT = "intercept"


@dataclass(frozen=True)
class Varying:
    """One effect that varies between units: `term` (a predictor or ``intercept``) in the equation of `outcome`.

    With ``variability`` as the term, the logarithm of the residual variance.
    """

    outcome: str
    term: str

    @property
    def text(self) -> str:
        """Name of the effect, e.g. ``alliance: technique``."""
        return f"{self.outcome}: {self.term}"


@dataclass(frozen=True)
class Level:
    """The level of a predictor that constant predictors lead one to expect of a patient, in raw units.

    Parameters
    ----------
    constant
        The level where all of them are zero.
    slopes
        Constant predictor -> slope.
    """

    constant: float
    slopes: dict[str, float]

    def at(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the level in each row, (row,)."""
        return np.asarray(self.constant + rows[list(self.slopes)].to_numpy(dtype=float) @ list(self.slopes.values()))


@dataclass(frozen=True)
class Equation:
    """Arrays of one equation, in standard units.

    Parameters
    ----------
    origins
        Term -> where it comes from.
    rows
        Rows of the panel the equation uses, with the columns of products and smooths of time.
    y, x
        Outcome (row) and predictors (row, term), centred and scaled.
    y_mean, y_sd, x_mean, x_sd
        What was subtracted and divided by, in raw units.
    units
        Level (``patient``, ``therapist``) -> position of each row's unit in `Design.units` of that level.
    levels
        Predictor whose effect varies -> the level from which it deviates; the patient's own mean where there is none.
    answered
        How answers tell the propensity that the outcome is, ``yes/no`` or ``ordered``; its residual standard deviation is its unit, and
        `y_sd` is one. Empty where the outcome is a score.
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
    levels: dict[str, Level] = field(default_factory=dict)
    answered: str = ""

    @cached_property
    def with_ones(self) -> np.ndarray:
        """The column of ones and the predictors, (row, term + 1): made once, however many likelihoods read the equation."""
        return np.column_stack([self.column(INTERCEPT), self.x])

    @property
    def own_past(self) -> list[str]:
        """Earlier values of the outcome among the predictors."""
        return [term for term, origin in self.origins.items() if origin.lagged and origin.base == self.outcome]

    def scale(self, term: str) -> float:
        """Return what an effect of `term` in standard units is multiplied by to be in raw units."""
        if term == VARIABILITY:
            return 1.0
        return self.y_sd if term == INTERCEPT else self.y_sd / self.x_sd[self.terms.index(term)]

    def column(self, term: str) -> np.ndarray:
        """Return the column (row,) that the average effect of `term` multiplies, in standard units."""
        return np.ones(len(self.y)) if term == INTERCEPT else self.x[:, self.terms.index(term)]

    def varying_column(self, term: str) -> np.ndarray:
        """Return the column (row,) that a unit's deviation from the average effect of `term` multiplies, in standard units."""
        column = self.column(term)
        if term in self.levels:
            place = self.terms.index(term)
            deviation: np.ndarray = column - (self.levels[term].at(self.rows) - self.x_mean[place]) / self.x_sd[place]
            return deviation
        return column - own_means(self.rows, column[:, None])[:, 0] if self.deviates(term) else column

    def deviates(self, term: str) -> bool:
        """Whether varying effects of `term` multiply deviations from a level of the patient: of what differs between sessions, but time."""
        if term == INTERCEPT or not self.origins[term].session_level or self.origins[term].base in TIME_TERMS:
            return False
        return bool((self.rows.groupby(PATIENT)[term].nunique() > 1).any())


@dataclass(frozen=True)
class Design:
    """All equations of a model, the units at each level and the effects that vary between them, stacked over equations.

    `equations` stand in the order in which their outcomes come about within a session; `variable` names those outcomes whose residual
    variance differs between patients; `occasions` says which of their residuals may be correlated, `series` the times of those that depend
    on the one before, and `apart` in words what lies between two of them. `pasts` are the own pasts that vary between patients beside the
    level at which each comes to rest, see `alliance.likelihood.inertia`; they come first among what varies.
    """

    equations: dict[str, Equation]
    units: dict[str, list[str]]
    varying: dict[str, list[Varying]]
    occasions: Occasions
    series: dict[str, Series] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)
    variable: tuple[str, ...] = ()
    pasts: tuple[Varying, ...] = ()
    _found: dict[Callable[["Design"], object], object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def once[T](self, compute: Callable[["Design"], T]) -> T:
        """Return what a function makes of the design, computed the first time only: effects are asked for many times of the same rows."""
        if compute not in self._found:
            self._found[compute] = compute(self)
        return cast(T, self._found[compute])

    @property
    def differing(self) -> dict[str, list[Varying]]:
        """All in which the units of each level differ: variability, then the effects that vary."""
        scales = [Varying(outcome, VARIABILITY) for outcome in self.variable]
        return {level: [*(scales if level == PATIENT else []), *effects] for level, effects in self.varying.items()}

    @property
    def constant_terms(self) -> list[str]:
        """The predictors that do not change within patients, products of such among them, initial values apart; each once."""
        origins = [(term, origin) for equation in self.equations.values() for term, origin in equation.origins.items()]
        return list(dict.fromkeys(t for t, origin in origins if not origin.session_level and not origin.baseline))

    def scales(self, level: str) -> np.ndarray:
        """Return the raw units of all in which the units of a level differ, in their order: shape (effect,)."""
        return np.array([self.equations[effect.outcome].scale(effect.term) for effect in self.differing[level]])


def make_design(name: str, spec: ModelSpec, rows: dict[str, pd.DataFrame], variables: dict[str, Variable]) -> Design:
    """Turn the rows of each equation into arrays.

    Parameters
    ----------
    rows
        Outcome -> rows of its equation, see `alliance.models.rows.select_rows`.

    Raises
    ------
    ModelError
        Equations form a circle within one session, predictors of an equation determine each other, an effect is said to vary
        between units within which its predictor never changes, or the data cannot tell variances apart: no more patients than
        effects that vary between them, too few therapists, one session for every patient, one patient for every therapist.
    """
    made = {outcome: make_predictors(name, outcome, spec, rows[outcome], variables) for outcome in spec.equations}
    varying = _varying(spec, made)
    concerned = {level: {effect.outcome for effect in effects} for level, effects in varying.items()}
    units = {
        level: sorted({str(code) for outcome in outcomes for code in rows[outcome][level].unique()})
        for level, outcomes in concerned.items()
    }
    if THERAPIST in concerned:
        check_therapists(name, units[THERAPIST])
    if PATIENT in concerned:
        scales = [Varying(outcome, VARIABILITY) for outcome in spec.variable_outcomes]
        check_patients(
            f"models.specs.{name}.equations",
            [effect.text for effect in (*varying[PATIENT], *scales)],
            len(units[PATIENT]),
        )
    equations = {}
    for outcome in _order(name, {outcome: predictors.origins for outcome, predictors in made.items()}):
        place = f"models.specs.{name}.equations.{outcome}"
        used, terms = made[outcome].rows, list(made[outcome].origins)
        y, x = used[outcome].to_numpy(dtype=float), used[terms].to_numpy(dtype=float)
        answered = answered_as(outcome, spec, variables)
        y_mean, y_sd, x_mean, x_sd = y.mean(), 1.0 if answered else y.std(ddof=1), x.mean(axis=0), x.std(axis=0, ddof=1)
        scaled = (x - x_mean) / x_sd
        check_tolerance(place, terms, scaled)
        indices = {}
        for level, outcomes in concerned.items():
            if outcome in outcomes:
                indices[level] = pd.Index(units[level]).get_indexer(pd.Index(used[level].astype(str)))
                chosen = [e.term for e in varying[level] if e.outcome == outcome and e.term != INTERCEPT]
                check_varying(place, level, {term: x[:, terms.index(term)] for term in chosen}, indices[level])
        check_repeats(place, indices)
        equation = Equation(
            outcome,
            tuple(terms),
            made[outcome].origins,
            used,
            (y - y_mean) / y_sd,
            scaled,
            float(y_mean),
            float(y_sd),
            x_mean,
            x_sd,
            indices,
            answered=answered,
        )
        moving = {e.term for effects in varying.values() for e in effects if e.outcome == outcome}
        equations[outcome] = replace(equation, levels=_find_levels(equation, moving))
    occasions = find_occasions(
        {outcome: equation.origins for outcome, equation in equations.items()},
        {outcome: equation.rows for outcome, equation in equations.items()},
    )
    variable = tuple(outcome for outcome in equations if outcome in spec.variable_outcomes)
    _check_variable(name, variable, occasions, list(equations))
    pasts = _find_pasts(equations[variable[0]], varying[PATIENT]) if len(variable) == 1 else []
    varying |= {PATIENT: sorted(varying[PATIENT], key=lambda effect: effect not in pasts)} if pasts else {}
    return Design(equations, units, varying, occasions, variable=variable, pasts=tuple(pasts))


def _find_pasts(equation: Equation, varying: Sequence[Varying]) -> list[Varying]:
    """List the own past if it varies beside an intercept, and initial values tell the level from which it deviates."""
    own = [Varying(equation.outcome, term) for term in equation.own_past if term in equation.levels]
    return [past for past in own if {past, Varying(equation.outcome, INTERCEPT)} <= {*varying}]


def _check_variable(name: str, variable: Sequence[str], occasions: Occasions, outcomes: Sequence[str]) -> None:
    if variable and occasions.pairs:
        one, other = (outcomes[k] for k in occasions.pairs[0])
        raise ModelError(
            f"models.specs.{name}.equations.{variable[0]}.vary.patient: '{VARIABILITY}' differs between patients, and residuals of "
            f"'{other}' and '{one}' at the same session may be correlated, since neither predicts the other there; nothing says how the "
            f"two go together. Let one of them predict the other in 'on', leave one of the two equations out, or remove '{VARIABILITY}'."
        )


def _find_levels(equation: Equation, varying: set[str]) -> dict[str, Level]:
    """Regress what deviates on the constant predictors, observed means apart, if there are initial values among them."""
    if not any(origin.baseline for origin in equation.origins.values()):
        return {}
    constant = [
        term
        for term, origin in equation.origins.items()
        if not origin.session_level and not term.endswith((BETWEEN, BETWEEN_THERAPIST))
    ]
    places = [equation.terms.index(term) for term in constant]
    found = {}
    for term in sorted(term for term in varying if equation.deviates(term)):
        place = equation.terms.index(term)
        standard = np.linalg.lstsq(equation.x[:, places], equation.x[:, place])[0]
        slopes = standard * equation.x_sd[place] / equation.x_sd[places]
        at_zero = equation.x_mean[place] - slopes @ equation.x_mean[places]
        found[term] = Level(float(at_zero), dict(zip(constant, slopes.tolist(), strict=True)))
    return found


def _varying(spec: ModelSpec, made: dict[str, Predictors]) -> dict[str, list[Varying]]:
    """List the effects that vary at each level; a smooth of time varies with all its columns."""
    varying = {
        level: [
            Varying(outcome, column)
            for outcome, equation in spec.equations.items()
            for term in equation.vary.get(level, [])
            if term != VARIABILITY
            for column in made[outcome].columns.get(term, [term])
        ]
        for level in (PATIENT, THERAPIST)
    }
    # Intercepts first: data say most about them. What is hard to tell is then expressed given what is clear, and the sampler mixes
    # three times better. The model is the same in any order.
    return {level: sorted(effects, key=lambda e: e.term != INTERCEPT) for level, effects in varying.items() if effects}


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
        circle = join_nodes(*reversed(error.args[1]))
        raise ModelError(
            f"models.specs.{name}.equations: {circle} is a circle within one session, so no equation comes first. Use the "
            f"earlier value ('{error.args[1][0]}{LAG}') in one of them."
        ) from error
