"""Families of models: each fits a declared diagram and returns draws of its paths in one container.

A family is one module with ``fit(panel, name, spec, settings) -> FitResult``, and one line in `FAMILIES`.
"""

from dataclasses import dataclass
from typing import Any

from alliance.config import Config, ModelSpec
from alliance.config.timing import parse_term
from alliance.errors import ConfigError, suggest


@dataclass(frozen=True)
class Family:
    """Where a family lives, and which sections of the configuration its fit depends on."""

    module: str
    sections: tuple[str, ...]
    threads: int = 1


FAMILIES = {
    "textbook": Family("alliance.models.textbook", ()),
    "multilevel_path": Family("alliance.models.path", ("sampling", "priors"), threads=2),
    "direct": Family("alliance.models.direct", ("sampling", "priors"), threads=2),
}


def family_of(name: str, spec: ModelSpec) -> Family:
    """Return the family of a declared model.

    Raises
    ------
    ConfigError
        There is no family of that name.
    """
    if spec.family not in FAMILIES:
        raise ConfigError(
            f"models.specs.{name}.family: there is no family '{spec.family}'.{suggest(spec.family, FAMILIES)} "
            f"Known families: {', '.join(FAMILIES)}."
        )
    return FAMILIES[spec.family]


def settings_for(name: str, spec: ModelSpec, config: Config) -> dict[str, Any]:
    """Return everything outside the panel and the spec that a fit depends on, as plain values.

    A change of a setting that is not in here does not refit the model: labels and thresholds of diagnostics are not.
    """
    terms = (parse_term(item, config.variables) for item in spec.named_columns())
    owners = {term.variable for term in terms if term is not None}
    bare = {"label": "-", "unit": "-", "rater": None, "higher_is": None}
    return {
        "seed": config.run.seed,
        "lag": config.panel.lag,
        "monte_carlo_draws": config.inference.monte_carlo_draws,
        "variables": {
            key: variable.model_copy(update=bare).model_dump(mode="json")
            for key, variable in config.variables.items()
            if key in owners
        },
        **{section: getattr(config, section).model_dump(mode="json") for section in family_of(name, spec).sections},
    }
