"""What the rows of a model can tell: few units, predictors that say nearly the same, and predictors that hardly vary within units."""

from collections.abc import Collection, Iterator

import numpy as np

from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.effects import EFFECT_LEVELS
from alliance.facts.marks import Mark
from alliance.facts.quantity import count_sessions, is_at_session, join_nodes
from alliance.models.checking.varying import mark_varying
from alliance.models.container import Quantities
from alliance.models.design.arrays import INTERCEPT, Design, Equation, Varying
from alliance.models.rows import count_rows
from alliance.report.numbers import format_count


def mark_rows(design: Design) -> list[Mark]:
    """Mark what the rows of each equation of a joint model can tell."""
    marks = []
    for outcome, equation in design.equations.items():
        by_therapist = any(effect.outcome == outcome for effect in design.varying.get(THERAPIST, []))
        by_patient = any(effect.outcome == outcome for effect in design.varying.get(PATIENT, []))
        counts = count_rows(equation.rows)
        marks += [*mark_few_units(outcome, counts, by_therapist, allowed=True), *_mark_collinear(equation)]
        marks += mark_untold_patients(outcome, counts, by_patient)
    return [
        *marks,
        *(mark for level, effects in design.varying.items() for mark in _mark_still(design, level, effects)),
    ]


def mark_short_series(design: Design, quantities: Quantities) -> list[Mark]:
    """Mark the effects of outcomes' own past where few rows stand against many predictors that are the same at all of a patient's sessions.

    With initial values and a varying intercept the maximum of the likelihood is right in the long run, in series of any length. In few
    short ones each coefficient that is constant within patients, the intercept among them, takes up a share of the lasting differences that
    grows as they are fewer, as the mean of every patient does with fixed effects (Nickell 1981), and the own past comes out too small.

    Parameters
    ----------
    quantities
        Those of the container, in whose order flags are given.
    """
    return [
        Mark("short_series", outcome, rows / constant, detail, positions=places)
        for outcome, rows, constant, detail, places in _own_pasts(design, quantities)
    ]


def mark_construct_intervals(design: Design, quantities: Quantities, constructs: Collection[str]) -> list[Mark]:
    """Mark the same effects in models of a construct, whose intervals take longer to hold (validation/measurement).

    Parameters
    ----------
    quantities
        As in `mark_short_series`.
    constructs
        Those that the model was fitted for.
    """
    return [
        Mark("construct_interval", outcome, rows / constant, detail, positions=places)
        for outcome, rows, constant, detail, places in _own_pasts(design, quantities)
        if constructs
    ]


def _own_pasts(design: Design, quantities: Quantities) -> Iterator[tuple[str, int, int, str, tuple[int, ...]]]:
    """Yield outcomes with an own past, rows, coefficients that are constant within patients, both in words, and effects."""
    for outcome, equation in design.equations.items():
        if Varying(outcome, INTERCEPT) not in design.varying.get(PATIENT, []):
            continue
        own = {join_nodes(term, outcome) for term in equation.own_past}
        places = [n for n, row in enumerate(quantities.rows) if row["path"] in own and row["effect"] == "coefficient"]
        constant = 1 + sum(not origin.session_level for origin in equation.origins.values())
        if places:
            rows = count_rows(equation.rows)["n_sessions"]
            detail = f"{format_count(rows)} rows and {constant} such coefficients"
            yield outcome, rows, constant, detail, tuple(places)


def mark_beyond_data(design: Design, quantities: Quantities) -> list[Mark]:
    """Mark effects at sessions of a treatment that no patient of the model reached.

    Parameters
    ----------
    quantities
        Those of the container, in whose order flags are given.
    """
    last = max(int(equation.rows[SESSION].max()) for equation in design.equations.values())
    horizons = [str(row["horizon"]) for row in quantities.rows]
    at = {n: count_sessions(horizon) for n, horizon in enumerate(horizons) if is_at_session(horizon)}
    beyond = tuple(n for n, session in at.items() if session > last)
    if not beyond:
        return []
    end = max(at.values())
    detail = f"session {end} is asked for, and session {last} is the last of which the model has rows"
    return [Mark("beyond_data", f"session {end}", end - last, detail, positions=beyond)]


def mark_few_units(outcome: str, counts: dict[str, int], by_therapist: bool, *, allowed: bool = False) -> list[Mark]:
    """Say whether there are enough patients and therapists for variances between them.

    Below about ten groups variances between groups are biased and intervals too narrow (McNeish and Stapleton 2016, doi
    10.1007/s10648-014-9287-x), unless variances are drawn by the degrees of freedom that groups leave, or from a posterior.

    Parameters
    ----------
    counts
        ``n_patients`` and ``n_therapists`` of the equation of `outcome`.
    by_therapist
        Whether something varies between therapists.
    allowed
        Whether intervals allow for few therapists.
    """
    of_therapists = "very_few_therapists" if allowed else "few_therapists"
    cautions = {"few_patients": "n_patients"} | ({of_therapists: "n_therapists"} if by_therapist else {})
    return [Mark(caution, outcome, counts[unit], outcomes=(outcome,)) for caution, unit in cautions.items()]


def mark_untold_patients(outcome: str, counts: dict[str, int], by_patient: bool) -> list[Mark]:
    """Say how many sessions of a patient an equation takes for those of different patients, if nothing varies between patients."""
    if by_patient:
        return []
    return [Mark("patients_not_told_apart", outcome, counts["n_sessions"] / counts["n_patients"], outcomes=(outcome,))]


def _mark_collinear(equation: Equation) -> list[Mark]:
    """Mark the predictor that the others predict best: variance inflation 1 / (1 - R^2), the diagonal of the inverse correlations.

    Columns of a smooth of time belong together and are not compared.
    """
    named = [i for i, term in enumerate(equation.terms) if equation.origins[term].base not in TIME_TERMS]
    if not named or len(equation.terms) < 2:
        return []
    correlations = np.corrcoef(equation.x, rowvar=False)
    inflation = np.diag(np.linalg.inv(correlations))
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


def _mark_still(design: Design, level: str, effects: list[Varying]) -> list[Mark]:
    """Mark slopes that vary between units within which their predictor hardly does."""
    marks = []
    for effect in effects:
        if effect.term == INTERCEPT:
            continue
        equation = design.equations[effect.outcome]
        column, unit = equation.column(effect.term), equation.units[level]
        means = np.bincount(unit, column) / np.maximum(np.bincount(unit), 1)
        within = float(np.var(column - means[unit]) / np.var(column))
        marks.append(mark_varying("still_predictor", effect, level, within, "sd", "correlation"))
    return marks
