"""Terms of a model and the order in which they are measured.

Within one row the order is symptoms (before) -> technique (during) -> alliance (after); a lagged term lies a whole
session or more earlier. A cause must be measured before what it is said to cause.
"""

from dataclasses import dataclass

from alliance.config.schema import Config, ModelSpec, Source, Variable
from alliance.contracts import BASELINE, BETWEEN, LAG
from alliance.errors import suggest

TIME_TERMS = ("session", "weeks")
_SUFFIXES = (LAG, BASELINE, BETWEEN)
_MOMENTS = {"before": 0, "during": 1, "after": 2}
_MOMENTS_PER_SESSION = 3


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
    if part is not None and variables[owner].kind not in ("scale", "category"):
        return None
    return Term(name, base, owner, part, suffix)


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
    return _MOMENTS[measured or "before"] - shift


def check_model(name: str, spec: ModelSpec, config: Config) -> list[str]:
    """List what is wrong with a declared model: unknown terms, impossible outcomes, causes measured too late."""
    place = f"models.specs.{name}"
    known = [*config.variables, *TIME_TERMS]
    problems: list[str] = []
    for variable in spec.variables:
        term = parse_term(variable, config.variables)
        if term is None or term.suffix or not varies_between_sessions(term, config.variables):
            problems.append(
                f"{place}.variables: '{variable}' is not a session-level variable.{suggest(variable, known)}"
            )
    for outcome, equation in spec.equations.items():
        target = parse_term(outcome, config.variables)
        if target is None or target.suffix or target.variable is None:
            problems.append(f"{place}.equations: '{outcome}' is not a declared variable.{suggest(outcome, known)}")
            continue
        if not varies_between_sessions(target, config.variables):
            problems.append(f"{place}.equations.{outcome}: an outcome must be measured at sessions, not once.")
            continue
        for predictor in equation.on:
            term = parse_term(predictor, config.variables)
            if term is None:
                hint = suggest(predictor, known)
                problems.append(f"{place}.equations.{outcome}.on: '{predictor}' is not a declared variable.{hint}")
            elif term.base == target.base and term.suffix == "":
                problems.append(
                    f"{place}.equations.{outcome}.on: '{predictor}' would predict itself. Use '{predictor}{LAG}'."
                )
            elif not spec.time_order_signed_off and moment(term, config) >= moment(target, config):
                problems.append(_too_late(place, outcome, predictor, config))
    if spec.effects is not None:
        problems += _check_effects(place, spec, config)
    if "therapist" in {level for eq in spec.equations.values() for level, terms in eq.vary.items() if terms}:
        has_therapists = config.data.therapists or any("therapist" in s.keys for s in _sources(config))
        if not has_therapists:
            problems.append(
                f"{place}: effects vary by therapist, but no table names a therapist column under data.*.keys."
            )
    return problems


def _sources(config: Config) -> list[Source]:
    return [s for s in (config.data.sessions, config.data.patients) if s is not None]


def _too_late(place: str, outcome: str, predictor: str, config: Config) -> str:
    return (
        f"{place}.equations.{outcome}.on: '{predictor}' is not measured before '{outcome}', so it cannot be its cause. "
        f"Use '{predictor.removesuffix(LAG)}{LAG}', correct 'measured' under variables, or give the reason under "
        f"{place}.time_order_signed_off (it will be printed in the report)."
    )


def _check_effects(place: str, spec: ModelSpec, config: Config) -> list[str]:
    assert spec.effects is not None
    source, target = spec.effects.source, spec.effects.target
    problems = []
    if target not in spec.equations:
        problems.append(
            f"{place}.effects.to: '{target}' has no equation in this model.{suggest(target, spec.equations)}"
        )
    causes = {
        term.base
        for equation in spec.equations.values()
        for term in (parse_term(name, config.variables) for name in equation.on)
        if term is not None
    }
    if source not in causes:
        problems.append(f"{place}.effects.from: '{source}' is in no equation of this model.{suggest(source, causes)}")
    return problems
