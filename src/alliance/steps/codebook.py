"""Write the codebook of a run: by the workflow, and by whoever only checks the data."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config import Config, validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.codebook.describe import describe_codebook
from alliance.report.page.codebook import build_codebook_page
from alliance.runs.artefacts import read_artefact, write_artefact
from alliance.runs.files import write_bytes, write_text
from alliance.runs.guards import check_origin, check_places, hold_lock, record_origin
from alliance.runs.made import record_provisional
from alliance.runs.plan import CODEBOOK_PAGE
from alliance.steps.reading import read_export


def write_codebook(
    *,
    sessions: str,
    patients: str | None = None,
    therapists: str | None = None,
    instruments: list[str],
    checks: str,
    codebook: str,
    page: str,
    settings: Mapping[str, Any],
    cleaning: Mapping[str, Any],
) -> None:
    """Read the export and write what each variable was understood to be.

    It reads by itself, beside the steps that compute: another label writes the codebook anew, and fits nothing.

    Parameters
    ----------
    sessions, patients, therapists
        Files of the export.
    instruments
        Files of the instruments in use.
    checks
        What the checks found.
    codebook, page
        Where the codebook goes, and the page with it and what the checks found.
    settings
        The whole merged configuration, as results may hold it.
    cleaning
        The section of that name, with ids that are left out sealed.
    """
    files = {"sessions": sessions, "patients": patients, "therapists": therapists}
    export = read_export(files, instruments, settings["data"], settings["variables"], cleaning)
    config = validate_config(settings)
    described = describe_codebook(export, config)
    write_artefact("codebook", described, codebook)
    write_text(build_codebook_page(described, read_artefact(checks, "checks"), config), page)


def keep_codebook(
    codebook: pd.DataFrame, findings: pd.DataFrame, config: Config, results: Path, origin: Sequence[str]
) -> list[Path]:
    """Put a codebook and its page that were made outside the workflow into the folder of its run, and touch nothing else there.

    A file that says the same stays as it is. One that changed is made again by the next run, with all that is made from it.

    Parameters
    ----------
    codebook, findings
        The artefacts `codebook` and `checks`.
    results
        Folder of all runs.
    origin
        Names of the configuration files, as the workflow records them.

    Raises
    ------
    RunError
        The folder belongs to another configuration, cannot be written, or a run is at work there.
    """
    folder = results / config.run.name
    check_places([folder])
    check_origin(folder, origin)
    lock = hold_lock(Path(".snakemake/locks_of_runs") / folder.name, folder)
    try:
        with tempfile.TemporaryDirectory() as place:
            made = {
                ARTEFACTS["codebook"].path: Path(place) / "codebook.csv",
                CODEBOOK_PAGE: Path(place) / "codebook.html",
            }
            write_artefact("codebook", codebook, made[ARTEFACTS["codebook"].path])
            write_text(build_codebook_page(codebook, findings, config), made[CODEBOOK_PAGE])
            _take_over({name: path.read_bytes() for name, path in made.items()}, folder, origin)
    finally:
        os.close(lock)
    return [folder / name for name in made]


def _take_over(contents: Mapping[str, bytes], folder: Path, origin: Sequence[str]) -> None:
    for name, content in contents.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            folder.mkdir(parents=True, exist_ok=True)
            record_origin(folder, origin)
            write_bytes(content, path)
            record_provisional([path])
