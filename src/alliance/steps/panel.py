"""Build the panel."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.panel import panel_pieces
from alliance.runs.artefacts import write_pieces


def build_panel(
    *,
    scores: str,
    patients: str,
    therapists: str,
    panel: str,
    variables: dict[str, dict[str, Any]],
    lag: int,
    max_gap_days: float | None,
    instruments: Sequence[str] = (),
) -> None:
    """Align sessions, split each score into within and between person parts, and add what is constant."""
    declared = {name: Variable.model_validate(settings) for name, settings in variables.items()}
    pieces = panel_pieces(
        pd.read_parquet(scores),
        pd.read_parquet(patients),
        pd.read_parquet(therapists),
        declared,
        lag,
        max_gap_days,
        read_instruments(instruments),
    )
    write_pieces("panel", pieces, panel)
