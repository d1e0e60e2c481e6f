"""Effects between patients and between therapists, from the latent means of `alliance.models.quantities.latent`.

A cause that is constant within patients acts on the mediator as it is; its path between patients goes on with the effect between
patients. A cause that is the same for all patients of a therapist has a version between therapists as well.
"""

import numpy as np

from alliance.facts.columns import PATIENT
from alliance.facts.effects import name_step
from alliance.facts.quantity import BETWEEN_LEVELS
from alliance.models.design.arrays import INTERCEPT, Design
from alliance.models.diagram import outcomes_of
from alliance.models.quantities.contrasts import add_contrasts
from alliance.models.quantities.latent import contextual_effects, intercept_covariance, within_effects
from alliance.models.quantities.pairs import Pair, Quantities
from alliance.models.quantities.population import Population

Between = dict[tuple[str, str], np.ndarray]  # (source, outcome) -> draws


def add_between(
    quantities: Quantities, design: Design, population: Population, pair: Pair, total: np.ndarray | None
) -> None:
    """Add the effects of a pair at every level between units at which all its steps have one.

    Parameters
    ----------
    total
        Draws of the total effect within; that of a constant cause is the same at every level.
    """
    for level, name in BETWEEN_LEVELS.items():
        if level == PATIENT or not pair.constant or pair.by_therapist:
            _add_level(quantities, pair, _steps_between(design, population, level, pair), name, total)


def _steps_between(design: Design, population: Population, level: str, pair: Pair) -> Between:
    """Return the between effects of all steps that have one, and the steps of a constant cause as they are."""
    outcomes = list(design.equations)
    found = {step: values for step, values in pair.slope.items() if pair.constant and step[0] == pair.source}
    v = intercept_covariance(design, population, level) if level in design.varying else None
    if v is None:
        return found
    b = within_effects(design, population)
    with_intercept = {effect.outcome for effect in design.varying[level] if effect.term == INTERCEPT}
    for outcome in outcomes:
        origins = design.equations[outcome].origins.values()
        sources = dict.fromkeys(o.base for o in origins if o.session_level and o.base in outcomes and o.base != outcome)
        if not sources or not {*sources, outcome} <= with_intercept:
            continue
        added = contextual_effects(b, v, outcomes.index(outcome), [outcomes.index(source) for source in sources])
        for position, source in enumerate(sources):
            if (source, outcome) in pair.slope:
                found[source, outcome] = pair.slope[source, outcome] + added[:, position]
    return found


def _add_level(quantities: Quantities, pair: Pair, between: Between, level: str, total: np.ndarray | None) -> None:
    added = False
    for path in pair.paths:
        for position, edge in enumerate(path.edges):
            step = (edge.source, edge.outcome)
            if step in between and not (pair.constant and edge.source == pair.source):
                added = True
                effect = name_step(position, len(path.edges), len(pair.paths))
                quantities.add_step(edge, effect, level, between[step], edge.horizon(pair.lag))
    steps = {path: [between.get((edge.source, edge.outcome)) for edge in path.edges] for path in pair.paths}
    if (
        not added
        or len(pair.paths[-1].edges) == 1
        or any(values is None for found in steps.values() for values in found)
    ):
        return
    parts = {path: np.prod([values for values in found if values is not None], axis=0) for path, found in steps.items()}
    for path, values in parts.items():
        if len(path.edges) > 1:
            for effect in ("indirect", "indirect_product"):
                quantities.add(path.text, effect, level, values, outcomes_of([path]), pair.horizon(path))
    direct = pair.paths[0] if len(pair.paths[0].edges) == 1 else None
    if not pair.constant:
        if direct is not None:
            quantities.add(direct.text, "direct", level, parts[direct], (pair.target,), pair.horizon(direct))
        total = quantities.add_total(pair, parts, level)
    elif direct is None:
        total = None
    elif total is not None:
        rest = total - np.sum([values for path, values in parts.items() if path != direct], axis=0)
        for effect, values in (("c_prime", rest), ("direct", rest), ("total", total)):
            quantities.add(direct.text, effect, level, values, outcomes_of(pair.paths))
    add_contrasts(quantities, pair, parts, level, total)
