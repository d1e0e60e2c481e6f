"""Is a run's folder what the workflow left, from the folder alone: for an archive, a reviewer, or oneself after a year."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from alliance.runs.files import MANIFEST, ORIGIN, PROVENANCE, UNFINISHED
from alliance.runs.guards import RunError
from alliance.runs.lines import hanging
from alliance.runs.made import in_manifest, recorded, touched_files
from alliance.runs.provenance import sha256_of

_SHOWN = 20


@dataclass(frozen=True)
class Verified:
    """What a folder holds, by the names of its files.

    Parameters
    ----------
    complete
        As the manifest lists them.
    changed
        Present with another content.
    missing
        Listed, but not there.
    stray
        There, but no result of the workflow.
    touched
        Marked as up to date by ``snakemake --touch``, not computed by the settings and the code that the run had then.
    provenance
        What `provenance.yaml` records, if it is there and as it was written.
    """

    complete: tuple[str, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    stray: tuple[str, ...]
    touched: tuple[str, ...]
    provenance: Mapping[str, object] | None

    @property
    def holds(self) -> bool:
        """Whether the folder is exactly what the workflow computed."""
        return not (self.changed or self.missing or self.stray or self.touched)


def verify(folder: Path) -> Verified:
    """Compare a run's folder with its own manifest.

    Raises
    ------
    RunError
        It has no manifest: it is no run's folder, or the run was not finished.
    """
    listed = in_manifest(folder / MANIFEST)
    if not listed:
        state = "is not finished" if (folder / ORIGIN).is_file() else "is no folder of a run"
        raise RunError(
            f"{folder}/ {state}: it has no {MANIFEST} that lists results, so nothing in it can be verified. Finish the run first, or "
            "name the folder that holds the manifest."
        )
    present = {
        name
        for path in folder.rglob("*")
        if path.is_file() and not (name := path.relative_to(folder).as_posix()).startswith("logs/")
    }
    same = {name for name in listed.keys() & present if sha256_of(folder / name) == listed[name]}
    # The manifest cannot list itself; the list of finished jobs, where it came along, has it.
    certified = recorded(folder).get(MANIFEST, "")
    edited = {MANIFEST} if certified and certified != sha256_of(folder / MANIFEST) else set()
    stray = {name for name in present - listed.keys() - {MANIFEST} if not Path(name).name.startswith(UNFINISHED)}
    read = yaml.safe_load((folder / PROVENANCE).read_text(encoding="utf-8")) if PROVENANCE in same else None
    return Verified(
        complete=tuple(sorted(same)),
        changed=tuple(sorted((listed.keys() & present) - same | edited)),
        missing=tuple(sorted(listed.keys() - present)),
        stray=tuple(sorted(stray)),
        touched=tuple(sorted(touched_files(folder))),
        provenance=read if isinstance(read, Mapping) else None,
    )


def describe_verified(folder: Path, found: Verified, width: int) -> str:
    """Say what a folder holds, in lines of a width: counts first, then names."""
    total = len(found.complete) + len([name for name in found.changed if name != MANIFEST]) + len(found.missing)
    parts = [f"{folder}/: {len(found.complete)} of {total} results are as the workflow wrote them."]
    for what, names in (
        ("changed since they were written", found.changed),
        ("missing", found.missing),
        ("not written by the workflow (stray)", found.stray),
        ("not computed but marked as up to date by --touch", found.touched),
    ):
        if names:
            more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            parts.append(f"{len(names)} {what}: {', '.join(names[:_SHOWN])}{more}")
    if found.provenance is None:
        parts.append(f"{PROVENANCE} is missing or changed: what made these results cannot be told.")
    else:
        parts.append(_made_from(found.provenance))
    parts.append("The folder is complete." if found.holds else "The folder is not what the workflow left.")
    return "\n".join(line for part in parts for line in hanging(part, width))


def _made_from(provenance: Mapping[str, object]) -> str:
    inputs, code, software = (provenance.get(key) for key in ("inputs", "code", "software"))
    files = [f"{entry['file']} ({entry['sha256'][:12]})" for entry in inputs] if isinstance(inputs, list) else []
    commit = code.get("commit", "unknown") if isinstance(code, Mapping) else "unknown"
    version = software.get("alliance", "unknown") if isinstance(software, Mapping) else "unknown"
    return (
        f"Made from {', '.join(files)}, which a run does not hold, by alliance {version}, commit {commit}, "
        f"on {str(provenance.get('recorded', 'an unknown day')).partition('T')[0]}."
    )
