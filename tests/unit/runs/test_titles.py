"""A variable without a label has the one that its file gives it, unless that is long, or somebody else's."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from alliance.config import merge_with_base
from alliance.runs.titles import titles_from

COLUMNS = {"TECH": "Use of techniques", "MOT": "Motivation", "LONG": "x" * 70, "PHQ": "Motivation", "WAI1": "Item one"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    frame = pd.DataFrame({name: [1.0, 2.0] for name in COLUMNS})
    pyreadstat.write_sav(frame, str(tmp_path / "t.sav"), column_labels=COLUMNS)
    pyreadstat.write_dta(frame, str(tmp_path / "t.dta"), column_labels=COLUMNS)
    return tmp_path


def labels(root: Path, file: str, variables: dict[str, Any], **source: Any) -> dict[str, str]:
    sessions = {"path": file, "keys": {}, **source}
    overlay = {"data": {"sessions": sessions}, "variables": variables, "models": {"specs": {}}}
    settings = merge_with_base({"panel": {}}, [overlay], titles_from(root))
    return {name: settings["variables"][name]["label"] for name in variables}  # questions bring measures of their own


@pytest.mark.parametrize("file", ["t.sav", "t.dta"])
def test_titles_of_files_are_labels_where_the_configuration_is_silent(folder: Path, file: str) -> None:
    variables = {
        "technique": {"column": "TECH"},
        "said": {"column": "MOT", "label": "drive"},
        "long_one": {"column": "LONG"},
        "alliance": {"kind": "scale", "items": "WAI{item}"},
        "absent": {"column": "NO"},
    }
    assert labels(folder, file, variables) == {
        "technique": "Use of techniques", "said": "drive", "long_one": "long one", "alliance": "alliance", "absent": "absent",
    }  # fmt: skip


def test_a_title_that_two_variables_share_is_nobodys(folder: Path) -> None:
    assert labels(folder, "t.sav", {"one": {"column": "MOT"}, "two": {"column": "PHQ"}}) == {"one": "one", "two": "two"}
    shared = {"one": {"column": "MOT"}, "two": {"column": "X", "label": "motivation"}}
    assert labels(folder, "t.sav", shared)["one"] == "one"


@pytest.mark.parametrize(
    "source", [{"wide": {"columns": {}, "sessions": [1]}}, {"path": "gone.sav"}, {"path": "t.csv"}]
)
def test_other_files_have_no_titles(folder: Path, source: dict[str, Any]) -> None:
    assert labels(folder, "t.sav", {"technique": {"column": "TECH"}}, **source) == {"technique": "technique"}


@pytest.mark.parametrize("settings", [{}, {"variables": {"odd": None}}])
def test_settings_without_variables_have_no_titles(folder: Path, settings: dict[str, Any]) -> None:
    assert titles_from(folder)(settings) == {}
