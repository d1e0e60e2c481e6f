"""How much units differ in the effects of path models, what goes together, and what the equations leave."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.analyses import PATH
from alliance.facts.columns import VARIABILITY, records
from alliance.facts.effects import COMPONENT_LEVELS, THRESHOLD
from alliance.facts.quantity import nodes_of, varying_on
from alliance.report.labels import capitalised_name, label_effect, label_held, label_level, label_model, label_of
from alliance.report.propensity import describe_scales
from alliance.report.tables.marks import count_units, notes_of, write_estimates
from alliance.report.tables.table import Table

TITLE = "What varies, and what is left"
NEEDS = ("estimates",)
_WORDS = {"intercept": "intercept of {outcome}", "residual": "residual of {outcome}"}
_THRESHOLDS = "Thresholds of ordered answers count from the first, which is zero. "
_OF_VARIABILITY = "logarithm of the residual variance of {outcome}"


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return standard deviations and correlations of what varies between units in path models, and of what is left of outcomes."""
    estimates = inputs["estimates"]
    paths = [name for name in config.models.fit if config.models.specs[name].analysis == PATH]
    data = estimates[estimates["model"].isin(paths) & estimates["level"].isin(COMPONENT_LEVELS)].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Quantity": [capitalised_name(_quantity(row)) for row in records(data)],
            "Of": [capitalised_name(_name(row, config)) for row in records(data)],
            "Level": [capitalised_name(label_level(level)) for level in data["level"]],
            "Estimate [interval]": write_estimates(data),
            "Patients, sessions": count_units(data),
        }
    )
    notes = [
        "Standard deviations of intercepts and residuals are in the outcome's units, those of slopes in the outcome's units per unit of "
        f"the predictor. {_describe_variability(data)}{describe_scales(config)}"
        f"{_THRESHOLDS if (data['effect'] == THRESHOLD).any() else ''}Residuals hold error of measurement as well as change.",
        *_describe_held(list(dict.fromkeys(data["model"])), config),
        *notes_of(data),
    ]
    if data.empty:
        notes = ["No fitted model has anything that varies between units."]
    return Table(data, shown, "Standard deviations and correlations of what varies, and of residuals", notes, "Model")


def _quantity(row: Any) -> str:
    """Name a quantity, with the distance of the residuals that are correlated."""
    return f"{label_effect(row.effect)}{f' ({row.horizon})' if row.horizon else ''}"


def _name(row: Any, config: Config) -> str:
    """Name the one or two things that vary: intercepts, slopes, residuals or their logarithmic variance."""
    if row.effect == THRESHOLD:
        return " of ".join(label_of(node, config) for node in nodes_of(row.path))
    named = sorted(varying_on(row.path)) if row.path else [f"residual -> {row.outcome}"]
    return " and ".join(_name_one(nodes_of(one), config) for one in named)


def _name_one(effect: list[str], config: Config) -> str:
    term, outcome = effect[0], label_of(effect[-1], config)
    form = _OF_VARIABILITY if term == VARIABILITY else _WORDS.get(term, "slope of {outcome} on {term}")
    return form.format(outcome=outcome, term=label_of(term, config))


def _describe_variability(data: pd.DataFrame) -> str:
    """Say what the standard deviation of a logarithm means, where there is one."""
    if not any(VARIABILITY in path for path in data["path"]):
        return ""
    return (
        "Variability is how far a patient's outcome lies from what is expected, session by session: that of the logarithm of its variance "
        "has no unit, and a patient one standard deviation above the middle has a residual standard deviation exp(SD / 2) times as large. "
        "The standard deviation of the residual is then that of the patient in the middle. "
    )


def _describe_held(models: list[str], config: Config) -> list[str]:
    """List correlations that were given and not estimated."""
    said = [f"{held} ({label_model(name, config)})" for name in models for held in label_held(name, config)]
    return [f"Correlations of residuals that are held, and not estimated: {'; '.join(said)}."] if said else []
