"""What a run says on the terminal while it works: one line for each step that has finished, by its name.

Snakemake's own lines (which jobs are selected, their numbers, where its log lies) tell a reader nothing of the study; they stay in its log.
"""

import sys
import time
from logging import WARNING, LogRecord
from typing import Final

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

# The run's own message on what failed follows Snakemake's last line, see `alliance.runs.messages`.
_TOLD_ELSEWHERE: Final = (
    "Exiting because a job execution failed",
    "Shutting down, this might take some time",
    "RuleException:\nCalledProcessError",
    "WorkflowError:\nAt least one job did not complete",
)
_WORTH_A_TIME: Final = 1.0  # seconds


class Progress(LogHandlerBase):
    """Lines like ``12 of 58  fit model technique_jointly (14 s)``; warnings and errors as they come."""

    def __post_init__(self) -> None:
        """Begin with no job."""
        self._names: dict[int, str] = {}
        self._begun: dict[int, float] = {}
        self._finished: list[int] = []

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's lines."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It keeps no file; Snakemake's own log has everything."""
        return False

    @property
    def has_filter(self) -> bool:
        """It chooses itself."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It writes lines of its own."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It names single steps only."""
        return False

    def emit(self, record: LogRecord) -> None:
        """Write what a record means to a reader, if anything."""
        said = vars(record)  # Snakemake puts what belongs to an event beside the fields of the library
        event = said.get("event")
        if event == LogEvent.JOB_INFO:
            wildcards = " ".join(str(value) for value in dict(said["wildcards"] or {}).values())
            self._names[said["jobid"]] = f"{said['rule_name'].replace('_', ' ')} {wildcards}".rstrip()
            self._begun[said["jobid"]] = time.monotonic()
        elif event == LogEvent.JOB_FINISHED:
            self._finished.append(said["job_id"])
        elif event == LogEvent.PROGRESS:
            self._tell(said["done"], said["total"])
        elif record.levelno >= WARNING and event not in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR):
            message = record.getMessage()
            if not message.startswith(_TOLD_ELSEWHERE):
                print(message, file=sys.stderr, flush=True)

    def _tell(self, done: int, total: int) -> None:
        width = len(str(total))
        first = done - len(self._finished) + 1
        for number, job in enumerate(self._finished, start=first):
            seconds = time.monotonic() - self._begun.get(job, time.monotonic())
            took = f" ({seconds:.0f} s)" if seconds >= _WORTH_A_TIME else ""
            print(f"{number:>{width}} of {total}  {self._names.get(job, 'step')}{took}", file=sys.stderr, flush=True)
        self._finished.clear()
