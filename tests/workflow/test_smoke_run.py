"""One small run, whole, what a change afterwards runs again, and a run that is killed: one file, since it is made once for a file."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from alliance import Run, Study
from alliance.runs.files import CRATE
from alliance.runs.fingerprint import imported_modules, module_path
from alliance.runs.plan import workflow_files
from alliance.runs.reuse import taken_over
from alliance.steps import STEPS
from tests.workflow.project import EXCLUDED, NOTE, OUTSIDE, SMOKE, Project, planned_rules

KILLED = """\
run: {name: killed}
cleaning: {exclude: {patients: [EXCLUDED]}}
variables: {alliance: {reliability: null}, symptoms: {reliability: null}}
models: {fit: [variance, alliance_predicts_symptoms]}
inference: {monte_carlo_draws: 1000}
output: {figures: [forest], tables: [], figure_dpi: 72}
"""
AFTER_ESTIMATES = {
    "collect_estimates",
    "compare_truth",
    "draw_figure",
    "write_table",
    "write_report",
    "record_provenance",
    "write_card",
    "write_manifest",
}
# Figures and tables of the run that are made from estimates: those it lists, those its questions show, and those no report is without.
SHOW_ESTIMATES = {
    *("forest", "effects"),
    *("accumulated", "both_directions", "indirect_posterior", "variance", "influence"),
    *("models", "truth"),
}


def plan(project: Project, overlay: str = "config/smoke.yaml") -> tuple[set[str], str]:
    """Return the rules a run of an overlay would run now, and everything the dry run says."""
    done = project.snakemake("--dry-run", "--configfile", overlay)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return planned_rules(output), output


@pytest.fixture
def edited(smoke: Project) -> Iterator[Project]:
    """The finished run; files of the project that a test changes are put back afterwards, with their time stamps."""
    kept = smoke.root / "kept"
    for folder in ("src", "config", "data"):
        shutil.copytree(smoke.root / folder, kept / folder, symlinks=True)  # compiled code stays where it lies
    yield smoke
    for folder in ("src", "config", "data"):
        shutil.rmtree(smoke.root / folder)
        shutil.move(kept / folder, smoke.root / folder)


def read_manifest(project: Project) -> list[dict[str, str]]:
    with open(project.results / "smoke/manifest.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_run_ends_with_report_and_headline(smoke: Project) -> None:
    folder = smoke.results / "smoke"
    for page in ("report.html", "supplement.html"):
        assert "<html" in (folder / page).read_text(encoding="utf-8")
    assert len((folder / "headline.txt").read_text(encoding="utf-8").split()) > 5


def test_results_are_those_of_a_study_fitted_without_the_workflow(smoke: Project) -> None:
    run, study = Run("smoke", smoke.root), Study("config/smoke.yaml", root=smoke.root)
    for name in ("panel", "scores", "cleaning"):
        pd.testing.assert_frame_equal(getattr(run, name), getattr(study, name), check_dtype=False, rtol=1e-12)
    for model in study.config.models.fit:
        written = run.estimates[run.estimates["model"] == model].reset_index(drop=True)
        pd.testing.assert_frame_equal(written, study.fit(model).estimates, check_dtype=False, rtol=1e-12)
        pd.testing.assert_frame_equal(written, run.fit(model).estimates, check_dtype=False, rtol=1e-12)


def test_description_for_archives_has_every_job_and_every_file_and_no_id_or_place(smoke: Project) -> None:
    folder = smoke.results / "smoke"
    text = (folder / CRATE).read_text(encoding="utf-8")
    entities = {entity["@id"]: entity for entity in json.loads(text)["@graph"]}
    jobs = [one for one in entities.values() if one["@type"] == "CreateAction" and one["@id"] != "#run"]
    logs = [path for path in folder.rglob("logs/**/*.log") if path.is_file()]
    assert len(jobs) == len(logs) > 20
    assert all(one["startTime"] <= one["endTime"] for one in jobs)
    for row in read_manifest(smoke):
        assert row["file"] == CRATE or entities[row["file"]]["sha256"] == row["sha256"]
    assert "is not on record" not in entities["./"]["description"]
    for secret in (str(smoke.root), "sessions.csv", EXCLUDED, "Meierhofer", "T733"):
        assert secret not in text
    for name in workflow_files(smoke.root):
        assert (folder / name).read_bytes() == (smoke.root / name).read_bytes()


def test_second_run_has_nothing_to_do(smoke: Project) -> None:
    rules, output = plan(smoke)
    assert rules == set()
    assert "Nothing to be done" in output


def test_export_replaced_by_an_older_file_is_noticed(edited: Project) -> None:
    path = edited.root / "data/example/sessions.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    os.utime(path, (1, 1))
    rules, _ = plan(edited)
    assert {"check_data", "clean_data", "score_measures", "build_panel", "fit_model", "write_report"} <= rules


def test_results_that_were_cut_or_deleted_are_made_again_and_nothing_else(smoke: Project) -> None:
    folder = smoke.results / "smoke"
    whole = {
        name: (folder / name).read_bytes()
        for name in ("estimates/diagnostics.csv", "tables/effects.csv", "figures/forest.svg")
    }
    for name, content in whole.items():
        stamp = (folder / name).stat().st_mtime
        (folder / name).write_bytes(content[: len(content) // 2])
        os.utime(folder / name, (stamp, stamp))
    for name in ("report.html", "tables/sample.docx"):
        (folder / name).unlink()
    done = smoke.snakemake("--cores", "1", "--configfile", "config/smoke.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "not as the workflow wrote them" in done.stderr
    assert "fit_model" not in planned_rules(done.stdout + done.stderr)
    assert (folder / "report.html").is_file()
    assert (folder / "tables/sample.docx").is_file()
    for name, content in whole.items():
        assert (folder / name).read_bytes() == content
        assert (folder / "logs/edited" / name).read_bytes() == content[: len(content) // 2]
    assert plan(smoke)[0] == set()


def test_damaged_result_is_noticed_whatever_is_asked_for(smoke: Project) -> None:
    path = smoke.results / "smoke/estimates/estimates.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        done = smoke.snakemake(
            "--dry-run", "--configfile", "config/smoke.yaml", "--", "results/smoke/tables/effects.csv"
        )
    finally:
        path.write_bytes(whole)
    assert {"collect_estimates", "write_table"} <= planned_rules(done.stdout + done.stderr)
    done = smoke.snakemake("--dry-run", "--configfile", "config/smoke.yaml", "--", "results/smoke/tables/effects.csv")
    assert planned_rules(done.stdout + done.stderr) == set()


def test_results_whose_records_are_lost_are_made_again(edited: Project) -> None:
    records, aside = edited.root / ".snakemake/metadata", edited.root / ".snakemake/aside"
    records.rename(aside)
    try:
        rules, output = plan(edited)
    finally:
        shutil.rmtree(records, ignore_errors=True)
        aside.rename(records)
    assert "the records of how" in output
    assert {"check_data", "clean_data", "fit_model", "write_report"} <= rules
    assert plan(edited)[0] == set()


def test_manifest_lists_every_file_with_its_hash(smoke: Project) -> None:
    folder = smoke.results / "smoke"
    listed = {row["file"]: row for row in read_manifest(smoke)}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in present if not name.startswith("logs/")} == {*listed, "manifest.csv"}
    for name, row in listed.items():
        content = (folder / name).read_bytes()
        assert (row["sha256"], row["bytes"]) == (hashlib.sha256(content).hexdigest(), str(len(content)))


def test_provenance_says_what_made_the_results(smoke: Project) -> None:
    record = yaml.safe_load((smoke.results / "smoke/provenance.yaml").read_text(encoding="utf-8"))
    sessions = (smoke.root / "data/example/sessions.csv").read_bytes()
    hashes = {entry["file"]: entry["sha256"] for entry in record["inputs"]}
    assert hashes["data/example/sessions.csv"] == hashlib.sha256(sessions).hexdigest()
    assert "config/instruments/wai_sr.yaml" in hashes
    assert record["configuration"] == ["config/smoke.yaml"]
    assert record["software"]["pymc"]
    assert record["run"]["seed"] == 20261123


def test_merged_configuration_is_kept_and_usable(smoke: Project) -> None:
    merged = yaml.safe_load((smoke.results / "smoke/config.yaml").read_text(encoding="utf-8"))
    assert merged["run"]["name"] == "smoke"
    assert merged["sampling"]["draws"] == 50
    assert merged["models"]["specs"]["technique_jointly"]["equations"]["alliance"]["on"][0] == "technique"


def test_results_hold_no_path_of_this_machine(smoke: Project) -> None:
    contents = {}
    for path in (path for path in (smoke.results / "smoke").rglob("*") if path.is_file()):
        contents[path.name] = path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
    assert {"provenance.yaml", "supplement.html", "check_data.log", "jobs.jsonl", "answers.docx"} <= contents.keys()
    places = [place.encode() for place in (str(smoke.root), OUTSIDE, sys.prefix)]
    assert [name for name, content in contents.items() if any(place in content for place in places)] == []
    recorded = yaml.safe_load(contents["provenance.yaml"])["inputs"]
    assert "therapists.csv" in [entry["file"] for entry in recorded]
    assert yaml.safe_load(contents["config.yaml"])["data"]["therapists"]["path"] == "therapists.csv"


def test_excluded_id_is_left_out_and_stands_in_no_record_of_the_workflow(smoke: Project) -> None:
    flow = Run("smoke", smoke.root).flow.set_index("stage")
    assert flow.loc["Left out on purpose", "removed_patients"].max() == 1
    records = [path for path in (smoke.root / ".snakemake").rglob("*") if path.is_file()]
    assert len(records) > 10
    assert [path.name for path in records if EXCLUDED.encode() in path.read_bytes()] == []


def left_behind(smoke: Project) -> list[str]:
    """Name the files of runs and records in which an id or a note of the export stands; pictures inside a page are no text."""
    with open(smoke.root / "data/example/patients.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    words = {row[key].strip() for row in rows for key in ("client_id", "therapist_id")} | {"Meierhofer"}
    alone = re.compile(
        rb"(?<![A-Za-z0-9+/])(" + b"|".join(sorted(re.escape(word.encode()) for word in words)) + rb")(?![A-Za-z0-9+/])"
    )
    files = [
        path for place in (smoke.results, smoke.root / ".snakemake") for path in place.rglob("*") if path.is_file()
    ]
    assert len(words) > 60 and len(files) > 50
    return [str(path) for path in files if alone.search(path.read_bytes())]


def test_no_id_and_no_note_of_the_export_is_left_anywhere(smoke: Project) -> None:
    assert left_behind(smoke) == []


def test_refused_run_quotes_nothing_of_a_wrong_column(smoke: Project) -> None:
    smoke.write(
        "config/planted.yaml",
        SMOKE.replace("name: smoke", "name: planted").replace("variables: {", "variables: {age: {column: notes}, "),
    )
    done = smoke.snakemake("--cores", "1", "--configfile", "config/planted.yaml")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and f"text of {len(NOTE)} characters" in said
    assert "Meierhofer" not in said
    assert left_behind(smoke) == []


def test_export_as_it_was_read_is_not_kept(smoke: Project) -> None:
    assert list(smoke.root.glob(".snakemake/typed/*")) == []


def test_docstrings_and_comments_rerun_nothing(edited: Project) -> None:
    modules = set().union(*(imported_modules(module) for module in STEPS.values())) | {"alliance.models.direct.fit"}
    changed = 0
    for module in modules:
        path = edited.root / "src" / module_path(module).relative_to(Path(module_path("alliance")).parents[1])
        text = path.read_text(encoding="utf-8")
        path.write_text(
            "# A comment that was not there before.\n" + re.sub(r'^"""(?=\w)', '"""New words. ', text), encoding="utf-8"
        )
        changed += text.startswith('"""')
    assert changed > 20
    assert plan(edited)[0] == set()


