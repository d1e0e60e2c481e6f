"""Effects of a path diagram, from draws of the population parameters.

A path is the expectation of the product of its steps: with two steps that vary between patients a*b + cov(a, b) (Kenny, Korchmaros &
Bolger 2003, doi 10.1037/1082-989X.8.2.115). ``indirect_product`` leaves the covariances out.

A cause that is constant within patients has two indirect effects: the step to the mediator times the effect within
patients (level ``within``), and times the effect between them (``between_patient``; Preacher, Zyphur & Zhang 2010, doi
10.1037/a0020141). Their total is the same, the direct effect is the rest.

Effects of a model with lagged outcomes are those over one horizon, given the past; what accumulates over sessions is larger.
"""

from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.contracts import COUNT_COLUMNS, PATIENT, QUANTITY_COLUMNS, SESSION, THERAPIST
from alliance.models.diagram import ARROW, Edge, Path, name_horizon
from alliance.models.joint.design import INTERCEPT, Design, Varying
from alliance.models.joint.latent import (
    contextual_effects,
    effects_through_initial_values,
    intercept_covariance,
    within_effects,
)
from alliance.models.joint.population import Population
from alliance.models.rows import count_rows

BETWEEN_LEVELS = {PATIENT: "between_patient", THERAPIST: "between_therapist"}


@dataclass
class Quantities:
    """Rows and draws of the quantities, in the order in which they were added."""

    counts: dict[str, dict[str, int]]
    rows: list[dict[str, Any]] = field(default_factory=list)
    draws: list[np.ndarray] = field(default_factory=list)

    def add(
        self, path: str, effect: str, level: str, values: np.ndarray, of: tuple[str, ...], horizon: str = ""
    ) -> None:
        """Add one quantity; `of` are the outcomes of the equations concerned, the last one is the quantity's."""
        smallest = {key: min(self.counts[outcome][key] for outcome in of) for key in COUNT_COLUMNS}
        self.rows.append(
            {"outcome": of[-1], "path": path, "effect": effect, "level": level, "horizon": horizon, **smallest}
        )
        self.draws.append(values)

    def table(self) -> pd.DataFrame:
        """Return one row per quantity."""
        return pd.DataFrame(self.rows, columns=[*QUANTITY_COLUMNS, *COUNT_COLUMNS])


def compute_quantities(
    design: Design,
    population: Population,
    paths: list[Path],
    variables: dict[str, Variable],
    lag: int,
    rng: np.random.Generator,
) -> Quantities:
    """Compute every reported quantity from draws of the population parameters.

    Parameters
    ----------
    rng
        For the effect of a constant cause on initial values, see `alliance.models.joint.latent`.
    """
    quantities = Quantities({outcome: count_rows(equation.rows) for outcome, equation in design.equations.items()})
    first = paths[0].edges[0]
    constant = not design.equations[first.outcome].origins[first.term].session_level
    slope = {
        (e.source, e.outcome): population.slopes[e.outcome][:, design.equations[e.outcome].terms.index(e.term)]
        for path in paths
        for e in path.edges
    }
    if constant:
        through = effects_through_initial_values(design, population, first.term, variables, rng)
        for source, outcome in slope:
            if source == first.source:
                slope[source, outcome] = slope[source, outcome] + through[outcome]
    totals = _add_within(quantities, population, paths, slope, constant, lag)
    for level, name in BETWEEN_LEVELS.items():
        between = _between(design, population, level, slope, first.source if constant else None)
        _add_between(quantities, paths, between, name, constant, totals, lag)
    _add_coefficients(quantities, design, population, lag)
    _add_components(quantities, population)
    return quantities


def name_step(path: Path, position: int, paths: int) -> str:
    """Name a step of a path: ``a`` and ``b`` of two steps, ``c_prime`` or ``effect`` of one, ``effect`` otherwise."""
    if len(path.edges) == 1:
        return "effect" if paths == 1 else "c_prime"
    return ("a", "b")[position] if len(path.edges) == 2 else "effect"


