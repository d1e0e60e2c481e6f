"""What the workflow wrote, by content: a result that was edited, cut short or replaced afterwards is found and made again.

Every finished job adds the SHA-256 of its files to a list in the run's folder, which `sha256sum --check` understands too. Time stamps
play no part: a spreadsheet, a backup or a synchronised folder changes them at will.
"""

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from alliance.runs.files import CONFIG, MANIFEST, ORIGIN, PROVENANCE, replacing, write_text
from alliance.runs.history import shorten_history
from alliance.runs.places import place_in_results
from alliance.runs.provenance import sha256_of

RECORD = "logs/made.sha256"
ASIDE = "logs/edited"
_PROVISIONAL = "provisional"
_TOUCHED = "# touched"  # a remark to `sha256sum --check`
_CERTIFIED = ("result", "touched")


def record_made(paths: Iterable[str | Path]) -> None:
    """Add files that a job has finished to the list of their run; files outside a run's folder are passed over."""
    for path in map(Path, paths):
        folder = next((parent for parent in path.parents if (parent / ORIGIN).is_file()), None)
        if folder is not None and path.is_file():
            (folder / RECORD).parent.mkdir(exist_ok=True)
            # One short line at the end of a file is written at once, so jobs that end together do not mix theirs.
            with open(folder / RECORD, "a", encoding="utf-8") as record:
                record.write(_line(sha256_of(path), path.relative_to(folder).as_posix()))


def record_provisional(paths: Iterable[str | Path]) -> None:
    """Record files as not made by the workflow, although nobody edited them: the next run makes them again without a word."""
    for path in map(Path, paths):
        folder = next(parent for parent in path.parents if (parent / ORIGIN).is_file())
        (folder / RECORD).parent.mkdir(exist_ok=True)
        with open(folder / RECORD, "a", encoding="utf-8") as record:
            record.write(_line(_PROVISIONAL, path.relative_to(folder).as_posix()))


def record_touched(folder: Path, names: Iterable[str]) -> None:
    """Record that results were marked as up to date without being computed (``snakemake --touch``), until a job makes them.

    The manifest says so as well, since an archive may have no more than what it lists.
    """
    present = [name for name in names if (folder / name).is_file()]
    if (folder / RECORD).is_file():
        with open(folder / RECORD, "a", encoding="utf-8") as record:
            record.write("".join(_line(_TOUCHED, name) for name in present))
    if (folder / MANIFEST).is_file() and present and not changed_files(folder, [MANIFEST]):
        with open(folder / MANIFEST, encoding="utf-8", newline="") as stream:
            head, *rows = csv.reader(stream)
        for row in rows:
            if row[head.index("file")] in present:
                row[head.index("status")] = "touched"
        with replacing(folder / MANIFEST) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([head, *rows])
        record_made([folder / MANIFEST])


def touched_files(folder: Path) -> list[str]:
    """Name the results that were marked as up to date and not made again since."""
    found = {row["file"]: row["status"] == "touched" for row in _listed(folder / MANIFEST)}
    if (folder / RECORD).is_file():
        for line in (folder / RECORD).read_text(encoding="utf-8", errors="replace").splitlines():
            mark, _, name = line.partition("  ")
            found[name] = mark == _TOUCHED
    return [name for name, touched in found.items() if touched]


def describe_touched(folder: Path, touched: Sequence[str]) -> str:
    """Say which results nobody computed with the present settings."""
    shown = ", ".join(touched[:5]) + (f" and {len(touched) - 5} more" if len(touched) > 5 else "")
    return (
        f"Warning: {len(touched)} result(s) in {folder}/ were only marked as up to date (--touch), not computed with the present settings, "
        f"data and code: {shown}. To compute them, run with --forcerun and their names, or delete them and run again."
    )


def is_provisional(folder: Path) -> bool:
    """Whether a run's folder holds nothing but what was written outside the workflow."""
    known = recorded(folder)
    return bool(known) and set(known.values()) == {_PROVISIONAL}


def edited_files(folder: Path, changed: Iterable[str]) -> list[str]:
    """Return those of the changed files that somebody changed by hand."""
    known = recorded(folder)
    return [name for name in changed if known.get(name) != _PROVISIONAL]


def recorded(folder: Path) -> dict[str, str]:
    """Return file -> SHA-256 as it was written last; where the list is lost, what the manifest says."""
    found = in_manifest(folder / MANIFEST)
    if (folder / RECORD).is_file():
        for line in (folder / RECORD).read_text(encoding="utf-8", errors="replace").splitlines():
            sha256, _, name = line.partition("  ")
            if sha256 != _TOUCHED:
                found[name] = sha256
    return found


