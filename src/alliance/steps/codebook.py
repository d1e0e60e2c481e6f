"""Write the codebook of a run: by the workflow, and by whoever only checks the data."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config import validate_config
from alliance.config.cleaning import Cleaning
from alliance.config.instruments import read_instruments
from alliance.data.export.tables import read_tables
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.codebook.describe import describe_codebook
from alliance.runs.artefacts import write_artefact
from alliance.runs.files import write_bytes
from alliance.runs.guards import check_origin, check_places, hold_lock, record_origin
from alliance.runs.made import record_provisional
from alliance.runs.sealed import unseal_ids


def write_codebook(
    *,
    sessions: str,
    patients: str | None = None,
    therapists: str | None = None,
    instruments: list[str],
    codebook: str,
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
    codebook
        Where it goes.
    settings
        The whole merged configuration, as results may hold it.
    cleaning
        The section of that name, with ids that are left out sealed.
    """
    files = {"sessions": sessions, "patients": patients, "therapists": therapists}
    config = validate_config(settings)
    export = read_tables(
        {name: path for name, path in files.items() if path is not None},
        config.data,
        config.variables,
        Cleaning.model_validate(unseal_ids(cleaning)),
        read_instruments(instruments),
    )
    write_artefact("codebook", describe_codebook(export, config), codebook)


def keep_codebook(codebook: pd.DataFrame, folder: Path, origin: Sequence[str]) -> Path:
    """Put a codebook that was made outside the workflow into the folder of its run, and touch nothing else there.

    A file that says the same stays as it is. One that changed is made again by the next run, with all that is made from it.

    Parameters
    ----------
    folder
        ``results/<run>/``.
    origin
        Names of the configuration files, as the workflow records them.

    Raises
    ------
    RunError
        The folder belongs to another configuration, cannot be written, or a run is at work there.
    """
    path = folder / ARTEFACTS["codebook"].path
    check_places([folder])
    check_origin(folder, origin)
    lock = hold_lock(Path(".snakemake/locks_of_runs") / folder.name, folder)
    try:
        _replace(path, codebook, folder, origin)
    finally:
        os.close(lock)
    return path


def _replace(path: Path, codebook: pd.DataFrame, folder: Path, origin: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        written = Path(place) / path.name
        write_artefact("codebook", codebook, written)
        content = written.read_bytes()
    if not path.is_file() or path.read_bytes() != content:
        folder.mkdir(parents=True, exist_ok=True)
        record_origin(folder, origin)
        write_bytes(content, path)
        record_provisional([path])
