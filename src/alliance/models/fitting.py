"""Fit a declared model: the one place where a family's name becomes a call."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alliance.config import Config, ModelSpec
from alliance.config.timing import parse_term
from alliance.facts.families import FAMILIES

if TYPE_CHECKING:  # the workflow asks for settings and need not wait for pandas
    import pandas as pd

    from alliance.models.container import FitResult


def fit_declared(panel: "pd.DataFrame", name: str, spec: ModelSpec, settings: dict[str, Any]) -> "FitResult":
    """Fit a declared model with its family.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        What `settings_for` gives.

    Raises
    ------
    ModelError
        Panel and declaration do not go together.
    """
    result: FitResult = import_module(FAMILIES[spec.family].module).fit(panel, name, spec, settings)
    return result


def settings_for(spec: ModelSpec, config: Config) -> dict[str, Any]:
    """Return everything outside the panel and the spec that a fit depends on, as plain values.

    A change of a setting that is not in here does not refit the model: labels and thresholds of diagnostics are not.
    """
    terms = (parse_term(item, config.variables) for item in spec.named_columns())
    owners = {term.variable for term in terms if term is not None}
    bare = {"label": "-", "unit": "-", "rater": None, "higher_is": None}
    return {
        "seed": config.run.seed,
        "lag": config.panel.lag,
        "max_gap_days": config.panel.max_gap_days,
        "planned_sessions": config.study.planned_sessions,
        "monte_carlo_draws": config.inference.monte_carlo_draws,
        "variables": {
            key: variable.model_copy(update=bare).model_dump(mode="json")
            for key, variable in config.variables.items()
            if key in owners
        },
        **{section: getattr(config, section).model_dump(mode="json") for section in FAMILIES[spec.family].sections},
    }
