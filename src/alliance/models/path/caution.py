"""What a reader must know of a fit of this family: how the search ended, which variances hit a boundary, and what the rows can tell.

Patients with one session are marked for every joint family, see `alliance.models.joint.caution`.
"""

from typing import Final

import numpy as np
from scipy import linalg

from alliance.config.timing import TIME_TERMS
from alliance.contracts import PATIENT, THERAPIST
from alliance.errors import ModelError
from alliance.facts.quantity import BETWEEN_LEVELS, join_nodes
from alliance.likelihood.units import draw_effects
from alliance.models.caution import mark_few_units
from alliance.models.container import Mark
from alliance.models.joint.design import INTERCEPT, Design, Equation, Varying
from alliance.models.path.engine import LEVELS, Engine, Natural, factors_of, natural_of
from alliance.models.path.maximum import Maximum
from alliance.models.rows import count_rows

# Of the standard deviation of the outcome: a hundredth of it is no difference between units that anybody could see.
_SMALLEST_SD: Final = 0.01
# Beyond it other effects explain 98 % of an effect's variance, so the data do not show it as an effect of its own.
_LARGEST_CORRELATION: Final = 0.99
# Standard errors are then more than three times what they would be without the other predictors. The rule of ten is a reason to look, not
# to remove a predictor (O'Brien 2007, doi 10.1007/s11135-006-9018-6).
_LARGEST_INFLATION: Final = 10.0
# Twice the difference is what the likelihood-ratio test at 5 % compares with 3.84; the distance is in standard errors.
_CLEARLY_LOWER: Final = 1.92
_FAR: Final = 1.0
# Of normal residuals one in 500 million lies further out.
_LARGEST_RESIDUAL: Final = 6.0
# In standard deviations of a predictor. Predictors need not be normal: of an exponential distribution one value in 60,000 lies further out.
_LARGEST_PREDICTOR: Final = 10.0
# Share of a predictor's variance: with a hundredth of it the slope of a unit is known ten times worse than if all of it lay within units.
_LEAST_WITHIN: Final = 0.01
# In standard deviations of the outcome: no questionnaire is answered that exactly, and a search that is drawn to zero stops far below.
_SMALLEST_RESIDUAL: Final = 0.002

# Outcomes, effects and levels that carry a flag.
_Scope = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
# Levels of regression effects, as opposed to those of variance components.
_OF_EFFECTS: Final = ("within", "overall", *BETWEEN_LEVELS.values())
# What is computed from the covariance of slopes that vary.
_OF_COVARIANCES: Final = (
    "cov_ab",
    "indirect",
    "indirect_total",
    "total",
    "contrast",
    "proportion",
    "conditional",
    "index",
)


def check_residuals(name: str, maximum: Maximum) -> None:
    """Refuse a model that leaves nothing of an outcome: its likelihood has no maximum, and where a search stops is an accident.

    Raises
    ------
    ModelError
        The predictors determine an outcome, or it is the same at all sessions of each patient while its intercept varies between patients.
    """
    design = maximum.engine.design
    first = maximum.engine.n_beta
    residuals = np.exp(maximum.top.position[first : first + len(design.equations)])
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


def mark_fit(engine: Engine, maximum: Maximum) -> list[Mark]:
    """Mark how the search for the maximum ended and what the rows of each equation can tell.

    Returns
    -------
    list of Mark
        Convergence; number of patients and therapists; predictors that say nearly the same; predictors that hardly vary within the units
        between which their effect varies; outliers.
    """
    design = engine.design
    marks = [_mark_convergence(maximum), _mark_rival(maximum)]
    for outcome, equation in design.equations.items():
        by_therapist = any(effect.outcome == outcome for effect in design.varying.get(THERAPIST, []))
        marks += [*mark_few_units(outcome, count_rows(equation.rows), by_therapist), *_mark_collinear(equation)]
    marks += [
        mark for level, effects in design.varying.items() for mark in _mark_still_predictors(design, level, effects)
    ]
    return [*marks, *_mark_outliers(engine, maximum)]


