"""Run one step: the only place where the package meets Snakemake.

A rule has the same name as one function in `alliance.steps`. Its inputs, outputs and params become keyword arguments; those
in `NOT_ARGUMENTS` only decide when the step runs. Where the run has a worker, that does the job; where a compared run has done the
same job already, its results are taken.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, os.environ.get("ALLIANCE_SOURCE", str(Path(snakemake.scriptdir).resolve().parents[1] / "src")))  # noqa: F821

from alliance.runs.history import now, record_job
from alliance.runs.jobs import Ended, Job
from alliance.runs.made import record_made
from alliance.runs.reuse import key_of, leave_receipt, take_over
from alliance.runs.worker import hand_over, run_apart

NOT_ARGUMENTS = {"code", "redrawn_for", "after", "contents", "reuse_from"}


def job_of(rule) -> Job:
    """Turn what Snakemake gives a script into a job."""
    given = [(name, _plain(value)) for name, value in rule.input.items()]
    given += [(name, _plain(value)) for name, value in rule.output.items()]
    given += rule.params.items()
    arguments = {name: value for name, value in given if name not in NOT_ARGUMENTS}
    code = rule.params.code
    return Job(code.get("step", rule.rule), code["modules"], arguments, str(rule.log[0]), rule.threads)


def _plain(value):
    """Turn Snakemake's file names into plain text, one or a list of them."""
    return str(value) if isinstance(value, str) else [str(item) for item in value]


def listed(files):
    """Return the files of a rule by the names it gives them."""
    return {name: [value] if isinstance(value, str) else list(value) for name, value in files.items()}


def do(rule) -> Ended:
    """Do the job of a rule, or take its results from a compared run, and return how it ended."""
    job = job_of(rule)
    params, inputs = dict(rule.params.items()), dict(rule.input.items())
    if "reuse_from" not in params:
        return _run(job)
    read = {name: job.arguments[name] for name in inputs if name in job.arguments}
    settings = {name: job.arguments[name] for name in params if name in job.arguments}
    key = key_of(job.step, read, settings, params["code"])
    source = take_over(key, rule.output, params["reuse_from"])
    ended = Ended(0)
    if source:
        Path(job.log).write_text(f"Taken from run {source}, which made it from the same data, settings and code.\n")
    elif (ended := _run(job)).status:
        return ended
    leave_receipt(key, rule.output, source)
    return ended


def _run(job: Job) -> Ended:
    ended = hand_over(job)
    return run_apart(job) if ended is None else ended


began = now()
ended = do(snakemake)  # noqa: F821
if ended.status == 0:
    record_made(snakemake.output)  # noqa: F821
    record_job(snakemake.rule, began, listed(snakemake.input), listed(snakemake.output), ended)  # noqa: F821
sys.exit(ended.status)
