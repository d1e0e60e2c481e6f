"""What figures, tables and the report read."""

from pathlib import Path

import pandas as pd

from alliance.steps.inputs import read_inputs
from tests.artefacts import builders


def test_of_the_panel_everything_is_read_but_what_only_models_of_ruptures_look_at(tmp_path: Path) -> None:
    config = builders.arms_config(questions=["ruptures"])
    mark = next(name for name, variable in config.variables.items() if variable.kind == "rupture_mark")
    columns = [
        "patient",
        "alliance",
        "alliance_lag",
        "alliance_between_therapist",
        mark,
        f"{mark}_lag",
        f"{mark}_between",
    ]
    panel = pd.DataFrame({column: [1.0, 2.0] for column in columns})
    panel.to_parquet(tmp_path / "panel.parquet")
    read = read_inputs({"panel": str(tmp_path / "panel.parquet")}, ["panel"], config)["panel"]
    pd.testing.assert_frame_equal(read, panel[columns[:5]])