def mark_parameters(engine: Engine, natural: Natural) -> list[Mark]:
    """Mark varying effects that do not vary, and those that the other effects of their level determine.

    Parameters
    ----------
    natural
        Draws from a posterior; for maximum likelihood the maximum alone (one draw), since draws around a boundary lie off it.
    """
    marks = []
    for level, covariance in natural.covariances.items():
        effects = engine.design.varying[level]
        sds = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        sd = np.median(sds, axis=0)
        for effect, value in zip(effects, sd, strict=True):
            marks.append(_mark_sd(effect, level, float(value)))
        moving = np.flatnonzero(sd >= _SMALLEST_SD)
        if len(moving) > 1:
            marks += _mark_correlations([effects[i] for i in moving], level, covariance[:, moving][:, :, moving])
    return marks


def _mark_convergence(maximum: Maximum) -> Mark:
    return Mark(
        "convergence",
        "maximum of the likelihood",
        maximum.converged,
        "Whether the search ended where no step makes the data more likely. The value is the gain in log-likelihood that a further step "
        "promises; if the search did not converge, the estimates are not those of the model.",
        maximum.top.promise,
    )


def _mark_rival(maximum: Maximum) -> Mark:
    gap = float("nan") if maximum.rival is None else maximum.top.value - maximum.rival.value
    return Mark(
        "second maximum",
        "maximum of the likelihood",
        not (gap < _CLEARLY_LOWER and maximum.rival_distance > _FAR),
        "How much lower, in log-likelihood, another maximum is that the search found from another start; none if there is no value. "
        "One that is hardly lower and lies elsewhere means that the data do not decide between two accounts, usually between lasting "
        "differences of patients and effects of the past: add initial values (names ending in _baseline) as predictors.",
        gap,
        _CLEARLY_LOWER,
    )


def _mark_sd(effect: Varying, level: str, sd: float) -> Mark:
    return Mark(
        "boundary variance",
        f"{effect.text} between {level}s",
        sd >= _SMALLEST_SD,
        f"Standard deviation of {effect.text} between {level}s, in standard deviations of {effect.outcome}. At zero the data show no "
        f"such differences; whatever is computed from them, covariances first of all, rests on the edge of what is possible, and "
        f"intervals do not hold there.",
        sd,
        _SMALLEST_SD,
        *_scope(effect, level, "sd", "correlation"),
    )


def _mark_correlations(effects: list[Varying], level: str, covariance: np.ndarray) -> list[Mark]:
    """Mark multiple correlations: R^2 = 1 - 1 / (C^-1)_ii for correlations C; two effects have a plain correlation."""
    sds = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    scale = sds[:, :, None] * sds[:, None, :]
    correlations = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0).mean(axis=0)
    np.fill_diagonal(correlations, 1.0)
    inverse = np.diag(linalg.inv(correlations + np.finfo(float).eps ** 0.5 * np.eye(len(effects))))
    together = np.sqrt(np.clip(1 - 1 / inverse, 0.0, 1.0))
    marks = []
    for i, effect in enumerate(effects):
        partner = effects[int(np.argmax(np.abs(correlations[i]) - 2 * (np.arange(len(effects)) == i)))]
        marks.append(
            Mark(
                "boundary correlation",
                f"{effect.text} between {level}s",
                bool(together[i] <= _LARGEST_CORRELATION),
                f"Multiple correlation of {effect.text} with the other effects that vary between {level}s, most of all with "
                f"{partner.text}. At one the data do not show it as something of its own: there are too few {level}s or sessions for "
                f"so many varying effects.",
                float(together[i]),
                _LARGEST_CORRELATION,
                *_scope(effect, level, "correlation"),
            )
        )
    return marks


def _scope(effect: Varying, level: str, *components: str) -> _Scope:
    """Return outcomes, effects and levels of the estimates that rest on an effect's variance or its correlations.

    Differences between intercepts make effects between units, those between slopes the covariance in an indirect effect.
    """
    if effect.term == INTERCEPT:
        between = ("a", "b", "c_prime", "effect", "direct", "indirect", "indirect_product", "indirect_total", "total")
        effects = (*components, *between, "contrast", "proportion")
        return (effect.outcome,), effects, (level, BETWEEN_LEVELS[level])
    return (effect.outcome,), (*components, *_OF_COVARIANCES), (level, "within")


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
            "collinear predictors",
            join_nodes(one, equation.outcome),
            bool(inflation[worst] <= _LARGEST_INFLATION),
            f"How many times the sampling variance of the effect of {one} grows because other predictors of {equation.outcome} go along "
            f"with it, most of all {other} (correlation {correlations[worst, partner]:.2f}). Above the threshold their effects can "
            f"hardly be told apart: read them together, or leave one of the two out.",
            float(inflation[worst]),
            _LARGEST_INFLATION,
            (equation.outcome,),
            levels=_OF_EFFECTS,
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
        marks.append(
            Mark(
                "little variation within",
                f"{effect.text} between {level}s",
                within >= _LEAST_WITHIN,
                f"Share of the variance of {effect.term} that lies within {level}s. Where it hardly changes within {level}s, their "
                f"slopes cannot be seen, and how they vary and covary rests on few rows.",
                within,
                _LEAST_WITHIN,
                *_scope(effect, level, "sd", "correlation"),
            )
        )
    return marks


