"""An export becomes an overlay that loads and checks clean, and nothing that exists is written over."""

from pathlib import Path

import pytest
import yaml

from alliance import Study
from alliance.cli import main
from alliance.errors import ConfigError, DataError
from alliance.facts.detectors import DETECTORS
from alliance.first.contact import new
from tests.unit.first import exports


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = exports.project(tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


def four_columns(root: Path) -> Path:
    rows = exports.sessions()[["patient", "session", "alliance", "symptoms"]].round(2)
    path = root / "data/raw/mine.csv"
    rows.to_csv(path, index=False)
    return path


def test_four_columns_need_fifteen_lines_and_have_the_reciprocal_model(root: Path) -> None:
    said = new([four_columns(root)])
    text = (root / "config/local_mine.yaml").read_text(encoding="utf-8")
    assert text.count("\n") <= 15
    assert "Checked: no errors" in said
    study = Study("config/local_mine.yaml")
    of_ruptures = ["ruptures_of_alliance", *(f"after_rupture_{name}" for name in DETECTORS)]
    alone = ["both_jointly", "variance", "alliance_over_time", "symptoms_change"]
    assert study.config.models.fit == [*alone, *of_ruptures]
    assert study.config.data.sessions.path == "data/raw/mine.csv"
    assert study.config.data.sessions.keys == {"patient": "patient", "session": "session"}
    assert {name: one.column for name, one in study.config.variables.items() if one.column is not None} == {
        "alliance": "alliance",
        "symptoms": "symptoms",
    }


def test_what_is_said_fits_a_narrow_terminal_but_for_the_command_to_be_copied(root: Path) -> None:
    said = new([four_columns(root).relative_to(root)], width=40).splitlines()
    assert said[-1] == "  make run CONFIG=config/local_mine.yaml"
    assert max(map(len, said)) <= 40 and "Recognised:" in said


def test_command_asks_nothing_where_there_is_no_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", str(four_columns(root)), "--name", "Our Clinic"])
    said = capsys.readouterr().out
    assert "Written: config/local_our_clinic.yaml" in said
    assert "assumed" in said
    assert yaml.safe_load((root / "config/local_our_clinic.yaml").read_text(encoding="utf-8"))["run"] == {
        "name": "our_clinic"
    }


def test_overlay_that_exists_is_kept(root: Path) -> None:
    path = four_columns(root)
    new([path])
    before = (root / "config/local_mine.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="exists already and is kept"):
        new([path])
    assert (root / "config/local_mine.yaml").read_text(encoding="utf-8") == before
    new([path], "mine_2")  # the remedy that the message names


def test_file_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv does not exist"):
        new([root / "none.csv"])
