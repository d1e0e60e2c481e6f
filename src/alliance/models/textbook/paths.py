"""Effects of a path diagram from equations that are fitted separately, with Monte Carlo intervals.

A path is the product of its steps at one level. Intervals come from draws of the steps (MacKinnon, Lockwood and Williams 2004, doi
10.1207/s15327906mbr3901_4; Preacher and Selig 2012, doi 10.1080/19312458.2012.679848), independent between equations.

A cause that is constant within patients (arm) has two indirect effects: the step to the mediator times the effect *within*
patients, and times the effect *between* them (Preacher, Zyphur and Zhang 2010, doi 10.1037/a0020141). In the equation of
the outcome the mediator's means are predictors, so the coefficient c of the cause holds them constant and

    total = c + sum over paths of (step to the mediator x effect between)

is the same in both versions; the direct effect is the rest: c in the between version, total - indirect in the within version.
"""

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term, varies_between_sessions
from alliance.facts.columns import LAG, PATIENT, THERAPIST
from alliance.facts.effects import name_step
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes, name_horizon
from alliance.models.checking.rows import mark_few_units, mark_untold_patients
from alliance.models.checking.scores import mark_scores
from alliance.models.checking.unreliable import mark_separate
from alliance.models.container import FitResult, Quantities
from alliance.models.diagram import Edge, Path, outcomes_of, paths_of
from alliance.models.quantities.components import add_components, add_residual
from alliance.models.rows import count_rows, select_rows
from alliance.models.textbook.caution import mark_lagged_outcome, mark_missing_covariance, mark_observed_means
from alliance.models.textbook.design import make_design
from alliance.models.textbook.draws import Drawn, draw_equations, make_result
from alliance.models.textbook.guarded import fit_guarded

LEVELS = ("within", "between_patient", "between_therapist")


def fit_paths(
    panel: pd.DataFrame, name: str, spec: ModelSpec, variables: dict[str, Variable], seed: int, size: int, lag: int
) -> FitResult:
    """Fit each equation by itself and combine the steps of every path.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, or no path leads from the cause to the outcome.
    """
    rows, flow = select_rows(panel, name, spec)
    paths = paths_of(name, spec, variables)
    fitted = [
        fit_guarded(make_design(name, outcome, equation, rows[outcome], variables))
        for outcome, equation in spec.equations.items()
    ]
    drawn = draw_equations(fitted, seed, size, name)
    quantities = Quantities({equation.design.outcome: count_rows(equation.design.rows) for equation in fitted})
    marks: list[Mark] = []
    for equation in fitted:
        outcome = equation.design.outcome
        by_therapist = bool(equation.design.arrays.varying[THERAPIST])
        marks += [
            *equation.marks,
            *mark_few_units(outcome, quantities.counts[outcome], by_therapist),
            *mark_untold_patients(outcome, quantities.counts[outcome], bool(equation.design.arrays.varying[PATIENT])),
            *mark_scores(outcome, equation.design.rows[outcome].to_numpy(dtype=float), variables),
            *mark_lagged_outcome(drawn[outcome], variables),
            *mark_observed_means(equation),
        ]
    marks += [*mark_missing_covariance(paths, spec), *mark_separate(spec, variables)]
    _add_effects(quantities, paths, drawn, _is_session_level(paths[0].edges[0], variables), lag)
    for draws in drawn.values():
        _add_coefficients(quantities, draws, lag)
        _add_components(quantities, draws)
        add_residual(quantities, draws.fitted.design.outcome, draws.residual)
    return make_result(name, spec, quantities, marks, flow)


def _is_session_level(first: Edge, variables: dict[str, Variable]) -> bool:
    term = parse_term(first.term, variables)
    return term is not None and term.variable is not None and varies_between_sessions(term, variables)


def _step(edge: Edge, level: str, drawn: dict[str, Drawn]) -> np.ndarray | None:
    """Return estimate and draws of one step at a level, None where the equation has no such coefficient."""
    return drawn[edge.outcome].effects.get((edge.term, level))


def _only_step(edge: Edge, drawn: dict[str, Drawn]) -> np.ndarray:
    """Return estimate and draws of the one coefficient of a cause that is not split into levels."""
    return next(values for (term, _), values in drawn[edge.outcome].effects.items() if term == edge.term)


def _add_effects(
    quantities: Quantities, paths: list[Path], drawn: dict[str, Drawn], session_level: bool, lag: int
) -> None:
    if session_level:
        for level in LEVELS:
            _add_version(
                quantities,
                paths,
                drawn,
                level,
                lag,
                [[_step(edge, level, drawn) for edge in path.edges] for path in paths],
            )
        return
    constant = {path.text: _only_step(path.edges[0], drawn) for path in paths}
    steps = {
        level: [[constant[path.text], *(_step(edge, level, drawn) for edge in path.edges[1:])] for path in paths]
        for level in LEVELS
    }
    if len(paths) == 1 and len(paths[0].edges) == 1:
        edge = paths[0].edges[0]
        quantities.add(paths[0].text, "effect", "overall", constant[paths[0].text], (edge.outcome,))
        return
    _add_constant_cause(quantities, paths, drawn, steps)
    for path in paths:
        for position, edge in enumerate(path.edges[1:], start=1):
            for level in LEVELS:
                found = _step(edge, level, drawn)
                if found is not None:
                    effect = name_step(position, len(path.edges), len(paths))
                    quantities.add_step(edge, effect, level, found, edge.horizon(lag))


