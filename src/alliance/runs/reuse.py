"""Results that a compared run has made already: the same step, from the same contents, settings and code, is not computed twice.

Every job of a step that takes long leaves a receipt in its run: a key of all that its results depend on, and the SHA-256 of what it wrote.
Where the key of a job stands among the receipts of a run that it is compared with, and the files there are still those, they are copied.
"""

import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alliance.runs.files import ORIGIN, replacing, write_text
from alliance.runs.provenance import sha256_of

RECEIPTS = "logs/receipts.jsonl"
# Beside code and packages, whose fingerprint is part of a key: rounding differs between machines and versions of Python.
_MACHINE = [sys.version, platform.machine(), platform.system()]


def key_of(
    step: str, inputs: Mapping[str, str | Sequence[str]], settings: Mapping[str, Any], code: Mapping[str, Any]
) -> str:
    """Return a key of all that the results of a job depend on.

    Parameters
    ----------
    inputs
        Files by the names of the step's arguments; they count by content, wherever they lie.
    settings
        The other arguments, as plain values.
    code
        Modules behind the step, and their fingerprint.
    """
    read = {name: [sha256_of(path) for path in _listed(paths)] for name, paths in inputs.items()}
    everything = [step, read, dict(settings), dict(code), _MACHINE]
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=repr).encode()).hexdigest()


def take_over(key: str, outputs: Iterable[str | Path], runs: Iterable[str | Path]) -> str:
    """Copy the results of the same job of another run, and return that run's name; empty if no run has them as they were written.

    Parameters
    ----------
    outputs
        Files of this run that the job is to make.
    runs
        Folders of the runs that may have them, the first one that does is asked.
    """
    targets = [Path(path) for path in outputs]
    here = _run_of(targets[0])
    for folder in map(Path, runs):
        written = _receipts(folder).get(key, {}).get("files", {}) if here is not None else {}
        names = {target: target.relative_to(here).as_posix() for target in targets} if here is not None else {}
        if written and set(names.values()) == set(written):
            copied = [_copied(folder / name, target, written[name]) for target, name in names.items()]
            if all(copied):
                return folder.name
    return ""


def leave_receipt(key: str, outputs: Iterable[str | Path], taken_from: str = "") -> None:
    """Note what a job wrote, or from which run it took it; files outside a run's folder have no receipt."""
    paths = [Path(path) for path in outputs]
    folder = _run_of(paths[0])
    if folder is not None:
        (folder / RECEIPTS).parent.mkdir(exist_ok=True)
        receipt = _receipt(key, {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}, taken_from)
        # One line at the end of a file is written at once, so jobs that end together do not mix theirs.
        with open(folder / RECEIPTS, "a", encoding="utf-8") as record:
            record.write(receipt)


def taken_over(folder: Path) -> dict[str, str]:
    """Return which results of a run are copies: file -> the run that computed them, if the file is still what was copied."""
    found: dict[str, tuple[str, str]] = {}
    for receipt in _receipts(folder).values():
        found |= {name: (receipt["taken_from"], sha256) for name, sha256 in receipt["files"].items()}
    return {
        name: run
        for name, (run, sha256) in found.items()
        if run and (folder / name).is_file() and sha256_of(folder / name) == sha256
    }


def shorten_receipts(folder: Path) -> None:
    """Leave the last receipt of each job; only the holder of the run's lock may call this."""
    last = {tuple(sorted(receipt["files"])): (key, receipt) for key, receipt in _receipts(folder).items()}
    if last:
        lines = [_receipt(key, receipt["files"], receipt["taken_from"]) for key, receipt in last.values()]
        write_text("".join(lines), folder / RECEIPTS)


def _receipt(key: str, files: Mapping[str, str], taken_from: str) -> str:
    return json.dumps({"key": key, "files": dict(files), "taken_from": taken_from}, ensure_ascii=False) + "\n"


def _receipts(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the receipts of a run by key, in the order in which they were left; half a line, of a job that was killed, is none."""
    path = folder / RECEIPTS
    found: dict[str, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            receipt = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(receipt, dict) and {"key", "files", "taken_from"} <= set(receipt):
            found.pop(receipt["key"], None)
            found[receipt["key"]] = receipt
    return found


def _copied(source: Path, target: Path, sha256: str) -> bool:
    """Copy a file if the copy is what the receipt says: whatever happens to the file meanwhile, nothing else gets here."""
    if not source.is_file() or sha256_of(source) != sha256:
        return False
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)
    return sha256_of(target) == sha256


def _run_of(path: Path) -> Path | None:
    return next((parent for parent in path.parents if (parent / ORIGIN).is_file()), None)


def _listed(paths: str | Sequence[str]) -> Sequence[str]:
    return [paths] if isinstance(paths, str) else paths