def test_code_of_one_figure_redraws_only_that_figure(edited: Project) -> None:
    path = edited.root / "src/alliance/report/figures/missingness.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nUNUSED = 1\n", encoding="utf-8")
    rules, output = plan(edited)
    assert rules == {"draw_figure", "write_report", "write_manifest"}
    assert "name=missingness" in output
    assert "name=forest" not in output


def test_prior_reruns_only_the_bayesian_branch(edited: Project) -> None:
    edited.write(
        "config/smoke.yaml",
        (edited.root / "config/smoke.yaml").read_text(encoding="utf-8") + "priors: {slope_sd: 0.8}\n",
    )
    rules, output = plan(edited)
    assert rules == {"fit_model"} | AFTER_ESTIMATES
    assert set(re.findall(r"model=(\w+)", output)) == {"arm_jointly"}
    assert set(re.findall(r"name=(\w+)", output)) == SHOW_ESTIMATES


def test_rescoring_reruns_scores_and_what_depends_on_them(edited: Project) -> None:
    edited.replace("config/config.yaml", 'items: "wai_{item}"\n', 'items: "wai_{item}"\n    metric: mean\n')
    rules, output = plan(edited)
    assert rules == {"score_measures", "build_panel", "fit_model", "write_codebook"} | AFTER_ESTIMATES
    assert set(re.findall(r"model=(\w+)", output)) == {"variance", "alliance_predicts_symptoms", "arm_jointly"}