def _add_version(
    quantities: Quantities,
    paths: list[Path],
    drawn: dict[str, Drawn],
    level: str,
    lag: int,
    steps: list[list[np.ndarray | None]],
) -> None:
    """Add everything about a session-level cause at one level, as far as all steps exist there."""
    products: dict[str, np.ndarray] = {}
    target = paths[0].edges[-1].outcome
    for path, found in zip(paths, steps, strict=True):
        for position, (edge, values) in enumerate(zip(path.edges, found, strict=True)):
            if values is not None:
                effect = name_step(position, len(path.edges), len(paths))
                quantities.add_step(edge, effect, level, values, edge.horizon(lag))
        complete = [values for values in found if values is not None]
        if len(complete) < len(found):
            continue
        products[path.text] = np.prod(complete, axis=0)
        of = outcomes_of([path])
        if len(path.edges) > 1:
            for effect in ("indirect", "indirect_product"):
                quantities.add(path.text, effect, level, products[path.text], of, path.horizon(lag))
        elif len(paths) > 1:
            quantities.add(path.text, "direct", level, products[path.text], of, path.horizon(lag))
    horizons = {path.horizon(lag) for path in paths}
    # Effects that arrive at different sessions have no sum.
    if len(paths) > 1 and len(products) == len(paths) and len(horizons) == 1:
        of = outcomes_of(paths)
        text = join_nodes(paths[0].edges[0].source, target)
        quantities.add(text, "total", level, np.sum(list(products.values()), axis=0), of, horizons.pop())


def _add_constant_cause(
    quantities: Quantities, paths: list[Path], drawn: dict[str, Drawn], steps: dict[str, list[list[np.ndarray | None]]]
) -> None:
    """Add steps, both versions of the indirect effects, direct and total effects of a cause without sessions of its own."""
    target = paths[0].edges[-1].outcome
    source = paths[0].edges[0].source
    direct_text = join_nodes(source, target)
    every = outcomes_of(paths)
    for path in paths:
        if len(path.edges) > 1:
            edge, effect = path.edges[0], name_step(0, len(path.edges), len(paths))
            quantities.add_step(edge, effect, "overall", _only_step(edge, drawn), "")
    own = next((_only_step(path.edges[0], drawn) for path in paths if len(path.edges) == 1), None)
    products = {
        level: [np.prod([s for s in found if s is not None], axis=0) for found in all_found]
        for level, all_found in steps.items()
        if all(s is not None for found in all_found for s in found)
    }
    between = _between_level(drawn, paths)
    indirect = [position for position, path in enumerate(paths) if len(path.edges) > 1]
    base = products.get(between)
    total = None if base is None else np.sum(base, axis=0)
    for level in dict.fromkeys(("within", between)):
        if level not in products:
            continue
        for position in indirect:
            path = paths[position]
            for effect in ("indirect", "indirect_product"):
                of = outcomes_of([path])
                quantities.add(path.text, effect, level, products[level][position], of)
        if total is None or own is None:
            continue
        rest = total - np.sum([products[level][position] for position in indirect], axis=0)
        for effect, values in (("c_prime", rest), ("direct", rest), ("total", total)):
            quantities.add(direct_text, effect, level, values, every)


def _between_level(drawn: dict[str, Drawn], paths: list[Path]) -> str:
    """Return the level at which a constant cause moves the mediators' means."""
    first = paths[-1].edges[0]
    column = next(c for c in drawn[first.outcome].fitted.design.columns if c.term == first.term)
    split = all(_step(edge, column.level, drawn) is not None for path in paths for edge in path.edges[1:])
    return column.level if split else "between_patient"


def _add_coefficients(quantities: Quantities, draws: Drawn, lag: int) -> None:
    outcome = draws.fitted.design.outcome
    for position, column in enumerate(draws.fitted.design.columns):
        split = column.name != column.term
        horizon = name_horizon(lag * column.term.endswith(LAG)) if split else ""
        text = join_nodes(column.term, outcome)
        quantities.add(text, "coefficient", column.level, draws.beta[:, position], (outcome,), horizon)


def _add_components(quantities: Quantities, draws: Drawn) -> None:
    design = draws.fitted.design
    for level, columns in design.arrays.varying.items():
        chosen = list(columns)
        named = [(design.varying[effect], design.outcome) for effect in chosen]
        add_components(quantities, level, named, draws.covariances[level][:, chosen][:, :, chosen])
