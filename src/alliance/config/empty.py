"""Models that would be fitted and mean nothing: an outcome from itself, circles within a session, sessions taken for patients."""

from graphlib import CycleError, TopologicalSorter

from alliance.config.declared import ModelSpec
from alliance.config.schema import Config
from alliance.config.timing import Term, owner_of_part, parse_term
from alliance.facts.columns import BETWEEN, LAG
from alliance.facts.families import FAMILIES
from alliance.facts.quantity import join_nodes


def check_meaning(name: str, spec: ModelSpec, config: Config) -> list[str]:
    """List equations of a declared model that cannot say anything about their outcome."""
    place, problems = f"models.specs.{name}.equations", []
    same_session: dict[str, list[str]] = {}
    for outcome, equation in spec.equations.items():
        target = parse_term(outcome, config.variables)
        terms = [
            parse_term(term, config.variables) for term in equation.on if term not in {*spec.products, *spec.bases}
        ]
        same_session[outcome] = [
            term.base for term in terms if term and not term.suffix and term.base in spec.equations
        ]
        for term in terms:
            if term is not None and target is not None and _holds_outcome(term, target, config):
                what = (
                    "the mean over the same sessions"
                    if term.variable == target.variable
                    else "made of the same answers"
                )
                problems.append(
                    f"{place}.{outcome}.on: '{term.name}' is {what} as '{outcome}', so it would predict itself. Remove it, or use "
                    f"'{term.base}{LAG}'; lasting differences between patients are in 'vary: {{patient: [intercept]}}'."
                )
        if not any(equation.vary.values()) and not _allows_for_clusters(spec):
            problems.append(
                f"{place}.{outcome}.vary: nothing varies, so the sessions of one patient would count as sessions of different patients "
                f"and intervals would be far too narrow. Remove 'vary', which then is {{patient: [intercept]}}."
            )
    if not FAMILIES[spec.family].joint:  # joint models look at their columns themselves
        try:
            TopologicalSorter({outcome: set(causes) - {outcome} for outcome, causes in same_session.items()}).prepare()
        except CycleError as error:
            first, second = error.args[1][0], error.args[1][1]
            problems.append(
                f"{place}: {join_nodes(*error.args[1])} is a circle within one session, so no equation comes first. Use the earlier "
                f"value ('{first}{LAG}' in the equation of '{second}') in one of them."
            )
    return problems


def _holds_outcome(term: Term, target: Term, config: Config) -> bool:
    """Whether a predictor of the same sessions is computed from the scores that the outcome is computed from."""
    if term.suffix not in ("", BETWEEN) or term.variable is None or target.variable is None or term.name == target.name:
        return False
    if term.variable == target.variable:
        return term.part == target.part or None in (term.part, target.part)
    return bool(_sources(term.variable, config) & _sources(target.variable, config))


def _sources(variable: str, config: Config, above: frozenset[str] = frozenset()) -> set[str]:
    owners = (owner_of_part(part, config.variables) for part in config.variables[variable].of)
    parts = [part for part in owners if part is not None and part not in above]
    return {variable}.union(*(_sources(part, config, above | {variable}) for part in parts))


def _allows_for_clusters(spec: ModelSpec) -> bool:
    return getattr(spec, "standard_errors", None) == "robust" or getattr(spec, "bootstrap", None) is not None