def test_instrument_file_reruns_from_the_checks_on(edited: Project) -> None:
    path = edited.root / "config/instruments/wai_sr.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# corrected\n", encoding="utf-8")
    assert {"check_data", "clean_data", "score_measures", "build_panel", "fit_model"} <= plan(edited)[0]


def test_label_changes_the_presentation_only(edited: Project) -> None:
    edited.replace("config/config.yaml", "label: working alliance\n", "label: bond and agreement\n")
    rules, _ = plan(edited)
    assert rules == {
        "write_codebook",
        "draw_figure",
        "write_table",
        "write_report",
        "record_provenance",
        "write_card",  # which names measures by their labels
        "write_manifest",
    }


def test_another_figure_draws_only_that_figure_and_those_numbered_anew(edited: Project) -> None:
    edited.replace("config/smoke.yaml", "[missingness, forest]", "[missingness, forest, flow]")
    rules, output = plan(edited)
    assert rules == {"draw_figure", "write_report", "record_provenance", "write_manifest"}
    # Numbers stand in the files: the flow of patients becomes figure 3 of the report, and what was figure 3 comes after it.
    assert set(re.findall(r"name=(\w+)", output)) == {"flow", "within_between"}


def test_stray_file_is_reported_on_the_terminal_and_in_the_manifest(smoke: Project) -> None:
    stray = smoke.results / "smoke/figures/old version.svg"
    stray.write_text("left by hand", encoding="utf-8")
    try:
        done = smoke.snakemake("--cores", "1", "--configfile", "config/smoke.yaml")
        assert done.returncode == 0
        assert "1 file(s) in results/smoke/ were not written by the workflow: figures/old version.svg" in done.stderr
        assert planned_rules(done.stdout + done.stderr) == {"write_manifest"}
        assert [row["file"] for row in read_manifest(smoke) if row["status"] == "stray"] == ["figures/old version.svg"]
    finally:
        stray.unlink()
        assert smoke.snakemake("--cores", "1", "--configfile", "config/smoke.yaml").returncode == 0
    assert all(row["status"] == "result" for row in read_manifest(smoke))