def expect_product(means: list[np.ndarray], covariance: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    """Return the expectation of a product of jointly normal variables (Isserlis' theorem), shape (draw,).

    E[x_1 R] = m_1 E[R] + sum_j cov(x_1, x_j) E[R without x_j]; for three: abc + a cov(b,c) + b cov(a,c) + c cov(a,b).
    """

    def expect(left: list[int]) -> np.ndarray:
        if not left:
            return np.ones_like(means[0])
        head, *rest = left
        total: np.ndarray = means[head] * expect(rest)
        for other in rest:
            total = total + covariance[head, other] * expect([item for item in rest if item != other])
        return total

    return expect(list(range(len(means))))


def _add_within(
    quantities: Quantities,
    population: Population,
    paths: list[Path],
    slope: dict[tuple[str, str], np.ndarray],
    constant: bool,
    lag: int,
) -> np.ndarray | None:
    """Add steps, indirect effects, direct and total effect at the level within; return the draws of the total."""
    target, parts, seen = paths[0].edges[-1].outcome, [], set()
    for path in paths:
        steps = [slope[e.source, e.outcome] for e in path.edges]
        for position, (edge, values) in enumerate(zip(path.edges, steps, strict=True)):
            if (edge.source, edge.outcome) not in seen:
                seen.add((edge.source, edge.outcome))
                horizon = "" if constant and position == 0 else _horizon((edge,), lag)
                effect = name_step(path, position, len(paths))
                # The rest that a constant cause leaves differs between levels; its step to the mediator does not.
                level = "overall" if constant and position == 0 and effect != "c_prime" else "within"
                quantities.add(f"{edge.source}{ARROW}{edge.outcome}", effect, level, values, (edge.outcome,), horizon)
        horizon = "" if constant else path.horizon(lag)
        of = tuple(edge.outcome for edge in path.edges)
        if len(path.edges) == 1:
            parts.append(steps[0])
            if len(paths) > 1:
                quantities.add(path.text, "direct", "within", steps[0], of, horizon)
            continue
        varying = [Varying(edge.outcome, edge.term) for edge in path.edges]
        covariance = {
            (i, j): population.covariance(varying[i], varying[j]) for i, j in combinations(range(len(steps)), 2)
        }
        parts.append(expect_product(steps, covariance))
        if len(steps) == 2 and any(set(varying) <= set(effects) for effects in population.varying.values()):
            quantities.add(path.text, "cov_ab", "within", covariance[0, 1], of, horizon)
        quantities.add(path.text, "indirect", "within", parts[-1], of, horizon)
        quantities.add(path.text, "indirect_product", "within", prod(steps[1:], start=steps[0]), of, horizon)
    return _add_total(quantities, paths, parts, "within", constant, target, lag)


def _add_total(
    quantities: Quantities,
    paths: list[Path],
    parts: list[np.ndarray],
    level: str,
    constant: bool,
    target: str,
    lag: int,
) -> np.ndarray | None:
    horizons = {"" if constant else path.horizon(lag) for path in paths}
    # Effects that arrive at different sessions have no sum.
    if len(paths) == 1 or len(horizons) > 1:
        return None
    total: np.ndarray = np.sum(parts, axis=0)
    quantities.add(
        f"{paths[0].edges[0].source}{ARROW}{target}", "total", level, total, _outcomes(paths), horizons.pop()
    )
    return total


def _outcomes(paths: list[Path]) -> tuple[str, ...]:
    target = paths[0].edges[-1].outcome
    others = {edge.outcome for path in paths for edge in path.edges} - {target}
    return (*sorted(others), target)


def _horizon(edges: tuple[Edge, ...], lag: int) -> str:
    return name_horizon(lag * sum(edge.lagged for edge in edges))


def _between(
    design: Design,
    population: Population,
    level: str,
    slope: dict[tuple[str, str], np.ndarray],
    cause: str | None,
) -> dict[tuple[str, str], np.ndarray]:
    """Return the between effects of all steps that have one, and the steps of a constant cause as they are."""
    outcomes = list(design.equations)
    found = {step: values for step, values in slope.items() if step[0] == cause}
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
            if (source, outcome) in slope:
                found[source, outcome] = slope[source, outcome] + added[:, position]
    return found


def _add_between(
    quantities: Quantities,
    paths: list[Path],
    between: dict[tuple[str, str], np.ndarray],
    level: str,
    constant: bool,
    total: np.ndarray | None,
    lag: int,
) -> None:
    target, cause, parts, seen = paths[0].edges[-1].outcome, paths[0].edges[0].source, [], set()
    for path in paths:
        for position, edge in enumerate(path.edges):
            step = (edge.source, edge.outcome)
            if step in between and step not in seen and not (constant and edge.source == cause):
                seen.add(step)
                effect, horizon = name_step(path, position, len(paths)), _horizon((edge,), lag)
                quantities.add(
                    f"{edge.source}{ARROW}{edge.outcome}", effect, level, between[step], (edge.outcome,), horizon
                )
    steps = [[between.get((edge.source, edge.outcome)) for edge in path.edges] for path in paths]
    if not seen or any(values is None for found in steps for values in found):
        return
    for path, found in zip(paths, steps, strict=True):
        parts.append(
            prod([values for values in found if values is not None], start=np.ones_like(next(iter(between.values()))))
        )
        if len(path.edges) > 1:
            of, horizon = tuple(edge.outcome for edge in path.edges), "" if constant else path.horizon(lag)
            for effect in ("indirect", "indirect_product"):
                quantities.add(path.text, effect, level, parts[-1], of, horizon)
    direct = next((position for position, path in enumerate(paths) if len(path.edges) == 1), None)
    if direct is None or len(paths) == 1:
        return
    if constant and total is not None:
        rest = total - np.sum([part for position, part in enumerate(parts) if position != direct], axis=0)
        for effect, values in (("c_prime", rest), ("direct", rest), ("total", total)):
            quantities.add(paths[direct].text, effect, level, values, _outcomes(paths), "")
    elif not constant:
        quantities.add(paths[direct].text, "direct", level, parts[direct], (target,), paths[direct].horizon(lag))
        _add_total(quantities, paths, parts, level, constant, target, lag)


def _add_coefficients(quantities: Quantities, design: Design, population: Population, lag: int) -> None:
    for outcome, equation in design.equations.items():
        text = f"{INTERCEPT}{ARROW}{outcome}"
        quantities.add(text, "coefficient", "overall", population.intercepts[outcome], (outcome,))
        for position, (term, origin) in enumerate(equation.origins.items()):
            moving = origin.session_level and origin.base not in ("session", "weeks")
            horizon = name_horizon(lag * origin.lagged) if moving else ""
            level = "within" if moving else "overall"
            values = population.slopes[outcome][:, position]
            quantities.add(f"{term}{ARROW}{outcome}", "coefficient", level, values, (outcome,), horizon)


def _add_components(quantities: Quantities, population: Population) -> None:
    for level, effects in population.varying.items():
        sds = np.sqrt(np.diagonal(population.covariances[level], axis1=1, axis2=2))
        for i, effect in enumerate(effects):
            quantities.add(f"{effect.term}{ARROW}{effect.outcome}", "sd", level, sds[:, i], (effect.outcome,))
        for i, j in combinations(range(len(effects)), 2):
            values = population.covariances[level][:, i, j] / (sds[:, i] * sds[:, j])
            one, other = effects[i], effects[j]
            if one.outcome == other.outcome:
                text = f"{one.term}, {other.term}{ARROW}{one.outcome}"
            else:
                text = f"{one.term}{ARROW}{one.outcome}, {other.term}{ARROW}{other.outcome}"
            quantities.add(text, "correlation", level, values, (one.outcome, other.outcome))
    for outcome, values in population.residuals.items():
        quantities.add(f"residual{ARROW}{outcome}", "sd", SESSION, values, (outcome,))
