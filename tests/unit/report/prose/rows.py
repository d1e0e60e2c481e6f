"""Single estimates and configurations with one chosen property, for tests of sentences."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.prose.passage import Passage
from tests.artefacts import builders


def estimate(**changes: Any) -> dict[str, Any]:
    """Return one row of estimates: technique by way of alliance to symptoms, clearly below zero."""
    row = {
        "model": "technique_by_steps",
        "family": "textbook",
        "engine": "statsmodels",
        "outcome": "symptoms",
        "path": "technique -> alliance -> symptoms",
        "effect": "indirect",
        "level": "within",
        "horizon": "next session",
        "moderator": "",
        "value": np.nan,
        "estimate": -0.214,
        "sd": 0.05,
        "low": -0.31,
        "high": -0.12,
        "interval": 0.95,
        "interval_kind": "Monte Carlo confidence",
        "p_direction": 0.999,
        "without_priors": np.nan,
        "n_patients": 281,
        "n_sessions": 3012,
        "n_therapists": 30,
        "flag": "",
    }
    assert set(changes) <= set(row)
    return row | changes


def inputs(*rows: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the artefacts of a run that has nothing but these estimates."""
    return {"estimates": pd.DataFrame(list(rows), columns=ARTEFACTS["estimates"].header)}


def said(passages: Iterable[Passage]) -> str:
    """Return all that passages say, in one line."""
    return " ".join(str(sentence) for passage in passages for sentence in passage.sentences)


def of_design(design: str) -> Config:
    """Return the example study with another design; nothing is assigned at random in the weaker ones."""
    study = {"description": "A study.", "design": design, "randomised": ["arm"] if design == "randomised_arms" else []}
    return builders.arms_config(study=study)


def with_models(config: Config, **specs: dict[str, Any]) -> Config:
    """Return the configuration with declared models changed, e.g. ``technique_by_steps={"label": "..."}``."""
    from alliance.config import validate_config

    settings = config.model_dump(mode="json", by_alias=True)
    for name, changes in specs.items():
        settings["models"]["specs"][name] |= changes
    return validate_config(settings)
