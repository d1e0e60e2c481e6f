"""Paths and effects of every model."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config, ModelSpec
from alliance.facts.columns import LAG, records
from alliance.facts.effects import EFFECTS, of_kind
from alliance.facts.quantity import nodes_of
from alliance.report.labels import capitalised_name, is_constant, label_effect, label_levels, label_model, label_of
from alliance.report.numbers import format_numbers, format_probability
from alliance.report.propensity import bare_name_in, describe_scales, path_in
from alliance.report.tables.marks import count_units, last_of_curves, notes_of, without_twins, write_estimates
from alliance.report.tables.table import Table
from alliance.results.estimates import MOVED, moved_by_priors

TITLE = "Paths"
NEEDS = ("estimates",)
_WITHOUT_PRIORS = f"Without priors: restricted maximum likelihood, where it is more than {MOVED:g} standard errors from a posterior mean."


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return every path and effect of every model with its interval, direction, N and flag."""
    estimates = inputs["estimates"]
    # The others stand in tables of their own.
    listed = of_kind("step", "path")
    data = without_twins(last_of_curves(estimates[estimates["effect"].isin(listed)])).reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Path": [capitalised_name(_path(row, config)) for row in records(data)],
            "Quantity": [capitalised_name(label_effect(effect)) for effect in data["effect"]],
            "Level": label_levels(data, config),
            "When": [capitalised_name(_when(row, config)) for row in records(data)],
            "Estimate [interval]": write_estimates(data),
            "P(direction)": data["p_direction"].map(format_probability),
            "Patients, sessions": count_units(data),
        }
    )
    moved = moved_by_priors(data)
    if moved.any():
        (without,) = format_numbers(data["without_priors"].tolist())
        shown.insert(
            list(shown).index("P(direction)"),
            "Without priors",
            [text if far else "" for text, far in zip(without, moved, strict=True)],
        )
    notes = [
        "Estimates are in the outcome's units per unit of the first variable; shares of a total are in percent. "
        f"{describe_scales(config)}"
        "P(direction): share of the draws on the side of zero where most lie. "
        "Indirect includes the covariance of a and b between patients where both vary.",
        *([_WITHOUT_PRIORS] if moved.any() else []),
        *notes_of(data),
        *(
            _describe_equations(name, config.models.specs[name], config)
            for name in config.models.fit
            if config.models.specs[name].equations
        ),
    ]
    return Table(data, shown, "Paths in all models", notes, "Model", bounded=("P(direction)",))


def _when(row: Any, config: Config) -> str:
    """Return how much later the outcome is; a step from what is constant within patients is one of each session."""
    constant = EFFECTS[row.effect].kind == "step" and is_constant(nodes_of(row.path)[0], config)
    return row.horizon or ("each session" if constant else "")


def _path(row: Any, config: Config) -> str:
    return path_in(row.path, row.model, config) or label_of(row.outcome, config)


def _describe_equations(name: str, spec: ModelSpec, config: Config) -> str:
    parts = []
    for outcome, equation in spec.equations.items():
        causes = ", ".join(
            bare_name_in(term, name, config).replace(", previous", " of the previous")
            if term.endswith(LAG)
            else bare_name_in(term, name, config)
            for term in equation.on
        )
        parts.append(f"{bare_name_in(outcome, name, config)} on {causes}")
    return f"{label_model(name, config)} ({spec.family}): {'; '.join(parts)}."
