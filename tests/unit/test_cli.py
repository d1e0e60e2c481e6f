"""The command `alliance`, as it is installed and as it is called."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from alliance.cli import main
from tests.artefacts import builders
from tests.artefacts.runs import ROOT, write_run

ROW = 34


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a finished run, as the working directory."""
    write_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_installed_command_is_this_one() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]["alliance"]
    module, _, name = declared.partition(":")
    assert getattr(import_module(module), name) is main


@pytest.mark.usefixtures("root")
def test_words_behind_trace_are_one_question(capsys: pytest.CaptureFixture[str]) -> None:
    main(["trace", "row", str(ROW)])
    assert capsys.readouterr().out.startswith(f"Run 'main', estimates, row {ROW}\n")


@pytest.mark.usefixtures("root")
def test_negative_number_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    estimates = builders.estimates(builders.arms_config())["estimate"]
    main(["trace", f"{estimates.min():.6f}"])
    assert "row" in capsys.readouterr().out
    main(["trace", "-987.6"])
    assert "'-987.6'" in capsys.readouterr().out


@pytest.mark.usefixtures("root")
def test_mistakes_end_with_a_message_instead_of_a_traceback() -> None:
    with pytest.raises(SystemExit, match="RunError: Run 'other' has no results yet"):
        main(["trace", "0.17", "--run", "other"])
    with pytest.raises(SystemExit, match=r"ConfigError: No estimate is about 'nonsense'\."):
        main(["trace", "nonsense"])