def _mark_outliers(engine: Engine, maximum: Maximum) -> list[Mark]:
    """Mark single sessions far from what the fitted model expects of their patient, and extreme values of other predictors.

    An extreme value of an outcome also bends the equations that it is a predictor of.
    """
    design, marks = engine.design, []
    residuals, sds = _residuals(engine, maximum)
    for outcome, equation in design.equations.items():
        ratio = np.abs(residuals[outcome]) / sds[outcome]
        largest = float(np.abs(residuals[outcome]).max() * equation.y_sd)
        concerned = [
            o for o, e in design.equations.items() if outcome in {origin.base for origin in e.origins.values()}
        ]
        marks.append(
            Mark(
                "outlier",
                outcome,
                bool(ratio.max() <= _LARGEST_RESIDUAL),
                f"Largest distance of one session's {outcome} from what the model expects there, in residual standard deviations. "
                f"It is {largest:.3g} in units of {outcome}; {_count(ratio, _LARGEST_RESIDUAL)} beyond the threshold. One value beyond it "
                f"can move every effect on and of {outcome}: look for it in data/panel.parquet.",
                float(ratio.max()),
                _LARGEST_RESIDUAL,
                tuple(dict.fromkeys([outcome, *concerned])),
            )
        )
        for term, origin in equation.origins.items():
            if not origin.session_level or origin.factors or origin.base in (*design.equations, *TIME_TERMS):
                continue
            distance = np.abs(equation.column(term))
            raw = float(distance.max() * equation.x_sd[equation.terms.index(term)])
            marks.append(
                Mark(
                    "outlier",
                    join_nodes(term, outcome),
                    bool(distance.max() <= _LARGEST_PREDICTOR),
                    f"Largest distance of one session's {term} from the mean, in standard deviations. It is {raw:.3g} in units of {term}; "
                    f"{_count(distance, _LARGEST_PREDICTOR)} beyond the threshold. The effect of {term} on {outcome} may hang on it: look "
                    f"for it in data/panel.parquet.",
                    float(distance.max()),
                    _LARGEST_PREDICTOR,
                    (outcome,),
                )
            )
    return marks


def _count(distances: np.ndarray, threshold: float) -> str:
    beyond = int((distances > threshold).sum())
    return f"{beyond} session is" if beyond == 1 else f"{beyond} sessions are"


def _residuals(engine: Engine, maximum: Maximum) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return residuals (row,) of each equation at the conditional means of the varying effects, and their standard deviation."""
    position = maximum.top.position[None]
    natural, factors = natural_of(engine, position, signed=False), factors_of(engine, position, signed=False)
    beta, sd = natural.beta[0], natural.residual[0]
    means = draw_effects(engine.statistics, beta, sd, factors[PATIENT][0], factors[THERAPIST][0], None)
    residuals, used = {}, 0
    for (outcome, equation), rows in zip(engine.design.equations.items(), engine.statistics.equations, strict=True):
        size = rows.x.shape[1]
        expected = rows.x @ beta[used : used + size]
        owners = (rows.patient, engine.statistics.therapist_of[rows.patient])
        for level, unit, of_units in zip(LEVELS, owners, means, strict=True):
            for place, effect in enumerate(engine.design.varying.get(level, [])):
                if effect.outcome == outcome:
                    expected = expected + equation.column(effect.term) * of_units[unit, place]
        residuals[outcome] = rows.y - expected
        used += size
    return residuals, dict(zip(engine.design.equations, sd.tolist(), strict=True))
