"""Patients with trends of their own: the same design with a slope of time that varies between patients.

An outcome that is predicted by its own past takes what drifts slowly in a patient for an effect of that past, and a model without trends
fits such data well. So models are shown with trends and without (Falkenström, Finkel, Sandell, Rubel & Holmqvist 2017, doi
10.1037/ccp0000231).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import PATIENT, SESSION
from alliance.models.design.arrays import INTERCEPT, Design, Equation, Varying
from alliance.models.design.terms import Origin

_ROUNDING: Final = 1e-6  # of a standardised column


@dataclass(frozen=True)
class Trends:
    """A design in which patients have trends of their own.

    Parameters
    ----------
    design
        The varying slopes of time come last among what varies between patients.
    terms
        Outcome -> the term of time whose slope varies.
    added
        Number of average slopes of time that the equations did not have.
    """

    design: Design
    terms: dict[str, str]
    added: int


def add_trends(design: Design) -> Trends | None:
    """Let the slope of time vary between patients, for each outcome that is predicted by its own past.

    Equations in which it varies already, or in which the intercept does not, stay as they are. A smooth of time keeps its shape: time
    itself takes the place of one of its columns, or stands beside them where they do not hold straight lines.

    Returns
    -------
    Trends or None
        None where no equation gains a trend.
    """
    varying = design.varying.get(PATIENT, [])
    equations, terms, added = dict(design.equations), {}, 0
    for outcome, equation in design.equations.items():
        moving = {effect.term for effect in varying if effect.outcome == outcome}
        trends = any(origin.base in TIME_TERMS for term, origin in equation.origins.items() if term in moving)
        if equation.own_past and not trends and INTERCEPT in moving:
            equations[outcome], terms[outcome] = with_time(equation)
            added += len(equations[outcome].terms) - len(equation.terms)
    if not terms:
        return None
    trending = [*varying, *(Varying(outcome, term) for outcome, term in terms.items())]
    return Trends(replace(design, equations=equations, varying=design.varying | {PATIENT: trending}), terms, added)


def with_time(equation: Equation) -> tuple[Equation, str]:
    """Return the equation with time among its predictors, and the name it has there.

    A smooth of time that holds straight lines keeps its shape: time takes the place of one of its columns.
    """
    for term in TIME_TERMS:
        if term in equation.terms:
            return equation, term
    smooth = [
        place for place, o in enumerate(equation.origins.values()) if o.base in TIME_TERMS and not o.factors
    ]  # columns of a smooth of time
    name = list(equation.origins.values())[smooth[0]].base if smooth else SESSION
    time = equation.rows[name].to_numpy(dtype=float)
    mean, sd = time.mean(), time.std(ddof=1)
    column = (time - mean) / sd
    basis = np.column_stack([np.ones(len(time)), equation.x[:, smooth]])
    weights = np.linalg.lstsq(basis, column, rcond=None)[0]
    kept = list(range(len(equation.terms)))
    if smooth and np.abs(column - basis @ weights).max() < _ROUNDING:
        kept.remove(smooth[int(np.argmax(np.abs(weights[1:])))])
    origins = {equation.terms[place]: equation.origins[equation.terms[place]] for place in kept}
    return (
        replace(
            equation,
            terms=(*origins, name),
            origins=origins | {name: Origin(name, lagged=False, session_level=True, baseline=False)},
            x=np.column_stack([equation.x[:, kept], column]),
            x_mean=np.append(equation.x_mean[kept], mean),
            x_sd=np.append(equation.x_sd[kept], sd),
        ),
        name,
    )
