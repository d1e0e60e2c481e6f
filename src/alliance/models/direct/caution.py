"""What a reader must know about the design of a joint model, apart from how the sampling went."""

import networkx as nx

from alliance.config.timing import TIME_TERMS
from alliance.contracts import BETWEEN
from alliance.models.container import Mark
from alliance.models.diagram import ARROW, Path
from alliance.models.direct.design import Design
from alliance.models.direct.latent import initial_terms


def mark_design(design: Design, paths: list[Path]) -> list[Mark]:
    """Mark effects that mix levels, between-patient associations with feedback, and what was done about initial values."""
    first = paths[0].edges[0]
    marks = _mark_mixed_levels(design)
    if not design.equations[first.outcome].origins[first.term].session_level:
        marks += _mark_feedback(design, paths)
        if initial_terms(design):
            marks.append(_mark_initial_values(first.source))
    return marks


def _mark_mixed_levels(design: Design) -> list[Mark]:
    return [
        Mark(
            "mixed levels",
            f"{term}{ARROW}{outcome}",
            False,
            f"The effect of {origin.base} mixes differences between patients with change within them. Add "
            f"{origin.base}{BETWEEN} to the equation, or give {origin.base} an equation of its own.",
            outcomes=(outcome,),
        )
        for outcome, equation in design.equations.items()
        for term, origin in equation.origins.items()
        if origin.session_level
        and origin.base not in (*design.equations, *TIME_TERMS)
        and f"{origin.base}{BETWEEN}" not in equation.terms
    ]


def _mark_feedback(design: Design, paths: list[Path]) -> list[Mark]:
    arrows = nx.DiGraph(
        (origin.base, outcome)
        for outcome, equation in design.equations.items()
        for origin in equation.origins.values()
        if origin.session_level and origin.base in design.equations and origin.base != outcome
    )
    target = paths[0].edges[-1].outcome
    mediators = dict.fromkeys(edge.source for path in paths for edge in path.edges[1:])
    return [
        Mark(
            "feedback",
            f"{target}{ARROW}{mediator}",
            False,
            f"In this model {target} also moves {mediator}, so the association of their means between patients is made by both "
            f"directions; the version that takes it as an effect of {mediator} is too generous to it.",
            outcomes=(target,),
            effects=("indirect", "indirect_product", "direct"),
            levels=("between_patient", "between_therapist"),
        )
        for mediator in mediators
        if arrows.has_node(target) and mediator in arrows and nx.has_path(arrows, target, mediator)
    ]


def _mark_initial_values(cause: str) -> Mark:
    return Mark(
        "initial values",
        cause,
        True,
        f"Initial values that {cause} may have changed are predictors; what {cause} did through them is added to its effects, "
        f"which holds if {cause} was assigned at random.",
    )