def in_manifest(path: Path) -> dict[str, str]:
    """Return file -> SHA-256 of the results that a manifest lists; nothing where there is none."""
    return {row["file"]: row["sha256"] or "" for row in _listed(path) if "sha256" in row}


def _listed(path: Path) -> list[dict[str, str]]:
    """Return the rows of a manifest that are results; none where there is no manifest."""
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", errors="replace", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row.get("status") in _CERTIFIED and row.get("file")]


def _line(sha256: str, name: str) -> str:
    return f"{sha256}  {name}\n"


def changed_files(folder: Path, names: Iterable[str]) -> list[str]:
    """Name those files of a run that are there, but not as the workflow wrote them.

    A file of which nothing is recorded did not come from the workflow either. The list says nothing of whose folder it is, and a
    manifest of which nothing is recorded cannot be judged.
    """
    known = recorded(folder)
    never = {ORIGIN} | ({MANIFEST} - known.keys())
    present = [name for name in names if name not in never and (folder / name).is_file()]
    return sorted(name for name in present if known.get(name) != sha256_of(folder / name))


def is_changed(folder: Path, name: str) -> bool:
    """Return whether a file is recorded with another content than it has."""
    return recorded(folder).get(name, sha256_of(folder / name)) != sha256_of(folder / name)


def describe_changed(folder: Path, changed: Sequence[str]) -> str:
    """Say which results are not as they were written, and what becomes of them."""
    shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
    return (
        f"Warning: {len(changed)} result(s) in {folder}/ are not as the workflow wrote them (edited, cut short or replaced): {shown}. "
        f"They are made again, with all that depends on them; as they are now, they are kept in {folder}/{ASIDE}/. "
        "To work on a result, copy it to another folder first."
    )


def still_holds(
    folder: Path, settings: Mapping[str, Any], contents: Mapping[str, str], fingerprints: Mapping[str, str]
) -> bool:
    """Return whether a finished run's own records say that it was made from these settings, these inputs and this code.

    Where Snakemake's records are lost, nothing else tells: time stamps do not. All that the manifest lists must be as it was then.

    Parameters
    ----------
    settings
        The whole configuration as results hold it. Ids that are left out are not in it, so a run that leaves somebody out never holds.
    contents
        File -> SHA-256 of the export and the instruments.
    fingerprints
        Step or model -> fingerprint of the code behind it.
    """
    listed = in_manifest(folder / MANIFEST)
    if not {CONFIG, PROVENANCE} <= set(listed) or settings["cleaning"]["exclude"]["patients"]:
        return False
    if any(not (folder / name).is_file() or sha256_of(folder / name) != sha256 for name, sha256 in listed.items()):
        return False
    record, merged = (yaml.safe_load((folder / name).read_text(encoding="utf-8")) for name in (PROVENANCE, CONFIG))
    read = sorted((entry["file"], entry["sha256"]) for entry in record["inputs"])
    given = sorted((place_in_results(file), sha256) for file, sha256 in contents.items())
    return bool(merged == settings and read == given and record["code"]["fingerprints"] == dict(fingerprints))


def describe_lost(folder: Path, lost: Sequence[str]) -> str:
    """Say that results are made again since nothing vouches for them."""
    return (
        f"Warning: the records of how {len(lost)} result(s) in {folder}/ were made are gone (the folder .snakemake was deleted or is from "
        "another place), and the run's own do not fit its present files, settings and code. They are made again."
    )


def keep_aside(folder: Path, changed: Iterable[str]) -> None:
    """Copy results that somebody changed, before they are made again: there may be work in them."""
    for name in changed:
        if (folder / name).is_file():
            target = folder / ASIDE / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, target)


def shorten_record(folder: Path) -> None:
    """Leave one line for each file that is still there, and the jobs that made them; only the holder of the run's lock may call this."""
    if (folder / RECORD).is_file():
        lines = [_line(sha256, name) for name, sha256 in recorded(folder).items() if (folder / name).is_file()]
        lines += [_line(_TOUCHED, name) for name in touched_files(folder) if (folder / name).is_file()]
        write_text("".join(lines), folder / RECORD)
    shorten_history(folder)


def contents_of(paths: Iterable[str | Path]) -> Mapping[str, str]:
    """Return what is in files that are given, not made: file -> SHA-256, without those that are not there."""
    return {str(path): sha256_of(path) for path in paths if Path(path).is_file()}
