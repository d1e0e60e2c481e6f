"""What answers of yes and no, or in order, can be, and a model with such an outcome, a propensity: see `alliance.models.filling.grid`."""

from typing import TYPE_CHECKING, Final

from alliance.config.declared import ModelSpec
from alliance.facts.columns import BASELINE, BETWEEN, LAG, PATIENT, VARIABILITY
from alliance.facts.families import FAMILIES

if TYPE_CHECKING:
    from alliance.config.schema import Variable

YES_NO: Final = "yes/no"
ORDERED: Final = "ordered"
NO_AND_YES: Final = (0.0, 1.0)
WHICH_IS_WHICH: Final = "Say which is which, as in 'kind: category' and 'levels: {\"1\": 1, \"2\": 0}'"
_OWN = (LAG, BASELINE, BETWEEN)
# Setting -> what it is set to, and why a model whose outcome is filled in everywhere has no such thing.
_UNSUPPORTED: Final[dict[str, tuple[object, str]]] = {
    "missing": ("drop", "the propensity behind its answers is filled in like a missing value"),
    "standard_errors": ("robust", "robust standard errors would take its propensity for observed"),
    "influence": (True, "leaving out units would leave the propensities of all others as they were drawn"),
    "random_effects": (True, "effects of single patients would be those of one draw of its propensities"),
}


def check_answered(variable: "Variable") -> None:
    """Refuse answers that no propensity can be behind, or none that is the same at all answers.

    Raises
    ------
    ValueError
        Says what to write instead.
    """
    if not variable.answered:
        return
    key, levels = "yes_no" if variable.yes_no else "ordered", variable.levels
    if variable.yes_no and variable.ordered:
        raise ValueError("'yes_no' is for two answers, and 'ordered' for several in their order; remove one of them")
    if variable.table != "sessions" or variable.kind not in ("number", "category"):
        raise ValueError(f"'{key}' is for a column of answers given at sessions (kind number or category); remove it")
    if variable.kind == "category" and variable.yes_no and (levels is None or set(levels.values()) != {0.0, 1.0}):
        raise ValueError("a category that is 'yes_no' needs 'levels' with the numbers 0 and 1, as in {no: 0, yes: 1}")
    if variable.kind == "category" and levels is None:
        raise ValueError(
            "a category that is 'ordered' needs 'levels' with numbers in the order of its labels, as in {none: 0, partly: 1, done: 2}"
        )
    for other in ("censored", "reliability"):
        if getattr(variable, other):
            what = "two answers" if variable.yes_no else "answers in order"
            raise ValueError(f"'{other}' is for scores, and '{key}' for {what}; remove one of them")


def refuse_yes_no(place: str, outcome: str, variable: str) -> str:
    """Say why an outcome of two labels is no score, and what can be done about it."""
    return (
        f"{place}.equations: the outcome '{outcome}' is yes/no, and residuals are taken for normal. Declare variables.{variable}.yes_no: "
        f"true, with the numbers 0 and 1, in a model of a family that takes it for a propensity ({', '.join(_capable())}). Or leave the "
        f"equation out, or use '{outcome}' as a predictor; or accept it with a reason under {place}.discrete_signed_off, which flags "
        f"every estimate of the model."
    )


def refuse_decomposition(place: str, variable: str, answered: str) -> str:
    """Say why a measure that is answered by yes and no, or in order, has no decomposition of its variance."""
    return (
        f"{place}.variables: '{variable}' is {answered}, and a variance decomposition takes residuals for normal. Take it out; how much "
        f"patients differ in the propensity stands among the estimates of a model ({', '.join(_capable())}) with an equation for it."
    )


def check_propensity(place: str, outcome: str, answered: str, spec: ModelSpec) -> list[str]:
    """List what a model asks of an outcome that is answered by yes and no, or in order, that has no right answer."""
    if not FAMILIES[spec.family].propensities:
        return [
            f"{place}.equations: the outcome '{outcome}' is {answered}, and family '{spec.family}' takes residuals for normal. Use family "
            f"{' or '.join(_capable())}, or accept it with a reason under {place}.discrete_signed_off, which flags every estimate of the "
            f"model."
        ]
    if spec.variable_outcomes:
        variable = spec.variable_outcomes[0]
        return [
            f"{place}.equations.{variable}.vary.{PATIENT}: '{VARIABILITY}' differs between patients, and the outcome '{outcome}' is "
            f"{answered}; nothing computes the two together. Take '{VARIABILITY}' out, or leave the equation of '{outcome}' out and use it "
            f"as a predictor."
        ]
    problems = [
        f"{place}.{key}: '{outcome}' is {answered}, and {reason}. Remove '{key}'."
        for key, (value, reason) in _UNSUPPORTED.items()
        if getattr(spec, key, None) == value
    ]
    if getattr(spec, "bootstrap", None) is not None:
        problems.append(
            f"{place}.bootstrap: '{outcome}' is {answered}, and {_UNSUPPORTED['influence'][1]}. Remove 'bootstrap'."
        )
    if outcome in getattr(spec, "autocorrelation", {}):
        problems.append(
            f"{place}.autocorrelation.{outcome}: '{outcome}' is {answered}, and what its answers leave of the propensity lasts through its "
            f"own past. Remove this line, and name '{outcome}{LAG}' in the equation of '{outcome}'."
        )
    for name, factors in spec.products.items():
        if any(factor in (outcome, *(f"{outcome}{end}" for end in _OWN)) for factor in factors):
            problems.append(
                f"{place}.products.{name}: '{outcome}' is {answered} and has an equation, so it is an unknown propensity here, which "
                f"cannot be multiplied. Remove the product, or the equation of '{outcome}': without one it is the answer as recorded."
            )
    if any(f"{outcome}{BETWEEN}" in equation.on for equation in spec.equations.values()):
        problems.append(
            f"{place}.equations: '{outcome}{BETWEEN}' is a mean of answers, and '{outcome}' a propensity where it has an equation, whose "
            f"means are part of the model. Remove '{outcome}{BETWEEN}'."
        )
    return problems


def _capable() -> list[str]:
    return [name for name, family in FAMILIES.items() if family.propensities]
