"""What figures, tables and sentences about ruptures share: one row for each way in which they are told, with all that is known of it."""

from typing import Any, Final

import pandas as pd

from alliance.config import Config
from alliance.config.rupture import RUPTURE_MARK
from alliance.facts.columns import records
from alliance.facts.detectors import DETECTORS, OBSERVER
from alliance.facts.quantity import ends_of

NAME: Final = "ruptures"  # of the question
_OBSERVED: Final = "observers"


def label_detector(name: str) -> str:
    """Return what people call a way to tell ruptures."""
    return _OBSERVED if name == OBSERVER else DETECTORS[name].label


def looks_ahead(name: str) -> bool:
    """Whether a session is judged by later ones too."""
    return name != OBSERVER and DETECTORS[name].ahead


def marks_in(config: Config) -> dict[str, dict[str, str]]:
    """Return the marks of each detector: state -> variable."""
    found: dict[str, dict[str, str]] = {}
    for name, variable in config.variables.items():
        if variable.kind == RUPTURE_MARK:
            found.setdefault(str(variable.detector), {})[str(variable.state)] = name
    return found


def statistic_of(estimates: pd.DataFrame, model: str, path: str, effect: str) -> dict[str, Any] | None:
    """Return one number of the model that describes ruptures, or None where too few patients told it."""
    rows = estimates[(estimates["model"] == model) & (estimates["path"] == path) & (estimates["effect"] == effect)]
    return None if rows.empty else {str(key): value for key, value in rows.iloc[0].items()}


def following(estimates: pd.DataFrame, mark: str, outcome: str, config: Config) -> dict[str, Any] | None:
    """Return the effect of a mark on the outcome at the next session, of the model that has it as a cause."""
    for row in records(estimates[(estimates["effect"] == "effect") & (estimates["level"] == "within")]):
        causes = [pair.source for pair in config.models.specs[row.model].every_effects()]
        if mark in causes and ends_of(row.path) == (mark, outcome):
            return dict(row._asdict())
    return None
