"""The effect card of a run: what may leave the house, for a synthesis with other sites."""

from collections.abc import Mapping
from importlib import metadata
from typing import Any

import yaml

from alliance.config import validate_config
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_text
from alliance.synthesis.make import make_card


def write_card(*, estimates: str, panel: str, card: str, settings: Mapping[str, Any]) -> None:
    """Write the effect card of a run.

    Parameters
    ----------
    settings
        The whole merged configuration.
    """
    made = make_card(
        read_artefact(estimates, "estimates"),
        read_artefact(panel, "panel"),
        validate_config(settings),
        {"alliance": metadata.version("alliance")},
    )
    write_text(yaml.safe_dump(made.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120), card)
