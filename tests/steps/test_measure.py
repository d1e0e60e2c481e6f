"""Scoring as a step: files in, files out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.errors import DataError
from alliance.facts.artefacts import ARTEFACTS
from alliance.steps.measure import score_measures

INSTRUMENT = str(Path(__file__).parents[2] / "config" / "instruments" / "gad_7.yaml")
VARIABLES = {
    "symptoms": {"label": "worry", "kind": "scale", "instrument": "gad_7", "items": "g{item}", "measured": "before"},
    "age": {"label": "age", "column": "age", "table": "patients"},
}


def clean_sessions(folder: Path, answer: float = 2.0) -> str:
    table = pd.DataFrame({"patient": ["P001", "P001", "P002"], "session": [1, 2, 1], "days": [0.0, 7.0, 0.0]})
    table = table.assign(weeks=table["days"] / 7, **{f"symptoms__{item}": answer for item in range(1, 8)})
    table.loc[2, "symptoms__1"] = np.nan
    path = folder / "sessions.parquet"
    table.to_parquet(path)
    return str(path)


def test_scores_their_reliability_and_their_meaning_are_written(tmp_path: Path) -> None:
    scores, reliability = tmp_path / "out" / "scores.parquet", tmp_path / "out" / "reliability.csv"
    meanings = tmp_path / "out" / "meanings.csv"
    score_measures(
        sessions=clean_sessions(tmp_path),
        instruments=[INSTRUMENT],
        scores=str(scores),
        reliability=str(reliability),
        meanings=str(meanings),
        detectors=str(tmp_path / "out" / "detectors.csv"),
        variables=VARIABLES,
    )
    assert pd.read_parquet(scores)["symptoms"].tolist() == [14.0, 14.0, 14.0]  # the last is 12 / 6 * 7
    written = pd.read_csv(reliability)
    assert list(written) == ARTEFACTS["reliability"].header
    assert written["prorated"].tolist() == [1]
    assert list(pd.read_csv(tmp_path / "out" / "detectors.csv")) == ARTEFACTS["detectors"].header
    meant = pd.read_csv(meanings).iloc[0]
    assert (meant["case_rule"], meant["case_value"], meant["change_value"]) == ("at_least", 8.0, 4.0)


def test_nothing_is_written_when_answers_lie_outside_the_range(tmp_path: Path) -> None:
    scores = tmp_path / "scores.parquet"
    with pytest.raises(DataError, match="GAD-7"):
        score_measures(
            sessions=clean_sessions(tmp_path, answer=4.0),
            instruments=[INSTRUMENT],
            scores=str(scores),
            reliability=str(tmp_path / "reliability.csv"),
            meanings=str(tmp_path / "meanings.csv"),
            detectors=str(tmp_path / "detectors.csv"),
            variables=VARIABLES,
        )
    assert not scores.exists()
