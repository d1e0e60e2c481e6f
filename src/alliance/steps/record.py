"""Record what made a run's results, and list its files."""

import ast
import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from alliance.errors import DataError
from alliance.runs.crate.build import build_crate
from alliance.runs.crate.entities import Organisation, Package, Told
from alliance.runs.crate.readme import readme_of
from alliance.runs.files import ORIGIN, SNAKEFILE, WORKFLOW, write_bytes, write_csv, write_json, write_text
from alliance.runs.fingerprint import module_path
from alliance.runs.history import Done, now, read_history, uses_of
from alliance.runs.instruments import named_in_results
from alliance.runs.made import changed_files, touched_files
from alliance.runs.places import place_in_results
from alliance.runs.provenance import (
    about_software,
    code_state,
    describe_files,
    manifest_rows,
    packages_of,
    software_versions,
)
from alliance.runs.reuse import taken_over
from alliance.steps import STEPS


def record_provenance(
    *,
    data: Sequence[str],
    instruments: Sequence[str],
    workflow: Sequence[str],
    provenance: str,
    config: str,
    readme: str,
    copies: Sequence[str],
    settings: Mapping[str, Any],
    origin: Sequence[str],
    fingerprints: Mapping[str, str],
    read: Mapping[str, str],
) -> None:
    """Write the merged configuration, and what the results came from, with a README and a copy of the workflow.

    Parameters
    ----------
    workflow, copies
        Files of the workflow, and where their copies go.
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
    tables = describe_files(data)
    replaced = [
        entry["file"] for entry in (*tables, *keys) if read.get(entry["file"], entry["sha256"]) != entry["sha256"]
    ]
    if replaced:
        raise DataError(
            f"{', '.join(replaced)} changed while the run was at work, so its results may come from either version. "
            "Run again: everything that depends on it is made again."
        )
    record = {
        "run": settings["run"],
        "recorded": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "configuration": list(origin),
        "inputs": [*({**entry, "file": place_in_results(entry["file"])} for entry in tables), *keys],
        "code": {**code_state(), "fingerprints": dict(fingerprints)},
        "software": software_versions(),
    }
    write_text(_as_yaml(settings), config)
    write_text(_as_yaml(record), provenance)
    write_text(readme_of(settings), readme)
    for source, copy in zip(workflow, copies, strict=True):
        write_bytes(Path(source).read_bytes(), copy)


def write_manifest(
    *,
    files: Sequence[str],
    manifest: str,
    crate: str,
    folder: str,
    stray: Sequence[str],
    run: Mapping[str, Any],
    description: str,
    licence: str | None,
    publisher: Mapping[str, str] | None,
    known: Mapping[str, str],
) -> None:
    """List every file of a run with size and SHA-256, and describe for archives how each was made.

    Files that the workflow did not write are marked `stray`, and those that were only marked as up to date (``snakemake --touch``)
    `touched`.

    Parameters
    ----------
    run, description, licence, publisher
        The section of that name, what the study is, the licence of the results, and name and address of the institution behind them.
    known
        SHA-256 -> what a file that the run was given is.

    Raises
    ------
    DataError
        A result is not as it was written: it is not certified.
    """
    began, here = now(), Path(folder)
    changed = changed_files(here, [Path(path).relative_to(here).as_posix() for path in files])
    if changed:
        raise DataError(
            f"{', '.join(changed[:5])} in {folder}/: not as the workflow wrote them, so somebody changed them during the run. "
            "Close the program that has them open, and run again: they are made again."
        )
    taken = taken_over(here)
    rows = manifest_rows(folder, [*files, here / ORIGIN], stray, taken, touched_files(here))
    for row in rows:
        if row["status"] == "stray":
            print(f"Warning: {folder}/{row['file']} was not written by the workflow.")
    listed = [row for row in rows if row["status"] != "stray"]
    names = {row["file"] for row in listed}
    jobs = [done for done in read_history(here) if names.intersection(done.files)]
    jobs.append(
        Done("write_manifest", began, now(), uses_of({"files": files}, here), uses_of({"manifest": [manifest]}, here))
    )
    about = about_software()
    told = Told(
        name=run["name"],
        title=run["title"],
        description=description,
        licence=licence,
        seed=run["seed"],
        files=listed,
        jobs=jobs,
        rules={done.rule: (_does(done.rule), _declared_in(done.rule, here)) for done in jobs},
        known=known,
        taken=taken,
        software=[Package(**package) for package in packages_of("alliance")],
        publisher=Organisation(**publisher) if publisher else None,
        authors=[Organisation(_name(author), author.get("website", "")) for author in about.get("authors", [])],
        code_licence=about.get("license", ""),
    )
    write_json(build_crate(told), crate)
    write_csv(pd.DataFrame([*rows, *manifest_rows(folder, [crate], [], {})]).sort_values("file"), manifest)


def _does(rule: str) -> str:
    """Return the first line of what a step says of itself; it is read, not imported."""
    if rule not in STEPS:
        return ""
    for node in ast.parse(module_path(STEPS[rule]).read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and node.name == rule:
            return (ast.get_docstring(node) or "").splitlines()[0]
    return ""


def _declared_in(rule: str, folder: Path) -> str:
    """Name the file of the workflow's copy that declares a rule."""
    found = [path for path in sorted((folder / WORKFLOW).rglob("*.smk")) if _declares(path, rule)]
    return found[0].relative_to(folder).as_posix() if found else SNAKEFILE


def _declares(path: Path, rule: str) -> bool:
    return re.search(rf"^rule {rule}:", path.read_text(encoding="utf-8"), flags=re.MULTILINE) is not None


def _name(author: Mapping[str, str]) -> str:
    return author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()


def _as_yaml(content: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120))
