"""A result counts by content: edited, cut short, replaced or put there by hand, it is found; untouched, it is not."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from alliance.errors import DataError
from alliance.runs.files import CRATE, ORIGIN, SNAKEFILE
from alliance.runs.made import (
    RECORD,
    changed_files,
    contents_of,
    edited_files,
    keep_aside,
    record_made,
    record_provisional,
    shorten_record,
    still_holds,
)
from alliance.steps.record import record_provenance, write_manifest

NAMES = ["estimates/estimates.csv", "report.html", "manifest.csv"]


def manifest_of(run: Path, names: Sequence[str] = NAMES[:2]) -> dict[str, Any]:
    """Return what the step that writes the manifest is called with."""
    (run / SNAKEFILE).parent.mkdir(exist_ok=True)
    (run / SNAKEFILE).write_text("rule all:\n", encoding="utf-8")
    record_made([run / SNAKEFILE])
    return {
        "files": [str(run / name) for name in [*names, SNAKEFILE]],
        "manifest": str(run / "manifest.csv"), "crate": str(run / CRATE), "folder": str(run), "stray": [],
        "run": {"name": "main", "title": "A study", "seed": 1}, "description": "", "licence": None, "publisher": None, "known": {},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run with two results and its manifest."""
    run = tmp_path / "results/main"
    for name in (*NAMES[:2], ORIGIN, "logs/x.log"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(f"{name}: 1.0\n" * 20, encoding="utf-8")
    record_made([run / name for name in NAMES[:2]])
    write_manifest(**manifest_of(run))
    record_made([run / NAMES[2]])
    return run


def test_untouched_results_are_as_they_were_made_whatever_their_stamp(folder: Path) -> None:
    os.utime(folder / NAMES[0], (1, 1))
    os.utime(folder / NAMES[1])
    assert changed_files(folder, NAMES) == []
    assert subprocess.run(["sha256sum", "--check", "--quiet", RECORD], cwd=folder, check=False).returncode == 0


@pytest.mark.parametrize("with_record", [True, False], ids=["recorded", "only in the manifest"])
@pytest.mark.parametrize("change", ["edited", "halved", "emptied", "end of lines"])
def test_changed_result_is_found_with_its_old_stamp(folder: Path, change: str, with_record: bool) -> None:
    path = folder / NAMES[0]
    before, content = path.stat(), path.read_bytes()
    changes = {
        "edited": content.replace(b"1.0", b"1.1", 1),
        "halved": content[: len(content) // 2],
        "emptied": b"",
        "end of lines": content.replace(b"\n", b"\r\n"),
    }
    path.write_bytes(changes[change])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    if not with_record:
        (folder / RECORD).unlink()
    assert changed_files(folder, NAMES) == [NAMES[0]]


def test_edited_manifest_cannot_vouch_for_an_edited_result(folder: Path) -> None:
    (folder / NAMES[2]).write_text("file,bytes,sha256,status\n", encoding="utf-8")
    assert changed_files(folder, NAMES) == [NAMES[2]]


def test_file_of_which_nothing_is_recorded_is_no_result(folder: Path) -> None:
    (folder / "headline.txt").write_text("by hand", encoding="utf-8")
    assert changed_files(folder, [*NAMES, "headline.txt"]) == ["headline.txt"]


def test_what_is_made_again_counts_as_it_is_now_and_the_record_stays_short(folder: Path) -> None:
    for number in range(3):
        (folder / NAMES[1]).write_text(f"<html>{number}", encoding="utf-8")
        record_made([folder / NAMES[1]])
    assert changed_files(folder, NAMES) == []
    (folder / NAMES[0]).unlink()
    shorten_record(folder)
    assert (
        len((folder / RECORD).read_text(encoding="utf-8").splitlines()) == 5
    )  # those of the manifest are known from there
    assert changed_files(folder, NAMES) == []


def test_files_outside_a_run_are_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "sessions.csv").write_text("1", encoding="utf-8")
    record_made([tmp_path / "sessions.csv", tmp_path / "gone.csv"])
    assert [path.name for path in tmp_path.rglob("*")] == ["sessions.csv"]


def test_work_in_an_edited_result_is_kept_aside(folder: Path) -> None:
    (folder / NAMES[0]).write_text("my notes", encoding="utf-8")
    keep_aside(folder, changed_files(folder, NAMES))
    assert (folder / "logs/edited" / NAMES[0]).read_text(encoding="utf-8") == "my notes"


def test_changed_result_is_never_certified(folder: Path) -> None:
    (folder / NAMES[0]).write_text("edited while the run was at work", encoding="utf-8")
    with pytest.raises(DataError, match=r"estimates/estimates\.csv in .*: not as the workflow wrote them"):
        write_manifest(**manifest_of(folder))


def test_older_file_in_the_place_of_an_export_has_other_content(tmp_path: Path) -> None:
    export = tmp_path / "sessions.csv"
    export.write_text("1,2", encoding="utf-8")
    before = contents_of([export])
    export.touch()
    assert contents_of([export]) == before
    export.write_text("1,3", encoding="utf-8")
    os.utime(export, (1, 1))
    assert contents_of([export]) != before


def test_export_replaced_during_a_run_is_not_put_on_record(tmp_path: Path) -> None:
    export = tmp_path / "sessions.csv"
    export.write_text("1,2", encoding="utf-8")
    read = contents_of([export])
    export.write_text("1,3", encoding="utf-8")
    with pytest.raises(DataError, match=r"sessions\.csv changed while the run was at work"):
        record_provenance(
            data=[str(export)], instruments=[], workflow=[], copies=[], provenance=str(tmp_path / "p"), config=str(tmp_path / "c"),
            readme="", settings={}, origin=[], fingerprints={}, read=read,
        )  # fmt: skip


def test_provisional_file_is_made_again_without_being_called_edited(folder: Path) -> None:
    record_provisional([folder / NAMES[0]])
    (folder / NAMES[1]).write_text("edited", encoding="utf-8")
    changed = changed_files(folder, NAMES)
    assert changed == NAMES[:2]
    assert edited_files(folder, changed) == NAMES[1:2]
    shorten_record(folder)
    assert edited_files(folder, changed_files(folder, NAMES)) == NAMES[1:2]
    record_made([folder / NAMES[0]])
    assert changed_files(folder, NAMES) == NAMES[1:2]


SETTINGS = {"panel": {"lag": 1}, "cleaning": {"exclude": {"patients": []}}}
READ, CODE = {"sessions.csv": "ab12"}, {"fit_model": "7f"}


@pytest.fixture
def certified(tmp_path: Path) -> Path:
    """A finished run whose manifest lists its settings and what made it."""
    run = tmp_path / "results/main"
    record = {"inputs": [{"file": "sessions.csv", "sha256": "ab12"}], "code": {"fingerprints": CODE}}
    texts = {
        "config.yaml": yaml.safe_dump(SETTINGS),
        "provenance.yaml": yaml.safe_dump(record),
        ORIGIN: "x",
        "report.html": "text",
    }
    for name, text in texts.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(text, encoding="utf-8")
    record_made([run / name for name in texts])
    write_manifest(**manifest_of(run, [name for name in texts if name != ORIGIN]))
    return run


def test_finished_run_holds_for_the_same_settings_inputs_and_code_only(certified: Path) -> None:
    assert still_holds(certified, SETTINGS, READ, CODE)
    assert not still_holds(certified, {**SETTINGS, "panel": {"lag": 2}}, READ, CODE)
    assert not still_holds(certified, SETTINGS, {"sessions.csv": "cd34"}, CODE)
    assert not still_holds(certified, SETTINGS, READ, {"fit_model": "80"})
    # Who was left out stands in no result, so nobody could tell whether it was the same patient.
    assert not still_holds(certified, {**SETTINGS, "cleaning": {"exclude": {"patients": ["1 not shown"]}}}, READ, CODE)


@pytest.mark.parametrize("name", ["report.html", "provenance.yaml", "manifest.csv"])
def test_run_that_is_not_whole_holds_for_nothing(certified: Path, name: str) -> None:
    (certified / name).unlink()
    assert not still_holds(certified, SETTINGS, READ, CODE)
