"""What a reader must know about the diagram of a joint model: what it mixes, leaves out, or takes in one direction only."""

from collections.abc import Collection

import numpy as np

from alliance.config import ModelSpec
from alliance.config.initial import initial_values, without_initial_values
from alliance.config.timing import TIME_TERMS
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import BETWEEN, PATIENT
from alliance.facts.effects import of_kind
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_names, join_nodes
from alliance.models.design.arrays import INTERCEPT, Design
from alliance.models.diagram import Path, reached_from
from alliance.models.quantities.initial import initial_terms


def mark_design(design: Design, groups: list[list[Path]], made: Collection[str] = ()) -> list[Mark]:
    """Mark effects that mix levels, patients with one session, products, and initial values.

    Parameters
    ----------
    groups
        Paths of each pair of cause and outcome.
    made
        Predictors that are computed from earlier values of outcomes of the model, and so mix no levels that it does not take apart.
    """
    marks = [
        *_mark_mixed_levels(design, made),
        *_mark_single_sessions(design),
        *_mark_observed_deviations(design),
        *_mark_missing_initial_values(design),
        *_mark_uncorrelated_residuals(design),
        *_mark_held(design),
    ]
    for paths in groups:
        first = paths[0].edges[0]
        if not design.equations[first.outcome].origins[first.term].session_level and initial_terms(design):
            marks.append(Mark("initial_values", first.source))
    return list({(mark.caution, mark.subject): mark for mark in marks}.values())


def mark_sign_off(spec: ModelSpec) -> list[Mark]:
    """Mark a model that was signed off without the initial values it needs."""
    if spec.initial_values_signed_off is None:
        return []
    return [
        Mark("no_initial_values", f"equation of {outcome}", detail=f"without {' and '.join(initial_values(spec))}")
        for outcome in without_initial_values(spec)
    ]


def _mark_mixed_levels(design: Design, made: Collection[str]) -> list[Mark]:
    """Mark session-level predictors without latent or observed means whose values differ between patients by more than chance."""
    limit = CAUTIONS["mixed_levels"].threshold
    marks = []
    for outcome, equation in design.equations.items():
        for term, origin in equation.origins.items():
            if not origin.session_level or origin.factors or origin.base in (*design.equations, *TIME_TERMS):
                continue
            if f"{origin.base}{BETWEEN}" in equation.terms or term in made:
                continue
            share, error = share_between(equation.column(term), equation.rows[PATIENT].to_numpy())
            low, high = max(0.0, share - 1.96 * error), min(1.0, share + 1.96 * error)
            marks.append(
                Mark(
                    "mixed_levels",
                    join_nodes(term, outcome),
                    share,
                    f"95% interval {low:.2f} to {high:.2f}",
                    verdict=low <= 0 or share <= limit,
                    outcomes=(outcome,),
                )
            )
    return marks


def share_between(values: np.ndarray, patients: np.ndarray) -> tuple[float, float]:
    """Return the share of variance that lies between patients, not counting what means of few sessions differ by, and its standard error.

    The intraclass correlation of a one-way analysis of variance and its large-sample error (Fisher 1925; Donner 1986, doi
    10.2307/1403259). Without a patient who has two sessions it is not known, and 1.
    """
    _, codes = np.unique(patients, return_inverse=True)
    n = np.bincount(codes)
    k, left = len(n), len(values) - len(n)
    if left == 0 or k < 2:
        return 1.0, 0.0
    means = np.bincount(codes, values) / n
    within = float(np.sum((values - means[codes]) ** 2)) / left
    between = float(np.sum(n * (means - values.mean()) ** 2)) / (k - 1)
    size = (len(values) - np.sum(n**2) / len(values)) / (k - 1)
    share = max(0.0, float((between - within) / (between + (size - 1) * within)))
    error = np.sqrt(2 / (size * (size - 1) * (k - 1))) * (1 - share) * (1 + (size - 1) * share)
    return share, float(error)


def _mark_single_sessions(design: Design) -> list[Mark]:
    """Mark equations in which patients who say nothing about change within patients are the rule."""
    marks = []
    for outcome, equation in design.equations.items():
        if PATIENT not in equation.units:
            continue
        single = float(np.mean(np.unique(equation.units[PATIENT], return_counts=True)[1] == 1))
        if single > 0:
            marks.append(Mark("single_sessions", outcome, single, outcomes=(outcome,)))
    return marks


def _mark_observed_deviations(design: Design) -> list[Mark]:
    """Mark products with deviations from the mean of a factor that the outcome itself moves at later sessions."""
    marks, moves = [], _arrows(design)
    for outcome, equation in design.equations.items():
        weakened = equation.rows[PATIENT].nunique() / len(equation.rows)  # 1 / sessions per patient
        moved = reached_from(moves, outcome)
        for term, origin in equation.origins.items():
            if any(factor.centring == "own mean" and factor.base in moved for factor in origin.factors):
                marks.append(
                    Mark(
                        "observed_deviations",
                        join_nodes(term, outcome),
                        weakened,
                        outcomes=(outcome,),
                        effects=of_kind("moderated"),
                    )
                )
    return marks


def _mark_missing_initial_values(design: Design) -> list[Mark]:
    """Mark equations without the initial values that others have: latent means are then put together from unlike parts.

    Intercepts of equations with initial values are what these leave over, those of the others are not, and what runs through the initial
    values is missing from their covariance (see `alliance.models.quantities.latent`).
    """
    initial = initial_terms(design)
    varying = {effect.outcome for effect in design.varying.get(PATIENT, []) if effect.term == INTERCEPT}
    missing = {
        outcome: [term for term in initial if term not in design.equations[outcome].terms] for outcome in varying
    }
    return [
        Mark(
            "missing_initial_values",
            f"equation of {outcome}",
            detail=f"without {' and '.join(terms)}",
            levels=("between_patient",),
        )
        for outcome, terms in sorted(missing.items())
        if terms
    ]


def _mark_held(design: Design) -> list[Mark]:
    """Mark residual correlations that are held: effects are those that would follow if they were true."""
    outcomes = list(design.equations)
    return [
        Mark(
            "held_correlation",
            join_names(outcomes[earlier], outcomes[later]),
            value,
            outcomes=(outcomes[earlier], outcomes[later]),
        )
        for (later, earlier), value in design.occasions.held.items()
    ]


def _mark_uncorrelated_residuals(design: Design) -> list[Mark]:
    """Mark outcomes of one occasion whose residuals should be free to correlate, and are not."""
    outcomes = list(design.equations)
    return [
        Mark(
            "uncorrelated_residuals",
            join_names(outcomes[earlier], outcomes[later]),
            outcomes=(outcomes[earlier], outcomes[later]),
        )
        for later, earlier in design.occasions.left_out
    ]


def _arrows(design: Design) -> dict[str, list[str]]:
    """Return which outcomes move which, at the same session or later."""
    arrows: dict[str, list[str]] = {}
    for outcome, equation in design.equations.items():
        for origin in equation.origins.values():
            if origin.session_level and origin.base in design.equations:
                arrows.setdefault(origin.base, []).append(outcome)
    return arrows
