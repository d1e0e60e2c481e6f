"""What the tests of the architecture look at: the modules of the package, and the files of the project."""

import ast
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType

from alliance.runs.fingerprint import ROOT as PACKAGE

REPOSITORY = Path(__file__).parents[2]


@cache
def modules() -> Mapping[str, Path]:
    """Return every module of the package by its dotted name; a package stands for its `__init__.py`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["alliance", *path.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return MappingProxyType(found)


@cache
def source_of(module: str) -> str:
    """Return the text of a module."""
    return modules()[module].read_text(encoding="utf-8")


@cache
def tree_of(module: str) -> ast.Module:
    """Return the syntax of a module."""
    return ast.parse(source_of(module))


# Rooms that hold rooms of their own, between which imports have a direction too.
FLOORS = ("data", "report", "results")


def part_of(module: str) -> str:
    """Return the part of the package a module belongs to: `models` for `alliance.models.direct.build`, `data.checks` for a check."""
    parts = module.split(".")[1:]
    return ".".join(parts[:2] if parts and parts[0] in FLOORS else parts[:1])


@cache
def committed_texts() -> Mapping[str, str]:
    """Return name and content of every text file that is, or is about to be, committed."""
    listed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    texts = {}
    for name in listed.stdout.splitlines():
        path = REPOSITORY / name
        if path.is_file():
            with suppress(UnicodeDecodeError):
                texts[name] = path.read_text(encoding="utf-8")
    return MappingProxyType(texts)
