"""Run one step: the only place where the package meets Snakemake.

A rule has the same name as one function in `alliance.steps`. Its inputs, outputs and params become keyword arguments; those
in `NOT_ARGUMENTS` only decide when the step runs. Everything that is printed goes to the job's log.
"""

import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "src"))  # noqa: F821

from alliance.runs.threads import use_one_thread

use_one_thread()

from importlib import import_module  # noqa: E402

from alliance.errors import AllianceError  # noqa: E402
from alliance.runs.messages import defect_of, failure_of_step, message_of  # noqa: E402
from alliance.steps import STEPS  # noqa: E402

NOT_ARGUMENTS = {"code", "redrawn_for", "after"}


def run_step(job) -> None:
    """Call the step of a job, and close its log with one clear message if it fails."""
    given = [(name, _plain(value)) for name, value in job.input.items()]
    given += [(name, str(value)) for name, value in job.output.items()]
    given += job.params.items()
    arguments = {name: value for name, value in given if name not in NOT_ARGUMENTS}
    try:
        getattr(import_module(STEPS[job.rule]), job.rule)(**arguments)
    except AllianceError as error:
        sys.exit(failure_of_step(job.rule, message_of(error)))
    except Exception as error:
        traceback.print_exc()
        sys.exit(failure_of_step(job.rule, defect_of(error, str(job.log[0]))))


def _plain(value):
    """Turn Snakemake's file names into plain text, one or a list of them."""
    return str(value) if isinstance(value, str) else [str(item) for item in value]


with open(snakemake.log[0], "w", encoding="utf-8", buffering=1) as log:  # noqa: F821
    # On the level of file descriptors, so that compiled libraries and child processes write to the log too.
    os.dup2(log.fileno(), sys.stdout.fileno())
    os.dup2(log.fileno(), sys.stderr.fileno())
    sys.stdout.reconfigure(line_buffering=True)
    run_step(snakemake)  # noqa: F821
