"""make, on machines that lack something, and what it leaves behind where they do not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.project import REPOSITORY


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder with what make needs to begin, and no environment yet."""
    for name in ("Makefile", "requirements.lock", "requirements-tools.lock", "pyproject.toml", ".python-version"):
        shutil.copy(REPOSITORY / name, tmp_path)
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *words], cwd=folder, env=kept, capture_output=True, text=True, timeout=120, check=False
    )


def test_machine_without_python_is_told_what_to_install(bare: Path) -> None:
    done = make(bare, "setup", "PYTHON=python-that-is-not-there")
    assert done.returncode != 0
    assert "No python-that-is-not-there was found. Install Python 3.13" in done.stderr


def test_python_without_venv_is_told_what_to_install(bare: Path) -> None:
    python = bare / "python3"
    python.write_text("#!/bin/sh\necho 'ensurepip is not available' >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    done = make(bare, "setup", f"PYTHON={python}")
    assert done.returncode != 0
    assert "Install its venv module (on Debian: apt-get install python3-venv), then run make again." in done.stderr
    assert not (bare / ".tools").exists(), "the next make begins afresh"


def test_help_lists_every_target_with_what_it_does() -> None:
    done = make(REPOSITORY, "help")
    assert done.returncode == 0
    assert {"make study", "make run", "make test", "make lock"} <= {
        line.strip()[:10].strip() for line in done.stdout.splitlines()
    }


def test_tests_keep_compiled_modules_where_python_is_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ruff", "mypy", "snakefmt", "snakemake", "pytest"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} [$PYTHONDONTWRITEBYTECODE]"\n', encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    done = make(REPOSITORY, "test", "READY=", f"BIN={tmp_path}")
    assert done.stdout.splitlines()[-1] == "pytest []"


def test_run_without_a_configuration_says_how() -> None:
    done = make(REPOSITORY, "run", "READY=")  # nothing is set up for it, nor downloaded
    assert done.returncode != 0
    assert "make run CONFIG=config/reviewer.example.yaml" in done.stderr


def test_plain_snakemake_finds_the_workflow_and_its_profile() -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("SNAKEMAKE_PROFILE", "PYTHONPATH")}
    done = subprocess.run(
        [Path(sys.executable).with_name("snakemake"), "--cores", "2", "--list-rules"],
        cwd=REPOSITORY,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "fit_model" in done.stdout
    assert "workflow specific profile workflow/profiles/default" in done.stderr


def test_example_study_has_a_plan(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(REPOSITORY / "workflow/example.smk"),
        "--dry-run",
        "--forceall",
    ]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "data/example/truth.yaml" in done.stdout + done.stderr


def test_wrong_overlay_is_named_with_its_line_before_snakemake_reads_it(tmp_path: Path) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("run: {name: mine}\npanel:\n  lag: [2\n", encoding="utf-8")
    words = [sys.executable, "-m", "alliance.runs", "--check", str(overlay)]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "mine.yaml, line 4: this is not valid YAML" in done.stderr
    assert "Traceback" not in done.stderr
