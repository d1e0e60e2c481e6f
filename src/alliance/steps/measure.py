"""Score the cleaned sessions."""

from typing import Any

import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.scoring.meanings import describe_meanings
from alliance.data.scoring.measures import score_sessions
from alliance.runs.artefacts import write_artefact


def score_measures(
    *,
    sessions: str,
    instruments: list[str],
    scores: str,
    reliability: str,
    meanings: str,
    variables: dict[str, dict[str, Any]],
) -> None:
    """Turn items into scores, categories into numbers, and say how reliable each scale is and what its scores mean."""
    declared = {name: Variable.model_validate(settings) for name, settings in variables.items()}
    known = read_instruments(instruments)
    table, described = score_sessions(pd.read_parquet(sessions), declared, known)
    write_artefact("scores", table, scores)
    write_artefact("reliability", described, reliability)
    write_artefact("meanings", describe_meanings(declared, known), meanings)
