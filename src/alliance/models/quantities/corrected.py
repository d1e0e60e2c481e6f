"""Every effect of a joint model corrected for unreliable scores, where that is exact (`alliance.models.quantities.unreliable`)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alliance.config import Variable
from alliance.facts.columns import PATIENT
from alliance.facts.marks import Mark
from alliance.models.design.arrays import Design
from alliance.models.diagram import Path
from alliance.models.quantities.between import add_between
from alliance.models.quantities.components import add_residual
from alliance.models.quantities.course import add_course
from alliance.models.quantities.latent import latent_means
from alliance.models.quantities.pairs import Quantities, make_pairs
from alliance.models.quantities.population import Population
from alliance.models.quantities.unreliable import correct_between, correct_within
from alliance.models.quantities.within import add_steps, add_within
from alliance.models.rows import count_equations

# Column -> level -> reliability and the standard error of its logit, see `alliance.models.fitting.settings_for`.
Known = Mapping[str, Mapping[str, Any]]


def correct_quantities(
    design: Design,
    population: Population,
    groups: list[list[Path]],
    variables: dict[str, Variable],
    lag: int,
    rng: np.random.Generator | None,
    known: Known,
    sessions: range,
) -> tuple[Quantities | None, list[Mark]]:
    """Compute the effects of a model from draws without the error of its scores.

    Parameters
    ----------
    rng
        For draws of reliabilities that were computed from items; None takes their estimates, and the population is one.
    known
        Reliability of the columns that are corrected for; nothing stands in the way of any (`alliance.models.checking.unreliable`).
    sessions
        Numbers of the sessions of a treatment, up to the planned end.

    Returns
    -------
    tuple
        Effects, at the levels at which scores have error; None, and why, where the error may be all that is left of a score.
    """
    size = len(next(iter(population.residuals.values())))
    within, between = (
        {name: draw_reliability(each[level], size, rng) for name, each in known.items() if each[level][0] < 1}
        for level in ("within", "between")
    )
    found = correct_within(
        design, population, {name: omega for name, omega in within.items() if name in design.equations}
    )
    if found.population is None:
        return (None, found.marks) if rng is not None else (None, [])
    counts = design.once(count_equations)
    quantities = Quantities(counts, drawn=rng is not None)
    pairs = make_pairs(design, found.population, groups, variables, lag, rng)
    means = correct_between(design, population, latent_means(design, population, rng), between)
    for pair in pairs:
        if within and not add_course(quantities, design, found.population, pair, variables, sessions):
            add_steps(quantities, pair)
            add_within(quantities, found.population, pair)
        if between:
            add_between(quantities, design, found.population, pair, means)
    for name in within:
        if name in design.equations:
            add_residual(quantities, name, found.population.residuals[name])
    quantities.take_levels_apart({effect.outcome for effect in design.varying.get(PATIENT, [])})
    return quantities, [mark for mark in quantities.marks if mark.caution == "withheld"]


def draw_reliability(known: Sequence[float], size: int, rng: np.random.Generator | None) -> np.ndarray:
    """Draw a reliability, (draw,): normal on the logit, taken as known where it has no standard error.

    Parameters
    ----------
    known
        The reliability and the standard error of its logit.
    """
    value, error = known
    if rng is None or not error:
        return np.full(size, value)
    logits = np.log(value / (1 - value)) + error * rng.standard_normal(size)
    return np.asarray(1 / (1 + np.exp(-logits)))
