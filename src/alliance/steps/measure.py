"""Score the cleaned sessions."""

from typing import Any

import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.scoring.measures import score_sessions
from alliance.runs.artefacts import write_artefact


def score_measures(
    *, sessions: str, instruments: list[str], scores: str, reliability: str, variables: dict[str, dict[str, Any]]
) -> None:
    """Turn items into scores, categories into numbers, and say how reliable each scale is."""
    declared = {name: Variable.model_validate(settings) for name, settings in variables.items()}
    table, described = score_sessions(pd.read_parquet(sessions), declared, read_instruments(instruments))
    write_artefact("scores", table, scores)
    write_artefact("reliability", described, reliability)
