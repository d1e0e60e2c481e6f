"""Run one step: the only place where the package meets Snakemake.

A rule has the same name as one function in `alliance.steps`. Its inputs, outputs and params become keyword arguments; those
in `NOT_ARGUMENTS` only decide when the step runs. Where the run has a worker, that does the job.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).resolve().parents[1] / "src"))  # noqa: F821

from alliance.runs.jobs import Job, run_job
from alliance.runs.made import record_made
from alliance.runs.worker import hand_over

NOT_ARGUMENTS = {"code", "redrawn_for", "after", "contents"}


def job_of(rule) -> Job:
    """Turn what Snakemake gives a script into a job."""
    given = [(name, _plain(value)) for name, value in rule.input.items()]
    given += [(name, str(value)) for name, value in rule.output.items()]
    given += rule.params.items()
    arguments = {name: value for name, value in given if name not in NOT_ARGUMENTS}
    return Job(rule.rule, rule.params.code["modules"], arguments, str(rule.log[0]), rule.threads)


def _plain(value):
    """Turn Snakemake's file names into plain text, one or a list of them."""
    return str(value) if isinstance(value, str) else [str(item) for item in value]


job = job_of(snakemake)  # noqa: F821
status = hand_over(job)
status = run_job(job) if status is None else status
if status == 0:
    record_made(snakemake.output)  # noqa: F821
sys.exit(status)
