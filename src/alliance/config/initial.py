"""Initial values: what a joint model with lagged outcomes adjusts for by itself.

Where an outcome depends on its own or another outcome's past, the first value of a series carries the lasting differences between patients.
Without it among the predictors a short series takes these for effects of the past (Wooldridge 2005, doi 10.1002/jae.770). So each
outcome that enters an equation with an earlier value, beside an intercept that varies between patients, brings its value at the first
session into every equation, and these equations start at the second session.
"""

from alliance.config.declared import ModelSpec
from alliance.facts.columns import BASELINE, LAG, PATIENT
from alliance.facts.families import FAMILIES


def initial_values(spec: ModelSpec) -> list[str]:
    """List the initial values that a model needs in every equation, in the order of their outcomes."""
    if not FAMILIES[spec.family].joint:
        return []
    past = {
        column
        for equation in spec.equations.values()
        if equation.vary.get(PATIENT)
        for term in equation.on
        for column in spec.columns_behind(term)
    }
    return [f"{outcome}{BASELINE}" for outcome in spec.equations if f"{outcome}{LAG}" in past]


def without_initial_values(spec: ModelSpec) -> list[str]:
    """List the equations that lack an initial value the model needs."""
    needed = set(initial_values(spec))
    return [outcome for outcome, equation in spec.equations.items() if needed - set(equation.on)]


def with_initial_values(spec: ModelSpec) -> ModelSpec:
    """Return a model with the initial values it needs in every equation, unless somebody signed it off without them."""
    if spec.initial_values_signed_off is not None or not without_initial_values(spec):
        return spec
    equations = {
        outcome: equation.model_copy(update={"on": list(dict.fromkeys([*equation.on, *initial_values(spec)]))})
        for outcome, equation in spec.equations.items()
    }
    return spec.model_copy(update={"equations": equations})
