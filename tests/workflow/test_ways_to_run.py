"""The workflow by other doors than make: in an awkward folder, as a module of another workflow, as an installed package."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from alliance.runs.made import recorded, touched_files
from tests.workflow.project import REPOSITORY, Project, copy_project, planned_rules

AWKWARD = 'it\'s "our" Übung; $HOME & 100%'
HOST = """\
configfile: "config/config.yaml"


module alliance:
    snakefile:
        {snakefile}
    config:
        config


use rule * from alliance{names}
"""


def call(words: list[str], cwd: Path, **own: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_", "MAKE"))}
    kept = {name: value for name, value in kept.items() if name not in ("PYTHONPATH", "SNAKEMAKE_PROFILE")}
    return subprocess.run(words, cwd=cwd, env={**kept, **own}, capture_output=True, text=True, timeout=300, check=False)


def test_folder_with_blanks_quotes_and_umlauts_in_its_path(tmp_path: Path) -> None:
    project = copy_project(tmp_path / AWKWARD)
    environment = project.root / ".venv"
    environment.symlink_to(sys.prefix)
    words = [str(environment / "bin/python"), *project.command()[1:], "--cores", "1", "results/main/data/accepted.txt"]
    done = call(words, tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (project.results / "main/data/checks.csv").is_file()
    assert set(recorded(project.results / "main")) >= {"data/checks.csv", "data/accepted.txt"}


def test_results_that_were_touched_say_so_until_they_are_computed(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    folder, wanted = project.results / "main", "results/main/data/accepted.txt"
    assert project.snakemake("--cores", "1", wanted).returncode == 0
    written = (folder / "data/checks.csv").read_bytes()
    project.replace("config/config.yaml", "minimum_sessions: 1 ", "minimum_sessions: 2 ")
    dry = project.snakemake("--dry-run", wanted)
    assert planned_rules(dry.stdout + dry.stderr) == {"check_data", "accept_data"}
    assert project.snakemake("--cores", "1", "--touch", wanted).returncode == 0
    assert (folder / "data/checks.csv").read_bytes() == written
    assert touched_files(folder) == ["data/checks.csv", "data/accepted.txt"]
    until = project.snakemake("--dry-run", "--forceall", "--until", "check_data", "--", wanted)
    assert planned_rules(until.stdout + until.stderr) == {"check_data"}
    assert project.snakemake("--cores", "1", "--forceall", wanted).returncode == 0
    assert touched_files(folder) == []


@pytest.fixture
def host(tmp_path: Path, project: Project) -> Callable[..., Path]:
    """A bare workflow with its own configuration and data, as snakedeploy writes it."""

    def make(snakefile: str, names: str = "", settings: str = "") -> Path:
        (tmp_path / "config").mkdir()
        shutil.copytree(project.root / "data/example", tmp_path / "mine")
        written = (project.root / "config/config.yaml").read_text(encoding="utf-8").replace("data/example/", "mine/")
        (tmp_path / "config/config.yaml").write_text(written + settings, encoding="utf-8")
        (tmp_path / "Snakefile").write_text(HOST.format(snakefile=snakefile, names=names), encoding="utf-8")
        return tmp_path

    return make


def test_module_of_another_workflow_computes_in_its_folder(host: Callable[..., Path], project: Project) -> None:
    folder = host(repr(str(project.root / "workflow/Snakefile")), names=" as their_*")
    wanted = ["results/main/data/panel.parquet", "results/main/provenance.yaml"]
    words = [sys.executable, "-m", "snakemake", "--cores", "2", *wanted]
    done = call(words, folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "The run stopped" not in done.stderr
    assert len(pd.read_parquet(folder / wanted[0])) > 100
    record = yaml.safe_load((folder / wanted[1]).read_text(encoding="utf-8"))
    assert record["configuration"] == ["config/config.yaml"]
    files = [entry["file"] for entry in record["inputs"]]
    assert files[0] == "mine/sessions.csv"
    assert "config/instruments/wai_sr.yaml" in files, "where the program lies is nothing to results"
    again = call(words, folder)
    assert "Nothing to be done" in again.stdout + again.stderr
    assert not (project.results / "main").exists()


def test_module_of_another_workflow_says_what_its_failed_jobs_said(host: Callable[..., Path], project: Project) -> None:
    folder = host(repr(str(project.root / "workflow/Snakefile")))
    sessions = folder / "mine/sessions.csv"
    sessions.write_text(sessions.read_text(encoding="utf-8").replace("wai_3,", "wai_33,", 1), encoding="utf-8")
    done = call([sys.executable, "-m", "snakemake", "--cores", "1"], folder)
    assert done.returncode == 1
    assert "wai_3" in done.stderr[done.stderr.rindex("The run stopped") :]


def test_module_with_a_prefix_is_refused_with_what_to_remove(host: Callable[..., Path], project: Project) -> None:
    folder = host(repr(str(project.root / "workflow/Snakefile")))
    text = (folder / "Snakefile").read_text(encoding="utf-8")
    text = text.replace("    config:\n", "    prefix:\n        'sub'\n    config:\n")
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    done = call([sys.executable, "-m", "snakemake", "-n"], folder)
    assert done.returncode == 1
    assert "Remove 'prefix:'" in done.stderr


def test_module_from_a_repository_is_unpacked_beside_the_records(
    host: Callable[..., Path], project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    repository, cache = tmp_path_factory.mktemp("repository") / "tree", tmp_path_factory.mktemp("cache")
    shutil.copytree(project.root, repository, ignore=shutil.ignore_patterns("results", ".snakemake", "__pycache__"))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    # Where Snakemake keeps the clone of a repository, so that the service is not asked.
    kept = cache / "snakemake/snakemake/source-cache/snakemake-git-cache/github.com/a-lab/alliance"
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-q", "-m", "All"],
        ["clone", "-q", "--bare", ".", str(kept)],
    ):
        subprocess.run([*git, *words], cwd=repository, check=True, timeout=60)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()
    folder = host(f'github("a-lab/alliance", path="workflow/Snakefile", commit="{commit}")')
    words = [sys.executable, "-m", "snakemake", "--cores", "1", "results/main/data/accepted.txt"]
    done = call(words, folder, XDG_CACHE_HOME=str(cache))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (folder / "results/main/data/checks.csv").is_file()
    unpacked = folder / f".snakemake/alliance/{commit}"
    assert (unpacked / "src/alliance/cli.py").is_file()
    # The same from a repository on this machine.
    shutil.rmtree(unpacked)
    place = f'gitfile({str(repository)!r}, path="workflow/Snakefile", commit="{commit}")'
    (folder / "Snakefile").write_text(HOST.format(snakefile=place, names=""), encoding="utf-8")
    done = call([*words, "--forceall"], folder, XDG_CACHE_HOME=str(cache))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (unpacked / "src/alliance/cli.py").is_file()


def build_package(source: Path, site: Path) -> None:
    """Unpack the wheel that is built in a folder without network."""
    done = call([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "dist"], source)
    assert done.returncode == 0, done.stderr
    (wheel,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages after an installation from a wheel."""
    source = tmp_path_factory.mktemp("source")
    for name in ("src", "workflow", "config", "data/example"):
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "environment.yml", ".gitignore"):
        shutil.copy(REPOSITORY / name, source)
    (source / "config/local_ours.yaml").write_text("cleaning: {exclude: {patients: [C0001]}}\n", encoding="utf-8")
    site = tmp_path_factory.mktemp("site")
    build_package(source, site)
    return site