def test_unfinished_files_of_a_killed_job_are_cleared_away(smoke: Project) -> None:
    leftover = smoke.results / "smoke/data/.unfinished-1-panel.parquet"
    leftover.write_bytes(b"PAR1 and then the power went")
    done = smoke.snakemake("--cores", "1", "--configfile", "config/smoke.yaml", "--forcerun", "write_manifest")
    assert done.returncode == 0
    assert not leftover.exists()
    assert all("unfinished" not in row["file"] for row in read_manifest(smoke))


def test_comparison_needs_only_the_estimates_and_settings_of_the_other_run(edited: Project) -> None:
    overlay = (edited.root / "config/smoke.yaml").read_text(encoding="utf-8")
    edited.write("config/again.yaml", overlay.replace("{name: smoke}", "{name: again, compare_to: smoke}"))
    rules, output = plan(edited, "config/again.yaml")
    assert "compare_runs" in rules
    assert "output: results/smoke/" not in output


def test_overlay_takes_from_the_compared_run_what_nothing_it_changes_concerns(edited: Project) -> None:
    overlay = (edited.root / "config/smoke.yaml").read_text(encoding="utf-8")
    overlay = overlay.replace("{name: smoke}", "{name: prior, compare_to: smoke}")
    edited.write("config/prior.yaml", f"{overlay}priors: {{slope_sd: 2.5}}\n")
    wanted = [f"results/prior/models/{model}/draws.nc" for model in ("variance", "arm_jointly")]
    done = edited.snakemake("--cores", "2", *wanted, "--configfile", "config/prior.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    same, refitted = (
        [(edited.root / path.replace("prior", run)).read_bytes() for run in ("smoke", "prior")] for path in wanted
    )
    assert same[0] == same[1]
    assert refitted[0] != refitted[1]
    copied = taken_over(edited.results / "prior")
    assert {name: run for name, run in copied.items() if name.startswith("models/")} == {
        f"models/variance/{file}": "smoke" for file in ("draws.nc", "flow.csv")
    }
    assert copied["data/scores.parquet"] == "smoke"


