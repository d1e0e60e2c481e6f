"""Every reported quantity of a joint model, from draws of the population parameters."""

import numpy as np

from alliance.config import Variable
from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import PATIENT
from alliance.facts.quantity import join_nodes, name_horizon
from alliance.models.design.arrays import INTERCEPT, Design
from alliance.models.diagram import Path
from alliance.models.quantities.accumulation import add_accumulated
from alliance.models.quantities.between import add_between
from alliance.models.quantities.components import (
    add_autocorrelation,
    add_components,
    add_residual,
    add_residual_correlation,
    add_shares,
    add_thresholds,
)
from alliance.models.quantities.course import add_course
from alliance.models.quantities.latent import latent_means
from alliance.models.quantities.moderation import add_conditional
from alliance.models.quantities.pairs import Quantities, make_pairs
from alliance.models.quantities.population import Population
from alliance.models.quantities.probability import add_probability
from alliance.models.quantities.within import add_steps, add_within
from alliance.models.rows import count_equations


def compute_quantities(
    design: Design,
    population: Population,
    groups: list[list[Path]],
    variables: dict[str, Variable],
    lag: int,
    rng: np.random.Generator | None,
    sessions: range,
) -> Quantities:
    """Compute every reported quantity from draws of the population parameters.

    Parameters
    ----------
    groups
        Paths of each pair of cause and outcome, see `alliance.models.diagram.every_path`.
    rng
        For what is drawn of initial values, see `alliance.models.quantities.latent`; None takes its estimate, and the population is one.
    sessions
        Numbers of the sessions of a treatment, up to the planned end.

    Returns
    -------
    Quantities
        With ``moderation``, conditional effects on a grid, and ``marks``, what to say about quantities that are left out.
    """
    counts = design.once(count_equations)
    quantities = Quantities(counts, drawn=rng is not None)
    pairs = make_pairs(design, population, groups, variables, lag, rng)
    means = latent_means(design, population, rng)
    for pair in pairs:
        if add_course(quantities, design, population, pair, variables, sessions):
            if len(pair.paths[-1].edges) > 1:
                add_steps(quantities, pair, builds_up=True)
            add_probability(quantities, design, population, pair)
            continue
        add_steps(quantities, pair)
        add_within(quantities, population, pair)
        add_between(quantities, design, population, pair, means)
        add_accumulated(quantities, design, population, pair, sessions.start)
        add_probability(quantities, design, population, pair)
    add_conditional(quantities, design, population, pairs, variables)
    _add_coefficients(quantities, design, population, lag)
    for level, effects in design.differing.items():
        named = [(effect.term, effect.outcome) for effect in effects]
        add_components(quantities, level, named, population.differing[level])
    add_shares(quantities, variances_of_slopes(population))
    for outcome, values in population.residuals.items():
        if not design.equations[outcome].answered:  # its standard deviation is the unit
            add_residual(quantities, outcome, values)
    for outcome, thresholds in population.thresholds.items():
        add_thresholds(quantities, outcome, thresholds)
    outcomes = list(design.equations)
    for (later, earlier), values in population.together.items():
        if (later, earlier) not in design.occasions.held:
            add_residual_correlation(quantities, outcomes[earlier], outcomes[later], values)
    for outcome, values in population.autocorrelations.items():
        add_autocorrelation(quantities, outcome, values, design.apart[outcome])
    for each in (quantities, quantities.moderation):
        each.take_levels_apart({effect.outcome for effect in design.varying.get(PATIENT, [])})
    return quantities


def variances_of_slopes(population: Population) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Return unit -> slope, as (term, outcome) -> its variance between such units, (draw,)."""
    return {
        level: {
            (effect.term, effect.outcome): population.covariances[level][:, place, place]
            for place, effect in enumerate(effects)
            if effect.term != INTERCEPT
        }
        for level, effects in population.varying.items()
    }


def _add_coefficients(quantities: Quantities, design: Design, population: Population, lag: int) -> None:
    for outcome, equation in design.equations.items():
        text = join_nodes(INTERCEPT, outcome)
        # At the average of every predictor, as the standard deviations of the intercept between units are.
        intercepts = population.intercepts[outcome] + population.slopes[outcome] @ equation.x_mean
        quantities.add(text, "coefficient", "overall", intercepts, (outcome,))
        for position, (term, origin) in enumerate(equation.origins.items()):
            moving = origin.session_level and origin.base not in TIME_TERMS
            horizon = name_horizon(lag * origin.lagged) if moving else ""
            level = "within" if moving else "overall"
            values = population.slopes[outcome][:, position]
            quantities.add(join_nodes(term, outcome), "coefficient", level, values, (outcome,), horizon)
