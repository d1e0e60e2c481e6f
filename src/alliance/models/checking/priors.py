"""The priors in plain words: what each says in standard units, and what that means in the units of the data."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from alliance.facts.columns import VARIABILITY
from alliance.facts.quantity import join_nodes
from alliance.models.correlations import shape_of, word_of
from alliance.models.design.arrays import INTERCEPT, Design, Equation
from alliance.models.design.names import pairs


def describe_priors(design: Design, priors: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per prior: block, parameter, distribution, standardised, kind, centre, scale, shape, unit and meaning.

    In raw units the prior is ``centre + scale`` times a variable of its kind: standard normal, half-normal, or Beta(shape, shape).
    """
    fixed = chain.from_iterable(_fixed(equation, priors) for equation in design.equations.values())
    varying = chain.from_iterable(_varying(design, level, priors) for level in design.differing)
    return [*fixed, *_together(design), *varying]


def _together(design: Design) -> list[dict[str, Any]]:
    """Describe correlations of residuals with those of other outcomes and with the one before: uniform.

    Of other outcomes over all matrices with the zeros of the diagram.

    A single one is 2 Beta(1 + c / 2, 1 + c / 2) - 1, c the number of outcomes that are paired with one of its two (exactly so up to three
    outcomes of an occasion, and where all are paired).
    """
    outcomes, chosen = list(design.equations), design.occasions.pairs
    rows = []
    for pair in chosen:
        near = {k for other in chosen if set(other) & set(pair) for k in other} - set(pair)
        text = "Uniform(-1, 1)" if not near else "uniform over correlation matrices"
        parameter = " with ".join(outcomes[k] for k in pair)
        meaning = "Whether sessions high on one of the two are high on the other, beyond what the equations expect."
        drawn = ("beta", -1.0, 2.0, 1 + len(near) / 2)
        rows.append(_row("correlations of residuals", parameter, text, text, drawn, "correlation", meaning))
    for outcome, series in design.series.items():
        text, low = ("Uniform(-1, 1)", -1.0) if series.signed else ("Uniform(0, 1)", 0.0)
        meaning = (
            f"Whether what the equation leaves of {outcome} lasts: residuals of a patient {design.apart[outcome]}."
        )
        drawn = ("beta", low, 1.0 - low, 1.0)
        rows.append(_row("correlations of residuals", outcome, text, text, drawn, "correlation", meaning))
    return rows


def _fixed(equation: Equation, priors: Mapping[str, Any]) -> list[dict[str, Any]]:
    outcome = equation.outcome
    sd = priors["intercept_sd"] * equation.y_sd
    rows = [
        _row(
            "intercepts",
            outcome,
            f"Normal({equation.y_mean:.3g}, {sd:.3g})",
            f"Normal(0, {priors['intercept_sd']:g})",
            ("normal", equation.y_mean, sd, np.nan),
            f"units of {outcome}",
            f"Expected {outcome} when every predictor is at its mean.",
        )
    ]
    for term in equation.terms:
        sd = priors["slope_sd"] * equation.scale(term)
        rows.append(
            _row(
                "effects",
                join_nodes(term, outcome),
                f"Normal(0, {sd:.3g})",
                f"Normal(0, {priors['slope_sd']:g})",
                ("normal", 0.0, sd, np.nan),
                f"units of {outcome} per unit of {term}",
                f"Difference in {outcome} per unit of {term}; most likely small, in either direction.",
            )
        )
    if equation.answered:
        return rows
    rows.append(
        _half_normal(
            "residuals",
            outcome,
            priors["residual_sd"],
            equation.y_sd,
            f"units of {outcome}",
            f"How far {outcome} of single sessions lies from what the equation expects.",
        )
    )
    return rows


def _varying(design: Design, level: str, priors: Mapping[str, Any]) -> list[dict[str, Any]]:
    effects = design.differing[level]
    rows = []
    for effect, scale in zip(effects, design.scales(level), strict=True):
        if effect.term == VARIABILITY:
            meaning = (
                f"How much {level}s differ in how far {effect.outcome} lies from what the equation expects of them."
            )
            unit = "logarithms of the residual variance"
            rows.append(
                _half_normal(f"differences between {level}s", effect.text, priors["varying_sd"], scale, unit, meaning)
            )
            continue
        what = (
            f"mean level of {effect.outcome}"
            if effect.term == INTERCEPT
            else f"slope of {effect.term} in the equation of {effect.outcome}"
        )
        unit = f"units of {effect.outcome}" + ("" if effect.term == INTERCEPT else f" per unit of {effect.term}")
        meaning = f"How much the {what} differs between {level}s."
        rows.append(
            _half_normal(f"differences between {level}s", effect.text, priors["varying_sd"], scale, unit, meaning)
        )
    text, shape = word_of(priors["correlations"]), shape_of(priors["correlations"], len(effects))
    for i, j in pairs(len(effects)):
        meaning = f"Whether {level}s high on one of the two are high on the other."
        parameter = f"{effects[i].text} with {effects[j].text}"
        rows.append(
            _row(
                f"correlations between {level}s",
                parameter,
                text,
                text,
                ("beta", -1.0, 2.0, shape),
                "correlation",
                meaning,
            )
        )
    return rows


def _half_normal(block: str, parameter: str, sd: float, scale: float, unit: str, meaning: str) -> dict[str, Any]:
    drawn = ("half-normal", 0.0, sd * scale, np.nan)
    return _row(block, parameter, f"HalfNormal({sd * scale:.3g})", f"HalfNormal({sd:g})", drawn, unit, meaning)


def _row(
    block: str,
    parameter: str,
    raw: str,
    standardised: str,
    drawn: tuple[str, float, float, float],
    unit: str,
    meaning: str,
) -> dict[str, Any]:
    kind, centre, scale, shape = drawn
    return {
        "block": block,
        "parameter": parameter,
        "distribution": raw,
        "standardised": standardised,
        "kind": kind,
        "centre": float(centre),
        "scale": float(scale),
        "shape": float(shape),
        "unit": unit,
        "meaning": meaning,
    }
