"""Only checking: findings and codebook in seconds; of earlier results nothing but the codebook is touched."""

from pathlib import Path

import pandas as pd
import pytest

from alliance.cli import main
from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import ORIGIN, write_text
from alliance.runs.guards import RunError
from alliance.runs.made import changed_files, edited_files, record_made
from alliance.study.check import check
from tests.unit.report.codebook.test_describe import OVERLAY, write_project

CODEBOOK = ARTEFACTS["codebook"].path


def stop(root: Path) -> None:
    """Give the export an error: a session number that is none."""
    path = root / "data/raw/sessions.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("secret0,1,", "secret0,soon,", 1), encoding="utf-8")


def test_findings_and_codebook_come_back_and_the_codebook_is_written(tmp_path: Path) -> None:
    overlay = write_project(tmp_path)
    findings, codebook, config = check([overlay], tmp_path)
    assert config.run.name == "codebook"
    assert not (findings["severity"] == "error").any()
    written = read_artefact(tmp_path / "results/codebook" / CODEBOOK, "codebook")
    pd.testing.assert_frame_equal(written, codebook, check_dtype=False)
    assert sorted(path.name for path in (tmp_path / "results/codebook").rglob("*") if path.is_file()) == [
        "codebook.csv",
        "codebook.html",
        "made.sha256",
        ORIGIN,
    ]


def test_errors_are_findings_and_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    main(["check", "config/mine.yaml"])
    assert capsys.readouterr().out.endswith("A run can go on: make run CONFIG=config/mine.yaml\n")
    stop(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["check", "config/mine.yaml"])
    assert ended.value.code == 1
    text = capsys.readouterr().out
    assert text.startswith("1 error that would stop a run:")
    assert "secret" not in text


def test_earlier_results_stay_and_an_outdated_codebook_is_made_again_by_the_next_run(tmp_path: Path) -> None:
    overlay = write_project(tmp_path)
    folder = tmp_path / "results/codebook"
    write_text("configuration:\n- config/mine.yaml\n", folder / ORIGIN)
    for name in ("data/checks.csv", "report.html", CODEBOOK):
        write_text("earlier\n", folder / name)
    record_made([folder / name for name in ("data/checks.csv", "report.html", CODEBOOK)])
    check([overlay], tmp_path)
    assert (folder / "data/checks.csv").read_text(encoding="utf-8") == "earlier\n"
    assert (folder / "report.html").read_text(encoding="utf-8") == "earlier\n"
    changed = changed_files(folder, ["data/checks.csv", "report.html", CODEBOOK])
    assert changed == [CODEBOOK]
    assert edited_files(folder, changed) == []
    record_made([folder / CODEBOOK])  # as the workflow does when it has made it
    stamp = (folder / CODEBOOK).stat().st_mtime_ns
    check([overlay], tmp_path)
    assert (folder / CODEBOOK).stat().st_mtime_ns == stamp
    assert changed_files(folder, [CODEBOOK]) == []


def test_results_of_another_configuration_are_not_touched(tmp_path: Path) -> None:
    overlay, folder = write_project(tmp_path), tmp_path / "results/codebook"
    check([overlay], tmp_path)
    record_made([folder / CODEBOOK])  # as a run does
    other = overlay.with_name("other.yaml")
    other.write_text(OVERLAY, encoding="utf-8")
    with pytest.raises(RunError, match=r"holds results of config/mine\.yaml"):
        check([other], tmp_path)
    assert "config/mine.yaml" in (folder / ORIGIN).read_text(encoding="utf-8")


def test_check_leaves_a_name_to_whoever_runs_first(tmp_path: Path) -> None:
    overlay, folder = write_project(tmp_path), tmp_path / "results/codebook"
    check([overlay], tmp_path)
    other = overlay.with_name("other.yaml")
    other.write_text(OVERLAY.replace("working alliance", "bond"), encoding="utf-8")
    assert not check([other], tmp_path).stops
    assert "config/other.yaml" in (folder / ORIGIN).read_text(encoding="utf-8")
    assert "bond" in (folder / CODEBOOK).read_text(encoding="utf-8")
