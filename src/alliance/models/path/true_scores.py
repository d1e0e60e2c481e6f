"""The same model for what nobody sees: true scores of measures with error, and constructs with several indicators.

Where error is in a value that lasts, as in an own past, a cross-lag or an initial value, no formula takes it off estimates. So the model is
fitted again, by maximum likelihood, with all true values as unknowns of it (`alliance.models.filling.measured`), and its estimates stand
beside those of the scores as they were recorded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import Variable
from alliance.config.timing import answered_as, parse_term
from alliance.errors import ModelError
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import BASELINE, BETWEEN, LAG
from alliance.facts.effects import EFFECTS
from alliance.facts.marks import Mark
from alliance.facts.quantity import key_of
from alliance.models.checking.drifting import TAKEN_OFF, check_constructs, mark_constructs, take_off
from alliance.models.checking.invariance import INTERCEPT
from alliance.models.checking.unreliable import NOTHING_LEFT, TrueScore, predicted_by
from alliance.models.checking.unreliable import find_obstacle as has_no_formula
from alliance.models.container import pack_rows
from alliance.models.filling.measured import ERROR, LASTING, LOADING
from alliance.models.filling.readings import Indicator, constructs_among, read_construct, read_score
from alliance.models.joint import Task, compute_effects
from alliance.models.path.basis import Basis, explore_declared
from alliance.models.path.layout import Natural
from alliance.models.path.resemblance import mark_resemblance
from alliance.models.path.settings import Spec
from alliance.models.quantities.contrasts import find_margin
from alliance.models.quantities.pairs import Quantities
from alliance.report.numbers import format_number


@dataclass(frozen=True)
class TrueScores:
    """Estimates for what nobody sees.

    Parameters
    ----------
    quantities, point
        Effects: draws from their sampling distribution, and at the estimate.
    basis
        What was found.
    """

    quantities: Quantities
    point: Quantities
    basis: Basis


def correct_for_errors(
    panel: pd.DataFrame, spec: Spec, settings: Mapping[str, Any], task: Task
) -> tuple[dict[str, xr.Dataset], dict[str, TrueScore], list[Mark]]:
    """Fit a model for true values where its scores have error that no formula takes off, or parts of a construct are its indicators.

    Parameters
    ----------
    panel, spec, settings
        See `alliance.models.path.fit.fit`.
    task
        The model of the scores as they were recorded.

    Returns
    -------
    groups
        The group ``corrected`` of the container, if there is anything to correct and nothing stands in the way; and ``invariance``, where
        there are constructs.
    scores
        Variable with error -> what became of its true values.
    marks
        What was found.
    """
    known = {name: of for name, of in settings.get("reliability", {}).items() if _matters(task, name, of)}
    constructs = constructs_among(list(spec.equations), task.variables)
    latent = (name for name, variable in task.variables.items() if variable.latent)
    named = list(dict.fromkeys([*constructs, *(name for name in latent if predicted_by(task.design, name))]))
    tested = check_constructs(panel, named, task.variables)
    rows = [row for construct in tested for row in construct.rows()]
    groups = {"invariance": pack_rows(rows)} if rows else {}
    if not named and not any(
        of["within"][0] < 1 and has_no_formula(task.design, name, task.variables) for name, of in known.items()
    ):
        return {}, {}, []
    reasons = {name: find_obstacle(spec, name, task.variables) for name in dict.fromkeys([*known, *named])}
    for name, of in known.items():
        if not reasons[name] and not of["within"][0] < 1:
            reasons[name] = (
                "it is declared free of error at single sessions but not in what lasts; give 'within' below 1 too"
            )
    for name, of in settings.get("reliability", {}).items():
        if predicted_by(task.design, name) and None in (of["within"][0], of["between"][0]):
            reasons = dict.fromkeys(reasons, f"the reliability of '{name}' could not be computed from its items")
    if any(reasons.values()):
        refused = {name: TrueScore(reason) for name, reason in reasons.items()}
        return groups, refused, mark_constructs(tested, task.design)
    hidden = {name: read_construct(task.variables[name]) for name in constructs}
    for name, of in known.items():
        (within, doubt), (between, lasting_doubt) = of["within"], of["between"]
        hidden[name] = [read_score(panel, name, (within, between), (doubt, lasting_doubt))]
    found, marks = fit_true_scores(panel, task.name, spec, settings, hidden)
    if isinstance(found, str):
        return groups, dict.fromkeys(reasons, TrueScore(found)), [*marks, *mark_constructs(tested, task.design)]
    without = ""
    if any(construct.drifting(INTERCEPT) for construct in tested):
        without = compare_without(found, fit_true_scores(take_off(panel, tested), task.name, spec, settings, hidden)[0])
    marks += mark_constructs(tested, task.design, without)
    scores = {
        name: describe_construct(panel, name, found.basis) if name in constructs else TrueScore() for name in reasons
    }
    return groups | {"corrected": found.quantities.pack(1, found.point)}, scores, marks


def compare_without(found: TrueScores, without: TrueScores | str) -> str:
    """Say how many standard errors coefficients change by once drifts of intercepts are taken off indicators, at most."""
    if isinstance(without, str):
        return f"{TAKEN_OFF}, the model gives no coefficients to compare"
    before_of, after_of = (
        {key_of(row): float(value[0]) for row, value in zip(point.rows, point.draws, strict=True)}
        for point in (found.point, without.point)
    )
    changes = []
    for row, draws in zip(found.quantities.rows, found.quantities.draws, strict=True):
        if row["effect"] == "coefficient":
            before, after = before_of[key_of(row)], after_of[key_of(row)]
            changes.append((abs(after - before) / draws.std(), row["path"], before, after))
    change, path, before, after = max(changes)
    return (
        f"{TAKEN_OFF}, no coefficient changes by more than {format_number(change, 2)} standard errors "
        f"({path}: {format_number(before, 2)} before, {format_number(after, 2)} after)"
    )


def describe_construct(panel: pd.DataFrame, name: str, basis: Basis) -> TrueScore:
    """Say how reliable a composite is within patients, and what its parts tell of the construct.

    omega = 1 - sum_j w_j^2 theta_j / V, with V the variance of the composite within patients.
    """
    assert basis.completion is not None
    readings, described = basis.completion.cells.grid.readings, basis.completion.described[0].mean(axis=0)
    own = [number for number, reading in enumerate(readings) if reading.variable == name]
    weights = np.array([readings[number].indicator.weight for number in own])
    whole = read_score(panel, name, (1.0, 1.0)).error
    assert whole is not None
    error = float(weights**2 @ described[own, ERROR])
    told = [
        f"{readings[number].indicator.column} {format_number(described[number, LOADING], 2)} "
        f"({format_number(np.sqrt(described[number, ERROR]), 2)}, {format_number(np.sqrt(described[number, LASTING]), 2)})"
        for number in own
    ]
    text = f"; loadings (standard deviations of errors of a session, and of errors that last): {', '.join(told)}"
    return TrueScore("", 1 - error / whole.spread[0], text)


def _matters(task: Task, name: str, of: Mapping[str, Any]) -> bool:
    """Whether a score has known error and predicts something."""
    values = [of[level][0] for level in ("within", "between")]
    return None not in values and min(values) < 1 and bool(predicted_by(task.design, name))


def find_obstacle(spec: Spec, name: str, variables: Mapping[str, Variable]) -> str:
    """Return why true values of a variable cannot be unknowns of a model; empty where they can."""
    return next(_obstacles(spec, name, variables), "")


def _obstacles(spec: Spec, name: str, variables: Mapping[str, Variable]) -> Iterator[str]:
    if spec.variable_outcomes:
        yield "patients differ in variability, beside which nothing is filled in; take 'variability' out of 'vary'"
    if spec.missing != "fill":
        yield "its true values are filled in like missing ones; remove 'missing: drop'"
    if spec.autocorrelation:
        yield (
            f"residuals that last and error are hardly told apart; remove 'autocorrelation', '{name}{LAG}' among the predictors is another "
            f"account of what lasts"
        )
    for outcome in spec.equations:
        if answered := answered_as(outcome, spec, dict(variables)):
            yield f"'{outcome}' is {answered}, and the propensity behind its answers has a scale of its own that error would change"
    if spec.residual_correlations:
        yield "a residual correlation that is held is one of scores, not of true values; remove 'residual_correlations'"
    if name not in spec.equations:
        yield (
            f"it has no equation of its own, so nothing says how its true values are distributed; give it one, as in "
            f"'{name}: {{on: [session], vary: {{patient: [intercept]}}}}'"
        )
    known = parse_term(name, dict(variables))
    if known is not None and known.variable is not None and variables[known.variable].censored:
        yield "it is declared 'censored', and its error is that of the scores as they are"
    for product, factors in spec.products.items():
        found = [parse_term(factor, dict(variables)) for factor in factors]
        if any(term is not None and term.base == name for term in found):
            yield f"it is a factor of the product '{product}', and what is unknown at every session is not multiplied"
    for outcome, equation in spec.equations.items():
        started = all(f"{name}{BASELINE}" in other.on for other in spec.equations.values())
        if f"{name}{LAG}" in equation.on and not started:
            yield (
                f"'{name}{LAG}' predicts '{outcome}', and nothing says how its first values are distributed; add '{name}{BASELINE}' to "
                f"'on' of every equation, or remove 'initial_values_signed_off'"
            )
        if f"{name}{BETWEEN}" in equation.on:
            yield f"'{name}{BETWEEN}', a mean of scores with error, predicts '{outcome}'; remove it, the model has true means"


def fit_true_scores(
    panel: pd.DataFrame, name: str, spec: Spec, settings: Mapping[str, Any], hidden: Mapping[str, Sequence[Indicator]]
) -> tuple[TrueScores | str, list[Mark]]:
    """Fit a model with variables that nobody sees, by maximum likelihood.

    Parameters
    ----------
    hidden
        Outcomes of the model -> what tells them; nothing stands in the way of any (`find_obstacle`).

    Returns
    -------
    scores
        Why there are none, where there are none.
    marks
        What was found.
    """
    plain = {"depth": "ml", "standard_errors": "information", "bootstrap": None}
    try:
        basis = explore_declared(panel, name, spec.model_copy(update=plain), settings, hidden)
    except (ModelError, np.linalg.LinAlgError) as error:
        return f"a fit with its true values as unknowns failed: {error}", []
    found, target = basis.found, basis.maximum.target
    natural = target.natural(found.positions)
    marks = mark_unsettled(natural, hidden)
    if marks or found.point is None:
        return NOTHING_LEFT, marks
    quantities = _effects(compute_effects(basis.task, natural.named))
    point = compute_effects(basis.task, target.natural(found.point).named, point=True)
    assert basis.completion is not None
    return TrueScores(quantities, point, basis), [mark_resemblance(basis.completion)]


def mark_unsettled(natural: Natural, hidden: Iterable[str]) -> list[Mark]:
    """Mark outcomes of whose true values hardly any residual may be left, at draws of the parameters."""
    outcomes, marks = list(natural.layout.coefficients), []
    for outcome in hidden:
        margin = find_margin(natural.residual[:, outcomes.index(outcome)] ** 2)
        if margin < CAUTIONS["unsettled_error"].threshold:
            marks.append(Mark("unsettled_error", outcome, margin, outcomes=(outcome,)))
    return marks


def _effects(quantities: Quantities) -> Quantities:
    """Return effects without the components that differences are made of."""
    kept = [
        n
        for n, row in enumerate(quantities.rows)
        if EFFECTS[row["effect"]].kind != "component" or row["effect"] == "coefficient"
    ]
    return replace(quantities, rows=[quantities.rows[n] for n in kept], draws=[quantities.draws[n] for n in kept])
