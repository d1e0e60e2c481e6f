"""Where the project lies, for people who start anywhere: in a notebook, in a folder of their own, on a command line."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alliance.config import Config, merge_configs, merge_with_base, read_yaml
from alliance.config.load import REPLACE
from alliance.errors import ConfigError
from alliance.runs.instruments import INSTRUMENTS, instrument_files
from alliance.runs.places import in_command
from alliance.runs.provenance import INSTALLED, PROJECT
from alliance.runs.subscales import parts_from
from alliance.runs.titles import titles_from

BASE = Path("config/config.yaml")
RESULTS = Path("results")
_EXAMPLE = Path("data/example")

Overlay = str | Path | Mapping[str, Any]


def find_project(root: str | Path | None = None) -> Path:
    """Return the project's folder: the one given, else the nearest around the working directory, else this package's own.

    An installed package has none of its own: data and results then lie in the working directory.

    Raises
    ------
    ConfigError
        There is no ``config/config.yaml`` in any of them.
    """
    if INSTALLED and root is not None and Path(root).is_dir():
        return Path(root).resolve()
    tried = [Path(root)] if root is not None else [Path.cwd(), *Path.cwd().parents, PROJECT]
    for folder in tried:
        if (folder / BASE).is_file():
            return (Path.cwd() if folder == PROJECT and INSTALLED else folder).resolve()
    raise ConfigError(
        f"There is no {BASE} in {tried[0]}{'' if root is not None else ' or around it'}, so this is not the folder of a project. "
        "Say where the project is: root='path/to/the/project'."
    )


def bring_example(folder: Path, config: Config) -> None:
    """Put the example study where settings expect it and an empty folder has none: an installed package brings it."""
    ours = PROJECT / _EXAMPLE
    if Path(config.data.sessions.path).parent == _EXAMPLE and ours.is_dir() and not (folder / _EXAMPLE).exists():
        shutil.copytree(ours, folder / _EXAMPLE)
        print(
            f"The example study was put into {_EXAMPLE}/; your own is described by: alliance new FILE", file=sys.stderr
        )


def base_of(root: Path) -> Path:
    """Return the settings of the main analysis: the project's own, else those that the installed package brings."""
    return root / BASE if (root / BASE).is_file() else PROJECT / BASE


def instruments_around(root: Path) -> dict[str, Path]:
    """Return the instruments that a project can use, by name: its own, and those that the installed package brings."""
    return instrument_files(*instrument_folders(root))


def instrument_folders(root: Path) -> list[Path]:
    """Return the folders of instruments that a project can use: its own, and that of the installed package."""
    return [root / INSTRUMENTS, base_of(root).parent / INSTRUMENTS.name]


def from_here(path: str | Path, root: Path) -> Path:
    """Return a path of a configuration, which is relative to the project's folder, as seen from the working directory."""
    found = root / path
    return Path(os.path.relpath(found)) if found.is_relative_to(root) else found


def merge_overlays(root: Path, overlays: Iterable[Overlay], replace: Sequence[str] = ()) -> dict[str, Any]:
    """Merge overlays into the settings of the main analysis, as the workflow does.

    Parameters
    ----------
    overlays
        Files, looked for in the project's folder and then in the working directory, or settings.
    replace
        Settings of the main analysis that are not inherited, such as ``data`` or ``models.specs``.
    """
    said = [overlay if isinstance(overlay, Mapping) else read_yaml(_find(overlay, root)) for overlay in overlays]
    base = base_of(root)
    return merge_with_base(
        merge_configs(read_yaml(base), {REPLACE: list(replace)}),
        said,
        titles_from(root),
        parts_from(root, base.parent.parent),
    )


def _find(path: str | Path, root: Path) -> Path:
    return next((place for place in (root / path, Path(path)) if place.is_file()), Path(path))


def command_of_run(name: str, root: Path) -> str:
    """Return the command that makes the results of a run: its configuration is looked for in ``config/``."""
    if read_yaml(base_of(root))["run"]["name"] == name:
        return run_command()
    found = [path for path in sorted((root / BASE.parent).glob("*.yaml")) if _names(path, name)]
    return run_command(str(found[0].relative_to(root)) if found else f"{BASE.parent}/<file>.yaml")


def run_command(overlay: str | None = None) -> str:
    """Return the command that runs a study: the main analysis, or what a file changes in it."""
    if INSTALLED:
        return f"alliance run {overlay}" if overlay else "alliance run"
    return f"make run CONFIG={overlay}" if overlay else "make"


def _names(path: Path, run: str) -> bool:
    try:
        about = read_yaml(path).get("run")
    except ConfigError:
        return False
    return isinstance(about, Mapping) and about.get("name") == run


def check_command(overlay: str) -> str:
    """Return the command that only checks the data of a study."""
    return f"alliance check {overlay}" if INSTALLED else f"make check CONFIG={overlay}"


def command_for(target: str | None, origin: Sequence[str]) -> str:
    """Return the command that makes one file of a run again, or the whole run.

    Parameters
    ----------
    origin
        Configuration files of the run, followed by values given on the command line (``key=value``).
    """
    files = [in_command(item) for item in origin if "=" not in item and item != BASE.as_posix()]
    values = [item for item in origin if "=" in item]
    if INSTALLED:
        words = ["alliance run", *files, *(["--target", target] if target else [])]
        return " ".join(words)
    # The target stands first: the options after it take any number of words.
    words = ["snakemake --cores 2", target or ""]
    words += ["--configfile", *files] if files else []
    words += ["--config", *values] if values else []
    return " ".join(word for word in words if word)
