"""What a reader must know of a fit of this family: whether anything is left of the outcomes, how the search ended, and outliers.

What all joint families have in common is marked by `alliance.models.checking`.
"""

from typing import Final

import numpy as np

from alliance.config.timing import TIME_TERMS
from alliance.errors import ModelError
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import FILLED, PATIENT, THERAPIST
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes
from alliance.inference.maximum import mark_maximum
from alliance.likelihood.units import draw_effects
from alliance.likelihood.variability import conditional_means
from alliance.models.design.arrays import INTERCEPT, Design, Varying
from alliance.models.filling.grid import Grid
from alliance.models.path.layout import LEVELS, Natural
from alliance.models.path.maximum import PathMaximum

# In standard deviations of the outcome: no questionnaire is answered that exactly, and a search that is drawn to zero stops far below.
_SMALLEST_RESIDUAL: Final = 0.002


def check_residuals(name: str, maximum: PathMaximum) -> None:
    """Refuse a model that leaves nothing of an outcome: its likelihood has no maximum, and where a search stops is an accident.

    Raises
    ------
    ModelError
        The predictors determine an outcome, another outcome of the session does, or it is the same at all sessions of each patient while
        its intercept varies between patients.
    """
    design = maximum.target.design
    natural = maximum.target.natural(maximum.top.position[None])
    residuals = natural.residual[0]
    _check_together(name, list(design.equations), natural)
    # A residual that vanishes takes all of the search along, so others may be small for no reason of their own.
    outcome = list(design.equations)[int(np.argmin(residuals))]
    if residuals.min() >= _SMALLEST_RESIDUAL:
        return
    rows = design.equations[outcome].rows
    place = f"models.specs.{name}.equations.{outcome}"
    if rows.groupby(PATIENT)[outcome].nunique().max() < 2:
        raise ModelError(
            f"{place}: '{outcome}' is the same at all sessions of each patient in the {len(rows):,} rows the equation can use, so nothing "
            f"of it is left within patients. Use it as a predictor of the other equations, or leave it out."
        )
    raise ModelError(
        f"{place}: the predictors ({', '.join(design.equations[outcome].terms)}) and differences between units determine '{outcome}' in "
        f"the {len(rows):,} rows the equation can use, so no residual is left to tell effects from chance. Remove the predictor that "
        f"'{outcome}' was computed from, or effects from 'vary' if units have too few sessions for them."
    )


def _check_together(name: str, outcomes: list[str], natural: Natural) -> None:
    """Refuse outcomes of one occasion of which one follows from another."""
    for (later, earlier), correlation in zip(natural.layout.pairs, natural.correlations[0], strict=True):
        if np.sqrt(1 - correlation**2) < _SMALLEST_RESIDUAL:
            raise ModelError(
                f"models.specs.{name}.equations: what is left of '{outcomes[earlier]}' and '{outcomes[later]}' at the same session is the "
                f"same but for its units, as where one was computed from the other. Leave one of the two equations out."
            )


def mark_fit(maximum: PathMaximum) -> list[Mark]:
    """Mark how the search for the maximum ended, and outliers."""
    return [*mark_maximum(maximum), *_mark_outliers(maximum)]


def mark_filled(design: Design) -> list[Mark]:
    """Say how much of each outcome was filled in."""
    marks = []
    for outcome, equation in design.equations.items():
        filled = int(equation.rows[FILLED].sum())
        if filled:
            patients = equation.rows.loc[equation.rows[FILLED], PATIENT].nunique()
            detail = (
                f"{filled:,} of {len(equation.rows):,} values of {outcome}, of {patients:,} patients, at sessions that were skipped or "
                f"where it was left blank"
            )
            marks.append(Mark("filled_cells", outcome, filled / len(equation.rows), detail, outcomes=(outcome,)))
    return marks


def mark_censored(design: Design, grid: Grid) -> list[Mark]:
    """Say how many scores of each outcome lie at an end of its scale and are taken for values at that end or beyond."""
    marks = []
    for outcome, equation in design.equations.items():
        censored = int(grid.censored(outcome)[equation.rows.index].sum())
        if censored:
            recorded = int((~equation.rows[FILLED]).sum())
            detail = f"{censored:,} of {recorded:,} scores of {outcome} are taken for values at the end of the scale or beyond"
            marks.append(Mark("censored_cells", outcome, censored / recorded, detail, outcomes=(outcome,)))
    return marks


