"""What the tests of the architecture look at: the modules of the package, and the files of the project."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from alliance.runs.fingerprint import ROOT as PACKAGE

REPOSITORY = Path(__file__).parents[2]


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name; a package stands for its `__init__.py`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["alliance", *path.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


# Rooms that hold rooms of their own, between which imports have a direction too.
FLOORS = ("data", "report", "results")


def part_of(module: str) -> str:
    """Return the part of the package a module belongs to: `models` for `alliance.models.direct.build`, `data.checks` for a check."""
    parts = module.split(".")[1:]
    return ".".join(parts[:2] if parts and parts[0] in FLOORS else parts[:1])


def committed_texts() -> Iterator[tuple[str, str]]:
    """Give name and content of every text file that is, or is about to be, committed."""
    listed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        path = REPOSITORY / name
        if path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
