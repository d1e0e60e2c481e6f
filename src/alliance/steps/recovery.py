"""Fit the studies of the recovery, as many as there is time for: ``python -m alliance.steps.recovery [--cores 2] [--minutes 80]``.

One process per core fits batch after batch, in the order of `alliance.certify.batches`. What is finished is kept below `STUDIES`, named
after the settings and the code it depends on, so a run that was ended goes on where it stopped, and what is out of date is done again.
At the end, and at any time with ``--minutes 0``, tables and figures are made of all studies there are, and written to `KEPT`.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alliance.errors import AllianceError
from alliance.runs.messages import message_of
from alliance.runs.threads import use_one_thread

if TYPE_CHECKING:  # processes must be told to use one thread before numpy is imported
    from alliance.certify.batches import Batch
    from alliance.certify.settings import Certification
    from alliance.config.schema import Inference, Priors

SETTINGS, MAIN = Path("config/recovery.yaml"), Path("config/config.yaml")
STUDIES = Path("results/recovery/studies")
KEPT = Path("validation")
_DPI = 150
_WORSE = 10  # added to the niceness of the processes: whoever works on this machine meanwhile comes first


def main(arguments: Sequence[str]) -> None:
    """Fit until everything is finished or time is over, then summarise."""
    asked = _parse(arguments)
    use_one_thread()
    try:
        settings, priors, inference = read_everything(asked.settings, asked.config)
    except AllianceError as error:
        sys.exit(message_of(error))
    waiting, finished = find_batches(settings, priors, inference, asked.studies)
    deadline = time.monotonic() + 60 * asked.minutes
    print(f"{len(finished)} batches are there, {len(waiting)} are left.", flush=True)
    for batch, path in fit_batches(waiting, settings, priors, inference, asked.cores, deadline):
        finished[batch] = path
        print(f"{batch.design}, {batch.method}: studies {batch.first + 1} to {batch.end}", flush=True)
    if not finished:
        sys.exit("There is no study to summarise yet.")
    summarise(settings, finished, asked.kept)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m alliance.steps.recovery")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="processes that fit at the same time")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="no batch begins after them; 0 only summarises"
    )
    for name, place in (("settings", SETTINGS), ("config", MAIN), ("studies", STUDIES), ("kept", KEPT)):
        parser.add_argument(f"--{name}", type=Path, default=place)
    return parser.parse_args(arguments)


def read_everything(settings: Path, config: Path) -> "tuple[Certification, Priors, Inference]":
    """Read the settings of the recovery; priors, interval and limits of the diagnostics are those of a run."""
    from alliance.certify.settings import Certification
    from alliance.runs.plan import merge_files
    from alliance.worlds.settings import read_settings

    main_settings = merge_files(config, [], {})
    return read_settings(settings, Certification), main_settings.priors, main_settings.inference


def find_batches(
    settings: "Certification", priors: "Priors", inference: "Inference", studies: Path
) -> "tuple[dict[Batch, Path], dict[Batch, Path]]":
    """Return the batches that are left, in their order, and those that are finished, each with its file."""
    from alliance.certify.batches import key_of, plan_batches
    from alliance.facts.families import FAMILIES
    from alliance.runs.fingerprint import fingerprint

    keys = {}
    for batch in plan_batches(settings):
        if (batch.design, batch.method) not in keys:
            family = FAMILIES[settings.methods[batch.method].family].module
            others: dict[str, Any] = {
                part: of.model_dump(mode="json") for part, of in (("priors", priors), ("inference", inference))
            }
            others["code"] = fingerprint(["alliance.certify.recovery", family])
            keys[batch.design, batch.method] = key_of(settings, batch.design, batch.method, others)
    places = {batch: studies / batch.place(keys[batch.design, batch.method]) for batch in plan_batches(settings)}
    waiting = {batch: path for batch, path in places.items() if not path.exists()}
    return waiting, {batch: path for batch, path in places.items() if batch not in waiting}


def fit_batches(
    waiting: "dict[Batch, Path]",
    settings: "Certification",
    priors: "Priors",
    inference: "Inference",
    cores: int,
    deadline: float,
) -> "Iterator[tuple[Batch, Path]]":
    """Fit one batch after the other on each core, and give each with its file as soon as it is written."""
    left, running = iter(waiting.items()), dict[Future[None], tuple[Any, Path]]()
    with ProcessPoolExecutor(cores, get_context("spawn"), os.nice, (_WORSE,)) as processes:
        while True:
            while len(running) < cores and time.monotonic() < deadline and (following := next(left, None)) is not None:
                running[processes.submit(fit_batch, *following, settings, priors, inference)] = following
            if not running:
                return
            for ended in wait(running, return_when=FIRST_COMPLETED).done:
                ended.result()
                yield running.pop(ended)


def fit_batch(batch: "Batch", path: Path, settings: "Certification", priors: "Priors", inference: "Inference") -> None:
    """Simulate and fit the studies of a batch, and write the estimates beside the truth."""
    from alliance.certify.recovery import recover_studies
    from alliance.runs.files import write_parquet

    numbers = range(batch.first, batch.end)
    write_parquet(recover_studies(settings, batch.design, batch.method, numbers, priors, inference), path)


def summarise(settings: "Certification", finished: "dict[Batch, Path]", kept: Path) -> None:
    """Write tables and figures of all finished studies, and print how many studies each cell rests on."""
    import pandas as pd

    from alliance.certify.batches import count_studies, plan_batches
    from alliance.certify.summary import summarise_recovery
    from alliance.certify.verdicts import count_verdicts, describe_verdicts
    from alliance.report.figures.recovery import draw_recovery, draw_verdicts
    from alliance.runs.files import write_csv, write_text
    from alliance.steps.calibration import save_drawing

    order = {batch: place for place, batch in enumerate(plan_batches(settings))}
    by_method = sorted(finished, key=lambda batch: (list(settings.methods).index(batch.method), order[batch]))
    summary = summarise_recovery(
        pd.concat([pd.read_parquet(finished[batch]) for batch in by_method], ignore_index=True)
    )
    designs = {name: design.label for name, design in settings.designs.items()}
    methods = {name: method.label for name, method in settings.methods.items() if (summary["method"] == name).any()}
    numbers = summary.select_dtypes("float").columns
    # Four digits: of a mean over hundreds of studies no more are known.
    write_csv(summary.assign(**{name: summary[name].map("{:.4g}".format) for name in numbers}), kept / "recovery.csv")
    write_text(describe_verdicts(summary, designs, methods), kept / "verdicts.md")
    for name, draw in (("recovery", draw_recovery), ("verdicts", draw_verdicts)):
        drawing = draw(summary, designs, methods)
        save_drawing(drawing, str(kept / f"{name}.svg"), str(kept / f"{name}.png"), _DPI)
    counts = count_studies(finished, list(methods))
    print(
        "\nStudies by design and method:",
        counts.to_string(),
        "\nVerdicts:",
        count_verdicts(summary).to_string(),
        sep="\n",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
