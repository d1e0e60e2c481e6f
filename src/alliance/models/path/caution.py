"""What a reader must know of a fit of this family: how the search ended, which variances hit a boundary, and what the rows can tell.

Patients with one session are marked for every joint family, see `alliance.models.checking.caution`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from scipy import linalg

from alliance.config.timing import TIME_TERMS
from alliance.errors import ModelError
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.effects import EFFECT_LEVELS, EFFECTS, of_kind
from alliance.facts.marks import Mark
from alliance.facts.quantity import BETWEEN_LEVELS, join_nodes
from alliance.inference.maximum import mark_maximum
from alliance.likelihood.units import draw_effects
from alliance.models.checking.units import mark_few_units
from alliance.models.covariances import split_covariance
from alliance.models.design.arrays import INTERCEPT, Design, Equation, Varying
from alliance.models.path.layout import LEVELS
from alliance.models.path.maximum import PathMaximum
from alliance.models.rows import count_rows

# In standard deviations of the outcome: no questionnaire is answered that exactly, and a search that is drawn to zero stops far below.
_SMALLEST_RESIDUAL: Final = 0.002


def check_residuals(name: str, maximum: PathMaximum) -> None:
    """Refuse a model that leaves nothing of an outcome: its likelihood has no maximum, and where a search stops is an accident.

    Raises
    ------
    ModelError
        The predictors determine an outcome, or it is the same at all sessions of each patient while its intercept varies between patients.
    """
    design = maximum.target.design
    residuals = np.exp(maximum.top.position[maximum.target.layout.residuals])
    # A residual that vanishes takes all of the search along, so others may be small for no reason of their own.
    outcome = list(design.equations)[int(np.argmin(residuals))]
    if residuals.min() >= _SMALLEST_RESIDUAL:
        return
    rows = design.equations[outcome].rows
    place = f"models.specs.{name}.equations.{outcome}"
    if rows.groupby(PATIENT)[outcome].nunique().max() < 2:
        raise ModelError(
            f"{place}: '{outcome}' is the same at all sessions of each patient in the {len(rows)} rows the equation can use, so nothing "
            f"of it is left within patients. Use it as a predictor of the other equations, or leave it out."
        )
    raise ModelError(
        f"{place}: the predictors ({', '.join(design.equations[outcome].terms)}) and differences between units determine '{outcome}' in "
        f"the {len(rows)} rows the equation can use, so no residual is left to tell effects from chance. Remove the predictor that "
        f"'{outcome}' was computed from, or effects from 'vary' if units have too few sessions for them."
    )


def mark_fit(maximum: PathMaximum) -> list[Mark]:
    """Mark how the search for the maximum ended and what the rows of each equation can tell.

    Returns
    -------
    list of Mark
        Convergence; number of patients and therapists; predictors that say nearly the same; predictors that hardly vary within the units
        between which their effect varies; outliers.
    """
    design = maximum.target.design
    marks = mark_maximum(maximum)
    for outcome, equation in design.equations.items():
        by_therapist = any(effect.outcome == outcome for effect in design.varying.get(THERAPIST, []))
        marks += [*mark_few_units(outcome, count_rows(equation.rows), by_therapist), *_mark_collinear(equation)]
    marks += [
        mark for level, effects in design.varying.items() for mark in _mark_still_predictors(design, level, effects)
    ]
    return [*marks, *_mark_outliers(maximum)]


def mark_parameters(design: Design, covariances: Mapping[str, np.ndarray]) -> list[Mark]:
    """Mark varying effects that do not vary, and those that the other effects of their level determine.

    Parameters
    ----------
    covariances
        Level -> covariance of its varying effects, (draw, effect, effect): draws from a posterior; for maximum likelihood the maximum
        alone (one draw), since draws around a boundary lie off it.
    """
    marks = []
    for level, covariance in covariances.items():
        effects = design.varying[level]
        sd = np.median(split_covariance(covariance)[0], axis=0)
        for effect, value in zip(effects, sd, strict=True):
            marks.append(_mark_varying("boundary_sd", effect, level, float(value), "sd", "correlation"))
        moving = np.flatnonzero(sd >= CAUTIONS["boundary_sd"].threshold)
        if len(moving) > 1:
            marks += _mark_correlations([effects[i] for i in moving], level, covariance[:, moving][:, :, moving])
    return marks


def _mark_correlations(effects: list[Varying], level: str, covariance: np.ndarray) -> list[Mark]:
    """Mark multiple correlations: R^2 = 1 - 1 / (C^-1)_ii for correlations C; two effects have a plain correlation."""
    correlations = split_covariance(covariance)[1].mean(axis=0)
    inverse = np.diag(linalg.inv(correlations + np.finfo(float).eps ** 0.5 * np.eye(len(effects))))
    together = np.sqrt(np.clip(1 - 1 / inverse, 0.0, 1.0))
    marks = []
    for i, effect in enumerate(effects):
        partner = effects[int(np.argmax(np.abs(correlations[i]) - 2 * (np.arange(len(effects)) == i)))]
        found = _mark_varying("boundary_correlation", effect, level, float(together[i]), "correlation")
        marks.append(replace(found, detail=f"most of all with {partner.text}"))
    return marks


def _mark_varying(caution: str, effect: Varying, level: str, value: float, *components: str) -> Mark:
    """Mark the estimates that rest on an effect's variance or its correlations.

    Differences between intercepts make effects between units, those between slopes the covariance in an indirect effect.
    """
    if effect.term == INTERCEPT:
        computed, where = of_kind("step", "path"), BETWEEN_LEVELS[level]
    else:
        computed, where = EFFECTS.names(lambda effect: effect.of_slopes), "within"
    return Mark(
        caution,
        f"{effect.text} between {level}s",
        value,
        outcomes=(effect.outcome,),
        effects=(*components, *computed),
        levels=(level, where),
    )


def _mark_collinear(equation: Equation) -> list[Mark]:
    """Mark the predictor that the others predict best: variance inflation 1 / (1 - R^2), the diagonal of the inverse correlations.

    Columns of a smooth of time belong together and are not compared.
    """
    named = [i for i, term in enumerate(equation.terms) if equation.origins[term].base not in TIME_TERMS]
    if not named or len(equation.terms) < 2:
        return []
    correlations = np.corrcoef(equation.x, rowvar=False)
    inflation = np.diag(linalg.inv(correlations))
    worst = max(named, key=lambda i: inflation[i])
    partner = int(np.argmax(np.abs(np.where(np.arange(len(correlations)) == worst, 0.0, correlations[worst]))))
    one, other = equation.terms[worst], equation.terms[partner]
    return [
        Mark(
            "collinear_predictors",
            join_nodes(one, equation.outcome),
            float(inflation[worst]),
            f"most of all with {other} (correlation {correlations[worst, partner]:.2f})",
            outcomes=(equation.outcome,),
            levels=EFFECT_LEVELS,
        )
    ]


def _mark_still_predictors(design: Design, level: str, effects: list[Varying]) -> list[Mark]:
    """Mark slopes that vary between units within which their predictor hardly does."""
    marks = []
    for effect in effects:
        if effect.term == INTERCEPT:
            continue
        equation = design.equations[effect.outcome]
        column, unit = equation.column(effect.term), equation.units[level]
        means = np.bincount(unit, column) / np.maximum(np.bincount(unit), 1)
        within = float(np.var(column - means[unit]) / np.var(column))
        marks.append(_mark_varying("still_predictor", effect, level, within, "sd", "correlation"))
    return marks


def _mark_outliers(maximum: PathMaximum) -> list[Mark]:
    """Mark single sessions far from what the fitted model expects of their patient, and extreme values of other predictors.

    An extreme value of an outcome also bends the equations that it is a predictor of.
    """
    design, marks = maximum.target.design, []
    residuals, sds = _residuals(maximum)
    for outcome, equation in design.equations.items():
        ratio = np.abs(residuals[outcome]) / sds[outcome]
        largest = float(np.abs(residuals[outcome]).max() * equation.y_sd)
        concerned = [
            o for o, e in design.equations.items() if outcome in {origin.base for origin in e.origins.values()}
        ]
        marks.append(_mark_distance("outlying_session", outcome, ratio, largest, outcome, (outcome, *concerned)))
        for term, origin in equation.origins.items():
            if not origin.session_level or origin.factors or origin.base in (*design.equations, *TIME_TERMS):
                continue
            distance = np.abs(equation.column(term))
            raw = float(distance.max() * equation.x_sd[equation.terms.index(term)])
            arrow = join_nodes(term, outcome)
            marks.append(_mark_distance("outlying_predictor", arrow, distance, raw, term, (outcome,)))
    return marks


def _mark_distance(
    caution: str, subject: str, distances: np.ndarray, raw: float, unit: str, outcomes: tuple[str, ...]
) -> Mark:
    beyond = int((distances > CAUTIONS[caution].threshold).sum())
    verb = "session is" if beyond == 1 else "sessions are"
    detail = f"it is {raw:.3g} in units of {unit}, and {beyond} {verb} beyond the threshold"
    return Mark(caution, subject, float(distances.max()), detail, outcomes=tuple(dict.fromkeys(outcomes)))


def _residuals(maximum: PathMaximum) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return residuals (row,) of each equation at the conditional means of the varying effects, and their standard deviation."""
    target = maximum.target
    natural, statistics = target.natural(maximum.top.position[None]), target.statistics
    beta, sd = natural.beta[0], natural.residual[0]
    means = draw_effects(statistics, beta, sd, natural.factors[PATIENT][0], natural.factors[THERAPIST][0], None)
    residuals = {}
    for (outcome, equation), rows in zip(target.design.equations.items(), statistics.equations, strict=True):
        expected = rows.x @ beta[target.layout.of(outcome)]
        owners = (rows.patient, statistics.therapist_of[rows.patient])
        for level, unit, of_units in zip(LEVELS, owners, means, strict=True):
            for place, effect in enumerate(target.design.varying.get(level, [])):
                if effect.outcome == outcome:
                    expected = expected + equation.column(effect.term) * of_units[unit, place]
        residuals[outcome] = rows.y - expected
    return residuals, dict(zip(target.design.equations, sd.tolist(), strict=True))
