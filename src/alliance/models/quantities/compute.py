"""Effects of a path diagram, from draws of the population parameters.

A path is the expectation of the product of its steps: with two steps that vary between patients a*b + cov(a, b) (Kenny, Korchmaros &
Bolger 2003, doi 10.1037/1082-989X.8.2.115); covariances over therapists add to those over patients. ``indirect_product`` leaves the
covariances out.

A cause that is constant within patients has two indirect effects: the step to the mediator times the effect within
patients (level ``within``), and times the effect between them (``between_patient``; Preacher, Zyphur & Zhang 2010, doi
10.1037/a0020141). Their total is the same, the direct effect is the rest.

Effects of a model with lagged outcomes are those over one horizon, given the past; what accumulates over sessions
(`alliance.models.quantities.accumulation`) is larger.
"""

from math import prod

import numpy as np

from alliance.config import Variable
from alliance.config.timing import TIME_TERMS
from alliance.facts.effects import name_step
from alliance.facts.quantity import join_nodes, name_horizon
from alliance.models.design.arrays import INTERCEPT, Design, Varying
from alliance.models.diagram import Path
from alliance.models.quantities.accumulation import add_accumulated
from alliance.models.quantities.between import add_between
from alliance.models.quantities.components import add_components, add_residual
from alliance.models.quantities.contrasts import add_contrasts
from alliance.models.quantities.moderation import add_conditional
from alliance.models.quantities.pairs import (
    Pair,
    Quantities,
    Step,
    expect_steps,
    make_pairs,
    outcomes_of,
)
from alliance.models.quantities.population import Population
from alliance.models.rows import count_rows


def compute_quantities(
    design: Design,
    population: Population,
    groups: list[list[Path]],
    variables: dict[str, Variable],
    lag: int,
    rng: np.random.Generator | None,
) -> Quantities:
    """Compute every reported quantity from draws of the population parameters.

    Parameters
    ----------
    groups
        Paths of each pair of cause and outcome, see `alliance.models.diagram.every_path`.
    rng
        For the effect of a constant cause on initial values, see `alliance.models.quantities.latent`; None takes its estimate.

    Returns
    -------
    Quantities
        With ``moderation``, conditional effects on a grid, and ``marks``, what to say about quantities that are left out.
    """
    quantities = Quantities({outcome: count_rows(equation.rows) for outcome, equation in design.equations.items()})
    pairs = make_pairs(design, population, groups, variables, lag, rng)
    for pair in pairs:
        total = _add_within(quantities, population, pair)
        add_between(quantities, design, population, pair, total)
        add_accumulated(quantities, design, population, pair)
    add_conditional(quantities, design, population, pairs)
    _add_coefficients(quantities, design, population, lag)
    for level, effects in population.varying.items():
        named = [(effect.term, effect.outcome) for effect in effects]
        add_components(quantities, level, named, population.covariances[level])
    for outcome, values in population.residuals.items():
        add_residual(quantities, outcome, values)
    return quantities


def _add_within(quantities: Quantities, population: Population, pair: Pair) -> np.ndarray | None:
    """Add steps, indirect effects, direct and total effect at the level within; return the draws of the total."""
    parts = {}
    for path in pair.paths:
        slopes = [pair.slope_of(edge) for edge in path.edges]
        for position, (edge, values) in enumerate(zip(path.edges, slopes, strict=True)):
            effect = name_step(position, len(path.edges), len(pair.paths))
            # The rest that a constant cause leaves differs between levels; its step to the mediator does not.
            level = "overall" if pair.constant and position == 0 and effect != "c_prime" else "within"
            quantities.add_step(edge, effect, level, values, pair.horizon_of(edge))
        of, horizon = outcomes_of([path]), pair.horizon(path)
        if len(path.edges) == 1:
            parts[path] = slopes[0]
            if len(pair.paths) > 1:
                quantities.add(path.text, "direct", "within", slopes[0], of, horizon)
            continue
        varying = [Varying(edge.outcome, edge.term) for edge in path.edges]
        steps = [Step(mean, ((effect, 1.0),)) for mean, effect in zip(slopes, varying, strict=True)]
        parts[path] = expect_steps(steps, population)
        if len(steps) == 2 and any(set(varying) <= set(effects) for effects in population.varying.values()):
            quantities.add(path.text, "cov_ab", "within", population.covariance(*varying), of, horizon)
        quantities.add(path.text, "indirect", "within", parts[path], of, horizon)
        quantities.add(path.text, "indirect_product", "within", prod(slopes[1:], start=slopes[0]), of, horizon)
    total = quantities.add_total(pair, parts, "within")
    add_contrasts(quantities, pair, parts, "within", total)
    return total


def _add_coefficients(quantities: Quantities, design: Design, population: Population, lag: int) -> None:
    for outcome, equation in design.equations.items():
        text = join_nodes(INTERCEPT, outcome)
        quantities.add(text, "coefficient", "overall", population.intercepts[outcome], (outcome,))
        for position, (term, origin) in enumerate(equation.origins.items()):
            moving = origin.session_level and origin.base not in TIME_TERMS
            horizon = name_horizon(lag * origin.lagged) if moving else ""
            level = "within" if moving else "overall"
            values = population.slopes[outcome][:, position]
            quantities.add(join_nodes(term, outcome), "coefficient", level, values, (outcome,), horizon)