@pytest.mark.slow
def test_snakemake_report_works_offline(smoke: Project, tmp_path: Path) -> None:
    page = tmp_path / "snakemake_report.html"
    done = smoke.snakemake("--configfile", "config/smoke.yaml", "--report", str(page))
    assert done.returncode == 0, done.stderr[-2000:]
    text = page.read_text(encoding="utf-8")
    assert "forest" in text
    # Nothing is loaded from elsewhere: scripts and styles are inside the page.
    assert re.findall(r"<(?:script|link)[^>]+(?:src|href)=[\"']https?:", text) == []


@pytest.mark.slow
def test_killed_run_resumes_and_ends_like_an_undisturbed_one(smoke: Project) -> None:
    overlay = smoke.write("config/killed.yaml", KILLED.replace("EXCLUDED", EXCLUDED))
    words = smoke.command("--cores", "2", "--configfile", str(overlay))
    running = subprocess.Popen(
        words,
        cwd=smoke.root,
        env=smoke.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    folder = smoke.results / "killed"
    limit = time.monotonic() + 240
    # Killed while models are fitted: their logs exist, their results do not.
    while not list(folder.glob("logs/fit_model/*.log")):
        assert time.monotonic() < limit, "no model was begun in four minutes"
        assert running.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert (folder / "data/panel.parquet").is_file()
    assert not (folder / "manifest.csv").exists()
    panel = (folder / "data/panel.parquet").stat().st_mtime_ns

    done = smoke.snakemake("--cores", "2", "--configfile", str(overlay))
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "data/panel.parquet").stat().st_mtime_ns == panel, "finished steps are kept"
    undisturbed = pd.read_csv(smoke.results / "smoke/estimates/estimates.csv")
    resumed = pd.read_csv(folder / "estimates/estimates.csv")
    same = undisturbed[undisturbed["model"].isin(resumed["model"])].reset_index(drop=True)
    assert len(resumed) > 5
    pd.testing.assert_frame_equal(resumed, same, check_exact=True)


# The last one here, since it leaves the run unfinished.
def test_bad_data_leave_all_earlier_results_as_they_were(edited: Project) -> None:
    folder = edited.results / "smoke"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    sessions = edited.root / "data/example/sessions.csv"
    sessions.write_text(sessions.read_text(encoding="utf-8").replace("wai_3,", "wai_33,", 1), encoding="utf-8")
    done = edited.snakemake("--cores", "1", "--configfile", "config/smoke.yaml")
    assert done.returncode == 1
    assert "wai_3" in done.stderr[done.stderr.rindex("The run stopped") :]
    changed = {
        path.relative_to(folder).as_posix()
        for path, content in before.items()
        if not path.is_file() or path.read_bytes() != content
    }
    # The findings are those of the data as they are now, and the data are no longer accepted.
    assert {name for name in changed if not name.startswith("logs/")} == {"data/checks.csv", "data/accepted.txt"}
    assert list(edited.root.glob(".snakemake/typed/*")) == [], "the ids of the export are not kept"
