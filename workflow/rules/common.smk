# What all rules share.
#
# needs  the configuration files
# gives  cfg (the validated configuration), OUT and LOGS (folders of this run), ARTEFACT (name -> path), CODE (step -> modules
#        behind it and their fingerprint), and the handlers of the start and the end of a run.
# Where the workflow is a guest, the host's configuration is what its own overlays are otherwise: what differs from config/config.yaml. The
# host's handlers of start and end are then its own, so this run begins when its jobs are laid out and closes with the process.
# Refuses, before any job: settings that cannot be used, missing files, and a run that would touch another run's results.
import atexit
import os
import sys
import time

from alliance.config.compared import smallest_groups
from alliance.errors import AllianceError
from alliance.facts.artefacts import ARTEFACTS, made_by
from alliance.facts.families import FAMILIES
from alliance.facts.memory import memory_for
from alliance.models.fitting import settings_for
from alliance.report.words import Speech
from alliance.runs import guards, plan
from alliance.runs.files import ORIGIN as RUN_FILE, remove_unfinished
from alliance.runs.fingerprint import code_of, remember
from alliance.runs.instruments import instrument_files, named_in_results
from alliance.runs.made import (
    changed_files,
    contents_of,
    describe_changed,
    describe_lost,
    edited_files,
    keep_aside,
    record_touched,
    shorten_record,
    still_holds,
)
from alliance.runs.messages import CLOSED_BY, failures_in, final_message, message_of, said_in
from alliance.runs.plan import ACCEPTED, FLOW_DATA, IDS_FILE, RUN_FILES
from alliance.runs.project import RESULTS
from alliance.runs.reuse import shorten_receipts
from alliance.runs.sealed import begin_key, seal_ids
from alliance.runs.shells import quote_interpreter, unsafe_in_scripts
from alliance.runs.worker import start_worker
from alliance.steps import STEPS

quote_interpreter()
STUDY = Path.cwd()
BASE = ROOT / "config/config.yaml"
# As seen from where jobs run, so that a project can be moved; what lies elsewhere stays there when the study is moved.
SHIPPED = ROOT / "config/instruments"
INSTRUMENTS = [Path("config/instruments"), *([SHIPPED] if ROOT != STUDY else [])]
SCRIPT = ROOT / "workflow/scripts/run_step.py"
if IS_GUEST:
    OVERLAYS, VALUES = [], dict(config)
    NAMED = [Path(path) for path in workflow.configfiles] or [Path(workflow.main_snakefile)]
    if workflow.modifier.modify_path("results") != "results":
        sys.exit(
            "The module of alliance has a prefix, but names its files itself. Remove 'prefix:' and 'replace_prefix:'."
        )
else:
    OVERLAYS = [Path(path) for path in workflow.config_settings.configfiles]
    VALUES = dict(workflow.config_settings.config)
    NAMED = OVERLAYS

try:
    cfg = plan.merge_files(BASE, OVERLAYS, VALUES)
    ORIGIN = plan.origin_of(BASE, NAMED, {} if IS_GUEST else VALUES, STUDY)
    OUT = RESULTS / cfg.run.name
    guards.check_names(cfg)
    guards.check_files(cfg, *INSTRUMENTS)
    guards.check_overlay(cfg, BASE, ORIGIN, is_overlay=not IS_GUEST and bool(OVERLAYS or VALUES))
    guards.check_origin(OUT, ORIGIN)
    guards.check_comparison(cfg, RESULTS)
except AllianceError as error:
    sys.exit(message_of(error))

# Snakemake writes its own copy of the configuration into the script of every job; a killed run leaves these, and nobody reads it.
config = {}
LOGS = OUT / "logs"
# The export as it was read, from the checks to the cleaning. It holds ids, so it lies beside the results and does not last.
TYPED = Path(".snakemake/typed") / f"{cfg.run.name}.pickle"
LOCK = Path(".snakemake/locks_of_runs") / cfg.run.name
# What a killed run left there cannot be read any more.
if begin_key() and not guards.is_held(LOCK):
    TYPED.unlink(missing_ok=True)
COMPARED = [str(RESULTS / name) for name in cfg.run.compare_to]
ARTEFACT = {name: OUT / artefact.path for name, artefact in ARTEFACTS.items()}
PLAIN = plan.plain(cfg)
SHOWN = plan.in_results(cfg)
remember(ROOT / ".snakemake/sources.json")  # at the end of the call, when Snakemake is back where it was called from
CODE = {step: {"step": step, **code_of(module, scripts=[SCRIPT])} for step, module in STEPS.items()}
STRAY = plan.stray_files(OUT, cfg)
STARTED = time.time()
BEGUN = []

