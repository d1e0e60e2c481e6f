"""A run's folder is judged by what is in it: complete, changed, missing, stray, touched."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from alliance.cli import main
from alliance.runs.files import MANIFEST, write_csv
from alliance.runs.guards import RunError
from alliance.runs.made import record_made, record_touched, recorded, shorten_record, touched_files
from alliance.runs.provenance import manifest_rows
from alliance.runs.verify import describe_verified, verify

PROVENANCE = """\
recorded: '2026-11-26T20:00:00+00:00'
inputs: [{file: data/sessions.csv, bytes: 3, sha256: 0123456789abcdef}]
code: {commit: 8313302}
software: {alliance: 0.1.0}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run of three files."""
    place = tmp_path / "main"
    for name, text in (
        ("run.yaml", "configuration: [config/config.yaml]\n"),
        ("report.html", "<p>A report</p>\n"),
        ("estimates/estimates.csv", "a,b\n1,2\n"),
        ("provenance.yaml", PROVENANCE),
        ("logs/check_data.log", "not listed\n"),
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    results = [place / name for name in ("report.html", "estimates/estimates.csv", "provenance.yaml")]
    record_made(results)
    certify(place, results)
    return place


def certify(place: Path, results: Sequence[Path]) -> None:
    rows = manifest_rows(place, [*results, place / "run.yaml"], [], {}, touched_files(place))
    write_csv(pd.DataFrame(rows), place / "manifest.csv")
    record_made([place / "manifest.csv"])


def test_untouched_folder_is_complete_wherever_it_lies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = folder.rename(folder.with_name("archive"))
    found = verify(moved)
    assert found.holds
    assert found.complete == ("estimates/estimates.csv", "provenance.yaml", "report.html", "run.yaml")
    main(["verify", str(moved)])
    text = capsys.readouterr().out
    assert "4 of 4 results are as the workflow wrote them" in text
    assert "data/sessions.csv (0123456789ab)" in text
    assert "commit 8313302, on 2026-11-26" in text


def test_what_is_changed_missing_or_stray_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report.html").write_text("<p>A better report</p>\n", encoding="utf-8")
    (folder / "estimates/estimates.csv").unlink()
    (folder / "estimates/notes.docx").write_text("mine", encoding="utf-8")
    found = verify(folder)
    assert (found.changed, found.missing, found.stray) == (
        ("report.html",), ("estimates/estimates.csv",), ("estimates/notes.docx",)
    )  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(folder)])
    assert ended.value.code == 1
    text = capsys.readouterr().out
    assert "2 of 4 results" in text
    assert "1 missing: estimates/estimates.csv" in text
    assert "The folder is not what the workflow left." in text


def test_edited_manifest_and_lost_provenance_are_told(folder: Path) -> None:
    manifest = folder / "manifest.csv"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("report.html", "other.html"), encoding="utf-8")
    (folder / "provenance.yaml").unlink()
    found = verify(folder)
    assert found.changed == ("manifest.csv",)
    assert set(found.missing) == {"other.html", "provenance.yaml"}
    assert "what made these results cannot be told" in describe_verified(folder, found, 400)


def test_folder_without_a_manifest_is_refused(folder: Path) -> None:
    (folder / "manifest.csv").unlink()
    with pytest.raises(RunError, match="is not finished"):
        verify(folder)
    with pytest.raises(RunError, match="is no folder of a run"):
        verify(folder / "logs")


def test_touched_results_are_named_until_a_job_makes_them(folder: Path) -> None:
    before = recorded(folder)
    record_touched(folder, ["report.html", "absent.html"])
    shorten_record(folder)
    assert touched_files(folder) == ["report.html"]
    assert {**recorded(folder), MANIFEST: before[MANIFEST]} == before, "their content is as it was written"
    certify(folder, [folder / name for name in ("report.html", "estimates/estimates.csv", "provenance.yaml")])
    assert pd.read_csv(folder / "manifest.csv", index_col="file")["status"].to_dict()["report.html"] == "touched"
    found = verify(folder)
    assert (found.touched, found.holds, found.changed) == (("report.html",), False, ())
    assert "1 not computed but marked as up to date by --touch: report.html" in describe_verified(folder, found, 400)
    record_made([folder / "report.html"])
    assert touched_files(folder) == []


def test_archive_without_the_logs_is_told_what_was_touched(folder: Path) -> None:
    before = (folder / "manifest.csv").read_text(encoding="utf-8")
    record_touched(folder, ["report.html", "manifest.csv"])
    text = (folder / "manifest.csv").read_text(encoding="utf-8")
    changed = {(old, new) for old, new in zip(before.splitlines(), text.splitlines(), strict=True) if old != new}
    ((old, new),) = changed
    assert old.startswith("report.html,") and new == old.replace(",result,", ",touched,")
    assert verify(folder).changed == ()
    assert verify(folder).touched == ("report.html",)
    shutil.rmtree(folder / "logs")
    found = verify(folder)
    assert (found.touched, found.holds, found.changed) == (("report.html",), False, ())
