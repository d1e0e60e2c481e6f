"""What made a run's results: inputs with their hashes, versions, seeds, and the state of the code."""

import hashlib
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

ARCHIVE = ".git_archival.txt"
_CLONE = Path(__file__).parents[3]
_SHIPPED = (
    Path(__file__).parents[1] / "shipped"
)  # workflow, settings and example of an installed package; see pyproject.toml
# Where the workflow lies, the settings of the main analysis and the instruments.
INSTALLED = _SHIPPED.is_dir()
PROJECT = _SHIPPED if INSTALLED else _CLONE
CITATION = "CITATION.cff"


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def describe_files(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """List files with size (bytes) and SHA-256."""
    return [{"file": str(path), "bytes": Path(path).stat().st_size, "sha256": sha256_of(path)} for path in paths]


def code_state(project: Path = PROJECT) -> dict[str, Any]:
    """Return the commit of the project and how many of its files differ from it, or why neither is known."""
    top = _git(project, "rev-parse", "--show-toplevel")
    if top is None or Path(top) != project.resolve():  # the project may lie in a repository that is not its own
        return {"commit": _archived(project) or "unknown (no commit, no git, or not a git checkout)"}
    commit = _git(project, "rev-parse", "HEAD")
    if commit is None:
        return {"commit": "unknown (no commit)"}
    changed = _git(project, "status", "--porcelain")
    return {"commit": commit, "files_changed_since": len(changed.splitlines()) if changed is not None else "unknown"}


def _archived(project: Path) -> str | None:
    """Return the commit that git itself wrote into an archive of the project, as hosting services offer it."""
    record = project / ARCHIVE
    found = re.search(r"\b[0-9a-f]{40}\b", record.read_text(encoding="utf-8")) if record.is_file() else None
    return found.group() if found else None


def _git(project: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def software_versions() -> dict[str, str]:
    """Return the versions of Python and of every installed package, and the platform."""
    packages = {str(found.metadata["Name"]).lower(): found.version for found in metadata.distributions()}
    return {"python": sys.version.split()[0], "platform": platform.platform(), **dict(sorted(packages.items()))}


def packages_of(package: str) -> list[dict[str, str]]:
    """Return a package and those it asks for: name, version, and the page where it says what it is, if it names one."""
    asked = [re.match(r"[\w.-]+", requirement) for requirement in metadata.requires(package) or []]
    names = [package, *sorted({found.group().lower() for found in asked if found})]
    return [
        {"name": name, "version": metadata.version(name), "address": _page_of(metadata.metadata(name))}
        for name in names
    ]


def _page_of(about: metadata.PackageMetadata) -> str:
    named = [line.rsplit(",", 1)[1].strip() for line in about.get_all("Project-URL") or []]
    return next((page for page in [about.get("Home-page", ""), *named] if page.startswith("http")), "")


def about_software(project: Path = PROJECT) -> dict[str, Any]:
    """Return what the project says of itself to those who cite it; empty where it was installed without that file."""
    path = project / CITATION
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def manifest_rows(
    folder: str | Path,
    results: Sequence[str | Path],
    stray: Sequence[str],
    taken: Mapping[str, str],
    touched: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """List the files of a run: what the workflow wrote, and what else lies in its folder.

    Parameters
    ----------
    results
        Paths of the files the workflow wrote.
    stray
        Names, relative to `folder`, of files it did not write; those that are gone by now are left out.
    taken
        File -> the run from which it was copied.
    touched
        Names of results that it did not compute with the present settings, but was told to take as they are.
    """
    here = Path(folder)
    named = [(Path(path), "result") for path in results]
    named += [(here / name, "stray") for name in stray if (here / name).is_file()]
    return [
        {
            "file": path.relative_to(here).as_posix(),
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
            "status": "touched" if path.relative_to(here).as_posix() in touched else status,
            "taken_from": taken.get(path.relative_to(here).as_posix(), ""),
        }
        for path, status in sorted(named)
    ]
