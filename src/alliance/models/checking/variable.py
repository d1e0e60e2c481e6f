"""What the rows can tell where patients differ in variability."""

from alliance.facts.columns import PATIENT, VARIABILITY
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes
from alliance.models.design.arrays import Design


def mark_variability(design: Design) -> list[Mark]:
    """Mark few sessions to see the variability of a patient in."""
    return [
        Mark(
            "sessions_of_variability",
            outcome,
            float(design.equations[outcome].rows.groupby(PATIENT).size().median()),
            outcomes=(outcome,),
            effects=("sd", "correlation"),
            varying=join_nodes(VARIABILITY, outcome),
            levels=(PATIENT,),
        )
        for outcome in design.variable
    ]
