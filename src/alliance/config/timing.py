"""Terms of a model and the order in which they are measured.

Within one row the order is symptoms (before) -> technique (during) -> alliance (after); a lagged term lies a whole
session or more earlier. A cause must be measured before what it is said to cause.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from alliance.config.declared import ModelSpec
from alliance.config.propensity import check_propensity, refuse_decomposition, refuse_yes_no
from alliance.config.schema import Config, Source, Variable
from alliance.errors import suggest
from alliance.facts.analyses import VARIANCE
from alliance.facts.columns import BASELINE, BETWEEN, LAG
from alliance.facts.families import FAMILIES
from alliance.facts.groups import plain_group
from alliance.facts.roles import MOMENTS

TIME_TERMS = ("session", "weeks")
_SUFFIXES = (LAG, BASELINE, BETWEEN)
_MOMENTS_PER_SESSION = 3
_FEWEST_LEVELS = 3  # of a category whose numbers may be scores


@dataclass(frozen=True)
class Term:
    """A name in an equation, taken apart: ``alliance_bond_lag`` is variable alliance, score bond, suffix ``_lag``.

    ``base`` is the name without its suffix: the node of the path diagram.
    """

    name: str
    base: str
    variable: str | None  # None for time (session, weeks)
    part: str | None  # a subscale, or a label of a category
    suffix: str  # one of "", _lag, _baseline, _between


def parse_term(name: str, variables: dict[str, Variable]) -> Term | None:
    """Take a term apart, or return None if no variable of that name is declared."""
    if name in TIME_TERMS:
        return Term(name, name, None, None, "")
    suffix = next((end for end in _SUFFIXES if name.endswith(end) and name not in variables), "")
    base = name.removesuffix(suffix)
    owner = max((known for known in variables if base == known or base.startswith(f"{known}_")), key=len, default=None)
    if owner is None:
        return None
    part = base.removeprefix(owner).removeprefix("_") or None
    if part is not None and not _has_part(variables[owner], part):
        return None
    return Term(name, base, owner, part, suffix)


def answered_as(outcome: str, spec: ModelSpec, variables: dict[str, Variable]) -> str:
    """Return how the answers are that a model takes an outcome for the propensity behind, ``yes/no`` or ``ordered``.

    Empty where it is a score: not declared otherwise, or signed off as one with normal residuals.
    """
    term = parse_term(outcome, variables)
    if term is None or term.variable is None or term.part is not None or spec.discrete_signed_off is not None:
        return ""
    return variables[term.variable].answered


def _has_part(variable: Variable, part: str) -> bool:
    """Whether a variable has such a column beside its own: a subscale, or one of a label; labels with numbers are one column."""
    if variable.labels is not None:
        return part in map(plain_group, variable.other_groups)
    return variable.kind == "scale" or (variable.kind == "category" and variable.levels is None)


def owner_of_part(part: str, variables: dict[str, Variable]) -> str | None:
    """Return the variable that a part of a composite is, or that it is a subscale of (``alliance_bond``); None if it is neither."""
    if part in variables:
        return part
    term = parse_term(part, variables)
    is_subscale = term is not None and term.part is not None and term.suffix == ""
    return term.variable if term is not None and is_subscale and variables[str(term.variable)].kind == "scale" else None


def varies_between_sessions(term: Term, variables: dict[str, Variable]) -> bool:
    """Whether a term can take another value at each session of one patient."""
    if term.variable is None:
        return True
    return variables[term.variable].table == "sessions" and term.suffix in ("", LAG)


def moment(term: Term, config: Config) -> float:
    """Return when a term is measured, in thirds of a session relative to the start of its row.

    Constant terms (patients, therapists, baseline values, observed means, time) lie at minus infinity.
    """
    if term.variable is None or not varies_between_sessions(term, config.variables):
        return float("-inf")
    measured = config.variables[term.variable].measured
    shift = _MOMENTS_PER_SESSION * config.panel.lag if term.suffix == LAG else 0
    return MOMENTS[measured or "before"] - shift


def check_model(name: str, spec: ModelSpec, config: Config) -> list[str]:
    """List what is wrong with a declared model: unknown terms, impossible outcomes, causes measured too late."""
    place = f"models.specs.{name}"
    known = [*config.variables, *TIME_TERMS]
    problems: list[str] = []
    for variable in spec.variables:
        term = parse_term(variable, config.variables)
        if spec.analysis != VARIANCE:
            if term is None:
                problems.append(f"{place}.variables: {_undeclared(variable, known)}")
        elif term is None or term.suffix or not varies_between_sessions(term, config.variables):
            problems.append(
                f"{place}.variables: '{variable}' is not a session-level variable.{suggest(variable, known)} "
                "Name one that is measured at sessions."
            )
        elif answered := answered_as(variable, spec, config.variables):
            problems.append(refuse_decomposition(place, variable, answered))
    for outcome, equation in spec.equations.items():
        target = parse_term(outcome, config.variables)
        if target is None or target.suffix or target.variable is None:
            problems.append(f"{place}.equations: {_undeclared(outcome, known)}")
            continue
        if answered := answered_as(outcome, spec, config.variables):
            problems += check_propensity(place, outcome, answered, spec)
        elif spec.discrete_signed_off is None and _has_two_labels(config.variables[target.variable]):
            problems.append(refuse_yes_no(place, outcome, target.variable))
        if not varies_between_sessions(target, config.variables):
            problems.append(
                f"{place}.equations.{outcome}: an outcome must be measured at sessions, not once. Use it as a predictor."
            )
            continue
        if not equation.on and not FAMILIES[spec.family].joint:
            problems.append(
                f"{place}.equations.{outcome}.on: an equation without predictors says something in a joint model only. Name a "
                f"predictor, or use family {' or '.join(name for name, family in FAMILIES.items() if family.joint)}."
            )
        for predictor in equation.on:
            if predictor in spec.products:
                problems += _check_use_of_product(place, outcome, predictor, spec)
                continue
            if predictor in spec.bases:
                continue
            term = parse_term(predictor, config.variables)
            if term is None:
                terms = [*known, *spec.products, *spec.bases]
                problems.append(f"{place}.equations.{outcome}.on: {_undeclared(predictor, terms)}")
            elif term.base == target.base and term.suffix == "":
                problems.append(
                    f"{place}.equations.{outcome}.on: '{predictor}' would predict itself. Use '{predictor}{LAG}'."
                )
            elif not spec.time_order_signed_off and moment(term, config) >= moment(target, config):
                problems.append(_too_late(place, outcome, predictor, config))
    problems += _check_derived(place, spec, config)
    problems += _check_effects(place, spec, config)
    if "therapist" in {level for eq in spec.equations.values() for level, terms in eq.vary.items() if terms}:
        has_therapists = config.data.therapists or any("therapist" in s.keys for s in _sources(config))
        if not has_therapists:
            problems.append(
                f"{place}: effects vary by therapist, but no table names a therapist column. Name it under "
                f"data.sessions.keys.therapist, or take 'therapist' out of 'vary'."
            )
    return problems


def _undeclared(name: str, known: Iterable[str]) -> str:
    return (
        f"'{name}' is not a declared variable.{suggest(name, known)} Correct the name, or declare it under variables."
    )


def _has_two_labels(variable: Variable) -> bool:
    """Whether a category stands in the panel as yes or no: a column for each label, or two numbers."""
    return variable.kind == "category" and (variable.levels is None or len(variable.levels) < _FEWEST_LEVELS)


def _sources(config: Config) -> list[Source]:
    return [s for s in (config.data.sessions, config.data.patients) if s is not None]


def _too_late(place: str, outcome: str, predictor: str, config: Config) -> str:
    return (
        f"{place}.equations.{outcome}.on: '{predictor}' is not measured before '{outcome}', so it cannot be its cause. "
        f"Use '{predictor.removesuffix(LAG)}{LAG}', correct 'measured' under variables, or give the reason under "
        f"{place}.time_order_signed_off (it will be printed in the report)."
    )


def _check_derived(place: str, spec: ModelSpec, config: Config) -> list[str]:
    """List what is wrong with products and bases as they are declared."""
    problems = []
    for section, names in (("products", spec.products), ("bases", spec.bases)):
        for name in names:
            term = parse_term(name, config.variables)
            if term is not None and term.part is None:
                problems.append(
                    f"{place}.{section}: '{name}' is already the name of a variable or of one of its columns. Choose another."
                )
    for name, factors in spec.products.items():
        for factor in factors:
            if factor not in spec.bases and parse_term(factor, config.variables) is None:
                problems.append(
                    f"{place}.products.{name}: {_undeclared(factor, [*config.variables, *TIME_TERMS, *spec.bases])}"
                )
    return problems


def _check_use_of_product(place: str, outcome: str, product: str, spec: ModelSpec) -> list[str]:
    """Ask for both factors beside their product: without them its coefficient is not one of moderation."""
    on = spec.equations[outcome].on
    present = {*on, *(spec.bases[name].of for name in on if name in spec.bases)}
    return [
        f"{place}.equations.{outcome}.on: the product '{product}' needs its factor '{factor}' among the predictors too. Add it."
        for factor in spec.products[product]
        if factor not in present
    ]


def _check_effects(place: str, spec: ModelSpec, config: Config) -> list[str]:
    """List causes and outcomes that are not in the diagram, are the same, or are named twice."""
    derived = {*spec.products, *spec.bases}
    causes = {
        term.base
        for equation in spec.equations.values()
        for term in (parse_term(name, config.variables) for name in equation.on if name not in derived)
        if term is not None
    }
    problems, seen = [], set()
    for position, effects in enumerate(spec.every_effects()):
        source, target = effects.source, effects.target
        key = f"{place}.effects" if effects is spec.effects else f"{place}.further_effects.{position - 1}"
        if target not in spec.equations:
            problems.append(
                f"{key}.to: '{target}' has no equation in this model.{suggest(target, spec.equations)} Give it one."
            )
        if source not in causes:
            problems.append(
                f"{key}.from: '{source}' is in no equation of this model.{suggest(source, causes)} Add it to one."
            )
        if source == target:
            problems.append(f"{key}: '{source}' cannot be the cause of itself. Name two different variables.")
        if (source, target) in seen:
            problems.append(f"{key}: the effect of '{source}' on '{target}' is already asked for. Remove it.")
        seen.add((source, target))
    return problems
