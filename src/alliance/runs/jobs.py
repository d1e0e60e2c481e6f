"""One job of the workflow: a step, what it is called with, and the log in which everything it says ends."""

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

from alliance.errors import AllianceError
from alliance.facts.threads import MOST, SETTING
from alliance.runs.machine import fault_of
from alliance.runs.messages import defect_of, failure_of_step, message_of, words_of
from alliance.runs.threads import use_one_thread


@dataclass(frozen=True)
class Job:
    """What a process needs to know to run a step.

    Parameters
    ----------
    step
        Name of the function.
    modules
        The module that holds it, then those it chooses by its settings: a figure, a family.
    arguments
        Keyword arguments of the function.
    log
        File for everything that is printed.
    threads
        How many the workflow gives it.
    """

    step: str
    modules: Sequence[str]
    arguments: Mapping[str, Any]
    log: str
    threads: int = MOST


class Ended(NamedTuple):
    """How the process of a job ended, and what it took.

    Parameters
    ----------
    status
        Exit status; negative where a signal ended it.
    cpu_seconds
        Time of processors, of all its threads.
    peak_mb
        The most memory (MB) it held at one time, that which it shares with the worker it was forked from included.
    """

    status: int
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


def run_job(job: Job) -> int:
    """Run a job in this process, close its log with one clear message if it fails, and return the exit status."""
    use_one_thread()
    os.environ[SETTING] = str(job.threads)
    with open(job.log, "w", encoding="utf-8") as log:
        # On the level of file descriptors, so that compiled libraries and child processes write to the log too.
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        getattr(import_module(job.modules[0]), job.step)(**job.arguments)
    except AllianceError as error:
        explanation = message_of(error)
    except Exception as error:
        explanation = fault_of(error) or defect_of(error, job.log)
        with contextlib.suppress(OSError):  # on a full disk the log takes no more
            print(traceback_of(error), file=sys.stderr)
    else:
        return 0
    with contextlib.suppress(OSError):
        print(failure_of_step(job.step, explanation), file=sys.stderr, end="")
    return 1


def traceback_of(error: BaseException) -> str:
    """Return the traceback of a defect, without the values that its messages quote: they may be cells of the export."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        head = f"{type(seen).__name__}: {words_of(seen)}\n"
        lines.insert(
            0, "".join(["Traceback (most recent call last):\n", *traceback.format_tb(seen.__traceback__), head])
        )
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\nfrom which arose:\n\n".join(lines)
