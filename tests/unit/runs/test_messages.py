"""What a run says last."""

import os
from pathlib import Path

from alliance.errors import DataError
from alliance.runs.messages import defect_of, failure_of_step, failures_in, final_message, message_of


def write_log(path: Path, text: str, age: float = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1000 - age, 1000 - age))


def test_failed_steps_are_repeated_once_and_older_ones_not(tmp_path: Path) -> None:
    said = failure_of_step("clean_data", message_of(DataError("14 rows are wrong. Correct them.")))
    write_log(tmp_path / "clean_data.log", "some output\n" + said)
    write_log(tmp_path / "again/clean_data.log", said)
    write_log(tmp_path / "old.log", failure_of_step("fit_model", "long ago"), age=500)
    write_log(tmp_path / "fine.log", "all is well\n")
    text = failures_in(tmp_path, since=900)
    assert text.count("clean_data: DataError: 14 rows are wrong. Correct them.") == 1
    assert "long ago" not in text
    assert "all is well" not in text


def test_run_that_stopped_without_a_message_points_to_the_logs(tmp_path: Path) -> None:
    assert str(tmp_path) in failures_in(tmp_path, since=0)


def test_defect_names_the_log_and_says_whose_fault_it_is() -> None:
    text = defect_of(KeyError("alliance"), "results/main/logs/build_panel.log")
    assert "defect of the project, not of your data" in text
    assert "results/main/logs/build_panel.log" in text


def test_final_message_shows_report_and_headline(tmp_path: Path) -> None:
    (tmp_path / "headline.txt").write_text("Alliance predicts symptoms.\n", encoding="utf-8")
    text = final_message(tmp_path)
    assert str((tmp_path / "report.html").resolve()) in text
    assert text.endswith("Alliance predicts symptoms.")
