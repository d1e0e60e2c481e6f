"""Results of the workflow, read when they are asked for."""

from pathlib import Path

import pandas as pd
import pytest

from alliance import Run
from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.files import write_csv
from alliance.runs.guards import RunError
from alliance.runs.made import record_made
from tests.artefacts import builders
from tests.artefacts.runs import write_run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("door")
    write_run(root)
    return root


def test_artefacts_are_attributes(root: Path) -> None:
    run = Run("main", root)
    known = builders.artefacts(builders.arms_config())
    for name, table in known.items():
        assert name in dir(run)
        assert list(getattr(run, name).columns) == list(table.columns)
    pd.testing.assert_frame_equal(run.estimates, known["estimates"], check_dtype=False)
    assert run.config.run.name == "main"
    assert run.provenance["configuration"] == ["config/config.yaml"]
    assert str(run.headline) == repr(run.headline) == "The headline."


def test_tables_are_found_by_name(root: Path) -> None:
    run = Run("main", root)
    assert list(run.tables) == ["effects"]
    assert len(run.tables["effects"]) == 3
    with pytest.raises(KeyError, match=r"no 'efects'.*Did you mean 'effects'"):
        _ = run.tables["efects"]


def test_results_are_those_of_this_moment(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    run = Run("main", tmp_path)
    before = run.estimates
    write_csv(before.head(2), folder / ARTEFACTS["estimates"].path)
    assert len(before) > len(run.estimates) == 2


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("reviewer", r"Run 'reviewer' has no results yet: run `make run CONFIG=config/reviewer\.example\.yaml`"),
        ("mian", r"make run CONFIG=config/<file>\.yaml.*Did you mean 'main'.*Runs with results: main"),
    ],
)
def test_run_without_results_says_how_to_get_them(root: Path, name: str, remedy: str) -> None:
    with pytest.raises(RunError, match=remedy):
        Run(name, root)


def test_main_analysis_is_made_by_make(tmp_path: Path) -> None:
    write_run(tmp_path, "other")
    with pytest.raises(RunError, match="Run 'main' has no results yet: run `make`"):
        Run("main", tmp_path)


def test_what_is_not_there_is_named(root: Path) -> None:
    run = Run("main", root)
    with pytest.raises(AttributeError, match=r"A run has no 'estimate'\. Did you mean 'estimates'"):
        _ = run.estimate
    with pytest.raises(RunError, match=r"results/main/comparison/estimates\.csv does not exist.*`make`"):
        _ = run.comparison
    with pytest.raises(RunError, match=r"no model 'technique_joint'\. Did you mean 'technique_jointly'"):
        run.fit("technique_joint")


def test_run_shows_itself(root: Path) -> None:
    run = Run("main", root)
    assert "The headline." in run._repr_html_() and "estimates" in run._repr_html_()
    assert repr(run).startswith("Run 'main': Does the working alliance")


def test_changed_table_or_figure_is_not_shown(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    (folder / "run.yaml").write_text("configuration: [config/config.yaml]\n", encoding="utf-8")
    record_made([folder / "tables/effects.csv"])
    run = Run("main", tmp_path)
    assert len(run.tables["effects"]) == 3
    text = (folder / "tables/effects.csv").read_text(encoding="utf-8")
    (folder / "tables/effects.csv").write_text(text.replace("0", "1"), encoding="utf-8")
    with pytest.raises(RunError, match=r"tables/effects\.csv is not as the workflow wrote it.*run `make`"):
        _ = run.tables["effects"]