def mark_answers(design: Design, grid: Grid) -> list[Mark]:
    """Say how often each answer was given where the propensity behind it was estimated; mark where one is rare, or answers nearly told."""
    marks = []
    for outcome, equation in design.equations.items():
        if equation.answered:
            given, of_cell = grid.answers.given[outcome], grid.answers.cells[outcome]
            places = of_cell[grid.of[outcome][equation.rows.index]]
            counts = np.bincount(places[places >= 0], minlength=len(given))
            if outcome in grid.answers.ordered:
                of_each = [f"{count:,} are {answer:g}" for answer, count in zip(given, counts, strict=True)]
                detail, rare = f"of {counts.sum():,} answers {', '.join(of_each)}", "on the smaller side of a threshold"
            else:
                detail, rare = f"{counts[-1]:,} of {counts.sum():,} answers are yes", "of the rarer kind"
            marks.append(Mark("rare_answer", outcome, int(counts.min()), detail, outcomes=(outcome,)))
            below = counts.cumsum()[:-1]
            rarer, patients = int(np.minimum(below, counts.sum() - below).max()), equation.rows[PATIENT].nunique()
            detail = f"{rarer:,} answers {rare}, {patients:,} patients"
            marks.append(
                Mark(
                    "answers_per_patient",
                    outcome,
                    rarer / patients,
                    detail,
                    outcomes=(outcome,),
                    effects=("sd", "correlation"),
                    levels=(PATIENT,),
                )
            )
            told = float(np.sqrt(max(equation.y.var() * equation.y_sd**2 - 1.0, 0.0)))  # the rest has a variance of one
            marks.append(Mark("told_answers", outcome, told, outcomes=(outcome,)))
    return marks


def _mark_outliers(maximum: PathMaximum) -> list[Mark]:
    """Mark single sessions far from what the fitted model expects of their patient, and extreme values of other predictors.

    An extreme value of an outcome also bends the equations that it is a predictor of.
    """
    design, marks = maximum.target.design, []
    residuals, sds = _residuals(maximum)
    for outcome, equation in design.equations.items():
        if equation.answered:  # its propensity was never seen
            continue
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
    detail = f"it is {raw:.3g} in units of {unit}, and {beyond:,} {verb} beyond the threshold"
    return Mark(caution, subject, float(distances.max()), detail, outcomes=tuple(dict.fromkeys(outcomes)))


def _residuals(maximum: PathMaximum) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return residuals (row,) of each equation at the conditional means of the varying effects, and their standard deviation.

    Where patients differ in variability, residuals are in units of what is common for the patient, times the standard deviation.
    """
    target = maximum.target
    natural, statistics = target.natural(maximum.top.position[None]), target.statistics
    beta, sd, together = natural.beta[0], natural.residual[0], natural.together[0]
    if target.variability is None:
        means = draw_effects(
            statistics, beta, sd, together, natural.factors[PATIENT][0], natural.factors[THERAPIST][0], None
        )
        scales = {}
    else:
        found = conditional_means(target.variability, maximum.top.position)
        count, effects = target.variability.outcomes, target.design.varying[PATIENT]
        loadings = target.variability.loadings(beta, found[:, count : count + len(target.design.pasts)])
        for past, loading in zip(target.design.pasts, loadings.T, strict=True):
            found[:, count + effects.index(Varying(past.outcome, INTERCEPT))] *= loading
        means = found[:, count:], np.zeros((statistics.n_therapists, 0))
        scales = dict(zip(target.design.variable, np.exp(found[:, :count].T / 2), strict=True))
    residuals = {}
    for (outcome, equation), rows in zip(target.design.equations.items(), statistics.equations, strict=True):
        expected = rows.x @ beta[target.layout.of(outcome)]
        held_by = statistics.therapist_of[rows.patient] if rows.therapist is None else rows.therapist
        owners = (rows.patient, held_by)
        for level, unit, of_units in zip(LEVELS, owners, means, strict=True):
            for place, effect in enumerate(target.design.varying.get(level, [])):
                if effect.outcome == outcome:
                    expected = expected + equation.varying_column(effect.term) * of_units[unit, place]
        residuals[outcome] = rows.y - expected
        if outcome in scales:  # as far as it is for this patient
            residuals[outcome] = residuals[outcome] / scales[outcome][rows.patient]
    return residuals, dict(zip(target.design.equations, sd.tolist(), strict=True))