MADE = [name for name in plan.expected_files(cfg) if name != RUN_FILE]
CHANGED = changed_files(OUT, MADE)
EDITED = edited_files(OUT, CHANGED)

if STRAY:
    print(plan.describe_stray(OUT, STRAY), file=sys.stderr)
if EDITED:
    print(describe_changed(OUT, EDITED), file=sys.stderr)


wildcard_constraints:
    model="|".join(cfg.models.fit),
    name="[a-z][a-z0-9_]*",


def code_with(step, module):
    """Return the code of a step together with a module that it chooses by its settings."""
    return {"step": step, **code_of(STEPS[step], module, scripts=[SCRIPT])}


def asks(rule):
    """Return how much memory a job of a rule asks a cluster for."""
    return lambda wildcards, input, attempt: memory_for(rule, input.size_mb, attempt)


def everything(wildcards):
    """Name all results, since one that is missing is made again."""
    return [OUT / name for name in MADE]


def export_files(wildcards):
    """Name the files of the export, with which everything begins, and have Snakemake make again what nothing vouches for.

    Called while the jobs are laid out, whatever was asked for: results that somebody changed, and those whose records are lost.
    """
    if not workflow.is_main_process:
        return TABLE_FILES
    if IS_GUEST and workflow.executor_plugin is not None and not workflow.dryrun and not BEGUN:
        begin_run()
    lost = [
        name
        for name in MADE
        if (OUT / name).is_file() and workflow.persistence.metadata(IOFile(str(OUT / name))) is None
    ]
    lost = [name for name in lost if name not in CHANGED]
    if lost and not still_holds(OUT, SHOWN, CONTENTS, FINGERPRINTS):
        print(describe_lost(OUT, lost), file=sys.stderr)
    elif lost:
        # The records of a run say nothing of another run's results, or of a known truth.
        compared = [ARTEFACTS[name].path for rule in ("compare_runs", "compare_truth") for name in made_by(rule)]
        lost = [name for name in lost if name in compared]
    workflow._dag.forcefiles.update(str(OUT / name) for name in [*CHANGED, *lost])
    return TABLE_FILES


ENDED = []


def begin_run():
    """Take the run's lock, note whose results these are, clear away what a killed run left half-written; start the worker."""
    BEGUN.append(True)
    try:
        if not workflow.local_exec and (unsafe := unsafe_in_scripts(STUDY, ROOT, sys.executable)):
            raise guards.RunError(
                f"The job scripts of a cluster cannot hold the path {unsafe}. Move the project to a folder whose path has only letters, "
                "digits and the signs - _ . (no blanks, no quotes), then run again."
            )
        guards.check_places([OUT, LOGS, Path(".snakemake")])
        guards.hold_lock(LOCK, OUT)
        guards.check_origin(OUT, ORIGIN)
        guards.record_origin(OUT, ORIGIN)
    except AllianceError as error:
        sys.exit(message_of(error))
    remove_unfinished(OUT)
    shorten_record(OUT)
    shorten_receipts(OUT)
    if workflow.touch:
        outdated = [Path(file) for job in workflow.dag.needrun_jobs() for file in job.output]
        record_touched(OUT, [path.relative_to(OUT).as_posix() for path in outdated if path.is_relative_to(OUT)])
    keep_aside(OUT, EDITED)
    if not cfg.privacy.original_ids:
        (OUT / IDS_FILE).unlink(missing_ok=True)
    atexit.register(say_if_nobody_did)
    # Jobs in an environment of their own cannot share one, and those of a cluster are to run where it puts them.
    if workflow.local_exec and not workflow.deployment_settings.deployment_method:
        start_worker()


def end_run():
    """Name the report, after Snakemake's own closing lines; make does so itself, also when nothing was to be done."""
    ENDED.append(True)
    has_report = (OUT / RUN_FILES["headline"]).exists()  # not if only some files were asked for
    if has_report and not CLOSED_BY & os.environ.keys():
        atexit.register(print, final_message(OUT))


def show_failures():
    """Repeat what the failed jobs said, after Snakemake's own closing lines; data that were not accepted are not kept."""
    ENDED.append(True)
    TYPED.unlink(missing_ok=True)
    atexit.register(print, Speech(cfg).say(failures_in(LOGS, STARTED)), file=sys.stderr)


def say_if_nobody_did():
    """Say why a run stopped that Snakemake itself broke off without calling a handler, as on a full disk; it names its own folder only."""
    if IS_GUEST and not said_in(LOGS, STARTED):  # whether all is well with its host is not for it to say
        if all((OUT / name).is_file() for name in MADE):
            end_run()
    elif not ENDED:
        TYPED.unlink(missing_ok=True)
        print(Speech(cfg).say(failures_in(LOGS, STARTED)), file=sys.stderr)
