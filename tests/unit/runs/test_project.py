"""Where the project lies, and the commands that make its results again."""

from pathlib import Path

import pytest

from alliance.errors import ConfigError
from alliance.runs.plan import merge_files
from alliance.runs.project import BASE, bring_example, command_for, command_of_run, find_project, from_here
from alliance.runs.provenance import PROJECT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in (("config.yaml", "run: {name: main}"), ("b.yaml", "run: {name: other}"), ("a.yaml", "- a list")):
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_project_is_found_from_inside_and_otherwise_is_that_of_the_package(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "config")
    assert find_project() == root.resolve()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert find_project() == PROJECT
    assert find_project(root) == root.resolve()
    with pytest.raises(
        ConfigError, match=r"no config/config\.yaml in .*config, so this is not the folder of a project"
    ):
        find_project(root / "config")


def test_paths_of_a_configuration_are_seen_from_the_working_directory(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert from_here("data/a.csv", root.resolve()) == Path("data/a.csv")
    monkeypatch.chdir(root / "config")
    assert from_here("data/a.csv", root.resolve()) == Path("../data/a.csv")
    assert from_here("/elsewhere/a.csv", root.resolve()) == Path("/elsewhere/a.csv")


@pytest.mark.parametrize(
    ("run", "expected"),
    [("main", "make"), ("other", "make run CONFIG=config/b.yaml"), ("third", "make run CONFIG=config/<file>.yaml")],
)
def test_run_is_made_by_the_configuration_that_names_it(root: Path, run: str, expected: str) -> None:
    assert command_of_run(run, root) == expected


@pytest.mark.parametrize(
    ("target", "origin", "expected"),
    [
        (None, ["config/config.yaml"], "snakemake --cores 2"),
        ("results/main/a.svg", ["config/config.yaml"], "snakemake --cores 2 results/main/a.svg"),
        ("results/x/a.svg", ["config/x.yaml"], "snakemake --cores 2 results/x/a.svg --configfile config/x.yaml"),
        (None, ["config/x.yaml", "lag=2"], "snakemake --cores 2 --configfile config/x.yaml --config lag=2"),
    ],
)
def test_command_names_the_target_before_the_options_that_would_swallow_it(
    target: str | None, origin: list[str], expected: str
) -> None:
    assert command_for(target, origin) == expected


def test_example_study_is_brought_to_settings_that_name_it_and_to_no_others(tmp_path: Path) -> None:
    config = merge_files(PROJECT / BASE, [], {})
    sessions = config.data.sessions.model_copy(update={"path": "data/raw/sessions.csv"})
    own = config.model_copy(update={"data": config.data.model_copy(update={"sessions": sessions})})
    bring_example(tmp_path, own)
    assert list(tmp_path.iterdir()) == []
    bring_example(tmp_path, config)
    brought = tmp_path / "data/example"
    assert (brought / "sessions.csv").read_bytes() == (PROJECT / "data/example/sessions.csv").read_bytes()
    (brought / "sessions.csv").write_text("mine", encoding="utf-8")
    bring_example(tmp_path, config)
    assert (brought / "sessions.csv").read_text(encoding="utf-8") == "mine"
