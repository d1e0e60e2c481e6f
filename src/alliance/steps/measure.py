"""Score the cleaned sessions."""

from typing import Any

import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.scoring.measures import score_sessions
from alliance.runs.files import write_csv, write_parquet


def score_measures(
    *, sessions: str, instruments: list[str], scores: str, reliability: str, variables: dict[str, dict[str, Any]]
) -> None:
    """Turn items into scores, categories into numbers, and say how reliable each scale is."""
    declared = {name: Variable.model_validate(settings) for name, settings in variables.items()}
    table, described = score_sessions(pd.read_parquet(sessions), declared, read_instruments(instruments))
    write_parquet(table, scores)
    write_csv(described, reliability)
