"""What a run says last."""

import os
from pathlib import Path

from alliance.errors import DataError
from alliance.runs.jobs import traceback_of
from alliance.runs.made import record_made
from alliance.runs.messages import defect_of, failure_of_step, failures_in, final_message, in_lines, message_of


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


def test_defect_quotes_no_cell_in_its_message_or_its_traceback() -> None:
    try:
        try:
            float("Anna Meier".strip())
        except ValueError as error:
            raise KeyError("C" + "4711") from error
    except KeyError as error:
        said = defect_of(error, "x.log") + traceback_of(error)
    assert "Meier'" not in said and "C4711" not in said
    assert "ValueError: could not convert string to float: text of 10 characters" in said and "test_messages.py" in said


def finished(folder: Path) -> None:
    for name, text in {
        "run.yaml": "",
        "report.html": "<html>",
        "supplement.html": "<html>",
        "headline.txt": "Alliance predicts symptoms.\n",
    }.items():
        write_log(folder / name, text)
    (folder / "logs").mkdir()
    record_made([folder / name for name in ("report.html", "supplement.html", "headline.txt")])


def test_report_that_is_gone_or_was_changed_is_not_shown(tmp_path: Path) -> None:
    assert "Report:" not in final_message(tmp_path)
    finished(tmp_path)
    (tmp_path / "report.html").write_text("<ht", encoding="utf-8")
    assert "holds a report.html that is not as it was written" in final_message(tmp_path)
    (tmp_path / "report.html").unlink()
    text = final_message(tmp_path)
    assert "has no report.html" in text
    assert "Report:" not in text


def test_final_message_shows_report_and_headline(tmp_path: Path) -> None:
    finished(tmp_path)
    text = final_message(tmp_path)
    assert str((tmp_path / "report.html").resolve()) in text
    assert str((tmp_path / "supplement.html").resolve()) in text
    assert text.endswith("Alliance predicts symptoms.")


def test_each_answer_stands_below_its_question_in_lines_that_a_terminal_shows() -> None:
    headline = "Does it carry on? Yes, a part: −0.18 [−0.25, −0.10] points.\nWarnings concern none of them."
    assert in_lines(headline, 32).splitlines() == [
        "Does it carry on?",
        "  Yes, a part: −0.18 [−0.25,",
        "  −0.10] points.",
        "Warnings concern none of them.",
    ]
