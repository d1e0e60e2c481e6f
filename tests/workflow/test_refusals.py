"""What is refused before any job: one clear message, a non-zero exit, and earlier results untouched."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from alliance.config import merge_configs
from alliance.errors import AllianceError, ConfigError, DataError
from alliance.runs import guards, plan
from alliance.runs.made import record_made
from tests.workflow.project import REPOSITORY, Project, planned_rules

BASE = REPOSITORY / "config/config.yaml"
STUDIES = sorted(
    path.name
    for path in (REPOSITORY / "config").glob("*.yaml")
    if "run" in yaml.safe_load(path.read_text(encoding="utf-8"))
)


@pytest.fixture
def finished_main(project: Project) -> Iterator[Project]:
    """The project with something that looks like a finished main analysis."""
    for name in ("manifest.csv", "config.yaml", "estimates/estimates.csv"):
        project.write(f"results/main/{name}", "kept as it is\n")
    project.write("results/main/run.yaml", "configuration: [config/config.yaml]\n")
    yield project
    for path in sorted((project.results / "main").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (project.results / "main").rmdir()


@pytest.mark.parametrize("name", STUDIES)
def test_every_configuration_has_a_plan(finished_main: Project, name: str) -> None:
    chosen = [] if name == "config.yaml" else ["--configfile", f"config/{name}"]
    # The data of the real studies lie beside the project; a plan needs no more than that the files are there.
    config = plan.merge_files(BASE, [REPOSITORY / "config" / name] if chosen else [], {})
    for path in plan.data_files(config).values():
        if not (finished_main.root / path).exists():
            finished_main.write(path, "")
    done = finished_main.snakemake("--dry-run", *chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"check_data", "fit_model", "write_report"} <= planned_rules(done.stdout + done.stderr)


def test_overlay_that_names_no_run_of_its_own_is_refused(finished_main: Project) -> None:
    finished_main.write("config/careless.yaml", "panel: {lag: 2}\n")
    done = finished_main.snakemake("--cores", "1", "--configfile", "config/careless.yaml")
    assert done.returncode == 1
    assert "config/careless.yaml would write into results/main/" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert (finished_main.results / "main/manifest.csv").read_text(encoding="utf-8") == "kept as it is\n"


def test_values_on_the_command_line_need_a_run_of_their_own(finished_main: Project) -> None:
    done = finished_main.snakemake("--cores", "1", "--config", "panel={lag: 2}")
    assert done.returncode == 1
    assert "would write into results/main/" in done.stderr


def test_invalid_setting_is_named_with_its_place(project: Project) -> None:
    project.write("config/wrong.yaml", "run: {name: wrong}\npanel: {lagg: 2}\n")
    done = project.snakemake("--dry-run", "--configfile", "config/wrong.yaml")
    assert done.returncode == 1
    assert "panel.lagg: this setting is unknown. Did you mean 'lag'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.results / "wrong").exists()


def test_second_run_in_the_same_folder_is_refused_while_the_first_is_alive(project: Project) -> None:
    project.write("config/busy.yaml", "run: {name: busy}\n")
    lock = project.write(".snakemake/locks_of_runs/busy", "4711")
    with open(lock, encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = project.snakemake("--cores", "1", "--configfile", "config/busy.yaml")
    assert done.returncode == 1
    assert "Another run is writing results/busy/ at this moment (process 4711)" in done.stderr
    assert not (project.results / "busy/data").exists()


def test_unreadable_data_end_in_their_message(project: Project) -> None:
    project.write("data/broken.csv", "client_id;session\n")
    project.write("config/broken.yaml", "run: {name: broken}\ndata: {sessions: {path: data/broken.csv}}\n")
    done = project.snakemake("--cores", "1", "--configfile", "config/broken.yaml")
    assert done.returncode == 1
    closing = done.stderr[done.stderr.rindex("The run stopped") :]
    assert "DataError" in closing
    assert "broken.csv" in closing
    assert "Traceback" not in done.stderr + done.stdout


def test_defect_of_the_project_is_called_one_and_keeps_its_traceback(project: Project) -> None:
    step = project.root / "src/alliance/steps/prepare.py"
    text = step.read_text(encoding="utf-8")
    try:
        step.write_text("raise RuntimeError('a wheel came off')\n" + text, encoding="utf-8")
        project.write("config/defect.yaml", "run: {name: defect}\n")
        done = project.snakemake("--cores", "1", "--configfile", "config/defect.yaml")
    finally:
        step.write_text(text, encoding="utf-8")
    assert done.returncode == 1
    closing = done.stderr[done.stderr.rindex("The run stopped") :]
    assert "a wheel came off" in closing
    assert "This is a defect of the project" in closing
    log = (project.results / "defect/logs/check_data.log").read_text(encoding="utf-8")
    assert "Traceback" in log


def test_workflow_runs_from_any_directory(project: Project, tmp_path: Path) -> None:
    done = project.snakemake("--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "results/main/manifest.csv" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def merged(tmp_path: Path, text: str) -> tuple[Path, list[Path]]:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(text, encoding="utf-8")
    return BASE, [overlay]


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"[: no", None])
def test_damaged_record_of_whose_results_these_are_is_refused_until_it_is_deleted(
    tmp_path: Path, content: bytes | None
) -> None:
    record = tmp_path / "run.yaml"
    record.mkdir() if content is None else record.write_bytes(content)
    with pytest.raises(
        guards.RunError, match=r"run.yaml, which says whose results .* is damaged.*delete .*run.yaml if"
    ):
        guards.check_origin(tmp_path, ["config/mine.yaml"])
    record.rmdir() if content is None else record.unlink()
    guards.check_origin(tmp_path, ["config/mine.yaml"])


@pytest.mark.parametrize("path", ["data/example/patients.csv", "config/instruments/phq_9.yaml"])
def test_file_that_may_not_be_read_is_named(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr("os.access", lambda file, mode: not str(file).endswith(path))
    with pytest.raises(DataError, match=rf"{path} may not be read. Give yourself the right"):
        guards.check_files(plan.merge_files(BASE, [], {}), REPOSITORY / "config/instruments")


def check_all(tmp_path: Path, text: str) -> None:
    """Run every guard of the Snakefile that looks at the configuration alone."""
    base, overlays = merged(tmp_path, text)
    config = plan.merge_files(base, overlays, {})
    guards.check_names(config)
    guards.check_files(config, REPOSITORY / "config/instruments")
    guards.check_overlay(config, base, ["overlay.yaml"], is_overlay=True)
    guards.check_comparison(config, tmp_path / "results")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("run: {name: main}", guards.RunError, "add 'run: {name: another_name}'"),
        ("run: [", ConfigError, "overlay.yaml, line 1: this is not valid YAML"),
        ("just words", ConfigError, "holds no settings"),
        ("run: {name: x, compare_to: absent}", guards.RunError, "the run 'absent' does not exist"),
        ("run: {name: x}\noutput: {figures: [forrest]}", ConfigError, "no 'forrest'. Did you mean 'forest'"),
        ("run: {name: x}\noutput: {tables: [effects, effects]}", ConfigError, "'effects' is named 2 times"),
        (
            "run: {name: x}\nmodels: {fit: [variance, variance]}",
            ConfigError,
            "models.fit: 'variance' is named twice. Remove one.",
        ),
        ("run: {name: x}\nmodels: {specs: {variance: {family: texbook}}}", ConfigError, "Did you mean 'textbook'"),
        (
            "run: {name: x}\nvariables: {alliance: {instrument: wai_srr}}",
            ConfigError,
            "wai_srr.yaml. Did you mean 'wai_sr'",
        ),
        (
            "run: {name: x}\ndata: {sessions: {path: data/example/session.csv}}",
            DataError,
            "Did you mean 'sessions.csv'",
        ),
        ("run: {name: x}\ndata: {sessions: {path: nowhere/s.csv}}", DataError, "There is no folder nowhere"),
        (
            "run: {name: x}\nstudy: {truth: data/example/lies.yaml}",
            DataError,
            "study.truth: the file data/example/lies.yaml",
        ),
        ("run: {name: x}\nreplace: [variabels]", ConfigError, "Did you mean 'variables'"),
        ("run: {name: x}\nreplace: variables", ConfigError, "replace: expected a list"),
        ("run: {name: ../main}", ConfigError, "run.name"),
        ("run: {name: x}\n__use_yte__: true", ConfigError, "__use_yte__: this setting is unknown"),
    ],
)
def test_guard_names_place_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error: type[AllianceError], message: str
) -> None:
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(error) as caught:
        check_all(tmp_path, text)
    assert message in str(caught.value)


def test_unfinished_run_cannot_be_compared_with(tmp_path: Path) -> None:
    config = plan.merge_files(*merged(tmp_path, "run: {name: x, compare_to: half}"), {})
    (tmp_path / "half/data").mkdir(parents=True)
    with pytest.raises(guards.RunError, match="'half' is not finished"):
        guards.check_comparison(config, tmp_path)


def test_folder_of_another_configuration_is_refused(tmp_path: Path) -> None:
    guards.record_origin(tmp_path / "x", ["config/one.yaml"])
    guards.check_origin(tmp_path / "x", ["config/one.yaml"])
    with pytest.raises(
        guards.RunError, match=r"holds results of config/one\.yaml; config/two\.yaml may not overwrite them"
    ):
        guards.check_origin(tmp_path / "x", ["config/two.yaml"])


def test_lock_is_free_again_when_its_holder_is_gone(tmp_path: Path) -> None:
    import os

    first = guards.hold_lock(tmp_path / "lock", tmp_path)
    with pytest.raises(guards.RunError, match="Another run is writing"):
        guards.hold_lock(tmp_path / "lock", tmp_path)
    os.close(first)
    os.close(guards.hold_lock(tmp_path / "lock", tmp_path))


def test_replaced_sections_are_not_inherited(tmp_path: Path) -> None:
    base, overlays = merged(
        tmp_path, "replace: [variables, models.specs]\nvariables: {a: {label: a}}\nmodels: {specs: {}}"
    )
    settings = merge_configs(plan.read_yaml(base), plan.read_yaml(overlays[0]))
    assert settings["variables"] == {"a": {"label": "a"}}
    assert settings["models"]["specs"] == {}
    assert "replace" not in settings


def test_base_configuration_is_complete_by_itself() -> None:
    assert plan.merge_files(BASE, [], {}).run.name == "main"


def test_changed_results_are_not_compared_with(tmp_path: Path) -> None:
    config = plan.merge_files(*merged(tmp_path, "run: {name: x, compare_to: other}"), {})
    for name in ("manifest.csv", "run.yaml", "config.yaml", "estimates/estimates.csv"):
        (tmp_path / "other" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "other" / name).write_text("as it was made", encoding="utf-8")
    record_made([tmp_path / "other/config.yaml", tmp_path / "other/estimates/estimates.csv"])
    guards.check_comparison(config, tmp_path)
    (tmp_path / "other/estimates/estimates.csv").write_text("as it", encoding="utf-8")
    with pytest.raises(guards.RunError, match=r"estimates\.csv is gone, or not as the workflow wrote it"):
        guards.check_comparison(config, tmp_path)


def test_places_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guards.check_places([tmp_path / "results/x/logs"])
    (tmp_path / "results").write_text("", encoding="utf-8")
    with pytest.raises(guards.RunError, match="results is a file"):
        guards.check_places([tmp_path / "results/x"])
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(guards.RunError, match="read-only"):
        guards.check_places([tmp_path / "other"])
