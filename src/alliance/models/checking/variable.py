"""What the rows can tell where patients differ in variability, and what leaving rows out does beside an own past."""

import numpy as np

from alliance.facts.columns import PATIENT, SESSION, VARIABILITY
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes
from alliance.models.design.arrays import Design, Equation


def mark_variability(design: Design) -> list[Mark]:
    """Mark few sessions to see the variability of a patient in, and series that start again after a session that was left out.

    With initial values the first value of a series carries what lasts in it. Rows with something missing are left out beside variability,
    so after a gap a series starts again from a value of which the model knows no more than of any other, and what lasts goes into the own
    past.
    """
    if not design.variable:
        return []
    marks = []
    for outcome in design.variable:
        sizes = design.equations[outcome].rows.groupby(PATIENT).size()
        marks.append(
            Mark(
                "sessions_of_variability",
                outcome,
                float(sizes.median()),
                outcomes=(outcome,),
                effects=("sd", "correlation"),
                varying=join_nodes(VARIABILITY, outcome),
                levels=(PATIENT,),
            )
        )
    for outcome, equation in design.equations.items():
        if any(origin.lagged and origin.base == outcome for origin in equation.origins.values()):
            again = count_restarts(equation)
            detail = f"{again} of {len(equation.rows)} rows of {outcome}"
            marks.append(Mark("restarted_series", outcome, again / len(equation.rows), detail, outcomes=(outcome,)))
    return marks


def count_restarts(equation: Equation) -> int:
    """Count the rows that follow a session without a row of the same patient, the patient's first row apart."""
    keys = equation.rows[[PATIENT, SESSION]].sort_values([PATIENT, SESSION])
    patient, session = (keys[name].to_numpy() for name in (PATIENT, SESSION))
    return int(np.count_nonzero((patient[1:] == patient[:-1]) & (np.diff(session) > 1)))