def test_wheel_holds_the_workflow_and_nothing_private(installed: Path) -> None:
    shipped = installed / "alliance/shipped"
    wanted = {
        "workflow/Snakefile",
        "workflow/profiles/default/config.yaml",
        "workflow/scripts/run_step.py",
        "config/config.yaml",
        "config/instruments/wai_sr.yaml",
        "data/example/sessions.csv",
        "environment.yml",
    }
    present = {path.relative_to(shipped).as_posix() for path in shipped.rglob("*") if path.is_file()}
    assert wanted <= present
    assert [name for name in present if "local" in name] == [], "a team's own configurations may hold ids"
    assert (installed / "snakemake_logger_plugin_alliance/__init__.py").is_file(), "alliance run writes through it"
    (metadata,) = installed.glob("alliance-*.dist-info/entry_points.txt")
    assert "alliance = alliance.cli:main" in metadata.read_text(encoding="utf-8")


def test_image_is_built_from_what_the_package_needs(installed: Path, tmp_path: Path) -> None:
    """What `.containerignore` lets in: all that makes the package, and nothing of a study."""
    lines = (REPOSITORY / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines, "only what is named is let in"

    def left_out(folder: str, names: list[str]) -> list[str]:
        paths = {name: Path(folder, name).relative_to(REPOSITORY) for name in names}
        return [name for name, path in paths.items() if any(path.match(line) for line in lines if "/" in line)]

    assert left_out(str(REPOSITORY / "config"), ["local_ours.yaml", "config.yaml"]) == ["local_ours.yaml"]
    assert left_out(str(REPOSITORY / "data"), ["raw", "example"]) == ["raw"]
    (source := tmp_path / "source").mkdir()
    for path in (REPOSITORY / line[1:] for line in lines if line.startswith("!")):
        if path.is_dir():
            shutil.copytree(path, source / path.name, ignore=left_out)
        else:
            shutil.copy(path, source)
    copied = re.findall(r"^COPY (.*) /build/$", (REPOSITORY / "Containerfile").read_text(encoding="utf-8"), re.M)
    assert [name for words in copied for name in words.split() if not (source / name).exists()] == []
    build_package(source, tmp_path / "site")
    made, usual = ({path.relative_to(site) for path in site.rglob("*")} for site in (tmp_path / "site", installed))
    assert made == usual


def test_installed_package_runs_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-P", "-c", "from alliance.cli import main; main()"]
    # No program is on the path, not even git: so it is in a container.
    names = {"PYTHONPATH": str(installed), "PATH": str(tmp_path / "none")}
    (tmp_path / "small.yaml").write_text("run: {name: small}\n", encoding="utf-8")
    done = call([*words, "run", "--dry-run", "small.yaml", "--snakemake", "--quiet host"], tmp_path, **names)
    assert done.returncode == 0, done.stderr
    assert {"check_data", "fit_model", "write_report"} <= planned_rules(done.stdout + done.stderr)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".snakemake", "data", "small.yaml"]
    described = call([*words, "new", "data/example/sessions.csv", "--yes"], tmp_path, PYTHONPATH=str(installed))
    assert "Then check it again: alliance check config/local_sessions.yaml" in described.stdout
