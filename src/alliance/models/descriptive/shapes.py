"""How a measure develops over the sessions: average courses of several shapes, and how patients spread around them.

With t counted from the first session of the treatment, patient i at session t has

    y_it = f(t) + u_i0 + sum_k u_ik (g_k(t) - mean of g_k) + e_it,    u_i ~ N(0, G),   corr(e_is, e_it) = phi^|s - t|

``line``     f and g are straight lines
``plateau``  f and g are lines in log(1 + t): much of the change comes early
``turn``     f and g are parabolas: a fall before a rise, or the other way round
``each``     f is free at every session, g a straight line: averages that no shape is forced on

All by maximum likelihood from the same rows, with the likelihood of joint models (`alliance.models.path`): sessions that a patient missed,
and those after a patient left, are taken as missing at random given the patient's others. Residuals of sessions that follow one another are
correlated; otherwise shapes with more effects that vary between patients would look better than they are.

Samples of patients or therapists are followed to first order. With s_i the derivatives of patient i's log-likelihood at the maximum and
H the observed information, patients who count w_i times move the estimate by  H^-1 sum_i (w_i / w - 1) s_i , w the mean of w_i, as samples
may hold fewer patients than the study (the infinitesimal jackknife, and the score bootstrap of Kline and Santos 2012, doi
10.1515/2156-6674.1000): intervals then do not rest on what is assumed of G, phi and therapists, who are not told apart from their patients
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import ModelSpec
from alliance.facts.columns import PATIENT, SESSION
from alliance.models.descriptive.findings import Task
from alliance.models.design.arrays import INTERCEPT, Design, Varying, make_design
from alliance.models.design.series import add_series
from alliance.models.design.trends import with_time
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, population_of
from alliance.models.quantities.course import find_sessions
from alliance.models.quantities.population import Population

_COURSE: Final = "course"
LINE, PLATEAU, TURN, EACH = "line", "plateau", "turn", "each"
# What stands for time in the equation, and the smooths it needs.
_TIMES: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    LINE: (SESSION, {}),
    PLATEAU: (_COURSE, {"kind": "log"}),
    TURN: (_COURSE, {"kind": "polynomial", "df": 2}),
    EACH: (_COURSE, {"kind": "each"}),
}
FEWEST_PATIENTS: Final = 10
FEWEST_SESSIONS: Final = 4  # a parabola that differs between patients, and something left
_FEWEST_ROWS: Final = 30
SHAPES: Final = (LINE, PLATEAU, TURN)  # those that are compared


@dataclass(frozen=True)
class Growth:
    """A shape that was fitted.

    Parameters
    ----------
    sessions
        Numbers of the sessions as the data count them, (session,).
    """

    shape: str
    maximum: PathMaximum
    sessions: np.ndarray

    @property
    def log_likelihood(self) -> float:
        """At the maximum, constants included."""
        return log_likelihood_of(self.maximum)

    @property
    def parameters(self) -> int:
        """How many were estimated."""
        return len(self.maximum.top.position)

    @property
    def _design(self) -> Design:
        return self.maximum.target.design

    @property
    def _outcome(self) -> str:
        return next(iter(self._design.equations))

    @cached_property
    def _steps(self) -> np.ndarray:
        """How far the estimate moves with each patient that counts once more, (patient, parameter)."""
        target = self.maximum.target
        scores = target.scores(self.maximum.top.position, target.clusters(PATIENT))
        steps: np.ndarray = scores @ self.maximum.covariance
        return steps

    @cached_property
    def _course_and_steps(self) -> tuple[np.ndarray, np.ndarray]:
        """The averages, and how far they move with each patient that counts once more: coefficients come into them linearly."""
        position, fixed = self.maximum.top.position, self.maximum.target.layout.fixed
        course = self.course(self.population())
        moved = position + np.eye(len(position))[fixed]
        slopes = [self.course(population_of(self.maximum, each[None])) - course for each in moved]
        return course, self._steps[:, fixed] @ np.array(slopes)

    @cached_property
    def _terms(self) -> np.ndarray:
        """Predictors at each session in raw units, (session, term)."""
        equation = self._design.equations[self._outcome]
        times = equation.rows[SESSION].to_numpy(dtype=float)
        place = [int(np.flatnonzero(times == time)[0]) for time in np.unique(times)]
        raw: np.ndarray = equation.x[place] * equation.x_sd + equation.x_mean
        return raw

    @cached_property
    def patients(self) -> dict[str, int]:
        """Code of a patient -> place in the order of the likelihood."""
        return {code: place for place, code in enumerate(self.maximum.target.patients)}

    def population(self) -> Population:
        """Return the parameters in raw units."""
        return population_of(self.maximum)

    def averages(self, more: np.ndarray) -> np.ndarray:
        """Return the average at each session, (session,).

        Parameters
        ----------
        more
            How much more than the average patient each one counts, (patient,) in the order of the likelihood.
        """
        course, steps = self._course_and_steps
        moved: np.ndarray = course + more @ steps
        return moved

    def differences(self, more: np.ndarray) -> np.ndarray:
        """Return the covariance of patients' effects in raw units, (effect, effect); `more` as in `averages`."""
        place, design = self.maximum.target.layout.between(PATIENT), self.maximum.target.design
        scales = design.scales(PATIENT)
        factor = np.zeros((len(scales), len(scales)))
        factor[np.tril_indices(len(scales))] = self.maximum.top.position[place] + more @ self._steps[:, place]
        raw = scales[:, None] * factor
        covariance: np.ndarray = raw @ raw.T
        return covariance

    def course(self, population: Population) -> np.ndarray:
        """Return the average at each session, (session,)."""
        found: np.ndarray = population.intercepts[self._outcome][0] + self._terms @ population.slopes[self._outcome][0]
        return found

    @cached_property
    def loadings(self) -> np.ndarray:
        """What patients' effects multiply at each session, (session, effect)."""
        equation = self._design.equations[self._outcome]
        moving = [effect.term for effect in self._design.varying[PATIENT] if effect.term != INTERCEPT]
        places = [equation.terms.index(term) for term in moving]
        return np.column_stack([np.ones(len(self._terms)), (self._terms - equation.x_mean)[:, places]])

    def spread(self, more: np.ndarray) -> np.ndarray:
        """Return the standard deviation of patients' own courses at each session, (session,); `more` as in `averages`."""
        loadings = self.loadings
        variances = ((loadings @ self.differences(more)) * loadings).sum(axis=1)
        spread: np.ndarray = np.sqrt(variances)
        return spread

    def covariance(self, population: Population) -> np.ndarray:
        """Return the covariance of a patient's scores at all sessions, (session, session)."""
        loadings, own = self.loadings, population.autocorrelations[self._outcome][0]
        apart = np.abs(np.subtract.outer(self.sessions, self.sessions))
        residual = population.residuals[self._outcome][0] ** 2 * np.sign(own) ** apart * np.abs(own) ** apart
        whole: np.ndarray = loadings @ population.covariances[PATIENT][0] @ loadings.T + residual
        return whole


