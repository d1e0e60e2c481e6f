"""What the terminal shows of Snakemake's events."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.tests import MockOutputSettings

from alliance.runs import progress
from alliance.runs.progress import Progress


def tell(handler: Progress, message: str = "", level: int = logging.INFO, **fields: Any) -> None:
    handler.emit(logging.makeLogRecord({"msg": message, "levelno": level, **fields}))


@pytest.fixture
def handler() -> Progress:
    return Progress(MockOutputSettings(), None)


def test_snakemake_finds_it_under_its_name() -> None:
    assert LoggerPluginRegistry().get_plugin("alliance").log_handler is Progress


def test_steps_are_told_by_name_as_they_finish(
    handler: Progress, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_until(seconds: float) -> None:
        monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: seconds))

    tell(handler, "Select jobs to execute...")
    wait_until(0.0)
    tell(handler, event=LogEvent.JOB_INFO, jobid=7, rule_name="check_data", wildcards={})
    wait_until(2.0)
    tell(handler, event=LogEvent.JOB_INFO, jobid=3, rule_name="fit_model", wildcards={"model": "first_steps"})
    wait_until(14.0)
    tell(handler, event=LogEvent.JOB_INFO, jobid=9, rule_name="write_table", wildcards={"table": "flow"})
    wait_until(14.4)
    for job in (7, 3, 9):
        tell(handler, f"Finished jobid: {job}", event=LogEvent.JOB_FINISHED, job_id=job)
    tell(handler, event=LogEvent.PROGRESS, done=13, total=58)
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "11 of 58  check data (14 s)",
        "12 of 58  fit model first_steps (12 s)",
        "13 of 58  write table flow",
    ]
    assert said.out == ""


def test_warnings_and_errors_are_told_but_not_what_the_run_says_itself(
    handler: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(handler, "Complete log(s): x.log")
    tell(handler, "Disk full", logging.ERROR)
    tell(handler, "Error in rule fit_model", logging.ERROR, event=LogEvent.JOB_ERROR, jobid=3)
    tell(handler, "RuleException:\nCalledProcessError in file x", logging.ERROR, event=LogEvent.ERROR)
    tell(handler, "WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR)
    assert capsys.readouterr().err.splitlines() == ["Disk full"]
