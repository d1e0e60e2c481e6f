"""Building the panel as a step: files in, files out."""

from pathlib import Path

import numpy as np
import pandas as pd

from alliance.steps.panel import build_panel

VARIABLES = {
    "x": {"label": "x", "column": "x", "measured": "after"},
    "arm": {"label": "arm", "kind": "category", "column": "arm", "levels": {"old": 0, "new": 1}, "table": "patients"},
}


def test_panel_is_written_with_lags_parts_and_constants(tmp_path: Path) -> None:
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("scores", "patients", "therapists", "panel")}
    keys = {
        "patient": ["P001", "P001"],
        "therapist": [None, None],
        "session": [1, 2],
        "days": [0.0, 7.0],
        "weeks": [0.0, 1.0],
    }
    pd.DataFrame(keys | {"x": [3.0, 5.0]}).to_parquet(paths["scores"])
    pd.DataFrame({"patient": ["P001"], "therapist": ["T01"], "arm": ["new"]}).to_parquet(paths["patients"])
    pd.DataFrame({"therapist": ["T01"]}).to_parquet(paths["therapists"])
    build_panel(**paths, variables=VARIABLES, lag=1, max_gap_days=21)
    panel = pd.read_parquet(paths["panel"])
    np.testing.assert_array_equal(panel["x_lag"], [np.nan, 3])
    assert panel["x_within"].tolist() == [-1, 1]
    assert panel["arm"].tolist() == [1, 1] and panel["therapist"].tolist() == ["T01", "T01"]


def test_panel_is_the_same_for_a_study_without_therapists(tmp_path: Path) -> None:
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("scores", "patients", "therapists", "panel")}
    keys = {
        "patient": ["P001", "P001"],
        "therapist": [None, None],
        "session": [1, 2],
        "days": [0.0, 7.0],
        "weeks": [0.0, 1.0],
    }
    pd.DataFrame(keys | {"x": [3.0, 5.0]}).to_parquet(paths["scores"])
    pd.DataFrame({"patient": ["P001"], "therapist": [None]}).to_parquet(paths["patients"])
    pd.DataFrame({"therapist": []}).to_parquet(paths["therapists"])
    build_panel(**paths, variables={"x": VARIABLES["x"]}, lag=1, max_gap_days=None)
    panel = pd.read_parquet(paths["panel"])
    assert panel["x_between_therapist"].isna().all()
    np.testing.assert_array_equal(panel["x_lag"], [np.nan, 3])
