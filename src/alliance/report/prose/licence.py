"""What the design of a study allows a sentence to claim.

Four licences, from the strongest to the weakest:

``effect``
    The cause was assigned at random and no equation holds anything measured after the assignment except the
    mediators: the total may be called an effect; its split into parts names an assumption.
``adjusted``
    The cause was assigned at random, but the equations condition on variables measured after the assignment, which the
    assignment may have changed: what is left is a conditional difference, not the effect of the assignment.
``association``
    The study compares groups, but this cause was not assigned at random.
``single_group``
    One group was followed: one thing may precede and predict another, no more.
"""

from dataclasses import dataclass
from typing import Literal

from alliance.config import Config, ModelSpec
from alliance.config.timing import parse_term, varies_between_sessions
from alliance.facts.columns import BASELINE
from alliance.facts.families import FAMILIES
from alliance.facts.roles import EARLY
from alliance.report.labels import label_of

LicenceKind = Literal["effect", "adjusted", "association", "single_group"]


@dataclass(frozen=True)
class Licence:
    """What may be said of one model.

    Parameters
    ----------
    kind
        See the top of this module.
    source, target
        Cause and outcome of the model, as nodes of its diagram.
    adjusted_for
        Terms measured after a random assignment on which the model conditions; empty unless `kind` is ``adjusted``.
    signed_off
        Whether the order of events was accepted without being measured, so that nothing "was followed by" anything.
    """

    kind: LicenceKind
    source: str
    target: str
    adjusted_for: tuple[str, ...] = ()
    signed_off: bool = False


def licence_of(spec: ModelSpec, mediators: set[str], config: Config) -> Licence:
    """Find what the design licenses for one path model.

    Parameters
    ----------
    mediators
        Nodes between the cause and the outcome. They are measured after an assignment by definition and do not count
        as adjustments, except in their own equation: what is left after a mediator's own past is one step of a change.

    Raises
    ------
    ValueError
        The model has no cause and outcome (a variance decomposition).
    """
    if spec.effects is None:
        raise ValueError("a model without 'effects' has no cause to license claims about")
    source, target = spec.effects.source, spec.effects.target
    signed_off = spec.time_order_signed_off is not None
    if config.study.design == "single_group":
        return Licence("single_group", source, target, signed_off=signed_off)
    term = parse_term(source, config.variables)
    if term is None or term.variable not in config.study.randomised:
        return Licence("association", source, target, signed_off=signed_off)
    # A joint model follows a cause that is constant within patients through all its outcomes, their own past and their first values.
    followed = (
        set(spec.equations)
        if FAMILIES[spec.family].joint and not varies_between_sessions(term, config.variables)
        else set[str]()
    )
    adjusted = tuple(
        dict.fromkeys(
            name
            for outcome, equation in spec.equations.items()
            for name in equation.on
            if _may_be_changed_by_assignment(name, followed or mediators - {outcome}, config)
        )
    )
    return Licence("adjusted" if adjusted else "effect", source, target, adjusted, signed_off)


def held_equal(licence: Licence, config: Config) -> list[str]:
    """Label what a model holds equal that was measured after a random assignment, each once."""
    terms = [parse_term(name, config.variables) for name in licence.adjusted_for]
    return list(dict.fromkeys(label_of(term.base, config) for term in terms if term is not None))


def _may_be_changed_by_assignment(name: str, mediators: set[str], config: Config) -> bool:
    """Whether a predictor is measured after the assignment and is not a step of the path itself.

    A baseline value measured before the first session precedes treatment; one measured during or after the first
    session does not, and neither does an observed mean over all sessions.
    """
    term = parse_term(name, config.variables)
    if term is None or term.variable is None or config.variables[term.variable].table != "sessions":
        return False
    if term.suffix == BASELINE and term.base not in mediators:
        return config.variables[term.variable].measured not in EARLY
    return term.base not in mediators
