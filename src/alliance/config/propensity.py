"""What a model with a yes/no outcome can be: the outcome is the propensity to a yes, see `alliance.models.filling.grid`."""

from typing import Final

from alliance.config.declared import ModelSpec
from alliance.facts.columns import BASELINE, BETWEEN, LAG, PATIENT, VARIABILITY
from alliance.facts.families import FAMILIES

_OWN = (LAG, BASELINE, BETWEEN)
# Setting -> what it is set to, and why a model whose outcome is filled in everywhere has no such thing.
_UNSUPPORTED: Final[dict[str, tuple[object, str]]] = {
    "missing": ("drop", "the propensity behind its answers is filled in like a missing value"),
    "standard_errors": ("robust", "robust standard errors would take its propensity for observed"),
    "influence": (True, "leaving out units would leave the propensities of all others as they were drawn"),
    "random_effects": (True, "effects of single patients would be those of one draw of its propensities"),
}


def refuse_yes_no(place: str, outcome: str, variable: str) -> str:
    """Say why an outcome of two labels is no score, and what can be done about it."""
    return (
        f"{place}.equations: the outcome '{outcome}' is yes/no, and residuals are taken for normal. Declare variables.{variable}.yes_no: "
        f"true, with the numbers 0 and 1, in a model of a family that takes it for a propensity ({', '.join(_capable())}). Or leave the "
        f"equation out, or use '{outcome}' as a predictor; or accept it with a reason under {place}.discrete_signed_off, which flags "
        f"every estimate of the model."
    )


def refuse_decomposition(place: str, variable: str) -> str:
    """Say why a yes/no measure has no decomposition of its variance."""
    return (
        f"{place}.variables: '{variable}' is yes/no, and a variance decomposition takes residuals for normal. Take it out; how much "
        f"patients differ in the propensity stands among the estimates of a model ({', '.join(_capable())}) with an equation for it."
    )


def check_yes_no(place: str, outcome: str, spec: ModelSpec) -> list[str]:
    """List what a model asks of a yes/no outcome that has no right answer."""
    if not FAMILIES[spec.family].propensities:
        return [
            f"{place}.equations: the outcome '{outcome}' is yes/no, and family '{spec.family}' takes residuals for normal. Use family "
            f"{' or '.join(_capable())}, or accept it with a reason under {place}.discrete_signed_off, which flags every estimate of the "
            f"model."
        ]
    if spec.variable_outcomes:
        variable = spec.variable_outcomes[0]
        return [
            f"{place}.equations.{variable}.vary.{PATIENT}: '{VARIABILITY}' differs between patients, and the outcome '{outcome}' is "
            f"yes/no; nothing computes the two together. Take '{VARIABILITY}' out, or leave the equation of '{outcome}' out and use it as "
            f"a predictor."
        ]
    problems = [
        f"{place}.{key}: '{outcome}' is yes/no, and {reason}. Remove '{key}'."
        for key, (value, reason) in _UNSUPPORTED.items()
        if getattr(spec, key, None) == value
    ]
    if getattr(spec, "bootstrap", None) is not None:
        problems.append(
            f"{place}.bootstrap: '{outcome}' is yes/no, and {_UNSUPPORTED['influence'][1]}. Remove 'bootstrap'."
        )
    if outcome in getattr(spec, "autocorrelation", {}):
        problems.append(
            f"{place}.autocorrelation.{outcome}: '{outcome}' is yes/no, and what its answers leave of the propensity lasts through its own "
            f"past. Remove this line, and name '{outcome}{LAG}' in the equation of '{outcome}'."
        )
    for name, factors in spec.products.items():
        if any(factor in (outcome, *(f"{outcome}{end}" for end in _OWN)) for factor in factors):
            problems.append(
                f"{place}.products.{name}: '{outcome}' is yes/no and has an equation, so it is an unknown propensity here, which cannot "
                f"be multiplied. Remove the product, or the equation of '{outcome}': without one it is the answer as recorded."
            )
    if any(f"{outcome}{BETWEEN}" in equation.on for equation in spec.equations.values()):
        problems.append(
            f"{place}.equations: '{outcome}{BETWEEN}' is a mean of answers, and '{outcome}' a propensity where it has an equation, whose "
            f"means are part of the model. Remove '{outcome}{BETWEEN}'."
        )
    return problems


def _capable() -> list[str]:
    return [name for name, family in FAMILIES.items() if family.propensities]
