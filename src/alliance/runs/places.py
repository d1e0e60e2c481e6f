"""What results say of where files lie: places in the project, and nothing of any other place, which may tell whose data they are."""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alliance.runs.files import replacing
from alliance.runs.provenance import PROJECT

_ELSEWHERE: Final = re.compile(r" \(elsewhere, [0-9a-f]{8}\)$")


def place_in_results(path: str | Path, root: Path | None = None) -> str:
    """Return what results call a file: its place in the project (the working directory unless said), or its name if it lies elsewhere."""
    folder = root or Path.cwd()
    inside = Path(os.path.normpath(folder / path))
    if not inside.is_relative_to(folder):
        return inside.name
    # As it is written, where that says no more.
    return inside.relative_to(folder).as_posix() if Path(path).is_absolute() or ".." in Path(path).parts else str(path)


def configuration_in_results(path: Path, root: Path) -> str:
    """Return what results call a configuration file; of two with one name that lie elsewhere, each has its mark."""
    file = path.resolve()
    if file.is_relative_to(root):
        return str(file.relative_to(root))
    return f"{file.name} (elsewhere, {hashlib.sha256(str(file.parent).encode()).hexdigest()[:8]})"


def in_command(configuration: str) -> str:
    """Return a configuration file as a command shows it; where one lies elsewhere, whoever gives the command knows."""
    name = _ELSEWHERE.sub("", configuration)
    return configuration if name == configuration else f"path/to/{name}"


def clear_log(log: str | Path, given: Mapping[str, Any]) -> None:
    """Write places in the log of a job as results call them: those it was given, those of the project, and of the programs.

    Parameters
    ----------
    given
        The arguments of the job.
    """
    said = Path(log).read_text(encoding="utf-8", errors="replace")
    names = {path: place_in_results(path) for path in _absolute(given.values())}
    names |= {f"{folder}{os.sep}": "" for folder in map(str, (Path.cwd(), PROJECT, sys.prefix, sys.base_prefix))}
    told = said
    for path in sorted(names, key=len, reverse=True):
        told = told.replace(path, names[path])
    if told != said:
        with replacing(log) as clear:
            clear.write_text(told, encoding="utf-8")


def _absolute(values: Iterable[Any]) -> Iterator[str]:
    """Find the absolute paths among the arguments of a job, wherever they stand in them."""
    for value in values:
        if isinstance(value, str) and os.path.isabs(value) and len(Path(value).parts) > 1:
            yield value
        elif isinstance(value, Mapping):
            yield from _absolute(value.values())
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from _absolute(value)