def course_of(task: Task, variable: str) -> tuple[pd.DataFrame, range]:
    """Return the rows of a variable that belong to the course of a treatment, sorted, and the numbers of its sessions."""
    sessions = find_sessions(task.panel, task.settings.get("planned_sessions"))
    rows = task.rows[variable].sort_values([PATIENT, SESSION])
    return rows[rows[SESSION].between(sessions[0], sessions[-1])].reset_index(drop=True), sessions


def enough_for_course(rows: pd.DataFrame) -> bool:
    """Whether there are enough patients, different sessions, and rows with an earlier one of the same patient."""
    patients, distinct = rows[PATIENT].nunique(), rows[SESSION].nunique()
    least = max(_FEWEST_ROWS, 2 * distinct)
    return bool(patients >= FEWEST_PATIENTS and distinct >= FEWEST_SESSIONS and len(rows) - patients >= least)


def fit_shape(rows: pd.DataFrame, outcome: str, shape: str, name: str) -> Growth:
    """Fit a shape by maximum likelihood.

    Parameters
    ----------
    rows
        The sessions at which the outcome was observed; columns patient, therapist, session and the outcome.
    name
        Of the model, for messages.

    Raises
    ------
    ModelError
        The rows do not tell the model's variances apart, see `alliance.models.design`.
    """
    term, smooth = _TIMES[shape]
    first = int(rows[SESSION].min())
    spec = ModelSpec.model_validate(
        {
            "label": shape,
            "family": "multilevel_path",
            "equations": {outcome: {"on": [term], "vary": {PATIENT: [INTERCEPT, *([] if shape == EACH else [term])]}}},
            "effects": {"from": SESSION, "to": outcome},
            **({"bases": {_COURSE: {"of": SESSION, **smooth}}} if smooth else {}),
        }
    )
    counted = rows.assign(**{SESSION: rows[SESSION] - first})
    design = make_design(name, spec, {outcome: counted}, {})
    if shape == EACH:
        design = _with_trends(design, outcome)
    design = add_series(name, {outcome: "sessions"}, design)
    return Growth(shape, maximise(design), np.unique(rows[SESSION].to_numpy()))


def _with_trends(design: Design, outcome: str) -> Design:
    """Let patients have trends of their own around averages that are free at each session."""
    equation, time = with_time(design.equations[outcome])
    varying = [*design.varying[PATIENT], Varying(outcome, time)]
    return replace(design, equations={outcome: equation}, varying={PATIENT: varying})


def compare(grown: list[Growth], patients: int) -> list[dict[str, Any]]:
    """Return the support of each shape: AIC, BIC, and Akaike weights, exp(-AIC / 2) as a share of all.

    BIC counts patients, who are what is independent (Burnham and Anderson 2002, Model selection and multimodel inference).
    """
    criteria = np.array([2 * (one.parameters - one.log_likelihood) for one in grown])
    weights = np.exp(-(criteria - criteria.min()) / 2)
    return [
        {
            "shape": one.shape,
            "log_likelihood": one.log_likelihood,
            "parameters": one.parameters,
            "aic": criterion,
            "bic": one.parameters * np.log(patients) - 2 * one.log_likelihood,
            "support": weight / weights.sum(),
        }
        for one, criterion, weight in zip(grown, criteria.tolist(), weights.tolist(), strict=True)
    ]
