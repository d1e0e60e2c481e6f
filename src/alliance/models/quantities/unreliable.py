"""Effects corrected for the error of unreliable scores, from the draws of a model that takes the scores for free of error.

What a score holds beside what it measures is error d, independent of everything, with the same variance in all patients and sessions:

    theta = (1 - omega) V        omega the reliability of changes within patients, V the variance of the score within patients

V follows from each draw: residual variance, and the variance within patients of what the equation explains.

**Same session.** Let v be a score with error and an equation of its own, v = X_v a_i + e_v, and c an outcome that it predicts,
c = b_i v + X_c g_i + e_c. Given what differs between patients, the observed v* = v + d tells of d by its residual alone, E[d | e_v*] =
k e_v* with k = theta / s_v*^2, so

    E[c | v*, X] = (1 - k) b_i v* + X_c g_i + k b_i X_v a_i

Where all of X_v is in X_c, and what varies in the equation of v varies in that of c too, this is the model that was fitted, with other
parameters: b* = (1 - k) b, cov(a, b*) = (1 - k) cov(a, b), g* = g + k (b a + cov(a, b)), and total effects as they are (Buonaccorsi 2010,
ch. 5). With several such scores the covariance of the residuals of one session in reduced form, Sigma* = (I - B*)^-1 Omega* (I - B*)^-T,
is that without error plus diag(theta), and each equation is the regression on its parents in Sigma* - diag(theta). Every draw is
transformed, so intervals follow from the same draws.

This is exact where b does not vary between patients. Where it does, first and second moments are as above, but the error makes residuals
of c larger in patients with a larger b, and slopes of c a product of normal ones; that moves estimates little (`validation/reliability`).
It is not exact, and nothing is given, where a value with error predicts in any other way: as an earlier value, an initial value or an
observed mean (its error is then in no residual of the row), in a product, without an equation of its own; where residuals depend on the
one before, or v is a value behind a censored score; and where the slope of v varies in one of two outcomes of which one predicts the other.

**Between patients.** Errors of single sessions are no part of latent means. Lasting error, theta = (1 - omega between) times the variance
of the means, is taken off the variance of the patients' latent means, whose regressions are effects between patients
(`alliance.models.quantities.between`). That holds with an own past too: what lasts goes into intercepts and initial values.

**Outcomes.** The error of a score that predicts nothing leaves effects as they are; it is in the residual, and makes intervals wider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import PATIENT
from alliance.facts.marks import Mark
from alliance.models.design.arrays import INTERCEPT, Design, Equation, Varying
from alliance.models.design.terms import own_means
from alliance.models.quantities.contrasts import find_margin
from alliance.models.quantities.initial import patients_of
from alliance.models.quantities.latent import LatentMeans, within_effects
from alliance.models.quantities.population import Population

_LARGEST_SHARE = 0.98  # of a residual variance that may be error in a draw; where that is not rare, nothing is given


@dataclass(frozen=True)
class Corrected:
    """Parameters without error of measurement.

    Parameters
    ----------
    population
        None where the error may be all that is left of a score.
    marks
        What was found.
    """

    population: Population | None
    marks: list[Mark]


def children_of(design: Design, name: str) -> list[str]:
    """List the outcomes that a variable predicts at the same session."""
    return [outcome for outcome, equation in design.equations.items() if _is_parent(equation, name)]


def _is_parent(equation: Equation, name: str) -> bool:
    origin = equation.origins.get(name)
    return origin is not None and origin.session_level and not origin.factors and origin.base == name


def correct_within(design: Design, population: Population, reliability: Mapping[str, np.ndarray]) -> Corrected:
    """Take the error of single sessions off the parameters of a model, see above.

    Parameters
    ----------
    reliability
        Outcome -> omega within patients, (draw,).
    """
    outcomes = list(design.equations)
    same, _ = within_effects(design, population)
    observed = population.residual_covariance
    inverse = np.linalg.inv(np.eye(len(outcomes)) - same)
    reduced = inverse @ observed @ inverse.transpose(0, 2, 1)
    shares, marks = {}, []
    for name, omega in reliability.items():
        place = outcomes.index(name)
        theta = (1 - omega) * variance_within(design, population, name)
        left = observed[:, place, place] - theta
        margin = find_margin(left) if np.median(left) > 0 else 0.0
        if margin < CAUTIONS["unsettled_error"].threshold:
            marks.append(Mark("unsettled_error", name, margin, outcomes=(name,)))
        shares[name] = np.minimum(theta / observed[:, place, place], _LARGEST_SHARE)
        reduced[:, place, place] -= shares[name] * observed[:, place, place]
    if marks:
        return Corrected(None, marks)
    true = np.zeros_like(same)
    for row, outcome in enumerate(outcomes):
        parents = [outcomes.index(name) for name in outcomes if _is_parent(design.equations[outcome], name)]
        if parents:
            among, with_outcome = reduced[:, parents][:, :, parents], reduced[:, parents, row][:, :, None]
            true[:, row, parents] = np.linalg.solve(among, with_outcome)[:, :, 0]
    own = np.eye(len(outcomes)) - true
    change = own @ inverse  # of what the equations hold beside their outcomes, random effects among it
    corrected = _Change(design, population, true, change, {name: 1 / (1 - share) for name, share in shares.items()})
    left = np.diagonal(own @ reduced @ own.transpose(0, 2, 1), axis1=1, axis2=2)
    residuals = {}
    for place, outcome in enumerate(outcomes):
        variance = left[:, place].copy()
        for name, share in shares.items():
            if outcome in children_of(design, name):
                at, slope = outcomes.index(name), Varying(outcome, name)
                error = share * (1 - share) * observed[:, at, at]
                variance -= corrected.stretch[name] ** 2 * population.covariance(slope, slope) * error
        residuals[outcome] = np.sqrt(np.maximum(variance, (1 - _LARGEST_SHARE) * observed[:, place, place]))
    return Corrected(
        replace(
            population,
            intercepts={o: corrected.of_rest(o, INTERCEPT) for o in outcomes},
            slopes={o: corrected.slopes(o) for o in outcomes},
            residuals=residuals,
            covariances={level: corrected.covariance(level) for level in population.covariances},
        ),
        [],
    )


@dataclass(frozen=True)
class _Change:
    """From parameters with error to those without.

    Parameters
    ----------
    true
        Effects among outcomes of one session, (draw, outcome, outcome).
    change
        What multiplies all else in the equations, (draw, outcome, outcome).
    stretch
        Variable with error -> what its varying slopes are multiplied by, (draw,).
    """

    design: Design
    population: Population
    true: np.ndarray
    change: np.ndarray
    stretch: Mapping[str, np.ndarray]

    def of_rest(self, outcome: str, term: str) -> np.ndarray:
        """Return the coefficient of what is no outcome of the session, (draw,)."""
        outcomes = list(self.design.equations)
        row = outcomes.index(outcome)
        total = np.zeros(len(self.change))
        for column, other in enumerate(outcomes):
            if term == INTERCEPT:
                total += self.change[:, row, column] * self.population.intercepts[other]
            elif term in self.design.equations[other].terms:
                total += self.change[:, row, column] * self._slope(other, term)
        return total

    def slopes(self, outcome: str) -> np.ndarray:
        """Return the slopes of an equation, (draw, term)."""
        equation, outcomes, found = self.design.equations[outcome], list(self.design.equations), []
        for term in equation.terms:
            if _is_parent(equation, term) and term in outcomes:
                values = self.true[:, outcomes.index(outcome), outcomes.index(term)].copy()
            else:
                values = self.of_rest(outcome, term)
            for name, stretch in self.stretch.items():
                if _is_parent(equation, name):
                    together = self.population.covariance(Varying(outcome, name), Varying(name, term))
                    values -= (stretch - 1) * together
            found.append(values)
        return np.column_stack([np.empty((len(self.change), 0)), *found])

    def covariance(self, level: str) -> np.ndarray:
        """Return the covariance of the varying effects of a level, (draw, effect, effect)."""
        effects, outcomes = self.population.varying[level], list(self.design.equations)
        turn = np.zeros((len(self.change), len(effects), len(effects)))
        for row, effect in enumerate(effects):
            if effect.term in self.stretch and _is_parent(self.design.equations[effect.outcome], effect.term):
                turn[:, row, row] = self.stretch[effect.term]
                continue
            for column, other in enumerate(effects):
                if other.term == effect.term:
                    turn[:, row, column] = self.change[:, outcomes.index(effect.outcome), outcomes.index(other.outcome)]
        return np.asarray(turn @ self.population.covariances[level] @ turn.transpose(0, 2, 1))

    def _slope(self, outcome: str, term: str) -> np.ndarray:
        return np.asarray(self.population.slopes[outcome][:, self.design.equations[outcome].terms.index(term)])


def variance_within(design: Design, population: Population, outcome: str) -> np.ndarray:
    """Return the variance of an outcome within patients that each draw implies, raw units, (draw,).

    s^2 + b'W b + sum over levels of tr(G W_z), with W and W_z the covariances within patients of the columns of average and of varying
    effects (N rows less one for each patient in the denominator).
    """
    equation = design.equations[outcome]
    free = len(equation.y) - equation.rows[PATIENT].nunique()
    total = population.residuals[outcome] ** 2
    if equation.terms:
        x = _within(equation, equation.x * equation.x_sd)
        slopes = population.slopes[outcome]
        total = total + np.einsum("di,ij,dj->d", slopes, x.T @ x / free, slopes)
    for level, effects in population.varying.items():
        places = [i for i, effect in enumerate(effects) if effect.outcome == outcome and effect.term != INTERCEPT]
        if places:
            terms = [effects[i].term for i in places]
            scales = [equation.x_sd[equation.terms.index(term)] for term in terms]
            z = _within(equation, np.column_stack([equation.varying_column(term) for term in terms]) * scales)
            covariance = population.covariances[level][:, places][:, :, places]
            total = total + np.einsum("dij,ij->d", covariance, z.T @ z / free)
    return np.asarray(total)


def _within(equation: Equation, columns: np.ndarray) -> np.ndarray:
    return np.asarray(columns - own_means(equation.rows, columns))


def correct_between(
    design: Design, population: Population, means: Mapping[str, LatentMeans], reliability: Mapping[str, np.ndarray]
) -> dict[str, LatentMeans]:
    """Take lasting error off the variances of patients' latent means.

    Their variance is that of the means at every level, and of what constant predictors explain of them; error is the patients' own, so
    means of therapists stay as they are.

    Parameters
    ----------
    means
        Level -> latent means of its units.
    reliability
        Outcome -> omega between patients, (draw,).
    """
    corrected = dict(means)
    explained = _explained_between(design, population)
    for name, omega in reliability.items():
        if PATIENT not in corrected or name not in corrected[PATIENT].varying:
            continue
        place = corrected[PATIENT].outcomes.index(name)
        whole = explained[:, place] + sum(of.variance(name) for of in means.values() if name in of.varying)
        covariance = corrected[PATIENT].covariance.copy()
        covariance[:, place, place] -= (1 - omega) * whole
        corrected[PATIENT] = replace(corrected[PATIENT], covariance=covariance)
    return corrected


def _explained_between(design: Design, population: Population) -> np.ndarray:
    """Return the variance between patients of what constant predictors (initial values apart) explain of means, (draw, outcome)."""
    outcomes = list(design.equations)
    same, earlier = within_effects(design, population)
    passed = np.linalg.inv(np.eye(len(outcomes)) - same - earlier)
    terms = design.constant_terms
    if not terms:
        return np.zeros((len(passed), len(outcomes)))
    coefficients = np.zeros((len(passed), len(outcomes), len(terms)))
    for column, term in enumerate(terms):
        for row, outcome in enumerate(outcomes):
            equation = design.equations[outcome]
            if term in equation.terms:
                coefficients[:, row, column] = population.slopes[outcome][:, equation.terms.index(term)]
    spread = np.atleast_2d(patients_of(design, terms).cov())
    total = passed @ coefficients
    return np.asarray(np.einsum("dki,ij,dkj->dk", total, spread, total))
