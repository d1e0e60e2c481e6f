"""Score the cleaned sessions."""

from typing import Any

import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.ruptures.marks import mark_ruptures
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
    detectors: str,
    variables: dict[str, dict[str, Any]],
    seed: int = 0,
) -> None:
    """Turn items into scores, categories into numbers, and say how reliable each scale is, what its scores mean and where it ruptures."""
    declared = {name: Variable.model_validate(settings) for name, settings in variables.items()}
    known = read_instruments(instruments)
    table, described = score_sessions(pd.read_parquet(sessions), declared, known)
    marked, told = mark_ruptures(table, declared, known, described, seed)
    write_artefact("scores", marked, scores)
    write_artefact("detectors", told, detectors)
    write_artefact("reliability", described, reliability)
    write_artefact("meanings", describe_meanings(declared, known), meanings)
