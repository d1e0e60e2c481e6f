"""Record what made a run's results, and list its files."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from alliance.errors import DataError
from alliance.runs.files import ORIGIN, write_csv, write_text
from alliance.runs.instruments import named_in_results
from alliance.runs.made import changed_files, touched_files
from alliance.runs.provenance import code_state, describe_files, manifest_rows, software_versions
from alliance.runs.reuse import taken_over


def record_provenance(
    *,
    data: Sequence[str],
    instruments: Sequence[str],
    provenance: str,
    config: str,
    settings: Mapping[str, Any],
    origin: Sequence[str],
    fingerprints: Mapping[str, str],
    read: Mapping[str, str],
) -> None:
    """Write the merged configuration, and what the results came from.

    Parameters
    ----------
    settings
        The whole merged configuration.
    origin
        The configuration files (and values of the command line) it was merged from.
    fingerprints
        Step or model -> fingerprint of the code behind it.
    read
        File -> SHA-256 of what the run began with.

    Raises
    ------
    DataError
        An input was replaced while the run was at work.
    """
    keys = [{**entry, "file": named_in_results(entry["file"])} for entry in describe_files(instruments)]
    inputs = [*describe_files(data), *keys]
    replaced = [entry["file"] for entry in inputs if read.get(entry["file"], entry["sha256"]) != entry["sha256"]]
    if replaced:
        raise DataError(
            f"{', '.join(replaced)} changed while the run was at work, so its results may come from either version. "
            "Run again: everything that depends on it is made again."
        )
    record = {
        "run": settings["run"],
        "recorded": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "configuration": list(origin),
        "inputs": inputs,
        "code": {**code_state(), "fingerprints": dict(fingerprints)},
        "software": software_versions(),
    }
    write_text(_as_yaml(settings), config)
    write_text(_as_yaml(record), provenance)


def write_manifest(*, files: Sequence[str], manifest: str, folder: str, stray: Sequence[str]) -> None:
    """List every file of a run with size and SHA-256; files that the workflow did not write are marked `stray`, and
    those that were only marked as up to date (``snakemake --touch``) `touched`.

    Raises
    ------
    DataError
        A result is not as it was written: it is not certified.
    """
    here = Path(folder)
    changed = changed_files(here, [Path(path).relative_to(here).as_posix() for path in files])
    if changed:
        raise DataError(
            f"{', '.join(changed[:5])} in {folder}/: not as the workflow wrote them, so somebody changed them during the run. "
            "Close the program that has them open, and run again: they are made again."
        )
    rows = manifest_rows(folder, [*files, Path(folder) / ORIGIN], stray, taken_over(here), touched_files(here))
    for row in rows:
        if row["status"] == "stray":
            print(f"Warning: {folder}/{row['file']} was not written by the workflow.")
    write_csv(pd.DataFrame(rows), manifest)


def _as_yaml(content: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120))
